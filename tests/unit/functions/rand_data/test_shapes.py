"""100,000 values of every key have the documented form and meaning."""

import base64
import json
import socket
from collections import Counter
from ipaddress import IPv6Address

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from eventer.functions import data_files
from eventer.functions.rand_data.cards import luhn_digits
from eventer.functions.rand_data.get_rand_data import FIELDS, GET_RAND_DATA
from eventer.functions.rand_data.network import ipv6_text
from eventer.functions.spec import BatchContext, ReturnType
from eventer.functions.string_building import base64url, concatenate_parts
from tests.families import family
from tests.unit.functions.rand_data.samples import ROWS, letters, numbers, texts

KEYS_OF_THE_README = """
lat long cc_number cc_type email domain_name ipv4 ipv6 password jwt phone_number mac_address url
username toll_free_number e_164_phone_number first_name last_name name unix_time date time
month_name year day_of_month timestamp century timezone time_period word sentence paragraph
currency amount amount_with_currency uuid_hyphenated uuid_digit opayment_method id price number
""".split()

TLD = r"(com|biz|info|net|org|ru|edu|top)"
SENTENCE = r"[A-Z][a-z]*( [a-z]+){5}\."
SURNAME = r"[A-Z]('[A-Z])?[A-Za-z]+"
CARDS = {
    "VISA": r"4\d{15}",
    "MasterCard": r"(5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}",
    "American Express": r"3[47]\d{13}",
    "Discover": r"(6011|65\d{2}|64[4-9]\d)\d{12}",
    "JCB": r"35(2[89]|[3-8]\d)\d{12}",
    "Diners Club": r"3(0[0-5]|[68]\d)\d{11}",
}
SHAPES = {
    "cc_number": "|".join(CARDS.values()),
    "cc_type": "|".join(CARDS),
    "email": rf"[A-Za-z]{{7}}@[A-Za-z]{{7}}\.{TLD}",
    "domain_name": rf"[a-z]{{7}}\.{TLD}",
    "ipv4": r"((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)",
    "ipv6": r"[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}",
    "password": r"[A-Za-z]{50}",
    "jwt": r"[A-Za-z0-9_-]{36}\.[A-Za-z0-9_-]{50}\.[A-Za-z0-9_-]{43}",
    "phone_number": r"[2-9](1[02-9]|[02-9]\d)-[2-9](1[02-9]|[02-9]\d)-\d{4}",
    "mac_address": r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}",
    "url": rf"https?://(www\.[a-z]{{7}}\.{TLD}/([A-Za-z]{{7}})?"
    rf"|[a-z]{{7}}\.{TLD}/([A-Za-z]{{7}}(\.(html|php|jpg|webp|js|css|svg))?)?)",
    "username": r"[A-Za-z]{7}",
    "toll_free_number": r"\((777|888)\) \d{3}-\d{6}",
    "e_164_phone_number": r"\+[78][1-9]\d{10}",
    "first_name": r"[A-Z][A-Za-z]+",
    "last_name": SURNAME,
    "name": r"(Miss|Mrs\.|Ms\.|Dr\.|Prof\.|Lady|Queen|Princess|Mr\.|Sir|Lord|King|Prince) "
    rf"[A-Z][A-Za-z]+ {SURNAME}",
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d",
    "month_name": "January|February|March|April|May|June|July|August|September|October|November"
    "|December",
    "year": r"19[7-9]\d|20[01]\d|202[0-5]",
    "day_of_month": r" [1-9]|[12]\d|3[01]",
    "timestamp": r"\d{4}-\d\d-\d\d ([01]\d|2[0-3]):[0-5]\d:[0-5]\d",
    "century": "X?(I{1,3}|IV|V|VI{1,3}|IX|X)|XXI",
    "timezone": r"[A-Za-z0-9+_-]+(/[A-Za-z0-9+_-]+){0,2}",
    "time_period": "AM|PM",
    "word": "[a-z]+",
    "sentence": SENTENCE,
    "paragraph": rf"{SENTENCE}( {SENTENCE}){{0,9}}",
    "currency": "[A-Z]{3}",
    "amount_with_currency": r"[A-Z]{3} (0|[1-9]\d{0,6})\.\d\d0000",
    "uuid_hyphenated": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "uuid_digit": r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}",
    "opayment_method": "cc|paypal|check|money order",
    "payment_method": "cc|paypal|check|money order",
}
NUMBERS = {"lat", "long", "unix_time", "amount", "id", "price", "number"}


def test_the_keys_are_those_of_the_readme() -> None:
    shown = [field.name for field in FIELDS.values() if not field.hidden]
    assert shown == KEYS_OF_THE_README
    assert [f.name for f in FIELDS.values() if f.hidden] == ["payment_method"]
    index = np.arange(3)
    made = GET_RAND_DATA.call(()).column(5, BatchContext(index, index))
    assert list(made.columns) == KEYS_OF_THE_README


def test_every_key_is_a_number_or_has_a_shape() -> None:
    assert set(SHAPES) | NUMBERS == set(FIELDS)
    assert {
        name
        for name, field in FIELDS.items()
        if field.return_type not in {ReturnType.TEXT, ReturnType.UUID}
    } == NUMBERS


def without(shape: str, made: pa.Array) -> list[str]:
    """The texts that do not match a shape."""
    return made.filter(pc.invert(pc.match_substring_regex(made, rf"^(?:{shape})$"))).to_pylist()


@family("name", SHAPES)
def test_text_has_its_shape(name: str) -> None:
    assert len(texts(name)) == ROWS == 100_000
    assert without(SHAPES[name], texts(name)) == []


@family("name", SHAPES)
def test_a_shape_matches_whole_texts_only(name: str) -> None:
    example = texts(name)[0].as_py()
    others = [f"{example}\n", f"{example}.", f" {example}", f"{example}\x00", "é", ""]
    assert without(SHAPES[name], pa.array(others)) == others


@family("name", sorted(NUMBERS))
def test_keys_of_integers_have_whole_numbers(name: str) -> None:
    made = numbers(name)
    assert len(made) == ROWS
    assert np.isfinite(made).all()
    assert (FIELDS[name].return_type is ReturnType.INTEGER) == bool((made == np.floor(made)).all())


@pytest.mark.parametrize(
    ("name", "low", "high", "decimals"),
    [("lat", -90, 90, 6), ("long", -180, 180, 6), ("amount", 0.01, 9_999_999.99, 2)],
)
def test_numbers_have_their_range_and_few_decimals(
    name: str, low: float, high: float, decimals: int
) -> None:
    made = numbers(name)
    assert low <= made.min() < made.max() <= high
    assert np.array_equal(np.rint(made * 10**decimals) / 10**decimals, made)
    assert made.min() < low + (high - low) / 1000
    assert made.max() > high - (high - low) / 100


def test_numbers_of_an_order_are_among_a_few() -> None:
    assert set(numbers("id")) == {15, 27, 61}
    assert set(numbers("price")) == {4.95, 9.99, 31997.97}
    assert set(numbers("number")) == {1, 2}


@family(
    ("name", "count"),
    [
        ("cc_type", 6),
        ("first_name", 3239),
        ("last_name", 1000),
        ("month_name", 12),
        ("year", 56),
        ("day_of_month", 31),
        ("century", 21),
        ("timezone", 597),
        ("time_period", 2),
        ("word", 182),
        ("currency", 179),
        ("opayment_method", 4),
    ],
)
def test_picks_reach_all_entries(name: str, count: int) -> None:
    assert len(pc.unique(texts(name))) == count


@family(
    ("name", "listed"),
    [
        ("currency", "currencies"),
        ("timezone", "time_zones"),
        ("last_name", "last_names"),
        ("word", "words"),
    ],
)
def test_picks_are_entries_of_their_list(name: str, listed: str) -> None:
    assert set(pc.unique(texts(name)).to_pylist()) <= set(data_files.lines(listed))


def joined(*made: pa.Array) -> pa.Array:
    """Texts side by side with a space between."""
    return pc.binary_join_element_wise(*made, pa.scalar(" ", pa.large_string()))


def digits_of(made: pa.Array) -> np.ndarray:
    """Numbers as a matrix of digits; all must have the same length."""
    (length,) = set(pc.binary_length(made).to_pylist())
    data = b"".join(made.cast(pa.large_binary()).to_pylist())
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, length).astype(np.int64) - ord("0")


@family("kind", CARDS)
def test_cards_pass_luhn_and_have_the_prefix_and_the_length_of_their_type(kind: str) -> None:
    cards = texts("cc_number").filter(pc.equal(texts("cc_type"), kind))
    assert len(cards) > ROWS / 7
    assert without(CARDS[kind], cards) == []
    digits = digits_of(cards)[:, ::-1]
    doubled = 2 * digits[:, 1::2]
    total = digits[:, ::2].sum(axis=1) + (doubled // 10 + doubled % 10).sum(axis=1)
    assert not (total % 10).any()


def test_the_check_digit_of_a_known_number() -> None:
    number = np.array([[int(d) for d in "4539148803436467"]], dtype=np.uint8)
    assert luhn_digits(number).tolist() == [7]


def test_names_agree_with_their_parts_and_gender() -> None:
    women = set(data_files.lines("first_names_female"))
    men = set(data_files.lines("first_names_male"))
    assert not women & men
    parts = joined(texts("first_name"), texts("last_name")).to_pylist()
    names = zip(texts("name").to_pylist(), parts, texts("first_name").to_pylist(), strict=True)
    for name, rest, first in names:
        title, _, said = name.partition(" ")
        assert said == rest
        if title not in {"Dr.", "Prof."}:
            female = title in {"Miss", "Mrs.", "Ms.", "Lady", "Queen", "Princess"}
            assert first in (women if female else men)


def test_dates_and_times_of_one_call_are_of_its_instant() -> None:
    seconds = numbers("unix_time").astype(np.int64)
    assert 0 <= seconds.min() < seconds.max() < 1_767_225_600
    instants = seconds.astype("datetime64[s]")
    stamps = np.array(texts("timestamp").to_pylist(), dtype="datetime64[s]")
    assert np.array_equal(stamps, instants)
    assert instants.max() > np.datetime64("2025-12-01")
    days, months = instants.astype("datetime64[D]"), instants.astype("datetime64[M]")
    assert texts("date").to_pylist() == days.astype(str).tolist()
    assert joined(texts("date"), texts("time")).equals(texts("timestamp"))
    assert texts("year").to_pylist() == instants.astype("datetime64[Y]").astype(str).tolist()
    names = np.array(SHAPES["month_name"].split("|"))
    assert texts("month_name").to_pylist() == names[months.astype(np.int64) % 12].tolist()
    of_month = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    assert texts("day_of_month").to_pylist() == [f"{day:2}" for day in of_month.tolist()]
    halves = np.array(["AM", "PM"])[seconds % 86_400 // 43_200]
    assert texts("time_period").to_pylist() == halves.tolist()


def test_money_and_uuids_of_one_call_agree() -> None:
    money = zip(texts("currency").to_pylist(), numbers("amount").tolist(), strict=True)
    assert texts("amount_with_currency").to_pylist() == [f"{c} {a:.6f}" for c, a in money]
    assert pc.replace_substring(texts("uuid_hyphenated"), "-", "").equals(texts("uuid_digit"))
    assert len(pc.unique(texts("uuid_digit"))) == ROWS
    assert texts("payment_method").equals(texts("opayment_method"))


def test_addresses_have_the_form_of_their_standards() -> None:
    for kind, name in ((socket.AF_INET, "ipv4"), (socket.AF_INET6, "ipv6")):
        for address in texts(name).to_pylist():
            assert socket.inet_ntop(kind, socket.inet_pton(kind, address)) == address


def test_different_keys_of_one_call_do_not_repeat_each_other() -> None:
    places = {"username": 0, "password": 0, "email": 8}
    spelt = {name: letters(name, at, at + 7) for name, at in places.items()}
    for one, other in (("username", "password"), ("username", "email"), ("password", "email")):
        assert not (spelt[one] == spelt[other]).all(axis=1).any()


@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.slow)])
def test_tokens_can_be_decoded(every: int) -> None:
    for token in texts("jwt").to_pylist()[::every]:
        header, claims, signature = token.split(".")
        assert header == "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
        said = json.loads(base64.urlsafe_b64decode(claims + "=="))
        assert list(said) == ["sub", "iat"]
        assert 10**9 <= said["iat"] < 1_767_225_600
        assert len(said["sub"]) == 10
        assert said["sub"].isdigit()
        assert len(base64.urlsafe_b64decode(signature + "=")) == 32
    decoded = base64.urlsafe_b64decode("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9")
    assert json.loads(decoded) == {"alg": "HS256", "typ": "JWT"}


@family("count", range(1, 10))
def test_base64url_of_every_remainder(count: int) -> None:
    octets = np.random.default_rng(count).integers(0, 256, (50, count), dtype=np.uint8)
    expected = [base64.urlsafe_b64encode(row.tobytes()).rstrip(b"=") for row in octets]
    assert [row.tobytes() for row in base64url(octets)] == expected


@family(
    "address",
    [
        "::",
        "::1",
        "1::",
        "1:0:2::3",
        "1::2:0:0:3",
        "0:1:2:3:4:5:6:7",
        "1:2:3:0:5:6:7:8",
        "a::b:0:0",
    ],
)
def test_ipv6_with_zeros_has_the_form_of_rfc_5952(address: str) -> None:
    other = "2001:db8:1:2:3:4:5:6"
    rows = [list(IPv6Address(a).packed) for a in (address, other)]
    column = concatenate_parts(2, ipv6_text(np.array(rows, dtype=np.uint8)))
    assert column.to_list() == [str(IPv6Address(address)), other]


def words_of(sentences: pa.Array) -> np.ndarray:
    """The number of each word in the list of words, a row per sentence without its full stop."""
    parts = pc.split_pattern(pc.utf8_lower(sentences), " ")
    assert pc.all(pc.equal(pc.list_value_length(parts), 6)).as_py()
    found = pc.index_in(parts.flatten(), pa.array(data_files.lines("words"), pa.large_string()))
    assert found.null_count == 0
    return np.sort(found.to_numpy().reshape(-1, 6), axis=1)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("sentence", ROWS),
        ("paragraph", ROWS // 10),
        pytest.param("paragraph", ROWS, marks=pytest.mark.slow),
    ],
)
def test_sentences_have_six_different_words(name: str, rows: int) -> None:
    without_stop = pc.utf8_slice_codeunits(texts(name)[:rows], 0, -1)
    words = words_of(pc.split_pattern(without_stop, ". ").flatten())
    assert (np.diff(words, axis=1) != 0).all()


def test_paragraphs_have_one_to_ten_sentences() -> None:
    counts = Counter(pc.count_substring(texts("paragraph"), ".").to_pylist())
    assert sorted(counts) == list(range(1, 11))
