"""The ledger: which offsets of a topic hold which events, so that a topic can be verified.

The topic `eventer-ledger` has a partition for each shard and keeps records for a time. A record
describes one generator in one transaction. Its key is `<position key>/<topic>`; its value is a JSON
object: the events [`first`, `first` + `n`) were committed, those in the ranges of `skipped` failed,
and the others are, in the order of each partition, at the offsets in `places`: [partition, first
offset, count]. Dropped events have no place: an audit drops them again. Of steps of timelines,
`cursor` is the place of `first` in their order: [due, index, step].
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from eventer.core.batch import Batch
from eventer.core.cursor import Cursor
from eventer.core.model import KafkaTarget, PositionKey
from eventer.destinations.kafka.position import decode_key, encode_key
from eventer.destinations.kafka.send_plan import SendPlan
from eventer.destinations.kafka.topic_admin import DEFAULT_MAX_MESSAGE_BYTES
from eventer.destinations.kafka.topic_name import LEDGER_TOPIC
from eventer.kernels.kafka.record_batches import (
    Codec,
    RecordBatch,
    RecordColumns,
    bytes_column,
    split,
)

TOPIC: Final = LEDGER_TOPIC
_MS_PER_HOUR: Final = 3_600_000
_SEGMENTS: Final = 8
"""The broker deletes whole segments: with this many, retention is close to the setting."""

IndexRanges: TypeAlias = tuple[tuple[int, int], ...]
OffsetRanges: TypeAlias = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """The events of one generator that one transaction committed, and their offsets."""

    first: int
    n: int
    places: OffsetRanges
    skipped: IndexRanges = ()
    cursor: Cursor | None = None

    def encode(self) -> bytes:
        """The record's value."""
        value: dict[str, object] = {
            "first": self.first,
            "n": self.n,
            "skipped": self.skipped,
            "places": self.places,
        }
        if self.cursor is not None:
            value["cursor"] = self.cursor.values
        return json.dumps(value, separators=(",", ":")).encode()


def target_for(shards: int, retention_hours: float) -> KafkaTarget:
    """The topic that Eventer creates."""
    retention = max(1, int(retention_hours * _MS_PER_HOUR))
    config = (
        ("cleanup.policy", "delete"),
        ("retention.ms", str(retention)),
        ("segment.ms", str(max(1, retention // _SEGMENTS))),
    )
    return KafkaTarget(topic=TOPIC, partitions=shards, config=config)


def encode_ledger_key(key: PositionKey, topic: str) -> bytes:
    """The record key of a generator's entries."""
    return encode_key(key) + b"/" + topic.encode()


def decode_ledger_key(data: bytes) -> tuple[PositionKey, str] | None:
    """The generator and the topic of an entry; None if the key has another format."""
    whose, _, topic = data.rpartition(b"/")
    key = decode_key(whose)
    return None if key is None else (key, topic.decode("ascii", "replace"))


def build_entry(plan: SendPlan, offsets: Sequence[int]) -> LedgerEntry:
    """The entry of a flow whose slices were acknowledged at these offsets."""
    batches = plan.delivery.batches
    places: list[tuple[int, int, int]] = []
    for batch_slice, offset in zip(plan.slices, offsets, strict=True):
        places.append((batch_slice.send.partition, offset, batch_slice.count))
    first, cursors = batches[0].first, batches[0].cursors
    return LedgerEntry(
        first,
        batches[-1].next - first,
        _merge_adjacent(places),
        _skipped(batches),
        None if cursors is None else cursors[0],
    )


def _merge_adjacent(places: Sequence[tuple[int, int, int]]) -> OffsetRanges:
    """The offset ranges by partition, adjacent ones merged."""
    joined: list[tuple[int, int, int]] = []
    for partition, offset, count in sorted(places):
        if joined and joined[-1][0] == partition and sum(joined[-1][1:]) == offset:
            joined[-1] = (partition, joined[-1][1], joined[-1][2] + count)
        else:
            joined.append((partition, offset, count))
    return tuple(joined)


def _skipped(batches: Sequence[Batch]) -> IndexRanges:
    """The ranges of skipped indices."""
    ranges: list[tuple[int, int]] = []
    for batch in batches:
        if not batch.skipped:
            continue
        passed = np.sort(np.append(batch.index, batch.dropped))
        emitted = np.concatenate(([batch.first - 1], passed, [batch.next]))
        gaps = np.flatnonzero(np.diff(emitted) > 1)
        starts, ends = emitted[gaps] + 1, emitted[gaps + 1]
        ranges += zip(starts.tolist(), ends.tolist(), strict=True)
    return tuple(ranges)


def ledger_batches(
    entries: Sequence[tuple[SendPlan, LedgerEntry]], now_ms: int, codec: Codec
) -> list[RecordBatch]:
    """Record batches with all of the entries."""
    keys = [encode_ledger_key(plan.flow.key, plan.topic.name) for plan, _ in entries]
    columns = RecordColumns(
        values=bytes_column([entry.encode() for _, entry in entries]),
        timestamps=np.full(len(entries), now_ms, np.int64),
        keys=bytes_column(keys),
    )
    rows = np.arange(len(entries), dtype=np.int64)
    return list(split(columns, rows, codec, DEFAULT_MAX_MESSAGE_BYTES))
