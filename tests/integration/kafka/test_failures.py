"""Whatever fails, nothing is lost, twice, or half there: real Kafka, provoked."""

import asyncio
import json
import random
import string
import time
import uuid

import psutil
import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from eventer.core.errors import (
    DestinationUnavailableError,
    FencedError,
    UnknownOutcomeError,
)
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka import position
from eventer.destinations.kafka.partition_queue import OutgoingBatch
from eventer.destinations.kafka.producer import Producer
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.testing.batches import batch_of
from tests.integration.kafka.harness import (
    PATIENT,
    KafkaHarness,
    ManualClock,
    create_topic,
    drop_topic,
    read_topic,
    wait_for_broker,
)
from tests.waiting import wait_until_async

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("patience")]


def noise(size, seed=0):
    """Text that hardly compresses."""
    return "".join(random.Random(seed).choices(string.ascii_letters, k=size))


def events(first, count, size=0):
    return [{"n": n, "text": noise(size, n)} for n in range(first, first + count)]


def flow_of(cluster, generator=1, **options):
    # The events were due long ago: by default the broker would delete them while a test looks.
    kept = (("retention.ms", "-1"),)
    target = KafkaTarget(topic=f"f.{uuid.uuid4().hex}", partitions=1, config=kept, **options)
    return Flow(PositionKey(cluster, generator, 0), target)


async def indices(bootstrap, flow):
    records = await asyncio.to_thread(read_topic, bootstrap, flow.target.topic)
    return [json.loads(record.value())["n"] for record in records]


async def set_limit(bootstrap, topic, size):
    """Sets the size of a batch, and waits until the broker applies it.

    The broker shows a setting before it applies it, but applies it before it shows a later one.
    """
    await change_setting(bootstrap, topic, "max.message.bytes", str(size))
    await change_setting(bootstrap, topic, "segment.bytes", str((1 << 30) - size))


async def change_setting(bootstrap, topic, name, value):
    """Changes a setting of a topic, and waits until the broker shows it."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    changed = admin.incremental_alter_configs([resource])
    await asyncio.to_thread(changed[resource].result)
    await wait_for_broker(lambda: setting(admin, topic, name) == value)


def setting(admin, topic, name):
    asked = ConfigResource(ResourceType.TOPIC, topic)
    return admin.describe_configs([asked])[asked].result()[name].value


async def test_a_transaction_in_which_a_produce_failed_is_not_committed(kafka):
    """The broker would commit it: it does not count the batch that it refused."""
    topic = f"f.{uuid.uuid4().hex}"
    await asyncio.to_thread(create_topic, kafka, topic, max_message_bytes="2000")
    producer = Producer(KafkaSettings(kafka, **PATIENT), transactional_id=topic)
    await producer.start()
    sends = [
        OutgoingBatch(topic, 0, position.position_batch({PositionKey(n, 0, 0): Position()}, 0))
        for n in range(2)
    ]
    many = {PositionKey(n, 0, 0): Position() for n in range(100)}
    producer.begin()
    outcomes = await producer.send(
        [sends[0], OutgoingBatch(topic, 0, position.position_batch(many, 0))]
    )
    assert outcomes[0] == 0
    assert isinstance(outcomes[1], BaseException)
    with pytest.raises(AssertionError, match="failed"):
        await producer.commit()
    await producer.abort()
    assert len(await asyncio.to_thread(read_topic, kafka, topic)) == 0

    producer.begin()
    # Offset 1 is the end of the first transaction.
    assert await producer.send([sends[1]]) == [2], "the failed batch left a gap in the sequence"
    await producer.commit()
    await producer.close()
    assert len(await asyncio.to_thread(read_topic, kafka, topic)) == 1


async def test_a_failed_produce_leaves_nothing_and_delivery_continues_complete(
    kafka, cluster, owner
):
    """The topic takes less than it did: the transaction is aborted, cut smaller, and complete."""
    flow, other = flow_of(cluster, 1), flow_of(cluster, 2)
    for one in (flow, other):
        await owner.prepare(one)
    first = batch_of(0, events(0, 50, 500))
    await owner.deliver([Delivery(flow, (first,)), Delivery(other, (first,))])
    await set_limit(kafka, flow.target.topic, 3000)

    second = batch_of(50, events(50, 100, 500))
    outcome = await owner.deliver([Delivery(flow, (second,)), Delivery(other, (second,))])
    assert outcome.rejected == {}
    assert outcome.committed[flow.key].next == 150
    assert await indices(kafka, flow) == list(range(150))
    assert await indices(kafka, other) == list(range(150))


async def test_an_event_too_large_is_named_and_nothing_of_its_flow_is_visible(
    kafka, cluster, owner
):
    flow, other = flow_of(cluster, 1), flow_of(cluster, 2)
    for one in (flow, other):
        await owner.prepare(one)
    await set_limit(kafka, flow.target.topic, 3000)
    large = [*events(0, 20, 500), {"n": 20, "text": noise(9000)}, *events(21, 20, 500)]
    outcome = await owner.deliver(
        [Delivery(flow, (batch_of(0, large),)), Delivery(other, (batch_of(0, events(0, 5)),))]
    )
    assert outcome.committed.keys() == {other.key}
    error = outcome.rejected[flow.key]
    assert error.index == 20
    assert "9018 bytes" in error.message
    assert "3000" in error.message
    assert await indices(kafka, flow) == []
    assert await indices(kafka, other) == list(range(5))

    await set_limit(kafka, flow.target.topic, 20_000)
    outcome = await owner.deliver([Delivery(flow, (batch_of(0, large),))])
    assert outcome.committed[flow.key].next == 41
    assert await indices(kafka, flow) == list(range(41))


async def test_a_second_owner_ends_the_open_transaction_of_the_first(kafka, cluster, owner):
    """The first has sent its data and its position, and comes too late with the commit."""
    flow = flow_of(cluster)
    await owner.prepare(flow)
    await owner.deliver([Delivery(flow, (batch_of(0, events(0, 3)),))])
    producer = owner._producer
    commit, reached = producer.commit, asyncio.Event()
    successors = []

    async def overtaken():
        successor = KafkaHarness(kafka).connection(cluster)
        successors.append(successor)
        await successor.open()
        reached.set()
        await commit()

    producer.commit = overtaken
    with pytest.raises(FencedError):
        await owner.deliver([Delivery(flow, (batch_of(3, events(3, 3)),))])
    assert reached.is_set()
    (successor,) = successors
    assert (await successor.positions([flow.key]))[flow.key].next == 3
    await successor.deliver([Delivery(flow, (batch_of(3, events(3, 4)),))])
    assert await indices(kafka, flow) == list(range(7))
    await successor.close()


async def test_a_strangers_open_transaction_blocks_no_owner(kafka, cluster, owner):
    """Readers of committed records do not see past it; what is hidden from them is not absent."""
    flow = flow_of(cluster)
    await owner.prepare(flow)
    assert await owner.positions([flow.key]) == {}
    stranger = Producer(KafkaSettings(kafka, **PATIENT), transactional_id=f"stranger-{cluster}")
    await stranger.start()
    stranger.begin()
    theirs = position.position_batch({PositionKey(1, 1, 1): Position()}, 0)
    (sent,) = await stranger.send([OutgoingBatch(position.TOPIC, 0, theirs)])
    assert isinstance(sent, int)
    await owner.deliver([Delivery(flow, (batch_of(0, events(0, 3)),))])
    # And one that its owner never ends: the next owner does.
    left = position.position_batch({flow.key: Position(next=99)}, 0)
    owner._producer.begin()
    await owner._producer.send([OutgoingBatch(position.TOPIC, 0, left)])

    successor = KafkaHarness(kafka).connection(cluster)
    await successor.open()
    assert (await successor.positions([flow.key]))[flow.key].next == 3
    await successor.deliver([Delivery(flow, (batch_of(3, events(3, 1)),))])
    await stranger.abort()  # The broker would refuse that of a transaction it has ended itself.
    assert await indices(kafka, flow) == [0, 1, 2, 3]
    await successor.close()
    await stranger.close()


async def test_an_owner_that_never_ended_its_transaction_leaves_nothing(kafka, cluster, owner):
    """As after `kill -9`: data and position were sent, it never commits."""
    flow = flow_of(cluster)
    await owner.prepare(flow)
    await owner.deliver([Delivery(flow, (batch_of(0, events(0, 3)),))])

    async def never():
        raise ConnectionAbortedError("gone")

    owner._producer.commit = never
    with pytest.raises(UnknownOutcomeError):
        await owner.deliver([Delivery(flow, (batch_of(3, events(3, 3)),))])
    with pytest.raises(DestinationUnavailableError, match="closed"):
        await owner.deliver([Delivery(flow, (batch_of(3, events(3, 3)),))])

    successor = KafkaHarness(kafka).connection(cluster)
    await successor.open()
    assert (await successor.positions([flow.key]))[flow.key].next == 3
    await successor.deliver([Delivery(flow, (batch_of(3, events(3, 1)),))])
    assert await indices(kafka, flow) == [0, 1, 2, 3]
    await successor.close()


async def test_a_topic_dropped_a_moment_ago_makes_the_owner_unusable(kafka, cluster):
    """The producer would retry without end; the next owner creates the topic again.

    By its clock it has just refreshed the topics.
    """
    owner = KafkaHarness(kafka).connection(cluster, clock=ManualClock())
    await owner.open()
    flow = flow_of(cluster)
    await owner.prepare(flow)
    await owner.deliver([Delivery(flow, (batch_of(0, events(0, 1)),))])
    await asyncio.to_thread(drop_topic, kafka, flow.target.topic)
    with pytest.raises(DestinationUnavailableError, match=flow.target.topic):
        await owner.deliver([Delivery(flow, (batch_of(1, events(1, 1)),))])
    await owner.close()


@pytest.mark.parametrize(
    "ends", [["kill"], pytest.param(["stop", "kill", "stop"], marks=pytest.mark.slow)]
)
async def test_a_broker_that_goes_away_and_comes_back(own_kafka, cluster, ends):
    """Killed or stopped while events flow: each is there once, in order."""
    server = own_kafka()
    flow = flow_of(cluster)
    # An owner that opens as the broker goes away gives up after `start_timeout`.
    harness = KafkaHarness(server.bootstrap, delivery_timeout=5, start_timeout=30)
    shard = Shard(harness, cluster, flow)
    delivering = shard.delivering = asyncio.create_task(shard.run(until=10**9))
    for end in ends:
        await shard.progresses()
        await asyncio.to_thread(getattr(server, end))
        await shard.fails()
        await asyncio.to_thread(server.start)
    await shard.progresses()
    shard.until = 0
    await delivering
    await shard.close()
    assert await indices(server.bootstrap, flow) == list(range(shard.next))


@pytest.mark.timing
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("away", "transaction"), [(60, 90), (60, 40)])
async def test_a_long_outage(own_kafka, cluster, away, transaction):
    """Also one that is longer than the broker keeps a transaction open: it goes on in 10 s."""
    server = own_kafka()
    flow = flow_of(cluster)
    harness = KafkaHarness(server.bootstrap, patient=False, transaction_timeout=transaction)
    shard = Shard(harness, cluster, flow)
    await shard.run(until=300)
    delivering = asyncio.create_task(shard.run(until=10**9))
    await shard.progresses()
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(0.5)
    stood, memory = shard.next, psutil.Process().memory_info().rss
    await asyncio.sleep(away)
    growth = psutil.Process().memory_info().rss - memory
    await asyncio.to_thread(server.start)
    back = time.monotonic()
    async with asyncio.timeout(10):
        while shard.next < stood + 50:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    print(
        f"resumed {time.monotonic() - back:.1f} s after its return (at most 10 s), "
        f"{growth >> 20} MB more (at most 64)"
    )
    delivering.cancel()
    await asyncio.gather(delivering, return_exceptions=True)
    await shard.close()
    owner = KafkaHarness(server.bootstrap).connection(cluster)
    await owner.open()
    stands = (await owner.positions([flow.key]))[flow.key].next
    await owner.close()
    assert growth <= 64 << 20
    assert await indices(server.bootstrap, flow) == list(range(stands))


@pytest.mark.timing
async def test_an_unreachable_broker_is_unavailable_in_time(own_kafka, cluster):
    """What a delivery's time limit promises; that it fails is shown above."""
    server = own_kafka()
    flow = flow_of(cluster)
    owner = KafkaHarness(server.bootstrap, delivery_timeout=2).connection(cluster)
    await owner.open()
    await owner.prepare(flow)
    await owner.deliver([Delivery(flow, (batch_of(0, events(0, 1)),))])
    await asyncio.to_thread(server.stop)
    started = time.monotonic()
    with pytest.raises(DestinationUnavailableError):
        await owner.deliver([Delivery(flow, (batch_of(1, events(1, 1)),))])
    await owner.close()
    seconds = time.monotonic() - started
    print(f"given up after {seconds:.1f} s of at most 10 s, by a limit of 2 s")
    assert seconds < 10


class Shard:
    """Owns a flow as a worker does: an unusable owner is followed by another."""

    def __init__(self, harness, cluster, flow):
        self._harness = harness
        self._cluster = cluster
        self._flow = flow
        self._owner = None
        self.next = self.until = 0
        self.delivering = None
        self.unavailable = self.failures = 0

    async def run(self, until):
        """Delivers up to `until`, which may be changed meanwhile."""
        self.until = until
        while self.next < self.until:
            try:
                owner = self._owner or await self._open()
                batch = batch_of(self.next, events(self.next, 10, 100))
                outcome = await owner.deliver([Delivery(self._flow, (batch,))])
                if error := outcome.rejected.get(self._flow.key):
                    raise error  # a broker that stops may say that the topic has no leader
                self.next = outcome.committed[self._flow.key].next
            except (DestinationUnavailableError, UnknownOutcomeError) as error:
                self.failures += 1
                self.unavailable += isinstance(error, DestinationUnavailableError)
                await self.close()
                await asyncio.sleep(0.1)

    async def progresses(self, events=300):
        """Returns when it has delivered `events` more."""
        goal = self.next + events

        async def delivered():
            self._raise_if_ended()
            return self.next >= goal

        await wait_until_async(delivered)

    async def fails(self):
        """Returns when it has met a destination that is unavailable, once more."""
        before = self.unavailable

        async def failed():
            self._raise_if_ended()
            return self.unavailable > before

        await wait_until_async(failed)

    def _raise_if_ended(self):
        """Raises the error by which the delivering task has ended."""
        if self.delivering is not None and self.delivering.done():
            self.delivering.result()

    async def _open(self):
        owner = self._harness.connection(self._cluster)
        self._owner = owner
        await owner.open()
        await owner.prepare(self._flow)
        found = await owner.positions([self._flow.key])
        self.next = found.get(self._flow.key, Position()).next
        return owner

    async def close(self):
        owner, self._owner = self._owner, None
        if owner is not None:
            await owner.close()
