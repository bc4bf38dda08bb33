"""Fields of events as timestamps and partitions of records.

The value of an event alone decides, not those of the other events of its batch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import EventRows
from eventer.core.errors import DestinationRejectedError
from eventer.core.field_values import ColumnTypeError, to_int64, to_microseconds
from eventer.core.model import ColumnType, JsonValue
from eventer.core.pointer import format_pointer

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

NS_PER_MS: Final = 1_000_000
_US_PER_MS: Final = 1_000
_MAX_SHOWN: Final = 80
_TIMESTAMP_HINT: Final = "a text such as 2021-12-31T23:59:59Z, or milliseconds since 1970"


class RejectedEventsError(DestinationRejectedError):
    """Events are rejected: `errors` has one for each, at least one, in the order of their `rows`.

    It reads like the first of them.
    """

    def __init__(self, errors: Mapping[int, DestinationRejectedError]) -> None:
        self.rows, self.errors = zip(*sorted(errors.items()), strict=True)
        first = self.errors[0]
        super().__init__(first.message, hint=first.hint, index=first.index)


class EventFaults:
    """The rows of a batch that are rejected, each with its first error."""

    def __init__(self, batch: EventRows) -> None:
        self._index = batch.index
        self._errors: dict[int, DestinationRejectedError] = {}

    def add(self, row: int, fault: str, hint: str | None = None) -> None:
        """Rejects a row, unless it is rejected already."""
        index = int(self._index[row])
        error = DestinationRejectedError(f"event {index}: {fault}", hint=hint, index=index)
        self._errors.setdefault(row, error)

    def raise_if_any(self) -> None:
        """Raises `RejectedEventsError` if a row is rejected."""
        if self._errors:
            raise RejectedEventsError(self._errors)


def option_pointer(option: str) -> str:
    """The JSON pointer of an option, which is one or names a top-level field."""
    return option if option.startswith("/") else format_pointer([option])


def read_timestamps(batch: EventRows, option: str | None, faults: EventFaults) -> Ints:
    """Milliseconds since 1970: the field if the event has it, else the scheduled time."""
    scheduled = batch.scheduled // NS_PER_MS
    if option is None:
        return scheduled
    pointer = option_pointer(option)
    has_value, given = _read_timestamps(batch, pointer, faults)
    for row in np.flatnonzero(has_value & (given < 0)).tolist():
        faults.add(row, f"timestamp {pointer} is before 1970, which Kafka refuses")
    return np.where(has_value, given, scheduled)


def _read_timestamps(batch: EventRows, pointer: str, faults: EventFaults) -> tuple[Mask, Ints]:
    """Which events have the field, and its value in milliseconds."""
    for kind, units in ((ColumnType.TIMESTAMPTZ, _US_PER_MS), (ColumnType.BIGINT, 1)):
        try:
            has_value, given = _integers(batch.fields.column(pointer, kind))
        except DestinationRejectedError:
            continue
        return has_value, given // units
    return _read_each(batch, pointer, _to_milliseconds, ("timestamp", _TIMESTAMP_HINT), faults)


def read_partitions(
    batch: EventRows, option: str, n_partitions: Ints, topic: str, faults: EventFaults
) -> tuple[Mask, Ints]:
    """Which events have the field that chooses their partition, and the partition."""
    pointer = option_pointer(option)
    try:
        has_value, given = _integers(batch.fields.column(pointer, ColumnType.BIGINT))
    except DestinationRejectedError:
        expected = ("partition number", "a whole number from 0 on")
        has_value, given = _read_each(batch, pointer, to_int64, expected, faults)
    outside = has_value & ((given < 0) | (given >= n_partitions))
    for row in np.flatnonzero(outside).tolist():
        faults.add(
            row, f"partition {given[row]} is none of the {n_partitions[row]} of topic {topic!r}"
        )
    return has_value, np.where(outside, 0, given)


def _integers(column: pa.Array) -> tuple[Mask, Ints]:
    has_value = column.is_valid().to_numpy(zero_copy_only=False)
    return has_value, column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)


def _read_each(
    batch: EventRows,
    pointer: str,
    convert: Callable[[JsonValue], int],
    expected: tuple[str, str],
    faults: EventFaults,
) -> tuple[Mask, Ints]:
    """Reads the values one by one, since they have not all one type; rejects those of no type."""
    texts = batch.fields.column(pointer, ColumnType.JSONB).to_pylist()
    has_value = np.zeros(len(texts), np.bool_)
    values = np.zeros(len(texts), np.int64)
    for row, text in enumerate(texts):
        if text is None:
            continue
        try:
            values[row], has_value[row] = convert(json.loads(text)), True
        except ColumnTypeError:
            what, hint = expected
            shown = text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."
            faults.add(row, f"the value at {pointer} is not a {what}: {shown}", hint)
    return has_value, values


def _to_milliseconds(value: JsonValue) -> int:
    return to_microseconds(value) // _US_PER_MS if isinstance(value, str) else to_int64(value)
