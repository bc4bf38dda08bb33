"""Telephone numbers."""

from __future__ import annotations

from typing import Final

from eventer.functions.random_texts import TextDefinition, lanes, text_field, words
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.string_building import DIGITS, Alphabet, StringDictionary
from eventer.functions.text_numbers import BoundedNumber, LaneNumber
from eventer.functions.text_parts import DictionaryPart, LettersPart

_DIGITS: Final = Alphabet(DIGITS)
_NOT_ZERO: Final = Alphabet(DIGITS[1:])
_COUNTRIES: Final = Alphabet(b"78")
_TOLL_FREE: Final = StringDictionary(("777", "888"))
# North American area and exchange codes: from 2 on, without service codes such as 911.
_CODES: Final = StringDictionary([str(code) for code in range(200, 1000) if code % 100 != 11])


@text_field
def _phone_number() -> TextDefinition:
    area, exchange = (
        DictionaryPart(_CODES, BoundedNumber(word, (len(_CODES),))) for word in (0, 1)
    )
    drawn = [*words("phone_number", 2), *words("phone_number", 1, 2)]
    return drawn, (area, b"-", exchange, b"-", LettersPart(_DIGITS, 8, 12))


@text_field
def _toll_free_number() -> TextDefinition:
    area = DictionaryPart(_TOLL_FREE, LaneNumber(9, len(_TOLL_FREE)))
    first, last = LettersPart(_DIGITS, 0, 3), LettersPart(_DIGITS, 3, 9)
    return lanes("toll_free_number", 10), (b"(", area, b") ", first, b"-", last)


@text_field
def _e_164_phone_number() -> TextDefinition:
    country, first = LettersPart(_COUNTRIES, 0, 1), LettersPart(_NOT_ZERO, 1, 2)
    return lanes("e_164_phone_number", 12), (b"+", country, first, LettersPart(_DIGITS, 2, 12))


FIELDS: Final = (
    FieldSpec(
        "phone_number",
        ReturnType.TEXT,
        "Ten digits such as `201-555-0123`; area and exchange begin with 2 to 9.",
        _phone_number,
    ),
    FieldSpec(
        "toll_free_number",
        ReturnType.TEXT,
        "`(777)` or `(888)` and nine digits.",
        _toll_free_number,
    ),
    FieldSpec(
        "e_164_phone_number",
        ReturnType.TEXT,
        "`+7` or `+8` and eleven digits.",
        _e_164_phone_number,
    ),
)
