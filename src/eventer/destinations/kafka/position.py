"""Positions in Kafka: records of a compacted topic, written in the transaction of their data.

The topic `eventer-positions` has a partition for each shard. A record's key is
`<cluster>/<generator>/<incarnation>` (the cluster in hexadecimal, the others decimal); its value
is a JSON object with `next`, `skipped`, `bytes` and `partitions`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka
from aiokafka.protocol.offset import OffsetRequest

from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.kernels.kafka_records import RecordBatch, RecordColumns, bytes_column, frame

TOPIC: Final = "eventer-positions"

_CONFIG: Final = (
    ("cleanup.policy", "compact"),
    # Read to its end whenever a shard changes hands, so kept short: the cleaner leaves the newest
    # segment alone and sets to work as soon as a tenth of the rest is outdated.
    ("segment.bytes", str(4 << 20)),
    ("min.cleanable.dirty.ratio", "0.1"),
    # aiokafka reads no codec without a package that we need for nothing else.
    ("compression.type", "uncompressed"),
)
_LATEST: Final = -1
_READ_UNCOMMITTED: Final = 0
_POLL_MS: Final = 500


def target_for(shards: int) -> KafkaTarget:
    """The topic as it is made."""
    return KafkaTarget(topic=TOPIC, partitions=shards, config=_CONFIG)


def encode_key(key: PositionKey) -> bytes:
    """The record key of a position."""
    return f"{key.cluster:016x}/{key.generator}/{key.incarnation}".encode()


def decode_key(data: bytes) -> PositionKey | None:
    """The position that a record key names; None where it is none of ours."""
    parts = data.decode("ascii", "replace").split("/")
    try:
        cluster, generator, incarnation = parts
        key = PositionKey(int(cluster, 16), int(generator), int(incarnation))
    except ValueError:
        return None
    return key if encode_key(key) == data else None


def encode_position(position: Position) -> bytes:
    """The record value of a position."""
    value = {
        "next": position.next,
        "skipped": position.skipped,
        "bytes": position.bytes,
        "partitions": position.partitions,
    }
    return json.dumps(value, separators=(",", ":")).encode()


def decode_position(data: bytes) -> Position:
    """The position that a record value states.

    Raises:
        ValueError: it states none.
    """
    try:
        value = json.loads(data)
        return Position(
            next=int(value["next"]),
            skipped=int(value["skipped"]),
            bytes=int(value["bytes"]),
            partitions=tuple((int(index), int(count)) for index, count in value["partitions"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"no position: {data!r}") from error


def position_batch(positions: Mapping[PositionKey, Position], now_ms: int) -> RecordBatch:
    """One record batch with all of the positions, at least one."""
    columns = RecordColumns(
        values=bytes_column([encode_position(position) for position in positions.values()]),
        timestamps=np.full(len(positions), now_ms, np.int64),
        keys=bytes_column([encode_key(key) for key in positions]),
    )
    return frame(columns, np.arange(len(positions)), "none")


async def read_positions(
    settings: KafkaSettings, client: Any, shard: int, cluster: int
) -> dict[PositionKey, Position]:
    """All committed positions of a cluster in a shard's partition.

    The end is where the partition ends now, open transactions of others included: one that lies
    before ours hides them from `read_committed` until it ends, and what is hidden must not be
    taken for absent. So this waits; the caller bounds the time.

    Raises:
        DestinationRejectedError: a position cannot be read.
    """
    place = TopicPartition(TOPIC, shard)
    end = await _end_of(client, place)
    consumer = AIOKafkaConsumer(
        **settings.client_options(),
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        fetch_max_wait_ms=_POLL_MS,
    )
    found: dict[PositionKey, Position] = {}
    await consumer.start()
    try:
        consumer.assign([place])
        while await consumer.position(place) < end:
            polled = await consumer.getmany(place, timeout_ms=_POLL_MS)
            for record in polled.get(place, ()):
                _take(record, cluster, found)
    finally:
        await consumer.stop()
    return found


def _take(record: Any, cluster: int, found: dict[PositionKey, Position]) -> None:
    key = decode_key(record.key or b"")
    if key is None or key.cluster != cluster:
        return
    if record.value is None:
        found.pop(key, None)
        return
    try:
        found[key] = decode_position(record.value)
    except ValueError as error:
        raise DestinationRejectedError(
            f"the position of generator {key.generator} cannot be read: {TOPIC}, partition "
            f"{record.partition}, offset {record.offset}: {error}",
            hint=f"write a position with the key {encode_key(key).decode()!r} there",
        ) from error


async def _end_of(client: Any, place: TopicPartition) -> int:
    """Where the partition ends, whether or not all before it is committed."""
    await client._wait_on_metadata(place.topic)  # noqa: SLF001 - as its own consumer does
    leader = client.cluster.leader_for_partition(place)
    request = OffsetRequest(-1, _READ_UNCOMMITTED, [(place.topic, [(place.partition, _LATEST)])])
    answer = await client.send(leader, request)
    ((_, ((_, code, *_, offset),)),) = answer.topics
    if code:
        raise DestinationUnavailableError(
            f"{TOPIC} cannot be read now: {kafka.for_code(code).__name__}"
        )
    return int(offset)
