"""Columns: the values of a function, one per row of a batch, in the cheapest form.

A column is one of a closed set of types. Kernels copy columns as bytes; the interpreter reads them
as lists, in which all numbers are floats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.model import JsonValue

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ConstantColumn:
    """The same value in every row."""

    value: JsonValue
    rows: int

    def to_list(self) -> list[JsonValue]:
        """A value per row."""
        return [self.value] * self.rows


@dataclass(frozen=True, slots=True)
class IntegerColumn:
    """Whole numbers within ±(2^53 - 1), which are exact doubles."""

    values: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.values)

    def to_list(self) -> list[JsonValue]:
        """A value per row."""
        values: list[JsonValue] = self.values.astype(np.float64).tolist()
        return values


@dataclass(frozen=True, slots=True)
class FloatColumn:
    """Finite doubles."""

    values: NDArray[np.float64]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.values)

    def to_list(self) -> list[JsonValue]:
        """A value per row."""
        values: list[JsonValue] = self.values.tolist()
        return values


@dataclass(frozen=True, slots=True)
class BooleanColumn:
    """Booleans."""

    values: NDArray[np.bool_]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.values)

    def to_list(self) -> list[JsonValue]:
        """A value per row."""
        values: list[JsonValue] = self.values.tolist()
        return values


@dataclass(frozen=True, slots=True)
class DictionaryColumn:
    """One of a few entries per row: `entries[codes[i]]`."""

    codes: NDArray[np.int64]
    entries: Sequence[JsonValue]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.codes)

    def to_list(self) -> list[JsonValue]:
        """A value per row; equal values are one object."""
        entries = self.entries
        return [entries[code] for code in self.codes.tolist()]


@dataclass(frozen=True, slots=True)
class ListColumn:
    """An array of a few entries per row: row i has `lengths[i]` of `entries[code]`, in order."""

    lengths: NDArray[np.int64]
    codes: NDArray[np.int64]
    entries: Sequence[JsonValue]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.lengths)

    def to_list(self) -> list[JsonValue]:
        """An array per row."""
        ends = [0, *np.cumsum(self.lengths).tolist()]
        items = [self.entries[code] for code in self.codes.tolist()]
        return [items[start:stop] for start, stop in pairwise(ends)]


@dataclass(frozen=True, slots=True)
class StringColumn:
    """Strings in UTF-8, laid out as Arrow's `large_string`.

    Row i is `data[offsets[i]:offsets[i + 1]]`.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.offsets) - 1

    def to_list(self) -> list[JsonValue]:
        """A value per row."""
        data, ends = self.data.tobytes(), self.offsets.tolist()
        if data.isascii():
            text = data.decode("ascii")
            return [text[a:b] for a, b in pairwise(ends)]
        return [data[a:b].decode() for a, b in pairwise(ends)]

    def to_arrow(self) -> pa.LargeStringArray:
        """The same memory as an Arrow array."""
        import pyarrow as pa

        buffers = [None, pa.py_buffer(self.offsets), pa.py_buffer(self.data)]
        return pa.Array.from_buffers(pa.large_string(), self.rows, buffers)


@dataclass(frozen=True, slots=True)
class TimestampColumn:
    """Instants as counts of 10^-digits seconds since 1970-01-01T00:00:00Z.

    `texts` are the same in RFC 3339; a `DictionaryColumn` if few texts differ.
    """

    units: NDArray[np.int64]
    digits: int
    texts: StringColumn | DictionaryColumn

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.units)

    def to_list(self) -> list[JsonValue]:
        """A text per row."""
        return self.texts.to_list()


@dataclass(frozen=True, slots=True)
class ObjectColumn:
    """An object per row. The column of a field is computed on demand and not kept."""

    rows: int
    columns: Mapping[str, Callable[[], Column]]

    def to_list(self) -> list[JsonValue]:
        """A value per row, with every field."""
        made = {name: make().to_list() for name, make in self.columns.items()}
        return [{name: made[name][row] for name in made} for row in range(self.rows)]


@dataclass(frozen=True, slots=True)
class ObjectListColumn:
    """An array of objects per row, `lengths[i]` of them in row i.

    The column of a field has a value per object of all rows, in order. It is computed on demand.
    """

    lengths: NDArray[np.int64]
    columns: Mapping[str, Callable[[], Column]]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.lengths)

    def to_list(self) -> list[JsonValue]:
        """An array per row, whose objects have every field."""
        made = [make().to_list() for make in self.columns.values()]
        objects = [
            dict(zip(self.columns, values, strict=True)) for values in zip(*made, strict=True)
        ]
        ends = [0, *np.cumsum(self.lengths).tolist()]
        return [objects[start:stop] for start, stop in pairwise(ends)]


Column: TypeAlias = (
    ConstantColumn
    | IntegerColumn
    | FloatColumn
    | BooleanColumn
    | DictionaryColumn
    | ListColumn
    | StringColumn
    | TimestampColumn
    | ObjectColumn
    | ObjectListColumn
)
