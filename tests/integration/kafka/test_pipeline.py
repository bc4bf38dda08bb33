"""Several record batches of a partition in flight to real Kafka: no duplicates and no gaps."""

import asyncio
import itertools
import uuid
from contextlib import asynccontextmanager

import numpy as np
import pytest
from aiokafka import TopicPartition
from aiokafka import errors as kafka_errors
from aiokafka.protocol.produce import ProduceRequest

from eventer.destinations.kafka.partition_queue import NotSentError, OutgoingBatch, PartitionQueue
from eventer.destinations.kafka.producer import Producer
from eventer.destinations.kafka.producer_session import MAX_IN_FLIGHT
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.kernels.kafka.record_batches import RecordColumns, bytes_column, frame
from tests.integration.kafka.harness import PATIENT, create_topic, read_topic
from tests.waiting import wait_until_async

pytestmark = pytest.mark.kafka
SIZE = 100


class Bench:
    """A producer and a topic of two partitions that accepts 4 KiB a batch."""

    def __init__(self, bootstrap, transactional):
        self.bootstrap = bootstrap
        self.topic = f"t.{uuid.uuid4().hex}"
        self.transactional = transactional
        name = self.topic if transactional else None
        self.producer = Producer(KafkaSettings(bootstrap, **PATIENT), transactional_id=name)

    async def start(self):
        await asyncio.to_thread(
            create_topic, self.bootstrap, self.topic, 2, max_message_bytes="4096"
        )
        await self.producer.start()

    def send(self, number, partition=0, size=SIZE, length=5):
        """A batch of texts that say which they are."""
        texts = [b"%0*d" % (length, number * SIZE + n) for n in range(size)]
        columns = RecordColumns(bytes_column(texts), np.arange(size))
        return OutgoingBatch(self.topic, partition, frame(columns, np.arange(size), "none"))

    async def commit(self, sends):
        if self.transactional:
            self.producer.begin()
        outcomes = await self.producer.send(sends)
        if not self.transactional:
            return outcomes
        if all(isinstance(each, int) for each in outcomes):
            await self.producer.commit()
        else:
            await self.producer.abort()
        return outcomes

    async def known(self):
        """Sends the first batch of all; the offset of the next one."""
        assert await self.commit([self.send(0)]) == [0]
        return SIZE + 1 if self.transactional else SIZE

    async def numbers(self, partition=0):
        records = await asyncio.to_thread(read_topic, self.bootstrap, self.topic)
        return [int(record.value()) for record in records if record.partition() == partition]


@pytest.fixture(params=[True, False], ids=["transactional", "idempotent"])
async def bench(request, kafka):
    bench = Bench(kafka, request.param)
    await bench.start()
    yield bench
    await bench.producer.close()


async def test_batches_land_in_order(bench):
    sends = [bench.send(n, partition=n % 2) for n in range(6 * MAX_IN_FLIGHT)]
    outcomes = await bench.commit(sends)
    assert outcomes == [n // 2 * SIZE for n in range(6 * MAX_IN_FLIGHT)]
    for partition in (0, 1):
        wanted = [n * SIZE + m for n in range(partition, 6 * MAX_IN_FLIGHT, 2) for m in range(SIZE)]
        assert await bench.numbers(partition) == wanted


class Client:
    """The producer's client, with something done around the sending of batches."""

    def __init__(self, bench, sending):
        self._client = bench.producer.client
        self._sending = sending
        self._numbers = itertools.count()
        bench.producer.client = self

    def __getattr__(self, name):
        return getattr(self._client, name)

    async def send(self, node, request, **options):
        if not isinstance(request, ProduceRequest):
            return await self._client.send(node, request, **options)
        async with self._sending(next(self._numbers)):
            return await self._client.send(node, request, **options)


async def test_several_batches_are_in_flight(bench):
    in_flight, most = 0, 0

    @asynccontextmanager
    async def counting(_number):
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        try:
            yield
        finally:
            in_flight -= 1

    Client(bench, counting)
    await bench.commit([bench.send(n) for n in range(10)])
    assert most == MAX_IN_FLIGHT


async def test_batches_are_acknowledged_one_by_one(bench):
    """A caller tells slow from stuck by it."""
    last = asyncio.Event()

    @asynccontextmanager
    async def late(number):
        yield
        if number == 2:
            await last.wait()

    first = await bench.known()
    Client(bench, late)
    sends = [bench.send(n) for n in range(1, 4)]
    sending = asyncio.create_task(bench.commit(sends))

    async def two_acknowledged():
        return bench.producer.unacknowledged(sends) == sends[2:]

    await wait_until_async(two_acknowledged)
    last.set()
    assert await sending == [first, first + SIZE, first + 2 * SIZE]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("bad", [1, 2, 5])
async def test_no_batch_lands_behind_a_refused_batch(bench, bad, known):
    """Nor where the broker does not know the producer, and would accept any number."""
    first = await bench.known() if known else 0
    sends = [bench.send(n) for n in range(1, 7)]
    sends[bad - 1] = bench.send(bad, length=50)
    outcomes = await bench.commit(sends)
    assert outcomes[: bad - 1] == [first + n * SIZE for n in range(bad - 1)]
    assert isinstance(outcomes[bad - 1], kafka_errors.MessageSizeTooLargeError)
    assert all(isinstance(each, NotSentError) for each in outcomes[bad:])
    left = range(1 if bench.transactional else bad, 7)
    again = await bench.commit([bench.send(n) for n in left])
    assert all(isinstance(each, int) for each in again), "the next numbers are those expected"
    assert await bench.numbers() == list(range(0 if known else SIZE, 7 * SIZE))


@pytest.mark.parametrize("lost", [(0,), (2,), (0, 1, 2), (1, 4)])
async def test_a_batch_whose_acknowledgement_is_lost_is_not_duplicated(bench, lost):
    @asynccontextmanager
    async def losing(number):
        yield
        if number in lost:
            raise kafka_errors.KafkaConnectionError("lost")

    first = await bench.known()
    Client(bench, losing)
    outcomes = await bench.commit([bench.send(n) for n in range(1, 7)])
    assert outcomes == [first + n * SIZE for n in range(6)], "offsets and all"
    assert await bench.numbers() == list(range(7 * SIZE))


@pytest.mark.parametrize("at_once", [1, 4])
async def test_sequence_numbers_continue_with_zero(bench, at_once):
    """A broker accepts any as the first one of a producer."""
    session, place = bench.producer._session, TopicPartition(bench.topic, 0)
    queue = session._partitions[place] = PartitionQueue(session._outcomes, idempotent=True)
    queue.sequence = 2**31 - 5 * SIZE // 2
    for first in range(0, 8, at_once):
        outcomes = await bench.commit([bench.send(first + n) for n in range(at_once)])
        assert all(isinstance(each, int) for each in outcomes), outcomes
    assert await bench.numbers() == list(range(8 * SIZE))
    assert queue.sequence == 8 * SIZE - 5 * SIZE // 2
