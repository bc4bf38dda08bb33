"""Positions in Kafka: records of a compacted topic, written in the transaction of their data.

The topic `eventer-positions` has a partition for each shard. A record's key is
`<cluster>/<generator>/<incarnation>` (the cluster in hexadecimal, the others decimal); its value
is a JSON object with `next`, `skipped`, `bytes` and `partitions`, `dropped` if it is not zero, and
`cursor` if the generator delivers steps of timelines: [due, index, step].
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Final

import numpy as np

from eventer.core.cursor import read_cursor
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.kafka.topic_name import POSITIONS_TOPIC
from eventer.kernels.kafka.record_batches import RecordBatch, RecordColumns, bytes_column, frame
from eventer.kernels.kafka.record_reading import Records

TOPIC: Final = POSITIONS_TOPIC

_CONFIG: Final = (
    ("cleanup.policy", "compact"),
    # Every new owner of a shard reads all of it, so it is kept short: the cleaner skips the newest
    # segment, and starts as soon as a tenth of the rest is outdated.
    ("segment.bytes", str(4 << 20)),
    ("min.cleanable.dirty.ratio", "0.1"),
    # The records are small: compression saves nothing.
    ("compression.type", "uncompressed"),
)


def target_for(shards: int) -> KafkaTarget:
    """The topic that Eventer creates."""
    return KafkaTarget(topic=TOPIC, partitions=shards, config=_CONFIG)


def encode_key(key: PositionKey) -> bytes:
    """The record key of a position."""
    return f"{key.cluster:016x}/{key.generator}/{key.incarnation}".encode()


def decode_key(data: bytes) -> PositionKey | None:
    """The generator that a record key names; None if the key has another format."""
    parts = data.decode("ascii", "replace").split("/")
    try:
        cluster, generator, incarnation = parts
        key = PositionKey(int(cluster, 16), int(generator), int(incarnation))
    except ValueError:
        return None
    return key if encode_key(key) == data else None


def encode_position(position: Position) -> bytes:
    """The record value of a position."""
    value: dict[str, object] = {
        "next": position.next,
        "skipped": position.skipped,
        "bytes": position.bytes,
        "partitions": position.partitions,
    }
    if position.dropped:
        value["dropped"] = position.dropped
    if position.cursor is not None:
        value["cursor"] = position.cursor.values
    return json.dumps(value, separators=(",", ":")).encode()


def decode_position(data: bytes) -> Position:
    """The position in a record value.

    Raises:
        ValueError: the value is not a position.
    """
    try:
        value = json.loads(data)
        return Position(
            next=int(value["next"]),
            skipped=int(value["skipped"]),
            bytes=int(value["bytes"]),
            partitions=tuple((int(index), int(count)) for index, count in value["partitions"]),
            dropped=int(value.get("dropped", 0)),
            cursor=read_cursor(value.get("cursor")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"not a position: {data!r}") from error


def position_batch(positions: Mapping[PositionKey, Position], now_ms: int) -> RecordBatch:
    """One record batch with all of the positions, at least one."""
    columns = RecordColumns(
        values=bytes_column([encode_position(position) for position in positions.values()]),
        timestamps=np.full(len(positions), now_ms, np.int64),
        keys=bytes_column([encode_key(key) for key in positions]),
    )
    return frame(columns, np.arange(len(positions)), "none")


async def read_positions(
    pages: AsyncIterator[Records], shard: int, cluster: int
) -> dict[PositionKey, Position]:
    """The last position of each generator of a cluster, from the committed records of its shard.

    Raises:
        DestinationRejectedError: a position cannot be read.
    """
    found: dict[PositionKey, Position] = {}
    async for records in pages:
        for row in range(len(records)):
            _take(records, row, shard=shard, cluster=cluster, found=found)
    return found


def _take(
    records: Records, row: int, *, shard: int, cluster: int, found: dict[PositionKey, Position]
) -> None:
    key = decode_key(records.keys.value(row) or b"")
    if key is None or key.cluster != cluster:
        return
    value = records.values.value(row)
    if value is None:
        found.pop(key, None)
        return
    try:
        found[key] = decode_position(value)
    except ValueError as error:
        raise DestinationRejectedError(
            f"the position of generator {key.generator} cannot be read: {TOPIC}, partition "
            f"{shard}, offset {records.offset[row]}: {error}",
            hint=f"write a position with the key {encode_key(key).decode()!r} there",
        ) from error
