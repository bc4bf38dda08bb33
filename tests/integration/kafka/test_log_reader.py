"""What is committed, read past transactions that are open: real Kafka, many at once."""

import asyncio
import random
import uuid
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from eventer.core.model import Position, PositionKey
from eventer.destinations.kafka import log_reader as logs
from eventer.destinations.kafka.log_reader import LogReader
from eventer.destinations.kafka.partition_queue import OutgoingBatch
from eventer.destinations.kafka.position import position_batch
from eventer.destinations.kafka.producer import Producer
from eventer.destinations.kafka.settings import KafkaSettings
from tests.integration.kafka.harness import PATIENT, create_topic, read_topic
from tests.waiting import wait_until_async

pytestmark = pytest.mark.kafka


class Writers:
    """Producers that take turns in one partition, and what of them is committed so far."""

    def __init__(self, topic, producers):
        self.topic = topic
        self.producers = producers
        self.committed = []
        self._open = {}
        self._number = 0

    async def step(self, rng):
        """Begins, goes on with or ends some transaction, or writes without one."""
        writer = rng.choice(self.producers)
        if not writer.transactional:
            self.committed.append(await self._send(writer))
        elif writer not in self._open:
            self._open[writer] = []
            writer.begin()
        elif rng.random() < 0.6:
            self._open[writer].append(await self._send(writer))
        else:
            await self.end(writer, well=rng.random() < 0.5)

    async def _send(self, writer):
        self._number += 1
        batch = position_batch({PositionKey(1, 1, 1): Position(next=self._number)}, 0)
        (offset,) = await writer.send([OutgoingBatch(self.topic, 0, batch)])
        assert isinstance(offset, int)
        return offset

    async def end(self, writer, *, well):
        sent = self._open.pop(writer)
        if not well:
            await writer.abort()
            return
        await writer.commit()
        self.committed += sent

    async def end_all(self):
        for writer in list(self._open):
            await self.end(writer, well=True)


@asynccontextmanager
async def started(kafka, topic, names):
    """Writers of a topic, and a reader of it."""
    create_topic(kafka, topic)
    settings = KafkaSettings(kafka, **PATIENT)
    async with AsyncExitStack() as ends:
        producers = [Producer(settings, transactional_id=name) for name in names]
        for producer in producers:
            await producer.start()
            ends.push_async_callback(producer.close)
        reader = LogReader(settings)
        await reader.open()
        ends.push_async_callback(reader.close)
        yield Writers(topic, producers), reader


@pytest.mark.parametrize("page_bytes", [100, 4 << 20])
async def test_only_committed_records_are_read_while_transactions_are_open(
    kafka, page_bytes, monkeypatch
):
    monkeypatch.setattr(logs, "_PAGE_BYTES", page_bytes)
    topic, rng = f"l.{uuid.uuid4().hex}", random.Random(page_bytes)
    names = [*(f"{topic}-{number}" for number in range(3)), None]
    async with started(kafka, topic, names) as (writers, reader):
        for _ in range(12):
            for _ in range(12):
                await writers.step(rng)
            await wait_until_read(reader, topic, sorted(writers.committed))
        await writers.end_all()
        committed = [m.offset() for m in await asyncio.to_thread(read_topic, kafka, topic)]
        assert committed == sorted(writers.committed)
        assert len(committed) > 40
        await wait_until_read(reader, topic, committed)


async def wait_until_read(reader, topic, committed):
    """A commit is acknowledged before its end is in the log."""

    async def complete():
        found = await offsets(reader, topic)
        assert found == committed or set(found) < set(committed)
        return found == committed

    await wait_until_async(complete)


async def offsets(reader, topic):
    return [
        o
        async for page in reader.read_committed_without_waiting(topic, 0)
        for o in page.offset.tolist()
    ]
