"""Telephone numbers."""

from __future__ import annotations

from typing import Final

from eventer.functions.pieces import Below, Entry, Lane, Letters
from eventer.functions.random_texts import Definition, lanes, spelt, words
from eventer.functions.spec import FieldSpec, Kind
from eventer.functions.spelling import DIGITS, Alphabet, Entries

_DIGITS: Final = Alphabet(DIGITS)
_NOT_ZERO: Final = Alphabet(DIGITS[1:])
_COUNTRIES: Final = Alphabet(b"78")
_TOLL_FREE: Final = Entries(("777", "888"))
# Area and exchange codes as North America has them: from 2 on, and no service code such as 911.
_CODES: Final = Entries([str(code) for code in range(200, 1000) if code % 100 != 11])


@spelt
def _phone_number() -> Definition:
    area, exchange = (Entry(_CODES, Below(word, (len(_CODES),))) for word in (0, 1))
    drawn = [*words("phone_number", 2), *words("phone_number", 1, 2)]
    return drawn, (area, b"-", exchange, b"-", Letters(_DIGITS, 8, 12))


@spelt
def _toll_free_number() -> Definition:
    area = Entry(_TOLL_FREE, Lane(9, len(_TOLL_FREE)))
    first, last = Letters(_DIGITS, 0, 3), Letters(_DIGITS, 3, 9)
    return lanes("toll_free_number", 10), (b"(", area, b") ", first, b"-", last)


@spelt
def _e_164_phone_number() -> Definition:
    country, first = Letters(_COUNTRIES, 0, 1), Letters(_NOT_ZERO, 1, 2)
    return lanes("e_164_phone_number", 12), (b"+", country, first, Letters(_DIGITS, 2, 12))


FIELDS: Final = (
    FieldSpec(
        "phone_number",
        Kind.TEXT,
        "Ten digits as `201-555-0123`; area and exchange begin with 2 to 9.",
        _phone_number,
    ),
    FieldSpec(
        "toll_free_number", Kind.TEXT, "`(777)` or `(888)` and nine digits.", _toll_free_number
    ),
    FieldSpec(
        "e_164_phone_number", Kind.TEXT, "`+7` or `+8` and eleven digits.", _e_164_phone_number
    ),
)
