"""Events as rows of parameters, and the statements that write them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import numpy as np
import pyarrow as pa

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import Column
from eventer.core.operations import OPERATION_HINT, read_operations
from eventer.core.pointer import format_pointer
from eventer.destinations.mysql.identifiers import quote
from eventer.destinations.mysql.table_columns import TableMapping

Row = tuple[Any, ...]
MAX_STATEMENT_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class RowOperation:
    """The row that an event writes, or the key of the row that it deletes."""

    index: int
    values: Row
    deletes: bool = False


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """The operations of events in their order, and the errors of those that do not fit."""

    operations: list[RowOperation]
    misfits: list[DestinationRejectedError]


def encode_rows(mapping: TableMapping, batches: Sequence[Batch]) -> EncodedRows:
    """The operations of the events of consecutive batches."""
    operations, misfits = list[RowOperation](), list[DestinationRejectedError]()
    for batch in batches:
        encoded = _encode_batch(mapping, batch)
        operations += encoded.operations
        misfits += encoded.misfits
    return EncodedRows(operations, misfits)


def _encode_batch(mapping: TableMapping, batch: Batch) -> EncodedRows:
    errors: dict[int, DestinationRejectedError] = {}
    if mapping.check_objects:
        errors.update(_not_objects(batch))
        batch = batch.without(errors.keys())
    if not mapping.columns:
        operations = [RowOperation(index, ()) for index in batch.index.tolist()]
        return EncodedRows(operations, list(errors.values()))
    found = read_operations(batch, mapping.op)
    for row, text in found.faults.items():
        index = int(batch.index[row])
        errors[index] = DestinationRejectedError(
            f"event {index}: {text}", hint=OPERATION_HINT, index=index
        )
    writing, deleting = batch.take(~found.deletes), batch.take(found.deletes)
    operations = _operations(mapping, mapping.columns, writing, errors, deletes=False)
    if found.deletes.any():
        key = tuple(column for column in mapping.columns if column.name in mapping.key)
        operations += _operations(mapping, key, deleting, errors, deletes=True)
        operations.sort(key=lambda each: each.index)
    kept = [each for each in operations if each.index not in errors] if errors else operations
    return EncodedRows(kept, [errors[index] for index in sorted(errors)])


def _not_objects(batch: Batch) -> dict[int, DestinationRejectedError]:
    """The errors of the events that cannot be rows."""
    texts = zip(batch.index.tolist(), batch.text.to_pylist(), strict=True)
    others = [index for index, text in texts if not text.startswith(b"{")]
    return {
        index: DestinationRejectedError(
            f"event {index} is not an object; table rows need objects", index=index
        )
        for index in others
    }


def _operations(
    mapping: TableMapping,
    columns: Sequence[Column],
    batch: Batch,
    errors: dict[int, DestinationRejectedError],
    *,
    deletes: bool,
) -> list[RowOperation]:
    """The operations of a batch; adds the errors of events that do not fit."""
    for column in columns:
        pointer = format_pointer((column.name,))
        for error in _faults(mapping, column, pointer, batch):
            errors.setdefault(error.index or 0, error)
    fitting = batch.without(errors.keys())
    if not fitting.rows:
        return []
    values = [_values(fitting, column) for column in columns]
    rows = zip(fitting.index.tolist(), zip(*values, strict=True), strict=True)
    return [RowOperation(index, row, deletes) for index, row in rows]


def _values(batch: Batch, column: Column) -> list[Any]:
    values: list[Any] = batch.written.column(
        format_pointer((column.name,)), column.type
    ).to_pylist()
    return values


def _faults(
    mapping: TableMapping, column: Column, pointer: str, batch: Batch
) -> Iterator[DestinationRejectedError]:
    """The errors of the events whose value of a column does not fit."""
    try:
        values = batch.written.column(pointer, column.type)
    except DestinationRejectedError:
        rejected = batch.rejected_values(pointer, column.type)
        yield from rejected
        batch = batch.without([error.index for error in rejected if error.index is not None])
        values = batch.written.column(pointer, column.type)
    if column.name in mapping.key and values.null_count:
        for row in np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False)).tolist():
            index = int(batch.index[row])
            yield DestinationRejectedError(
                f"event {index} has no value for the key {column.name!r}", index=index
            )
    if column.name in mapping.whole:
        yield from _fractions(mapping, column, values, batch)


def _fractions(
    mapping: TableMapping, column: Column, values: pa.Array, batch: Batch
) -> Iterator[DestinationRejectedError]:
    """The server would round fractions in columns of integers."""
    numbers = values.fill_null(0.0).to_numpy(zero_copy_only=False)
    name = quote(column.name)
    for row in np.flatnonzero(numbers != np.floor(numbers)).tolist():
        index = int(batch.index[row])
        yield DestinationRejectedError(
            f"event {index}: {numbers[row]} does not fit into column {name} of {mapping.table}, "
            "which has integers",
            hint=f"ALTER TABLE {mapping.table} MODIFY COLUMN {name} double NULL",
            index=index,
        )


def statement_groups(operations: Sequence[RowOperation]) -> Iterator[Sequence[RowOperation]]:
    """Consecutive operations that one statement executes."""
    for _, group in groupby(operations, lambda each: each.deletes):
        run = list(group)
        for first in range(0, len(run), MAX_STATEMENT_ROWS):
            yield run[first : first + MAX_STATEMENT_ROWS]


def statement_parts(mapping: TableMapping, *, deletes: bool) -> tuple[str, str, str]:
    """The begin of a statement, the placeholders of a row, and the end of the statement."""
    names = [quote(column.name) for column in mapping.columns]
    if deletes:
        key = [quote(column.name) for column in mapping.columns if column.name in mapping.key]
        row = f"({', '.join(['%s'] * len(key))})"
        begin = f"DELETE FROM {mapping.table} WHERE ({', '.join(key)}) IN ("  # noqa: S608  quoted
        return begin, row, ")"
    row = f"({', '.join(['%s'] * len(names))})"
    begin = f"INSERT INTO {mapping.table} ({', '.join(names)}) VALUES "  # noqa: S608  names are quoted
    if not mapping.key:
        return begin, row, ""
    others = [name for name in names if name not in map(quote, mapping.key)] or names[:1]
    updates = ", ".join(f"{name} = VALUES({name})" for name in others)
    return begin, row, f" ON DUPLICATE KEY UPDATE {updates}"
