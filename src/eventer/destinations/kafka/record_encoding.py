"""Encodes a batch of events as record batches, one or more for each partition.

Fields become keys, headers and timestamps here; `kernels/kafka/record_loops.py` writes the bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import Batch, EventRows
from eventer.core.fault_rules import FAULT_HEADER
from eventer.core.model import ColumnType, KafkaTarget
from eventer.core.operations import OPERATION_HINT, read_operations
from eventer.destinations.kafka.formats.value_encoder import ValueEncoder
from eventer.destinations.kafka.record_fields import (
    EventFaults,
    option_pointer,
    read_partitions,
    read_timestamps,
)
from eventer.kernels.kafka.record_batches import (
    ABSENT,
    BytesColumn,
    Codec,
    RecordBatch,
    RecordColumns,
    RecordHeader,
    key_partitions,
    split,
)

UNKEYED_RUN_LENGTH: Final = 100
"""How many unkeyed events in a row go to one partition."""

Ints = NDArray[np.int64]
PartitionCounts = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """How record batches are split: by compressed size, with an estimate of the ratio."""

    codec: Codec
    max_batch_bytes: int
    compression_ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class EncodedBatch:
    """The record batches of a batch with their partitions, and the options they depend on."""

    counts: PartitionCounts
    codec: Codec
    max_batch_bytes: int
    parts: tuple[tuple[int, RecordBatch], ...]

    def is_reusable_for(self, counts: PartitionCounts, split_options: SplitOptions) -> bool:
        """Whether `encode` would return the same records now, perhaps split elsewhere."""
        return (self.counts, self.codec, self.max_batch_bytes) == (
            counts,
            split_options.codec,
            split_options.max_batch_bytes,
        )


def add_partition_count(counts: PartitionCounts, index: int, partitions: int) -> PartitionCounts:
    """The partition counts of a flow after its topic was seen with `partitions` at `index`."""
    if counts and counts[-1][1] == partitions:
        return counts
    return (*counts, (index, partitions))


def counts_for_batch(counts: PartitionCounts, batch: Batch) -> PartitionCounts:
    """The partition counts of a batch: the one in force at its first event, and later ones."""
    begins = max((n for n, (start, _) in enumerate(counts) if start <= batch.first), default=0)
    later = [(start, n) for start, n in counts[begins + 1 :] if start < batch.next]
    return ((batch.first, counts[begins][1]), *later)


@dataclass(frozen=True, slots=True, eq=False)
class RecordEncoders:
    """The encoders of values and keys; None for JSON."""

    value: ValueEncoder | None = None
    key: ValueEncoder | None = None

    @property
    def ids(self) -> tuple[int | None, int | None]:
        """The ids of the schemas, which say how they encode."""
        value, key = self.value, self.key
        return None if value is None else value.id, None if key is None else key.id


JSON_RECORDS: Final = RecordEncoders()


def encode(
    batch: EventRows,
    target: KafkaTarget,
    counts: PartitionCounts,
    split_options: SplitOptions,
    encoders: RecordEncoders = JSON_RECORDS,
) -> EncodedBatch:
    """Encodes a batch for its topic; `counts` is the result of `counts_for_batch`.

    Raises:
        RejectedEventsError: see `record_batches`.
    """
    parts = record_batches(batch, target, counts, split_options, encoders)
    return EncodedBatch(counts, split_options.codec, split_options.max_batch_bytes, tuple(parts))


def record_batches(
    batch: EventRows,
    target: KafkaTarget,
    counts: PartitionCounts,
    split_options: SplitOptions,
    encoders: RecordEncoders = JSON_RECORDS,
) -> list[tuple[int, RecordBatch]]:
    """Record batches and their partitions, in the order of each partition.

    Raises:
        RejectedEventsError: events have an invalid value in a field named by an option.
    """
    if not batch.rows:
        return []
    faults = EventFaults(batch)
    columns = _record_columns(batch, target, encoders, faults)
    row_partitions = _partitions_of(batch, target, columns.keys, counts, faults)
    faults.raise_if_any()
    result = []
    for partition in np.flatnonzero(np.bincount(row_partitions)).tolist():
        rows = np.flatnonzero(row_partitions == partition)
        parts = split(
            columns,
            rows,
            split_options.codec,
            split_options.max_batch_bytes,
            split_options.compression_ratio,
        )
        result += [(partition, part) for part in parts]
    return result


def record_columns(
    batch: EventRows, target: KafkaTarget, encoders: RecordEncoders = JSON_RECORDS
) -> RecordColumns:
    """The columns of the records: texts as values; keys, headers and timestamps from fields.

    Raises:
        RejectedEventsError: see `record_batches`.
    """
    faults = EventFaults(batch)
    columns = _record_columns(batch, target, encoders, faults)
    faults.raise_if_any()
    return columns


def encoded_values(batch: EventRows, encoders: RecordEncoders) -> BytesColumn:
    """The values of the records, some of them empty if the schema rejects their events."""
    values = as_bytes_column(batch.text)
    return values if encoders.value is None else encoders.value.encode(values, lambda *_: None)


def _record_columns(
    batch: EventRows, target: KafkaTarget, encoders: RecordEncoders, faults: EventFaults
) -> RecordColumns:
    keys = _keys(batch, target.key, encoders.key, faults) if target.key is not None else None
    values = _values(batch, target, keys, faults)
    if encoders.value is not None:
        values = encoders.value.encode(values, lambda row, error: faults.add(row, str(error)))
    return RecordColumns(
        values=values,
        timestamps=read_timestamps(batch, target.timestamp, faults),
        keys=keys,
        headers=(
            *(RecordHeader(n.encode(), _text_of(batch, option)) for n, option in target.headers),
            *_fault_header(batch),
        ),
        match_hints=batch.match_hints if encoders.value is None else None,
    )


def _keys(
    batch: EventRows, option: str, encoder: ValueEncoder | None, faults: EventFaults
) -> BytesColumn:
    """The keys of the records; null where the event has none."""
    if encoder is None:
        return _text_of(batch, option)
    texts = batch.fields.column(option_pointer(option), ColumnType.JSONB)
    return encoder.encode(
        as_bytes_column(texts), lambda row, error: faults.add(row, f"its key: {error}")
    )


def _fault_header(batch: EventRows) -> Iterator[RecordHeader]:
    """The header that names labelled faults; only records with such a fault have it."""
    if batch.fault_labels is not None:
        labels = as_bytes_column(batch.fault_labels)
        present = np.where(labels.validity(), 1, ABSENT).astype(np.uint8)
        yield RecordHeader(FAULT_HEADER.encode(), replace(labels, valid=present))


def _values(
    batch: EventRows, target: KafkaTarget, keys: BytesColumn | None, faults: EventFaults
) -> BytesColumn:
    """The texts of the events; null for those that delete, which need a key."""
    values = as_bytes_column(batch.text)
    if target.op is None:
        return values
    operations = read_operations(batch, target.op)
    for row, fault in operations.faults.items():
        faults.add(row, fault, OPERATION_HINT)
    if not operations.deletes.any():
        return values
    keyed = np.zeros(batch.rows, np.bool_) if keys is None else keys.validity().astype(np.bool_)
    for row in np.flatnonzero(operations.deletes & ~keyed).tolist():
        faults.add(row, "it deletes, but has no key", f"set the field {target.key!r} of `key`")
    return replace(values, valid=(~operations.deletes).view(np.uint8))


def partitions_of(
    batch: EventRows, target: KafkaTarget, keys: BytesColumn | None, counts: PartitionCounts
) -> Ints:
    """The partition of each row: the field named by `partition`, else by key, else by index.

    Raises:
        RejectedEventsError: see `record_batches`.
    """
    faults = EventFaults(batch)
    row_partitions = _partitions_of(batch, target, keys, counts, faults)
    faults.raise_if_any()
    return row_partitions


def _partitions_of(
    batch: EventRows,
    target: KafkaTarget,
    keys: BytesColumn | None,
    counts: PartitionCounts,
    faults: EventFaults,
) -> Ints:
    n_partitions = _partition_counts(batch.index, counts)
    row_partitions = (batch.index // UNKEYED_RUN_LENGTH) % n_partitions
    if keys is not None:
        row_partitions = np.where(
            keys.validity(), key_partitions(keys, n_partitions), row_partitions
        )
    if target.partition is None:
        return row_partitions
    has_value, given = read_partitions(batch, target.partition, n_partitions, target.topic, faults)
    return np.where(has_value, given, row_partitions)


def has_key(batch: EventRows, target: KafkaTarget) -> NDArray[np.bool_]:
    """Which of the records have a key."""
    if target.key is None:
        return np.zeros(batch.rows, np.bool_)
    return _text_of(batch, target.key).validity().astype(np.bool_)


def as_bytes_column(array: pa.Array) -> BytesColumn:
    """A `large_binary` or `large_string` array as the kernels read it, without a copy."""
    _, offsets, data = array.buffers()
    start, count = array.offset, len(array)
    valid = array.is_valid().to_numpy(zero_copy_only=False) if array.null_count else None
    return BytesColumn(
        offsets=np.frombuffer(offsets, np.int64)[start : start + count + 1],
        data=np.frombuffer(data or b"", np.uint8),
        valid=None if valid is None else valid.view(np.uint8),
    )


def _text_of(batch: EventRows, option: str) -> BytesColumn:
    return as_bytes_column(batch.fields.column(option_pointer(option), ColumnType.KEY))


def _partition_counts(index: Ints, counts: PartitionCounts) -> Ints:
    """The partition count for each event: each count applies from its index on."""
    if len(counts) == 1:
        return np.full(len(index), counts[0][1], np.int64)
    starts = np.array([start for start, _ in counts], np.int64)
    numbers = np.array([number for _, number in counts], np.int64)
    return numbers[np.maximum(np.searchsorted(starts, index, side="right") - 1, 0)]


def find_largest_event(batch: EventRows, rows: Sequence[int] | Ints) -> tuple[int, int]:
    """Index and bytes of JSON text of the largest event among the rows."""
    lengths = as_bytes_column(batch.text).lengths()[rows]
    at = int(np.argmax(lengths))
    return int(batch.index[rows[at]]), int(lengths[at])
