"""Encodes a field as a COPY column; rejects values that the table would, and names the event."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eventer.core.batch import EventRows
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import ColumnType
from eventer.core.pointer import format_pointer
from eventer.destinations.postgres.column_mapping import ColumnMapping, alter_type_sql
from eventer.destinations.postgres.identifiers import quote
from eventer.destinations.postgres.match_schema import TableMapping
from eventer.kernels.pgcopy.copy_stream import CopyColumn, WireType, text_buffers

_ARROW: Final = {
    WireType.INT2: pa.int16(),
    WireType.INT4: pa.int32(),
    WireType.INT8: pa.int64(),
    WireType.FLOAT4: pa.float32(),
}
_NUL_ESCAPE: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class ColumnEncoder:
    """Encodes one column of the events of one or several deliveries."""

    def __init__(
        self, mapping: TableMapping, column: ColumnMapping, index: NDArray[np.int64]
    ) -> None:
        self._table = mapping.table
        self._column = column
        self._is_key = column.name in mapping.key
        self._index = index

    def encode(self, batches: Sequence[EventRows]) -> CopyColumn:
        """Reads and checks the field, and converts it to the type in COPY."""
        pointer = format_pointer((self._column.name,))
        read = [batch.fields.column(pointer, self._column.read_as) for batch in batches]
        values = read[0] if len(read) == 1 else pa.concat_arrays(read)
        if self._is_key and values.null_count:
            self._reject_null(values)
        if self._column.integral:
            self._check_integral(values)
        if self._column.max_bytes is not None:
            long = pc.greater(pc.binary_length(values), self._column.max_bytes)
            if pc.any(long).as_py():
                self._reject(long, values, f"is longer than {self._column.max_bytes} bytes")
        return CopyColumn(self._column.wire, self._convert(values))

    def _convert(self, values: pa.Array) -> pa.Array:
        wire = self._column.wire
        if wire in _ARROW:
            return self._narrow(values, _ARROW[wire])
        if wire in {WireType.TEXT, WireType.JSONB}:
            self._check_nul(values)
        return values

    def _reject_null(self, values: pa.Array) -> None:
        at = self._first_event(pc.is_null(values))
        raise DestinationRejectedError(
            f"event {at} has no value for {quote(self._column.name)}, which is in the key "
            f"of {self._table}",
            index=at,
        )

    def _check_integral(self, values: pa.Array) -> None:
        if self._column.read_as is ColumnType.JSONB:
            values = values.cast(pa.float64())
        fractions = pc.not_equal(pc.floor(values), values)
        if pc.any(fractions).as_py():
            self._reject(fractions, values, "is not a whole number")

    def _narrow(self, values: pa.Array, wanted: pa.DataType) -> pa.Array:
        if values.type == wanted:
            return values
        if pa.types.is_floating(wanted):
            narrow = pc.cast(values, wanted)
            lost = pc.invert(pc.is_finite(narrow))
        else:
            lost = _out_of_range(values, wanted)
        if pc.any(lost).as_py():
            self._reject(lost, values, "is out of range")
        return pc.cast(values, wanted, safe=False)

    def _check_nul(self, values: pa.Array) -> None:
        """PostgreSQL cannot store NUL in text or jsonb. Its json stores the escape."""
        if self._column.wire is WireType.JSONB:
            self._check_nul_escape(values)
            return
        offsets, data = text_buffers(values)
        nul = np.flatnonzero(data[offsets[0] : offsets[-1]] == 0)
        if len(nul):
            row = int(np.searchsorted(offsets, nul[0] + offsets[0], side="right")) - 1
            self._reject_nul(row)

    def _check_nul_escape(self, values: pa.Array) -> None:
        offsets, data = text_buffers(values)
        text = data[offsets[0] : offsets[-1]].tobytes()
        if b"\\u0000" not in text:  # 100 times as fast as the exact search
            return
        found = _NUL_ESCAPE.search(text)
        if found is not None:
            at = found.start() + int(offsets[0])
            self._reject_nul(int(np.searchsorted(offsets, at, side="right")) - 1)

    def _reject_nul(self, row: int) -> None:
        at = int(self._index[row])
        raise DestinationRejectedError(
            f"event {at} has a NUL character (\\u0000) in {quote(self._column.name)}, "
            "which PostgreSQL cannot store",
            index=at,
        )

    def _reject(self, mask: pa.Array, values: pa.Array, why: str) -> None:
        row = int(np.flatnonzero(_mask_array(mask))[0])
        at, name = int(self._index[row]), quote(self._column.name)
        raise DestinationRejectedError(
            f"event {at}: column {name} of {self._table} is {self._column.type} and does not "
            f"accept {values[row].as_py()}, which {why}; "
            f"the template gives {self._column.kind.value}",
            hint=alter_type_sql(str(self._table), name, self._column.kind, self._column.type),
            index=at,
        )

    def _first_event(self, mask: pa.Array) -> int:
        return int(self._index[np.flatnonzero(_mask_array(mask))[0]])


def _out_of_range(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Which numbers are outside of the range of an integer type."""
    limit = 1 << (wanted.bit_width - 1)
    number = float if pa.types.is_floating(values.type) else int
    low, high = pa.scalar(number(-limit), values.type), pa.scalar(number(limit), values.type)
    return pc.or_(pc.less(values, low), pc.greater_equal(values, high))


def _mask_array(mask: pa.Array) -> NDArray[np.bool_]:
    filled: NDArray[np.bool_] = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
    return filled
