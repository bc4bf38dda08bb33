"""Encodes a field as a COPY column; rejects values that the table would, and names the event."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eventer.core.batch import Batch, EventRows
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import ColumnType
from eventer.core.pointer import format_pointer
from eventer.destinations.postgres.column_mapping import ColumnMapping, alter_type_sql
from eventer.destinations.postgres.identifiers import quote
from eventer.destinations.postgres.match_schema import TableMapping
from eventer.kernels.pgcopy.copy_stream import CopyColumn, Rows, WireType, text_buffers

_ARROW: Final = {
    WireType.INT2: pa.int16(),
    WireType.INT4: pa.int32(),
    WireType.INT8: pa.int64(),
    WireType.FLOAT4: pa.float32(),
}
_NUL_ESCAPE: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class RejectedRowsError(DestinationRejectedError):
    """Events do not fit the table: the error of the first of them, and `errors`, one for each."""

    def __init__(self, errors: Sequence[DestinationRejectedError]) -> None:
        first = errors[0]
        super().__init__(first.message, hint=first.hint, index=first.index)
        self.errors = tuple(errors)


class ColumnEncoder:
    """Encodes one column of the events of one or several deliveries.

    `deletes` says which of them delete: these need only the columns of the key, and get null in
    the others.
    """

    def __init__(
        self,
        mapping: TableMapping,
        column: ColumnMapping,
        index: NDArray[np.int64],
        deletes: NDArray[np.bool_],
    ) -> None:
        self._table = mapping.table
        self._column = column
        self._is_key = column.name in mapping.key
        self._index = index
        self._no_value = deletes if not self._is_key and deletes.any() else None

    def encode(self, batches: Sequence[EventRows]) -> CopyColumn:
        """Reads and checks the field, and converts it to the type in COPY."""
        pointer = format_pointer((self._column.name,))
        read = self._read(pointer, batches)
        values = read[0] if len(read) == 1 else pa.concat_arrays(read)
        if self._no_value is not None:
            values = _spread(values, ~self._no_value)
        if self._is_key and values.null_count:
            self._reject_null(values)
        if self._column.integral:
            self._check_integral(values)
        if self._column.max_bytes is not None:
            long = _rows(pc.greater(pc.binary_length(values), self._column.max_bytes))
            limit = self._column.max_bytes
            self._reject_values(long, values, f"is longer than {limit} byte{'s' * (limit > 1)}")
        return CopyColumn(self._column.wire, self._convert(values))

    def _read(self, pointer: str, batches: Sequence[EventRows]) -> list[pa.Array]:
        """The field of all batches; rejects the events whose value has another type."""
        kind = self._column.read_as
        batches = self._with_value(batches)
        try:
            return [batch.written.column(pointer, kind) for batch in batches]
        except DestinationRejectedError as error:
            found = [
                each.rejected_values(pointer, kind) for each in batches if isinstance(each, Batch)
            ]
            raise RejectedRowsError(list(chain(*found)) or [error]) from error

    def _with_value(self, batches: Sequence[EventRows]) -> Sequence[EventRows]:
        """The rows that need a value of this column."""
        if self._no_value is None:
            return batches
        masks = np.split(~self._no_value, np.cumsum([batch.rows for batch in batches])[:-1])
        return [batch.take(mask) for batch, mask in zip(batches, masks, strict=True)]

    def _convert(self, values: pa.Array) -> pa.Array:
        wire = self._column.wire
        if wire in _ARROW:
            return self._narrow(values, _ARROW[wire])
        if wire in {WireType.TEXT, WireType.JSONB}:
            self._check_nul(values)
        return values

    def _reject_null(self, values: pa.Array) -> None:
        why = f"has no value for {quote(self._column.name)}, which is in the key of {self._table}"
        self._reject(_rows(pc.is_null(values)), lambda _: f" {why}")

    def _check_integral(self, values: pa.Array) -> None:
        if self._column.read_as is ColumnType.JSONB:
            values = values.cast(pa.float64())
        fractions = pc.not_equal(pc.floor(values), values)
        self._reject_values(_rows(fractions), values, "is not a whole number")

    def _narrow(self, values: pa.Array, wanted: pa.DataType) -> pa.Array:
        if values.type == wanted:
            return values
        if pa.types.is_floating(wanted):
            narrow = pc.cast(values, wanted)
            lost = pc.invert(pc.is_finite(narrow))
        else:
            lost = _out_of_range(values, wanted)
        self._reject_values(_rows(lost), values, "is out of range")
        return pc.cast(values, wanted, safe=False)

    def _check_nul(self, values: pa.Array) -> None:
        """PostgreSQL cannot store NUL in text or jsonb. Its json stores the escape."""
        if self._column.wire is WireType.JSONB:
            self._check_nul_escape(values)
            return
        offsets, data = text_buffers(values)
        self._reject_nul(offsets, np.flatnonzero(data[offsets[0] : offsets[-1]] == 0))

    def _check_nul_escape(self, values: pa.Array) -> None:
        offsets, data = text_buffers(values)
        text = data[offsets[0] : offsets[-1]].tobytes()
        if b"\\u0000" not in text:  # 100 times as fast as the exact search
            return
        found = [match.start() for match in _NUL_ESCAPE.finditer(text)]
        self._reject_nul(offsets, np.array(found, np.int64))

    def _reject_nul(self, offsets: NDArray[np.int64], found: NDArray[np.int64]) -> None:
        """Rejects the rows that contain these positions of the text."""
        if not len(found):
            return
        rows = np.unique(np.searchsorted(offsets, found + offsets[0], side="right") - 1)
        name = quote(self._column.name)
        self._reject(
            rows,
            lambda _: f" has a NUL character (\\u0000) in {name}, which PostgreSQL cannot store",
        )

    def _reject_values(self, rows: Rows, values: pa.Array, why: str) -> None:
        if not len(rows):
            return
        name, column = quote(self._column.name), self._column
        self._reject(
            rows,
            lambda row: (
                f": column {name} of {self._table} is {column.type} and does not accept "
                f"{values[row].as_py()}, which {why}; the template gives {column.kind.value}"
            ),
            hint=alter_type_sql(str(self._table), name, column.kind, column.type),
        )

    def _reject(self, rows: Rows, why: Callable[[int], str], hint: str | None = None) -> None:
        """Raises the errors of the rows; their messages begin with the event."""
        raise RejectedRowsError(
            [
                DestinationRejectedError(f"event {at}{why(row)}", hint=hint, index=at)
                for row, at in zip(rows.tolist(), self._index[rows].tolist(), strict=True)
            ]
        )


def _spread(values: pa.Array, rows: NDArray[np.bool_]) -> pa.Array:
    """The values at these rows, and null at the others."""
    return values.take(pa.array(np.cumsum(rows) - 1, mask=~rows))


def _out_of_range(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Which numbers are outside of the range of an integer type."""
    limit = 1 << (wanted.bit_width - 1)
    number = float if pa.types.is_floating(values.type) else int
    low, high = pa.scalar(number(-limit), values.type), pa.scalar(number(limit), values.type)
    return pc.or_(pc.less(values, low), pc.greater_equal(values, high))


def _rows(mask: pa.Array) -> Rows:
    """The rows for which a mask is true."""
    if not pc.any(mask).as_py():  # faster than the search
        return np.empty(0, np.int64)
    return np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))
