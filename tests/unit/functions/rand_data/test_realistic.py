"""The keys of `get_rand_data('realistic')` are as people expect them, and agree."""

import re
from collections import Counter
from ipaddress import ip_address

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.functions.rand_data.cards import luhn_digits
from eventer.functions.rand_data.get_rand_data import FIELDS, GET_RAND_DATA, REALISTIC_FIELDS
from eventer.functions.spec import BatchContext
from tests.families import family
from tests.unit.functions.rand_data.test_shapes import CARDS

INDEX = np.arange(2000)
ROWS = GET_RAND_DATA.call(("realistic",)).column(11, BatchContext(INDEX, INDEX)).to_list()
TITLES = {"female": ("Ms.", "Mrs.", "Dr."), "male": ("Mr.", "Dr.")}
SENTENCE = r"[A-Z][a-z]*( [a-zA-Z]+){3,12}\."
SHAPES = {
    "phone_number": r"[2-9]\d\d-[2-9]\d\d-\d{4}",
    "toll_free_number": r"\(8(00|33|44|55|66|77|88)\) [2-9]\d\d-\d{4}",
    "password": r"[A-Za-z0-9!#$%&*+=?@_-]{12,16}",
    "sentence": SENTENCE,
    "paragraph": rf"{SENTENCE}( {SENTENCE}){{2,5}}",
    "word": "[a-z]+",
    "day_of_month": "[1-9][0-9]?",
    "domain_name": r"[a-z]+(-[a-z]+)?\.example",
    "currency": "[A-Z]{3}",
}


def test_it_has_the_same_keys_and_types():
    assert list(REALISTIC_FIELDS) == list(FIELDS)
    for name, field in REALISTIC_FIELDS.items():
        expected = FIELDS[name]
        assert (field.name, field.return_type, field.hidden) == (
            name, expected.return_type, expected.hidden,
        )  # fmt: skip


@family("name", SHAPES)
def test_a_key_has_its_shape(name):
    assert all(re.fullmatch(SHAPES[name], row[name]) for row in ROWS)


def test_names_and_addresses_agree():
    for row in ROWS:
        title, rest = row["name"].split(" ", 1)
        assert title in TITLES["female"] + TITLES["male"]
        assert rest == f"{row['first_name']} {row['last_name']}"
        assert row["username"].startswith(row["first_name"][0].lower())
        assert row["email"].rpartition("@")[0] == row["username"]
        assert row["url"].startswith(f"https://www.{row['domain_name']}/")
        assert row["e_164_phone_number"] == "+1" + row["phone_number"].replace("-", "")


def test_cards_are_as_frequent_as_in_use():
    assert all(re.fullmatch(CARDS[row["cc_type"]], row["cc_number"]) for row in ROWS)
    digits = [row["cc_number"].rjust(16, "0") for row in ROWS]
    matrix = np.array([[int(d) for d in number] for number in digits], dtype=np.uint8)
    assert np.array_equal(luhn_digits(matrix), matrix[:, -1])
    frequent = [name for name, _ in Counter(row["cc_type"] for row in ROWS).most_common(2)]
    assert frequent == ["VISA", "MasterCard"]
    masters = [row["cc_number"][0] for row in ROWS if row["cc_type"] == "MasterCard"]
    assert 0.4 < masters.count("5") / len(masters) < 0.6


def test_networks_are_public():
    for row in ROWS:
        assert ip_address(row["ipv4"]).is_global
        assert 0x20 <= ip_address(row["ipv6"]).packed[0] <= 0x3F


def test_dates_and_amounts_agree():
    for row in ROWS:
        assert row["century"] == ("XXI" if row["date"] > "2001" else "XX")
        assert row["day_of_month"] == row["date"][8:].lstrip("0")
        assert row["amount_with_currency"] == f"{row['currency']} {row['amount']:.2f}"
        assert 1 <= row["amount"] < 10_000
        assert round(row["price"] * 100) % 100 == 99


def test_another_style_is_refused():
    with pytest.raises(EvaluationError) as caught:
        GET_RAND_DATA.call(("real",))
    assert caught.value.hint == "write 'realistic', or leave it out"
