"""Payment cards: numbers with the prefix, the length and the check digit of their type."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.functions.columns import Column, DictionaryColumn
from eventer.functions.program_builder import ProgramBuilder
from eventer.functions.rand_data.field_keys import codes
from eventer.functions.random_texts import TextDefinition, text_field, word, words
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.string_building import DIGITS, Alphabet, Bytes, Lanes, MaskedBytes
from eventer.functions.text_numbers import BoundedNumber, NumberSource, TableNumber
from eventer.functions.text_parts import CustomPart
from eventer.kernels import draw
from eventer.kernels.draw.random_texts import TextOp

_WIDTH: Final = 16
_FREE_DIGIT: Final = 0xFF
_ZERO: Final = ord("0")
_DIGITS: Final = Alphabet(DIGITS)
_PREFIX_WORD: Final = 4

CardType: TypeAlias = tuple[str, int, Sequence[str]]
"""Name, length, and the prefixes that its issuers use, each equally likely."""

_TYPES: Final[Sequence[CardType]] = (
    ("VISA", 16, ("4",)),
    ("MasterCard", 16, tuple(map(str, (*range(51, 56), *range(2221, 2721))))),
    ("American Express", 15, ("34", "37")),
    ("Discover", 16, ("6011", "65", *map(str, range(644, 650)))),
    ("JCB", 16, tuple(map(str, range(3528, 3590)))),
    ("Diners Club", 14, ("300", "301", "302", "303", "304", "305", "36", "38")),
)


def luhn_digits(matrix: Bytes) -> Bytes:
    """The check digit of each row of digits; the last digit is ignored."""
    doubled = matrix[:, -2::-2] * 2
    doubled -= (doubled > 9) * np.uint8(9)
    total = doubled.sum(axis=1, dtype=np.int64) + matrix[:, -3::-2].sum(axis=1, dtype=np.int64)
    check: Bytes = ((10 - total % 10) % 10).astype(np.uint8)
    return check


class CardTypes:
    """Types of cards; `shares` says how often each is drawn (None: all equally)."""

    def __init__(self, types: Sequence[CardType], shares: Sequence[int] | None = None) -> None:
        self.names = tuple(name for name, _, _ in types)
        self._types = types
        self._table = tuple(
            number for number, share in enumerate(shares or [1] * len(types)) for _ in range(share)
        )
        self._lengths = [length for _, length, prefixes in types for _ in prefixes]

    def type_codes(self, key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
        """The numbers of the types of rows."""
        return np.array(self._table)[codes(key, "cc_type", index, len(self._table))]

    def type_column(self, key: draw.Key, index: draw.Index) -> Column:
        """The names of the types of rows."""
        return DictionaryColumn(self.type_codes(key, index), self.names)

    def number_text(self) -> TextDefinition:
        """Numbers with the prefix, the length and the check digit of their type."""
        drawn = [*words("cc_number", _PREFIX_WORD + 1), word("cc_type")]
        counts = [len(prefixes) for _, _, prefixes in self._types]
        starts = tuple(sum(counts[:i]) for i in range(len(counts)))
        prefix = BoundedNumber(_PREFIX_WORD, tuple(counts), starts, by=self._type_number())

        def numbers(drawn: draw.Words) -> MaskedBytes:
            return self._write_text(draw.lanes(drawn)[:, :_WIDTH], prefix.values(drawn))

        def emit(program: ProgramBuilder) -> None:
            patterns = program.text(self._patterns.tobytes())
            lengths = program.table(self._lengths)
            program.add(TextOp.CARD, prefix.emit(program), patterns, lengths)

        return drawn, (CustomPart(_WIDTH, numbers, emit),)

    def _type_number(self) -> NumberSource:
        slot = BoundedNumber(_PREFIX_WORD + 1, (len(self._table),))
        return slot if len(self._table) == len(self._types) else TableNumber(self._table, slot)

    def _write_text(self, lanes: Lanes, prefix: NDArray[np.int64]) -> MaskedBytes:
        pattern = self._patterns[prefix]
        number = np.where(
            pattern == _FREE_DIGIT, _DIGITS.write_text(lanes) - np.uint8(_ZERO), pattern
        )
        number[:, -1] = luhn_digits(number)
        lengths = np.array(self._lengths)[prefix]
        return MaskedBytes(
            number + np.uint8(_ZERO), np.arange(_WIDTH) >= _WIDTH - lengths[:, np.newaxis]
        )

    @cached_property
    def _patterns(self) -> Bytes:
        """A row for each prefix of each type: leading zeros, its digits, then free digits."""
        rows = [
            [0] * (_WIDTH - length)
            + [int(digit) for digit in prefix]
            + [_FREE_DIGIT] * (length - len(prefix))
            for _, length, prefixes in self._types
            for prefix in prefixes
        ]
        return np.array(rows, dtype=np.uint8)


_CARDS: Final = CardTypes(_TYPES)

FIELDS: Final = (
    FieldSpec(
        "cc_number",
        ReturnType.TEXT,
        "A card number of the type in `cc_type`: 14 to 16 digits with its prefix and a right check "
        "digit (Luhn).",
        text_field(_CARDS.number_text),
    ),
    FieldSpec(
        "cc_type",
        ReturnType.TEXT,
        ", ".join(_CARDS.names[:-1]) + f" or {_CARDS.names[-1]}.",
        _CARDS.type_column,
    ),
)
