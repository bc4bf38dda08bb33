"""Payment cards: numbers with the prefix, the length and the check digit of their type."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.functions.columns import Column, DictionaryColumn
from eventer.functions.program_builder import ProgramBuilder
from eventer.functions.rand_data.field_keys import codes
from eventer.functions.random_texts import TextDefinition, text_field, word, words
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.string_building import DIGITS, Alphabet, Bytes, Lanes, MaskedBytes
from eventer.functions.text_parts import BoundedNumber, CustomPart
from eventer.kernels import draw
from eventer.kernels.draw.random_texts import TextOp

_WIDTH: Final = 16
_FREE_DIGIT: Final = 0xFF
_ZERO: Final = ord("0")
_DIGITS: Final = Alphabet(DIGITS)
_PREFIX_WORD: Final = 4

# Type, length, and the prefixes that its issuers use, each equally likely.
_TYPES: Final = (
    ("VISA", 16, ("4",)),
    ("MasterCard", 16, tuple(map(str, (*range(51, 56), *range(2221, 2721))))),
    ("American Express", 15, ("34", "37")),
    ("Discover", 16, ("6011", "65", *map(str, range(644, 650)))),
    ("JCB", 16, tuple(map(str, range(3528, 3590)))),
    ("Diners Club", 14, ("300", "301", "302", "303", "304", "305", "36", "38")),
)
_NAMES: Final = tuple(name for name, _, _ in _TYPES)
_PREFIX_COUNTS: Final = [len(prefixes) for _, _, prefixes in _TYPES]
_PREFIX_STARTS: Final = [sum(_PREFIX_COUNTS[:i]) for i in range(len(_TYPES))]
_LENGTHS: Final = [length for _, length, prefixes in _TYPES for _ in prefixes]


def _patterns() -> Bytes:
    """A row for each prefix of each type: leading zeros, its digits, then free digits."""
    rows = [
        [0] * (_WIDTH - length) + [int(d) for d in prefix] + [_FREE_DIGIT] * (length - len(prefix))
        for _, length, prefixes in _TYPES
        for prefix in prefixes
    ]
    return np.array(rows, dtype=np.uint8)


_PATTERNS: Final = _patterns()


def luhn_digits(matrix: Bytes) -> Bytes:
    """The check digit of each row of digits; the last digit is ignored."""
    doubled = matrix[:, -2::-2] * 2
    doubled -= (doubled > 9) * np.uint8(9)
    total = doubled.sum(axis=1, dtype=np.int64) + matrix[:, -3::-2].sum(axis=1, dtype=np.int64)
    check: Bytes = ((10 - total % 10) % 10).astype(np.uint8)
    return check


def _type_codes(key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
    return codes(key, "cc_type", index, len(_TYPES))


def _cc_type(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(_type_codes(key, index), _NAMES)


@text_field
def _cc_number() -> TextDefinition:
    drawn = [*words("cc_number", _PREFIX_WORD + 1), word("cc_type")]
    kind = BoundedNumber(_PREFIX_WORD + 1, (len(_TYPES),))
    prefix = BoundedNumber(_PREFIX_WORD, tuple(_PREFIX_COUNTS), tuple(_PREFIX_STARTS), by=kind)

    def numbers(drawn: draw.Words) -> MaskedBytes:
        return _write_text(draw.lanes(drawn)[:, :_WIDTH], prefix.values(drawn))

    def emit(program: ProgramBuilder) -> None:
        patterns, lengths = program.text(_PATTERNS.tobytes()), program.table(_LENGTHS)
        program.add(TextOp.CARD, prefix.emit(program), patterns, lengths)

    return drawn, (CustomPart(_WIDTH, numbers, emit),)


def _write_text(lanes: Lanes, prefix: NDArray[np.int64]) -> MaskedBytes:
    pattern = _PATTERNS[prefix]
    number = np.where(pattern == _FREE_DIGIT, _DIGITS.write_text(lanes) - np.uint8(_ZERO), pattern)
    number[:, -1] = luhn_digits(number)
    lengths = np.array(_LENGTHS)[prefix]
    return MaskedBytes(
        number + np.uint8(_ZERO), np.arange(_WIDTH) >= _WIDTH - lengths[:, np.newaxis]
    )


FIELDS: Final = (
    FieldSpec(
        "cc_number",
        ReturnType.TEXT,
        "A card number of the type in `cc_type`: 14 to 16 digits with its prefix and a right check "
        "digit (Luhn).",
        _cc_number,
    ),
    FieldSpec("cc_type", ReturnType.TEXT, ", ".join(_NAMES[:-1]) + f" or {_NAMES[-1]}.", _cc_type),
)
