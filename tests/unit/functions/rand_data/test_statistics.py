"""Values of every key have the right frequencies, and keys are independent of each other."""

import socket
from collections import Counter
from functools import lru_cache
from itertools import combinations, product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from eventer.functions import data_files
from eventer.functions.rand_data.get_rand_data import FIELDS
from tests import goodness_of_fit as fit
from tests.families import family
from tests.unit.functions.rand_data.samples import (
    INDICES,
    ROWS,
    SEEDS,
    SITES,
    letters,
    numbers,
    texts,
)

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LETTERS = UPPER + UPPER.lower()
DIGITS = "0123456789"
HEX = "0123456789abcdef"
CENTURIES = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI".split()
END = 1_767_225_600
MONTHS = pa.array(
    "January February March April May June July August September October November December".split()
)


def lane_weights(size):
    """The number of the 65,536 values of a lane that choose each of `size` items."""
    return np.bincount(np.arange(1 << 16) * size >> 16)


def counted(made, entries):
    """The count of each entry; other values are an error."""
    found = pc.index_in(made, pa.array(entries, made.type))
    assert found.null_count == 0
    return np.bincount(found.to_numpy(), minlength=len(entries))


EQUALLY_LIKELY = {
    "cc_type": ["VISA", "MasterCard", "American Express", "Discover", "JCB", "Diners Club"],
    "last_name": data_files.lines("last_names"),
    "century": CENTURIES,
    "timezone": data_files.lines("time_zones"),
    "time_period": ["AM", "PM"],
    "word": data_files.lines("words"),
    "currency": data_files.lines("currencies"),
    "opayment_method": ["cc", "paypal", "check", "money order"],
}


@family("name", EQUALLY_LIKELY)
def test_entries_are_equally_likely(name):
    assert fit.chi_square(counted(texts(name), EQUALLY_LIKELY[name])) > fit.LEVEL


@pytest.mark.parametrize(("name", "count"), [("id", 3), ("price", 3), ("number", 2)])
def test_numbers_of_an_order_are_equally_likely(name, count):
    counts = np.unique(numbers(name), return_counts=True)[1]
    assert len(counts) == count
    assert fit.chi_square(counts) > fit.LEVEL


def test_both_genders_of_first_names_are_equally_likely():
    lists = [data_files.lines("first_names_female"), data_files.lines("first_names_male")]
    weights = np.concatenate([np.full(len(names), 1 / len(names)) for names in lists])
    counts = counted(texts("first_name"), [*lists[0], *lists[1]])
    assert fit.chi_square(counts, weights) > fit.LEVEL


def test_days_months_and_years_are_as_frequent_as_in_the_calendar():
    days = np.arange(END // 86_400).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    of_month = (days - months.astype("datetime64[D]")).astype(np.int64)
    month = months.astype(np.int64) % 12
    year = days.astype("datetime64[Y]").astype(np.int64)
    chances = [
        fit.chi_square(
            counted(texts("day_of_month"), [f"{day:2}" for day in range(1, 32)]),
            np.bincount(of_month),
        ),
        fit.chi_square(counted(texts("month_name"), MONTHS.to_pylist()), np.bincount(month)),
        fit.chi_square(
            counted(texts("year"), [str(each) for each in range(1970, 2026)]), np.bincount(year)
        ),
    ]
    assert fit.combined(chances) > fit.LEVEL


@pytest.mark.parametrize(
    ("name", "low", "high"), [("lat", -90, 90), ("long", -180, 180), ("unix_time", 0, END)]
)
def test_numbers_are_uniform(name, low, high):
    assert fit.kolmogorov_smirnov((numbers(name) - low) / (high - low)) > fit.LEVEL


def test_amounts_of_every_magnitude_are_equally_likely():
    """The distribution is a mixture of eight uniform ones, from one cent on."""
    cents = np.rint(numbers("amount") * 100).astype(np.int64)
    tops = 10 ** np.arange(2, 10) - 1
    edges = np.array([0, *(digit * 10**k for k in range(1, 9) for digit in (1, 2, 5)), tops[-1]])
    below = np.minimum(edges[:, np.newaxis] / tops, 1).mean(axis=1)
    counts = np.histogram(cents, edges + 1)[0]
    assert counts.sum() == ROWS
    assert fit.chi_square(counts, np.diff(below)) > fit.LEVEL


SPELT = {
    "email": [(0, 7, LETTERS), (8, 15, LETTERS)],
    "domain_name": [(0, 7, LETTERS.lower()[:26])],
    "password": [(0, 50, LETTERS)],
    "phone_number": [(8, 12, DIGITS)],
    "mac_address": [(at, at + 1, HEX) for at in (0, *range(3, 17)) if at % 3 != 2],
    "username": [(0, 7, LETTERS)],
    "toll_free_number": [(1, 2, "78"), (6, 9, DIGITS), (10, 16, DIGITS)],
    "e_164_phone_number": [(1, 2, "78"), (2, 3, DIGITS[1:]), (3, 13, DIGITS)],
    "uuid_hyphenated": [(0, 8, HEX), (9, 13, HEX), (15, 18, HEX), (20, 23, HEX), (24, 36, HEX)],
    "uuid_digit": [(0, 12, HEX), (13, 16, HEX), (16, 17, "89ab"), (17, 32, HEX)],
}


@family("name", SPELT)
def test_every_character_is_equally_likely_at_every_place(name):
    chances = []
    for start, stop, alphabet in SPELT[name]:
        for place in letters(name, start, stop).T:
            counts = np.bincount(place, minlength=256)
            listed = counts[list(alphabet.encode())]
            assert listed.sum() == ROWS
            chances.append(fit.chi_square(listed, lane_weights(len(alphabet))))
    assert fit.combined(chances) > fit.LEVEL


@family(
    ("name", "start", "stop"),
    [
        ("username", 0, 7),
        ("e_164_phone_number", 1, 13),
        ("uuid_digit", 0, 12),
        ("password", 40, 50),
    ],
)
def test_the_characters_of_a_text_are_independent(name, start, stop):
    places = letters(name, start, stop).T % 16
    chances = [fit.independence(one, other) for one, other in combinations(places, 2)]
    assert fit.combined(chances) > fit.LEVEL


def test_all_numbers_of_addresses_are_equally_likely():
    places = [*octets(socket.AF_INET, "ipv4").T, *octets(socket.AF_INET6, "ipv6").T]
    assert len(places) == 4 + 16
    chances = [fit.chi_square(np.bincount(place, minlength=256)) for place in places]
    assert fit.combined(chances) > fit.LEVEL


def octets(kind, name):
    """The bytes of all addresses of a key."""
    packed = b"".join(socket.inet_pton(kind, each) for each in texts(name).to_pylist())
    return np.frombuffer(packed, dtype=np.uint8).reshape(ROWS, -1)


CARD_PREFIXES = {
    "VISA": ["4"],
    "MasterCard": [str(each) for each in (*range(51, 56), *range(2221, 2721))],
    "American Express": ["34", "37"],
    "Discover": ["6011", "65", *(str(each) for each in range(644, 650))],
    "JCB": [str(each) for each in range(3528, 3590)],
    "Diners Club": ["300", "301", "302", "303", "304", "305", "36", "38"],
}


@family("kind", CARD_PREFIXES)
def test_the_prefixes_and_the_free_digits_of_cards_are_equally_likely(kind):
    numbers = texts("cc_number").filter(pc.equal(texts("cc_type"), kind)).to_pylist()
    prefixes = {prefix: place for place, prefix in enumerate(CARD_PREFIXES[kind])}
    lengths = {len(prefix) for prefix in prefixes}
    starts = [
        next(prefixes[number[:length]] for length in lengths if number[:length] in prefixes)
        for number in numbers
    ]
    chances = []
    if len(prefixes) > 1:
        chances.append(fit.chi_square(np.bincount(starts, minlength=len(prefixes))))
    digits = np.frombuffer("".join(numbers).encode(), dtype=np.uint8).reshape(len(numbers), -1)
    places = (digits - ord("0"))[:, 4:].T
    chances += [fit.chi_square(np.bincount(place, minlength=10)) for place in places]
    assert fit.combined(chances) > fit.LEVEL


def test_all_forms_and_endings_of_urls_are_equally_likely():
    pattern = (
        r"^(?P<scheme>https?)://(?P<www>www\.)?[a-z]+\.(?P<tld>[a-z]+)"
        r"/(?P<user>[A-Za-z]*)(?P<file>\.\w+)?$"
    )
    parts = pc.extract_regex(texts("url"), pattern)
    scheme, www, tld, user, file = (
        pc.struct_field(parts, name) for name in ("scheme", "www", "tld", "user", "file")
    )
    forms = zip(
        *(each.to_pylist() for each in (scheme, www, pc.equal(user, ""), file)), strict=True
    )
    counts = [*Counter(forms).values()]
    assert len(counts) == 22
    tlds = counted(tld, ["com", "biz", "info", "net", "org", "ru", "edu", "top"])
    assert fit.combined([fit.chi_square(counts), fit.chi_square(tlds)]) > fit.LEVEL


def sentence_words():
    stripped = pc.utf8_slice_codeunits(pc.utf8_lower(texts("sentence")), 0, -1)
    listed = pa.array(data_files.lines("words"), pa.large_string())
    found = pc.index_in(pc.split_pattern(stripped, " ").flatten(), listed)
    return found.to_numpy().reshape(-1, 6).astype(np.int64)


def test_every_word_is_equally_likely_at_every_place_of_a_sentence():
    chances = [fit.chi_square(np.bincount(place, minlength=182)) for place in sentence_words().T]
    assert fit.combined(chances) > fit.LEVEL


def test_the_words_of_a_sentence_are_as_independent_as_different_words_are():
    """Words in classes of thirteen; two of one class are rarer, because words do not repeat."""
    words = sentence_words() % 14
    weights = np.full((14, 14), 13 * 13.0)
    np.fill_diagonal(weights, 13 * 12.0)
    chances = [
        fit.chi_square(np.bincount(one * 14 + other, minlength=196), weights.ravel())
        for one, other in combinations(words.T, 2)
    ]
    assert fit.combined(chances) > fit.LEVEL


def test_every_number_of_sentences_is_equally_likely():
    counts = np.bincount(pc.count_substring(texts("paragraph"), ".").to_numpy())[1:]
    assert len(counts) == 10
    assert fit.chi_square(counts) > fit.LEVEL


RELATED = [
    {"cc_type", "cc_number"},
    {"first_name", "last_name", "name"},
    {"unix_time", "date", "time", "timestamp", "year", "month_name", "day_of_month", "time_period"},
    {"currency", "amount", "amount_with_currency"},
    {"uuid_hyphenated", "uuid_digit"},
    {"opayment_method", "payment_method"},
]
APART = [("first_name", "last_name"), ("currency", "amount")]
"""Independent keys that share a third key."""


FEATURES = ("first", "middle", "last")


@lru_cache
def features(name):
    """Three small numbers of each value: of its first, its middle and its last character."""
    if name in {"lat", "long", "unix_time", "amount", "id", "price", "number"}:
        hundredths = np.rint(numbers(name) * 100).astype(np.int64)
        hundredths -= hundredths.min()
        found = [hundredths * 8 // (hundredths.max() + 1), hundredths // 8 % 8, hundredths % 8]
    else:
        made = texts(name)
        offsets = np.frombuffer(made.buffers()[1], dtype=np.int64)[: len(made) + 1]
        data = np.frombuffer(made.buffers()[2], dtype=np.uint8)
        starts, lengths = offsets[:-1], np.diff(offsets)
        found = [data[starts + at] % 8 for at in (0, lengths // 2, lengths - 1)]
    return [with_rare_ones_merged(codes) for codes in found]


def with_rare_ones_merged(codes):
    """The numbers; rare ones are replaced by the most frequent one."""
    counts = np.bincount(codes)
    return np.where(counts < ROWS / 25, counts.argmax(), np.arange(len(counts)))[codes].astype(
        np.uint8
    )


def chances_of(one, other, every):
    """The probabilities that each feature of one key is independent of each of another.

    Only each `every`-th row is compared.
    """
    pairs = product(features(one), features(other))
    return [fit.independence(a[::every], b[::every]) for a, b in pairs]


def independent_pairs():
    for one, other in combinations(FIELDS, 2):
        if (one, other) in APART or not any({one, other} <= group for group in RELATED):
            yield one, other


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_keys_of_one_call_are_independent(every):
    pairs = [*independent_pairs()]
    assert len(pairs) > 800
    assert fit.combined(p for pair in pairs for p in chances_of(*pair, every)) > fit.LEVEL


@family("group", RELATED)
def test_the_independence_check_detects_related_keys(group):
    pairs = combinations(sorted(group), 2)
    assert fit.combined(p for pair in pairs for p in chances_of(*pair, 4)) < fit.LEVEL


@family("name", FIELDS)
def test_values_of_neighbouring_seeds_sites_and_events_are_independent(name):
    chances = []
    for codes in features(name):
        made = codes.reshape(len(SEEDS), len(SITES), len(INDICES))
        pairs = [
            (made[0:4:2], made[1:4:2]),
            (made[:, 0:24:2], made[:, 1:25:2]),
            (made[:, :, 0:124:2], made[:, :, 1:125:2]),
        ]
        chances += [fit.independence(one.ravel(), other.ravel()) for one, other in pairs]
    assert fit.combined(chances) > fit.LEVEL
