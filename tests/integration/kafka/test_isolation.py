"""One of 50 generators on a shard is cut off: the other 49 go on, and all lose nothing.

The other 49 are on time, too, in the tests marked `timing`. Tests with brokers that go away are
slow; tests/unit/runs/test_shard.py also tests what a shard does without a leader.
"""

import asyncio
import json
import uuid
from collections import Counter

import numpy as np
import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from eventer.core.clock import NS_PER_SECOND, SystemClock
from eventer.core.model import (
    EventSource,
    GeneratorSpec,
    KafkaTarget,
    PositionKey,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import ticks
from eventer.plan.engine import EventContext
from eventer.runs.assignment import Assignment
from eventer.runs.generation_thread import GenerationThread
from eventer.runs.pacing import Pace
from eventer.runs.runner import ShardRunner
from eventer.runs.shard_messages import (
    FlowFailed,
    FlowRunning,
    FlowSuspended,
    PositionRead,
    TransactionCommitted,
)
from eventer.workers.delivery_worker import build_engine
from tests.integration.kafka.harness import KafkaHarness, read_topic, wait_for_broker
from tests.integration.kafka.test_failures import set_limit
from tests.waiting import DEADLINE_S

pytestmark = pytest.mark.kafka

SIZE = 50
ON_TIME_S = 0.25
SETTLE_S, BEFORE_S, AFTER_S = 4, 6, 10

RECIPE = EventSource(
    Template("{n: std.native('get_integer')(1, 1000000)}"), Stream(7), EventContext(None, None)
)


class Crowd:
    """Fifty generators on one shard; the first has a topic of its own.

    Each has one event a second if it is `timed`, else more, so that a test waits less.
    """

    def __init__(self, bootstrap, alone, event_sources=None, *, timed, **settings):
        self.interval = NS_PER_SECOND if timed else NS_PER_SECOND // 5
        cluster = uuid.uuid4().int >> 64
        self.shared, self.alone = f"s.{uuid.uuid4().hex}", alone
        self.keys = [PositionKey(cluster, n, 0) for n in range(SIZE)]
        self.late = {key: [] for key in self.keys}
        self.reports = []
        self.positions = Counter()
        clock, harness = SystemClock(), KafkaHarness(bootstrap, patient=False, **settings)
        self.runner = ShardRunner(
            lambda: harness.connection(cluster),
            GenerationThread(build_engine),
            self.on_report,
            clock,
        )
        self.now = clock.now_ns
        for n, key in enumerate(self.keys):
            target = KafkaTarget(alone if n == 0 else self.shared, partitions=1)
            event_source = (event_sources or {}).get(n, RECIPE)
            self.runner.shard.assign(Assignment(key, GeneratorSpec(event_source, target)))

    def on_report(self, report):
        match report:
            case PositionRead(key=key):
                start = self.now() + self.keys.index(key) * self.interval // SIZE
                self.paces = getattr(self, "paces", {})
                pace = self.paces.setdefault(
                    key, Pace([Segment(start, 0, ticks(1, self.interval))])
                )
                self.runner.shard.resume(key, pace)
            case TransactionCommitted(positions=positions, deliveries=deliveries, at=at):
                self.positions.update({k: p.next - self.positions[k] for k, p in positions.items()})
                for delivery in deliveries:
                    for batch in delivery.batches:
                        self.late[delivery.flow.key] += (at - batch.scheduled).tolist()
            case FlowSuspended() | FlowFailed() | FlowRunning():
                self.reports.append(report)

    async def p99(self, seconds):
        """How late the other 49 are in the next `seconds`, in seconds."""
        for each in self.late.values():
            each.clear()
        await asyncio.sleep(seconds)
        late = np.concatenate([self.late[key] for key in self.keys[1:]])
        return float(np.percentile(late, 99)) / NS_PER_SECOND

    async def others_reach(self, more):
        """Waits until each of the other 49 has committed `more` events."""
        marks = {key: self.positions[key] + more for key in self.keys[1:]}
        await self.until(lambda: all(self.positions[key] >= mark for key, mark in marks.items()))

    def reports_of(self, kind):
        return [
            report
            for report in self.reports
            if isinstance(report, kind) and report.key == self.keys[0]
        ]

    async def until(self, condition):
        async with asyncio.timeout(DEADLINE_S):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def crowd_runs(crowd, act):
    task = asyncio.create_task(crowd.runner.run())
    try:
        await act()
    finally:
        crowd.runner.stop()
        await task
    return task


async def check(crowd, bootstrap):
    """All that was committed is there once, by another client."""
    for topic, keys in ((crowd.shared, crowd.keys[1:]), (crowd.alone, crowd.keys[:1])):
        records = await asyncio.to_thread(read_topic, bootstrap, topic)
        assert len(records) == sum(crowd.positions[key] for key in keys)
        found = Counter(record.value() for record in records)
        assert sum(found.values()) > 0
        assert all(isinstance(json.loads(value)["n"], int) for value in found)
    assert all(crowd.positions[key] > 5 for key in crowd.keys)


def check_on_time(usual, meanwhile):
    """As usual, or within what is promised; a busy machine is judged by the ratio."""
    bound = max(ON_TIME_S, 2 * usual)
    print(f"p99 of the other 49: {meanwhile:.3f} s (bound: {bound:.3f} s; usual: {usual:.3f} s)")
    assert meanwhile <= bound


@pytest.fixture(
    params=[
        pytest.param(False, id="untimed"),
        pytest.param(True, id="timed", marks=pytest.mark.timing),
    ]
)
def timed(request):
    """Whether it is also measured how late the other 49 are."""
    return request.param


async def test_denied_by_an_acl_while_it_runs(secure_kafka, timed):
    crowd = Crowd(
        secure_kafka.address("SASL_PLAINTEXT"),
        f"a.{uuid.uuid4().hex}",
        timed=timed,
        security_protocol="SASL_PLAINTEXT",
        sasl_username="rich",
        sasl_password="gold",
    )
    admin = AdminClient({"bootstrap.servers": secure_kafka.bootstrap})
    deny = AclBinding(
        ResourceType.TOPIC,
        crowd.alone,
        ResourcePatternType.LITERAL,
        "User:rich",
        "*",
        AclOperation.WRITE,
        AclPermissionType.DENY,
    )

    async def act():
        await crowd.until(lambda: min(crowd.positions[key] for key in crowd.keys) >= 6)
        if timed:
            await asyncio.sleep(SETTLE_S)
            before = await crowd.p99(BEFORE_S)
        for done in admin.create_acls([deny]).values():
            await asyncio.to_thread(done.result)
        await crowd.until(lambda: crowd.reports_of(FlowSuspended))
        stood = crowd.positions[crowd.keys[0]]
        await crowd.others_reach(3)
        if timed:
            check_on_time(before, await crowd.p99(AFTER_S))
        assert crowd.positions[crowd.keys[0]] == stood
        error = crowd.reports_of(FlowSuspended)[-1].error
        assert "TOPIC_AUTHORIZATION_FAILED" in error.message
        assert crowd.alone in error.message
        gone = AclBindingFilter(
            ResourceType.TOPIC,
            crowd.alone,
            ResourcePatternType.LITERAL,
            None,
            None,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        for done in admin.delete_acls([gone]).values():
            await asyncio.to_thread(done.result)
        await crowd.until(lambda: crowd.positions[crowd.keys[0]] > stood + 3)

    await crowd_runs(crowd, act)
    await check(crowd, secure_kafka.bootstrap)


async def test_oversize_ends_it_alone_and_names_the_event(kafka, timed):
    grows = Template(
        "{n: 1, text: std.repeat(std.toString(std.native('get_integer')(1, 9)), 4000)}"
    )
    event_sources = {0: EventSource(grows, Stream(7), EventContext(None, None))}
    alone = f"o.{uuid.uuid4().hex}"
    crowd = Crowd(kafka, alone, event_sources, timed=timed, compression="none")

    async def act():
        await crowd.until(lambda: min(crowd.positions[key] for key in crowd.keys) >= 6)
        if timed:
            await asyncio.sleep(SETTLE_S)
            before = await crowd.p99(BEFORE_S)
        await set_limit(kafka, crowd.alone, 2000)
        await crowd.until(lambda: crowd.reports_of(FlowFailed))
        await crowd.others_reach(3)
        if timed:
            check_on_time(before, await crowd.p99(AFTER_S))
        (failed,) = crowd.reports_of(FlowFailed)
        assert failed.error.index == failed.position.next
        assert "accepts at most" in failed.error.message

    await crowd_runs(crowd, act)
    await check(crowd, kafka)


NOBODY = -1


def leader(admin, topic):
    return admin.list_topics(topic, timeout=DEADLINE_S).topics[topic].partitions[0].leader


async def only_the_first_waits(crowd, other, reason, timed):
    """The first generator waits until the other broker is back; the others deliver meanwhile."""
    await crowd.until(lambda: min(crowd.positions[key] for key in crowd.keys[1:]) >= 4)
    during = await crowd.p99(AFTER_S) if timed else None
    await crowd.until(lambda: crowd.reports_of(FlowSuspended))
    assert reason in crowd.reports_of(FlowSuspended)[-1].error.message
    assert crowd.positions[crowd.keys[0]] == 0
    await asyncio.to_thread(other.start)
    await crowd.until(lambda: crowd.positions[crowd.keys[0]] > 5)
    await crowd.others_reach(3)
    if timed:
        await asyncio.sleep(SETTLE_S)
        check_on_time(await crowd.p99(BEFORE_S), during)


@pytest.mark.slow
async def test_a_partition_without_a_leader(own_kafka, timed):
    """The topic's only broker is away when the generators begin, and comes back."""
    server = own_kafka()
    other = own_kafka(server.second_broker_properties(2))
    topic = f"l.{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": server.bootstrap})
    made = admin.create_topics([NewTopic(topic, 1, replica_assignment=[[2]])])
    await asyncio.to_thread(made[topic].result)
    await asyncio.to_thread(other.kill)
    await wait_for_broker(lambda: leader(admin, topic) == NOBODY)
    crowd = Crowd(server.bootstrap, topic, timed=timed)

    await crowd_runs(crowd, lambda: only_the_first_waits(crowd, other, "no leader", timed))
    await check(crowd, server.bootstrap)


def in_sync(bootstrap, topic):
    """A new client each time: one that knows the broker that is away would wait for it."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    partitions = admin.list_topics(topic, timeout=DEADLINE_S).topics[topic].partitions
    return sum(len(partition.isrs) for partition in partitions.values())


@pytest.mark.slow
async def test_too_few_replicas_in_sync(own_kafka, timed):
    """A replica of the topic is away when the generators begin, and comes back."""
    server = own_kafka()
    other = own_kafka(server.second_broker_properties(2))
    topic = f"r.{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": server.bootstrap})
    needs_both = {"min.insync.replicas": "2"}
    new = NewTopic(topic, 1, replica_assignment=[[1, 2]], config=needs_both)
    await asyncio.to_thread(admin.create_topics([new])[topic].result)
    await wait_for_broker(lambda: in_sync(server.bootstrap, topic) == 2)
    await asyncio.to_thread(other.kill)
    await wait_for_broker(lambda: in_sync(server.bootstrap, topic) == 1)
    crowd = Crowd(server.bootstrap, topic, timed=timed)

    await crowd_runs(
        crowd, lambda: only_the_first_waits(crowd, other, "not enough replicas in sync", timed)
    )
    await check(crowd, server.bootstrap)
