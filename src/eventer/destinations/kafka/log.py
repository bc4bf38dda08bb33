"""Reads topics as they lie in the log: raw fetches, whole pages of records, committed ones only.

aiokafka's consumer makes an object of every record; this reads columns, ten times as fast.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from aiokafka import TopicPartition
from aiokafka import errors as kafka
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest

from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
)
from eventer.destinations.kafka.errors import Verdict, about_topic, reason, verdict_on
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.destinations.kafka.topic import Topics
from eventer.kernels.kafka_reading import (
    BatchHeader,
    Records,
    UnreadableRecordsError,
    read_headers,
    read_records,
)

EARLIEST: Final = -2
LATEST: Final = -1
_UNCOMMITTED: Final = 0
_COMMITTED: Final = 1
_PAGE_BYTES: Final = 4 << 20
_WAIT_MS: Final = 250
_PAUSE_SECONDS: Final = 0.1
_WITH_PREFERRED_REPLICA: Final = 11


@dataclass(frozen=True, slots=True)
class Bounds:
    """A partition: its first offset, where open transactions begin, and its end."""

    start: int
    stable: int
    end: int


class Log:
    """The topics of a cluster, to read. `patience` is how long open transactions are waited for."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._client: Any = None
        self.patience = settings.transaction_timeout + settings.start_timeout

    @property
    def client(self) -> Any:
        """The client below, for questions about topics."""
        return self._client

    async def open(self) -> None:
        """Connects.

        Raises:
            DestinationUnavailableError: not reachable.
        """
        self._client = AIOKafkaClient(**self._settings.client_options())
        try:
            async with asyncio.timeout(self._settings.start_timeout):
                await self._client.bootstrap()
        except (kafka.KafkaError, TimeoutError, OSError) as error:
            raise DestinationUnavailableError(
                f"Kafka at {self._settings.bootstrap_servers} is not reachable: {reason(error)}",
                hint="check the address, and that the broker is up",
            ) from error

    async def close(self) -> None:
        """Disconnects."""
        if self._client is not None:
            await self._client.close()

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has; none where there is no such topic."""
        count = (await Topics(self._client).counts([topic])).get(topic, 0)
        if count:
            await self._client._wait_on_metadata(topic)  # noqa: SLF001 - as its own consumer does
        return count

    async def bounds(self, topic: str) -> Mapping[int, Bounds]:
        """Where the partitions of a topic begin and end now."""
        numbers = range(await self.partitions(topic))
        starts = await self.offsets(topic, numbers, EARLIEST)
        stable = await self.offsets(topic, numbers, LATEST, isolation=_COMMITTED)
        ends = await self.offsets(topic, numbers, LATEST)
        return {n: Bounds(starts[n], stable[n], ends[n]) for n in numbers}

    async def offsets(
        self, topic: str, numbers: Collection[int], at: int, *, isolation: int = _UNCOMMITTED
    ) -> Mapping[int, int]:
        """The first offset of each partition with that timestamp (ms) or later; -1 for none."""
        places = [TopicPartition(topic, number) for number in numbers]
        found = await asyncio.gather(*(self._offset(place, at, isolation) for place in places))
        return {place.partition: offset for place, offset in zip(places, found, strict=True)}

    async def _offset(self, place: TopicPartition, at: int, isolation: int) -> int:
        request = OffsetRequest(-1, isolation, [(place.topic, [(place.partition, at)])])
        ((_, ((_, code, *_, offset),)),) = (await self._ask(place, request)).topics
        if code:
            raise about_topic(kafka.for_code(code)(), place.topic)
        return int(offset)

    async def _ask(self, place: TopicPartition, request: Any) -> Any:
        leader = self._client.cluster.leader_for_partition(place)
        if leader is None or leader < 0:
            raise DestinationUnavailableError(f"partition {place.partition} has no leader now")
        try:
            return await self._client.send(leader, request)
        except kafka.KafkaError as error:
            raise DestinationUnavailableError(f"Kafka does not answer: {reason(error)}") from error

    async def pages(
        self, topic: str, partition: int, first: int, until: int
    ) -> AsyncIterator[Records]:
        """The committed records of the batches that begin at [first, until), page by page.

        A batch is never cut: the embedded broker takes its last one for a single record when it
        tells where a partition ends.

        Raises:
            DestinationUnavailableError: a transaction before `until` does not end, or the broker
                does not answer.
            DestinationRejectedError: what lies there cannot be read.
        """
        place = TopicPartition(topic, partition)
        at, give_up = first, time.monotonic() + self.patience
        while at < until:
            fetched = await self._fetch(place, at, until)
            if fetched is None or not fetched.headers:
                if time.monotonic() > give_up:
                    raise DestinationUnavailableError(
                        f"topic {topic!r}, partition {partition} cannot be read beyond offset "
                        f"{at}: a transaction there does not end"
                    )
                continue
            give_up = time.monotonic() + self.patience
            records = _records(place, fetched)
            wanted = records.offset >= at
            yield records if wanted.all() else records.take(wanted)
            at = fetched.headers[-1].last_offset + 1

    async def _fetch(self, place: TopicPartition, at: int, until: int) -> _Fetched | None:
        """What lies between offsets; None where the broker wants to be asked again."""
        request = FetchRequest(
            _WAIT_MS,
            1,
            _PAGE_BYTES,
            _COMMITTED,
            [(place.topic, [(place.partition, at, _PAGE_BYTES)])],
        )
        try:
            answer = await self._ask(place, request)
        except DestinationUnavailableError:
            if not await self._again():
                raise
            return None
        ((_, ((_, code, *rest),)),) = answer.topics
        if not code:
            aborted = rest[-3 if answer.API_VERSION >= _WITH_PREFERRED_REPLICA else -2]
            return _Fetched(np.frombuffer(rest[-1] or b"", np.uint8), aborted or (), until)
        error = kafka.for_code(code)()
        if isinstance(error, kafka.OffsetOutOfRangeError):
            raise DestinationUnavailableError(
                f"topic {place.topic!r} forgot records while they were read; verify again"
            )
        if verdict_on(error) is not Verdict.PASSING or not await self._again():
            raise about_topic(error, place.topic)
        return None

    async def _again(self) -> bool:
        """Looks who leads now; whether it is worth another try."""
        await asyncio.sleep(_PAUSE_SECONDS)
        try:
            return bool(await self._client.force_metadata_update())
        except kafka.KafkaError:
            return False


class _Fetched:
    """One fetch of one partition: its batches, and which producers' transactions were aborted."""

    def __init__(self, data: Any, aborted: Sequence[tuple[int, int]], until: int) -> None:
        self.data = data
        self.headers = [each for each in read_headers(data) if each.base_offset < until]
        self._aborted = sorted(aborted, key=lambda each: each[1])

    def committed(self) -> list[BatchHeader]:
        """The batches that count: no control batches, nothing of aborted transactions."""
        waiting, aborting, kept = list(self._aborted), set[int](), []
        for header in self.headers:
            while waiting and waiting[0][1] <= header.last_offset:
                aborting.add(waiting.pop(0)[0])
            if header.is_control:
                aborting.discard(header.producer_id)
            elif not (header.is_transactional and header.producer_id in aborting):
                kept.append(header)
        return kept


def _records(place: TopicPartition, fetched: _Fetched) -> Records:
    try:
        return read_records(fetched.data, fetched.committed())
    except UnreadableRecordsError as error:
        raise _unreadable(place, error) from error


def _unreadable(place: TopicPartition, error: Exception) -> DestinationError:
    return DestinationRejectedError(
        f"topic {place.topic!r}, partition {place.partition} cannot be read: {error}"
    )
