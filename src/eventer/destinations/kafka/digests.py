"""What is compared of a record: digests of its parts, of one that was read and of one to be."""

from __future__ import annotations

from typing import Final

import numpy as np

from eventer.destinations.comparison import Rows, Words
from eventer.destinations.kafka.claims import NOWHERE, Ints
from eventer.kernels.kafka_reading import (
    APPEND_TIME,
    Records,
    column_digests,
    header_digests,
    null_digests,
)
from eventer.kernels.kafka_records import RecordColumns, bytes_column

ASPECTS: Final = ("value", "key", "timestamp", "headers")
_TIMESTAMP: Final = 2
_OFFSET_BITS: Final = 44
"""A place is a partition and an offset in one number: 17 million million records a partition."""


def place_of(partition: Ints, offset: Ints) -> Ints:
    """Places as single numbers; `NOWHERE` where the offset is."""
    places: Ints = np.where(offset == NOWHERE, NOWHERE, partition << _OFFSET_BITS | offset)
    return places


def split_place(place: Ints) -> tuple[Ints, Ints]:
    """Partitions and offsets of places that are somewhere."""
    return place >> _OFFSET_BITS, place & ((1 << _OFFSET_BITS) - 1)


def digests_of_columns(columns: RecordColumns) -> Words:
    """The digests of the records that the columns make."""
    count = len(columns.values)
    contents = np.empty((count, len(ASPECTS)), np.uint64)
    contents[:, 0] = column_digests(columns.values)
    contents[:, 1] = null_digests(count) if columns.keys is None else column_digests(columns.keys)
    contents[:, _TIMESTAMP] = columns.timestamps.view(np.uint64)
    headers = [
        (_same(header.name, count), column_digests(header.values)) for header in columns.headers
    ]
    contents[:, 3] = header_digests(headers, count)
    return contents


def _same(text: bytes, count: int) -> Words:
    return np.repeat(column_digests(bytes_column([text])), count)


def rows_of_records(records: Records, partition: int) -> Rows:
    """The digests of records that were read, by place."""
    contents = np.empty((len(records), len(ASPECTS)), np.uint64)
    contents[:, 0] = records.values.digests()
    contents[:, 1] = records.keys.digests()
    contents[:, _TIMESTAMP] = records.timestamp.view(np.uint64)
    contents[:, 3] = records.headers
    place = np.full(len(records), partition, np.int64)
    return Rows(place_of(place, records.offset), contents)


def level_timestamps(expected: Rows, read: Rows) -> None:
    """Lets timestamps count for nothing where the broker writes its own."""
    if (read.contents[:, _TIMESTAMP].view(np.int64) == APPEND_TIME).any():
        for rows in (expected, read):
            rows.contents[:, _TIMESTAMP] = 0


def all_of(parts: list[Rows]) -> Rows:
    """The rows of all parts, in their order."""
    if len(parts) == 1:
        return parts[0]
    nothing = Rows(np.zeros(0, np.int64), np.zeros((0, len(ASPECTS)), np.uint64))
    return Rows(
        np.concatenate([nothing.place, *(part.place for part in parts)]),
        np.concatenate([nothing.contents, *(part.contents for part in parts)]),
    )
