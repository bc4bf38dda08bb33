"""Encodes batches as COPY streams, with the last row of each key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eventer.core.batch import Batch, EventRows
from eventer.core.errors import DestinationRejectedError
from eventer.core.operations import OPERATION_HINT, read_operations
from eventer.destinations.merge_batches import merge_batches
from eventer.destinations.postgres.column_encoder import ColumnEncoder, RejectedRowsError
from eventer.destinations.postgres.match_schema import TableMapping
from eventer.kernels.pgcopy.copy_stream import (
    Bytes,
    CopyColumn,
    Rows,
    WireType,
    copy_stream,
    copy_streams,
    text_buffers,
)

_OPENING_BRACE: Final = ord("{")


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Encoded rows by column, and whether each deletes if the mapping has an operation.

    `index` has the index of each event. If the mapping is direct, `stream` is the COPY stream into
    the table itself.
    """

    mapping: TableMapping
    index: NDArray[np.int64]
    columns: tuple[CopyColumn, ...]
    stream: Bytes | None

    def compact(self) -> RowBlock:
        """The block without data that is not sent: columns beside a stream, replaced rows."""
        if self.stream is not None:
            return replace(self, columns=())
        if not self.mapping.dedups_locally:
            return self
        rows = _last_row_of_each_key(
            _key_codes([key.values for key in _key_columns(self.mapping, self.columns)])
        )
        if len(rows) == len(self.index):
            return self
        columns = tuple(_take_rows(column, rows) for column in self.columns)
        return replace(self, index=self.index[rows], columns=columns)


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """The rows of a delivery in blocks; `extra_columns` are additional staging columns.

    `index` has the indices of the rows. `key_codes` number the keys; None if rows are appended or
    the server compares the keys.
    """

    mapping: TableMapping
    blocks: tuple[RowBlock, ...]
    extra_columns: tuple[CopyColumn, ...]
    index: NDArray[np.int64]
    key_codes: NDArray[np.int64] | None

    @property
    def columns(self) -> tuple[CopyColumn, ...]:
        """The columns of all rows."""
        return tuple(map(_concat_columns, zip(*(p.columns for p in self.blocks), strict=True)))

    @property
    def values(self) -> tuple[CopyColumn, ...]:
        """The columns of the table."""
        return self.columns[: len(self.mapping.columns)]

    @property
    def deletes(self) -> NDArray[np.bool_]:
        """Which rows delete the row of their key."""
        if self.mapping.op is None:
            return np.zeros(len(self.index), np.bool_)
        mask: NDArray[np.bool_] = self.columns[-1].values.to_numpy(zero_copy_only=False)
        return mask

    def direct(self) -> list[Bytes]:
        """COPY streams of all rows into the table itself, in order."""
        return [block.stream for block in self.blocks if block.stream is not None]

    @property
    def staged_rows(self) -> Rows:
        """The rows that a staging table gets: all, or the last of each key."""
        if self.key_codes is None:
            return np.arange(len(self.index))
        return _last_row_of_each_key(self.key_codes)

    def staged_stream(self) -> Bytes:
        """The COPY stream into a staging table."""
        return copy_stream(self.columns + self.extra_columns, self.staged_rows)


def encode(
    mapping: TableMapping,
    batches: Sequence[Batch],
    flow: int,
    ahead: Callable[[Batch], RowBlock | None] = lambda _: None,
) -> EncodedRows:
    """Encodes consecutive batches; staged rows have the number of their flow.

    `ahead` returns the block of a batch that was encoded ahead, used if its mapping is the same.

    Raises:
        DestinationRejectedError: see `encode_block`.
    """
    blocks = _encode_blocks(mapping, batches, ahead)
    index = np.concatenate([block.index for block in blocks])
    flow_numbers = _integer_column(np.full(len(index), flow))
    if mapping.has_row_numbers:
        row_numbers = _integer_column(np.arange(len(index)))
        return EncodedRows(mapping, blocks, (row_numbers, flow_numbers), index, None)
    if not mapping.dedups_locally:
        return EncodedRows(mapping, blocks, (flow_numbers,), index, None)
    keys = zip(*(_key_columns(mapping, block.columns) for block in blocks), strict=True)
    key_codes = _key_codes([_concat_columns(key).values for key in keys])
    return EncodedRows(mapping, blocks, (flow_numbers,), index, key_codes)


@dataclass(frozen=True, slots=True)
class NumberedRows:
    """The rows of one delivery or several, for a numbered staging table.

    `index` has the index of each row's event, and `delivery` the number of its delivery.
    """

    mapping: TableMapping
    columns: tuple[CopyColumn, ...]
    index: NDArray[np.int64]
    delivery: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.index)

    def stream(self, group: int, rows: Rows) -> Bytes:
        """The COPY stream of some rows; `group` distinguishes the loads of a transaction."""
        numbers = _integer_column(np.arange(len(self))), _integer_column(np.full(len(self), group))
        return copy_stream((*self.columns, *numbers), rows)


def encode_numbered(
    mapping: TableMapping, deliveries: Sequence[Sequence[Batch]]
) -> tuple[NumberedRows, list[list[DestinationRejectedError]]]:
    """The rows of all deliveries, given as batches, without events that do not fit the table.

    Also an error for each of these events, by delivery.
    """
    merged = merge_batches([batch for batches in deliveries for batch in batches])
    try:
        columns = _columns(mapping, [merged], merged.index)
    except DestinationRejectedError:
        return _encode_accepted(mapping, deliveries)
    sizes = [sum(batch.rows for batch in batches) for batches in deliveries]
    rows = NumberedRows(mapping, columns, merged.index, np.repeat(np.arange(len(sizes)), sizes))
    return rows, [[] for _ in deliveries]


def _encode_accepted(
    mapping: TableMapping, deliveries: Sequence[Sequence[Batch]]
) -> tuple[NumberedRows, list[list[DestinationRejectedError]]]:
    """As `encode_numbered`, one delivery after another."""
    blocks, errors = zip(*(_accepted_block(mapping, each) for each in deliveries), strict=True)
    columns = tuple(map(_concat_columns, zip(*(b.columns for b in blocks), strict=True)))
    index = np.concatenate([block.index for block in blocks])
    delivery = np.repeat(np.arange(len(blocks)), [len(block.index) for block in blocks])
    return NumberedRows(mapping, columns, index, delivery), list(errors)


def _accepted_block(
    mapping: TableMapping, batches: Sequence[Batch]
) -> tuple[RowBlock, list[DestinationRejectedError]]:
    errors: list[DestinationRejectedError] = []
    while True:
        try:
            return encode_block(mapping, batches), errors
        except RejectedRowsError as rejection:
            errors += rejection.errors
            indices = {error.index for error in rejection.errors if error.index is not None}
            if not indices:
                raise
            batches = [batch.without(indices) for batch in batches]


def encode_merged(
    mapping: TableMapping, flows: Sequence[tuple[int, Sequence[Batch]]]
) -> list[Bytes]:
    """A COPY stream per flow, given as (number, batches). Each flow must have rows.

    Raises:
        DestinationRejectedError: see `encode_block`; the error does not name the flow.
    """
    merged = merge_batches([batch for _, batches in flows for batch in batches])
    columns = _columns(mapping, [merged], merged.index)
    sizes = np.array([sum(batch.rows for batch in batches) for _, batches in flows])
    rows, flow = np.arange(merged.rows), np.repeat(np.arange(len(flows)), sizes)
    if mapping.direct:
        return copy_streams(columns, rows, np.cumsum(sizes))
    extra_columns = [_integer_column(np.repeat([number for number, _ in flows], sizes))]
    if mapping.has_row_numbers:
        extra_columns.insert(0, _integer_column(rows - np.repeat(np.cumsum(sizes) - sizes, sizes)))
    elif mapping.dedups_locally:
        key_codes = _key_codes([c.values for c in _key_columns(mapping, columns)])
        rows = _last_row_of_each_key(key_codes * len(flows) + flow)
    stops = np.cumsum(np.bincount(flow[rows], minlength=len(flows)))
    return copy_streams((*columns, *extra_columns), rows, stops)


def _encode_blocks(
    mapping: TableMapping, batches: Sequence[Batch], ahead: Callable[[Batch], RowBlock | None]
) -> tuple[RowBlock, ...]:
    """The blocks encoded ahead, and one for each run of other batches between them."""
    blocks: list[RowBlock] = []
    pending: list[Batch] = []
    for batch in batches:
        block = ahead(batch)
        if block is None or block.mapping != mapping:
            pending.append(batch)
            continue
        if pending:
            blocks.append(encode_block(mapping, pending))
            pending = []
        blocks.append(block)
    return (*blocks, encode_block(mapping, pending)) if pending else tuple(blocks)


def encode_block(mapping: TableMapping, batches: Sequence[EventRows]) -> RowBlock:
    """The rows of consecutive batches.

    Raises:
        RejectedRowsError: events are not objects, have a null key, an unknown operation, or a value
            that does not fit its column. The error names all such events of the first such column,
            for one reason.
    """
    index = np.concatenate([batch.index for batch in batches])
    columns = _columns(mapping, batches, index)
    direct = mapping.direct and len(index) > 0
    stream = copy_stream(columns, np.arange(len(index))) if direct else None
    return RowBlock(mapping, index, columns, stream)


def _columns(
    mapping: TableMapping, batches: Sequence[EventRows], index: NDArray[np.int64]
) -> tuple[CopyColumn, ...]:
    deletes = np.concatenate([_deletes(batch, mapping.op) for batch in batches])
    for batch in batches:
        _check_objects(batch)
    columns = tuple(
        ColumnEncoder(mapping, column, index, deletes).encode(batches) for column in mapping.columns
    )
    if mapping.op is None:
        return columns
    return (*columns, CopyColumn(WireType.BOOL, pa.array(deletes)))


def _deletes(batch: EventRows, op: str | None) -> NDArray[np.bool_]:
    """Which events delete; rejects those whose operation is unknown."""
    operations = read_operations(batch, op)
    if operations.faults:
        faults = ((int(batch.index[row]), fault) for row, fault in operations.faults.items())
        raise RejectedRowsError(
            [
                DestinationRejectedError(f"event {at}: {fault}", hint=OPERATION_HINT, index=at)
                for at, fault in faults
            ]
        )
    return operations.deletes


def _concat_columns(columns: Sequence[CopyColumn]) -> CopyColumn:
    if len(columns) == 1:
        return columns[0]
    return CopyColumn(columns[0].wire, pa.concat_arrays([column.values for column in columns]))


def _take_rows(column: CopyColumn, rows: Rows) -> CopyColumn:
    return CopyColumn(column.wire, column.values.take(pa.array(rows)))


def _integer_column(values: NDArray[np.int64]) -> CopyColumn:
    return CopyColumn(WireType.INT4, pa.array(values.astype(np.int32)))


def _check_objects(batch: EventRows) -> None:
    if batch.rows == 0:
        return
    offsets, data = text_buffers(batch.text)
    others = np.flatnonzero(data[offsets[:-1]] != _OPENING_BRACE)
    if len(others):
        raise RejectedRowsError(
            [
                DestinationRejectedError(
                    f"event {at} is not an object; table rows need objects", index=at
                )
                for at in batch.index[others].tolist()
            ]
        )


def _key_columns(mapping: TableMapping, columns: Sequence[CopyColumn]) -> list[CopyColumn]:
    """The columns of the key."""
    named = zip(mapping.columns, columns, strict=False)
    return [column for mapped, column in named if mapped.name in mapping.key]


def _key_codes(keys: Sequence[pa.Array]) -> NDArray[np.int64]:
    """A number per row, equal for equal keys."""
    key_codes = _dictionary_codes(keys[0])
    for key in keys[1:]:
        further = _dictionary_codes(key)
        key_codes = _dictionary_codes(
            pa.array(key_codes * (int(further.max(initial=0)) + 1) + further)
        )
    return key_codes


def _last_row_of_each_key(key_codes: NDArray[np.int64]) -> Rows:
    """The last row of each code, ascending."""
    last = np.full(int(key_codes.max(initial=-1)) + 1, -1, dtype=np.int64)
    last[key_codes] = np.arange(len(key_codes))  # the last of equal codes stays
    return np.sort(last[last >= 0])


def _dictionary_codes(values: pa.Array) -> NDArray[np.int64]:
    if pa.types.is_floating(values.type):
        values = pc.add(values, pa.scalar(0.0, values.type))  # -0.0 and 0.0 are one key
    key_codes: NDArray[np.int64] = values.dictionary_encode().indices.to_numpy().astype(np.int64)
    return key_codes
