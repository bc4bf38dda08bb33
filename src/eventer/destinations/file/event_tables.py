"""Events as Arrow tables: one column of lines, or a column per field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import Column, ColumnType, EventShape
from eventer.core.pointer import format_pointer

LINE: Final = "line"
"""The only column of NDJSON."""
NO_FIELDS: Final = "_"
"""The column of rows of which no event has a field: a file cannot have rows without columns."""
NOT_OBJECTS: Final = "CSV and Parquet have columns, so they need objects"

_TYPES: Final = {
    ColumnType.BIGINT: pa.int64(),
    ColumnType.DOUBLE: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TEXT: pa.large_string(),
    ColumnType.TIMESTAMPTZ: pa.timestamp("us", tz="UTC"),
    ColumnType.JSONB: pa.large_string(),
}


class RejectedEventsError(DestinationRejectedError):
    """Events do not fit the columns: the error of the first, and `errors`, one for each."""

    def __init__(self, errors: Sequence[DestinationRejectedError]) -> None:
        first = errors[0]
        super().__init__(first.message, hint=first.hint, index=first.index)
        self.errors = tuple(errors)


def check_shape(shape: EventShape) -> None:
    """Checks that events can have columns.

    Raises:
        DestinationRejectedError: they are not objects, or have no fields.
    """
    if shape.is_object is False:
        raise DestinationRejectedError(f"the events are not objects; {NOT_OBJECTS}")
    if not shape.columns and not shape.open:
        raise DestinationRejectedError("the events have no fields, so files would have no columns")


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow types of columns. JSON is text."""
    return pa.schema([(column.name, _TYPES[column.type]) for column in columns])


def line_table(batch: Batch) -> pa.Table:
    """The JSON text of each event."""
    return pa.table({LINE: batch.text})


def column_table(batch: Batch, shape: EventShape) -> pa.Table:
    """A column per field. Fields that the shape does not know follow as JSON text, by name.

    Raises:
        RejectedEventsError: events are not objects, or values have another type.
    """
    if shape.is_object is None:
        _check_objects(batch)
    columns = [*shape.columns, *_further_columns(batch, shape)]
    arrays, errors = list[pa.Array](), dict[int | None, DestinationRejectedError]()
    for column in columns:
        pointer = format_pointer((column.name,))
        try:
            arrays.append(batch.written.column(pointer, column.type))
        except DestinationRejectedError as error:
            found = batch.rejected_values(pointer, column.type) or [error]
            for each in found:
                errors.setdefault(each.index, each)
    if not columns:
        return pa.table({NO_FIELDS: pa.nulls(batch.rows, pa.large_string())})
    if errors:
        raise RejectedEventsError(sorted(errors.values(), key=lambda each: each.index or 0))
    return pa.Table.from_arrays(arrays, schema=schema_of(columns))


def _further_columns(batch: Batch, shape: EventShape) -> list[Column]:
    if not shape.open:
        return []
    known = {column.name for column in shape.columns}
    return [Column(name, ColumnType.JSONB) for name in sorted(batch.written.names() - known)]


def _check_objects(batch: Batch) -> None:
    texts = zip(batch.index.tolist(), batch.text.to_pylist(), strict=True)
    others = [index for index, text in texts if not text.startswith(b"{")]
    if others:
        raise RejectedEventsError(
            [
                DestinationRejectedError(f"event {at} is not an object; {NOT_OBJECTS}", index=at)
                for at in others
            ]
        )


def concatenate(tables: Sequence[pa.Table]) -> pa.Table:
    """All rows; null in the columns that a table does not have."""
    joined = pa.concat_tables(tables, promote_options="default")
    if NO_FIELDS in joined.column_names and joined.num_columns > 1:
        column = joined.column(NO_FIELDS)
        if column.null_count == len(column) and any(_has_no_fields(each) for each in tables):
            return joined.drop_columns([NO_FIELDS])
    return joined


def _has_no_fields(table: pa.Table) -> bool:
    return bool(table.column_names == [NO_FIELDS])
