"""Digests of the parts of a record, read or generated, for comparison."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.destinations.comparison import Digests, RecordDigests
from eventer.destinations.kafka.ledger_index import NO_LOCATION, Ints
from eventer.kernels.kafka.record_batches import ABSENT, RecordColumns, RecordHeader, bytes_column
from eventer.kernels.kafka.record_reading import (
    APPEND_TIME,
    Records,
    column_digests,
    header_digests,
    null_digests,
)

ASPECTS: Final = ("value", "key", "timestamp", "headers")
_TIMESTAMP: Final = 2
_OFFSET_BITS: Final = 44
"""A location is a partition and an offset in one number."""


def pack_location(partition: Ints, offset: Ints) -> Ints:
    """Locations as single numbers; `NO_LOCATION` if the offset is."""
    locations: Ints = np.where(
        offset == NO_LOCATION, NO_LOCATION, partition << _OFFSET_BITS | offset
    )
    return locations


def unpack_location(location: Ints) -> tuple[Ints, Ints]:
    """Partitions and offsets of locations other than `NO_LOCATION`."""
    return location >> _OFFSET_BITS, location & ((1 << _OFFSET_BITS) - 1)


def digest_columns(columns: RecordColumns) -> Digests:
    """The digests of the records that the columns make."""
    count = len(columns.values)
    digests = np.empty((count, len(ASPECTS)), np.uint64)
    digests[:, 0] = column_digests(columns.values)
    digests[:, 1] = null_digests(count) if columns.keys is None else column_digests(columns.keys)
    digests[:, _TIMESTAMP] = columns.timestamps.view(np.uint64)
    headers = [
        (_repeat_digest(header.name, count), column_digests(header.values), _present(header))
        for header in columns.headers
    ]
    digests[:, 3] = header_digests(headers, count)
    return digests


def _present(header: RecordHeader) -> NDArray[np.bool_] | None:
    """Which records have the header; None if all of them."""
    return None if header.values.valid is None else header.values.valid != ABSENT


def _repeat_digest(text: bytes, count: int) -> Digests:
    return np.repeat(column_digests(bytes_column([text])), count)


def digest_records(records: Records, partition: int) -> RecordDigests:
    """The digests of records that were read, by location."""
    digests = np.empty((len(records), len(ASPECTS)), np.uint64)
    digests[:, 0] = records.values.digests()
    digests[:, 1] = records.keys.digests()
    digests[:, _TIMESTAMP] = records.timestamp.view(np.uint64)
    digests[:, 3] = records.headers
    location = np.full(len(records), partition, np.int64)
    return RecordDigests(pack_location(location, records.offset), digests)


def ignore_broker_timestamps(expected: RecordDigests, read: RecordDigests) -> None:
    """Clears the timestamps if the broker has written its own."""
    if (read.digests[:, _TIMESTAMP].view(np.int64) == APPEND_TIME).any():
        for rows in (expected, read):
            rows.digests[:, _TIMESTAMP] = 0


def concat_digests(parts: list[RecordDigests]) -> RecordDigests:
    """The rows of all parts, in their order."""
    if len(parts) == 1:
        return parts[0]
    nothing = RecordDigests(np.zeros(0, np.int64), np.zeros((0, len(ASPECTS)), np.uint64))
    return RecordDigests(
        np.concatenate([nothing.location, *(part.location for part in parts)]),
        np.concatenate([nothing.digests, *(part.digests for part in parts)]),
    )
