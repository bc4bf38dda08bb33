"""Digests of rows of tables: equal rows have equal digests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.destinations.comparison import KeyedDigests
from eventer.kernels.pgcopy.copy_stream import CopyColumn, WireType, copy_stream
from eventer.kernels.pgcopy.row_digests import CopyDigestReader


def digest_rows(table: pa.Table, names: Sequence[str], number: NDArray[np.int64]) -> KeyedDigests:
    """The digests of the named columns, in this order; null for columns that the table lacks.

    `number` has the number of each row.
    """
    columns = [CopyColumn(WireType.INT8, pa.array(number))]
    columns += [_column(table, name) for name in names]
    stream = copy_stream(columns, np.arange(len(table), dtype=np.int64))
    rows = CopyDigestReader([False] * len(names)).take(stream.data)
    return KeyedDigests(rows.content, rows.content, rows.number)


def _column(table: pa.Table, name: str) -> CopyColumn:
    if name not in table.column_names:
        return CopyColumn(WireType.INT8, pa.nulls(len(table), pa.int64()))
    values = table.column(name)
    values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    kind = values.type
    if pa.types.is_timestamp(kind):
        return CopyColumn(WireType.TIMESTAMP, values)
    if pa.types.is_int64(kind):
        return CopyColumn(WireType.INT8, values)
    if pa.types.is_float64(kind):
        return CopyColumn(WireType.FLOAT8, values)
    if pa.types.is_boolean(kind):
        return CopyColumn(WireType.BOOL, values)
    return CopyColumn(WireType.TEXT, values.cast(pa.large_binary()))
