"""Columns of a table of rows, and their values in chosen rows.

A text that has few distinct values is a dictionary. Numbers, booleans and other texts are arrays,
with a mask of the rows that are null. Values of several types, arrays and objects are entries of a
dictionary, which are parsed from JSON text once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eventer.core.model import JsonValue
from eventer.functions.columns import (
    BooleanColumn,
    Column,
    DictionaryColumn,
    FloatColumn,
    IntegerColumn,
    StringColumn,
    TimestampColumn,
)
from eventer.functions.numbers import EXACT
from eventer.functions.spec import ReturnType

MAX_DICTIONARY: Final = 256
"""The most distinct texts of a column that is a dictionary."""
_SAMPLE: Final = 4_096
"""Rows at the start of a column that show whether it may have few distinct texts."""
_TIMESTAMP_DIGITS: Final = 6
_BACKSLASH: Final = 0x5C
_QUOTE: Final = 0x22
_SPACE: Final = 0x20

Rows: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


class RowColumn:
    """A column: the type of its values that are not null, and the values of chosen rows.

    `nulls` are the rows that are null, where `take` has any value; without it, `take` has nulls.
    """

    return_type: ReturnType
    nullable: bool
    nulls: Mask | None

    def take(self, rows: Rows) -> Column:
        """The values of rows."""
        raise NotImplementedError

    @property
    def needs_escapes(self) -> bool:
        """Whether texts have characters that JSON escapes."""
        return False


@dataclass(eq=False)
class NumberColumn(RowColumn):
    """Numbers: integers if each is one that a double holds exactly."""

    values: NDArray[np.int64] | NDArray[np.float64]
    nulls: Mask | None = None

    def __post_init__(self) -> None:
        self.return_type, self.nullable = ReturnType.NUMBER, self.nulls is not None
        if self.values.dtype == np.int64:
            self.return_type = ReturnType.INTEGER

    @classmethod
    def of(cls, numbers: NDArray[np.float64], nulls: Mask | None) -> NumberColumn:
        """The column of finite numbers."""
        whole = (np.abs(numbers) <= EXACT) & (np.trunc(numbers) == numbers)
        whole &= ~(np.signbit(numbers) & (numbers == 0))
        return cls(numbers.astype(np.int64) if whole.all() else numbers, nulls)

    def take(self, rows: Rows) -> Column:
        """See `RowColumn.take`."""
        values = self.values[rows]
        is_integer = self.return_type is ReturnType.INTEGER
        return IntegerColumn(values) if is_integer else FloatColumn(values)  # type: ignore[arg-type]  # of this type


@dataclass(eq=False)
class TruthColumn(RowColumn):
    """Booleans."""

    values: Mask
    nulls: Mask | None = None

    def __post_init__(self) -> None:
        self.return_type, self.nullable = ReturnType.BOOLEAN, self.nulls is not None

    def take(self, rows: Rows) -> Column:
        """See `RowColumn.take`."""
        return BooleanColumn(self.values[rows])


@dataclass(eq=False)
class TextColumn(RowColumn):
    """Texts, an Arrow array of `large_string` without nulls; with `units` they are timestamps."""

    texts: Any
    nulls: Mask | None = None
    units: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        is_text = self.units is None
        self.return_type = ReturnType.TEXT if is_text else ReturnType.TIMESTAMP
        self.nullable = self.nulls is not None

    def take(self, rows: Rows) -> Column:
        """See `RowColumn.take`."""
        taken = pc.take(self.texts, pa.array(rows), boundscheck=False)
        texts = _string_column(taken)
        if self.units is None:
            return texts
        return TimestampColumn(self.units[rows], _TIMESTAMP_DIGITS, texts)

    @cached_property
    def needs_escapes(self) -> bool:
        """See `RowColumn.needs_escapes`."""
        data = self.texts.buffers()[2]
        if data is None:
            return False
        octets = np.frombuffer(data, dtype=np.uint8)
        return bool(((octets < _SPACE) | (octets == _QUOTE) | (octets == _BACKSLASH)).any())


@dataclass(eq=False)
class EntryColumn(RowColumn):
    """Entries of a dictionary, any JSON values."""

    codes: NDArray[np.int64]
    entries: Sequence[JsonValue]
    return_type: ReturnType
    nulls: Mask | None = None

    def __post_init__(self) -> None:
        self.nullable = any(entry is None for entry in self.entries)

    def take(self, rows: Rows) -> Column:
        """See `RowColumn.take`."""
        return DictionaryColumn(self.codes[rows], self.entries)


def text_column(
    texts: Any, *, has_nulls: bool = False, units: NDArray[np.int64] | None = None
) -> RowColumn:
    """The column of an Arrow array of `large_string`; timestamps if `units` are given.

    `has_nulls` says whether nulls of the array count.
    """
    kind = ReturnType.TEXT if units is None else ReturnType.TIMESTAMP
    if len(pc.unique(texts.slice(0, _SAMPLE))) <= MAX_DICTIONARY:
        encoded = texts.dictionary_encode(null_encoding="encode")
        if len(encoded.dictionary) <= MAX_DICTIONARY:
            codes = encoded.indices.to_numpy().astype(np.int64)
            return EntryColumn(codes, tuple(encoded.dictionary.to_pylist()), kind)
    nulls = texts.is_null().to_numpy(zero_copy_only=False) if has_nulls else None
    return TextColumn(texts.fill_null("") if has_nulls else texts, nulls, units)


def json_column(texts: Any) -> RowColumn:
    """The column of an Arrow array of JSON texts; null is a null of the array."""
    encoded = texts.fill_null("null").dictionary_encode()
    codes = encoded.indices.to_numpy().astype(np.int64)
    entries = tuple(json.loads(each, parse_int=float) for each in encoded.dictionary.to_pylist())
    return EntryColumn(codes, entries, ReturnType.JSON)


def mask_of(values: Any) -> Mask | None:
    """The nulls of an Arrow array; None without any."""
    if not values.null_count:
        return None
    mask: Mask = values.is_null().to_numpy(zero_copy_only=False)
    return mask


def _string_column(texts: Any) -> StringColumn:
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, dtype=np.int64)[texts.offset :][: len(texts) + 1]
    octets = np.frombuffer(data or b"", dtype=np.uint8)
    if starts[0]:
        octets, starts = octets[starts[0] :], starts - starts[0]
    return StringColumn(octets[: starts[-1]], starts)
