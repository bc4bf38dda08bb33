"""Reads the newest records of a topic, as a sample. Changes nothing."""

from __future__ import annotations

from typing import Final

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.kafka.log_reader import LogReader
from eventer.destinations.kafka.settings import KafkaSettings

_RECORDS: Final = 10_000
_WAIT_SECONDS: Final = 30.0


async def sample_topic(settings: KafkaSettings, topic: str) -> list[tuple[bytes | None, bytes]]:
    """Keys and values of up to 10,000 committed records, the newest of each partition.

    Tombstones do not count. It waits a while for open transactions.

    Raises:
        DestinationUnavailableError: the cluster is not reachable.
        DestinationRejectedError: the topic does not exist, or cannot be read.
    """
    log = LogReader(settings)
    log.wait_seconds = _WAIT_SECONDS
    try:
        await log.open()
        offsets = await log.partition_offsets(topic)
        if not offsets:
            raise DestinationRejectedError(f"topic {topic!r} does not exist")
        share = -(-_RECORDS // len(offsets))
        found: list[tuple[bytes | None, bytes]] = []
        for partition, known in offsets.items():
            first = max(known.start, known.end - share)
            async for records in log.pages(topic, partition, first, known.end):
                for row in range(len(records)):
                    value = records.values.value(row)
                    if value is not None:
                        found.append((records.keys.value(row), value))
        return found
    finally:
        await log.close()
