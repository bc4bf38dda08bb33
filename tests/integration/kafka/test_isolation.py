"""One of 50 generators on a shard is cut off: the other 49 are on time and lose nothing."""

import asyncio
import json
import time
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
    GeneratorSpec,
    KafkaTarget,
    PositionKey,
    Recipe,
    Segment,
    Stream,
    Template,
)
from eventer.plan.engine import EventContext
from eventer.runs.generation_thread import GenerationThread
from eventer.runs.pacing import Pace
from eventer.runs.runner import ShardRunner
from eventer.runs.shard_messages import (
    Assignment,
    FlowFailed,
    FlowRunning,
    FlowSuspended,
    PositionRead,
    TransactionCommitted,
)
from eventer.workers.delivery_worker import build_engine
from tests.integration.kafka.harness import KafkaHarness, read_topic
from tests.integration.kafka.test_failures import set_limit
from tests.machine import Machine, fit

pytestmark = [pytest.mark.kafka, pytest.mark.alone]

SIZE = 50
PATIENCE = 90
"""Seconds that it may take until enough of them were fit to judge by."""

RECIPE = Recipe(
    Template("{n: std.native('get_integer')(1, 1000000)}"), Stream(7), EventContext(None, None)
)


class Crowd:
    """Fifty generators of one event a second on one shard; the first has a topic of its own."""

    def __init__(self, bootstrap, alone, recipes=None, **settings):
        cluster = uuid.uuid4().int >> 64
        self.shared, self.alone = f"s.{uuid.uuid4().hex}", alone
        self.keys = [PositionKey(cluster, n, 0) for n in range(SIZE)]
        self.late = {key: [] for key in self.keys}
        self.news = []
        self.positions = Counter()
        clock, harness = SystemClock(), KafkaHarness(bootstrap, **settings)
        self.runner = ShardRunner(
            lambda: harness.connection(cluster),
            GenerationThread(build_engine),
            self.on_report,
            clock,
        )
        self.now = clock.now_ns
        for n, key in enumerate(self.keys):
            target = KafkaTarget(alone if n == 0 else self.shared, partitions=1)
            recipe = (recipes or {}).get(n, RECIPE)
            self.runner.shard.assign(Assignment(key, GeneratorSpec(recipe, target)))

    def on_report(self, report):
        match report:
            case PositionRead(key=key):
                start = self.now() + self.keys.index(key) * NS_PER_SECOND // SIZE
                self.paces = getattr(self, "paces", {})
                pace = self.paces.setdefault(key, Pace([Segment(start, 0, 1, NS_PER_SECOND)]))
                self.runner.shard.resume(key, pace)
            case TransactionCommitted(positions=positions, deliveries=deliveries, at=at):
                self.positions.update({k: p.next - self.positions[k] for k, p in positions.items()})
                for delivery in deliveries:
                    for batch in delivery.batches:
                        self.late[delivery.flow.key] += (at - batch.scheduled).tolist()
            case FlowSuspended() | FlowFailed() | FlowRunning():
                self.news.append(report)

    def taken(self):
        """How late the other 49 were since the last time; counting begins anew."""
        late = np.concatenate([self.late[key] for key in self.keys[1:]])
        for each in self.late.values():
            each.clear()
        return late

    async def p99(self, machine, seconds):
        """Of the other 49, in seconds, over so many from now on that the machine was fit for."""
        self.taken()
        watched, late = [], []
        while len(fit(watched)) < seconds:
            assert len(watched) < PATIENCE, f"nothing is told of Eventer: {watched[-3:]}"
            watched.append(await asyncio.to_thread(machine.during, lambda: time.sleep(1)))
            late.append(self.taken())
        worth = np.concatenate([late[at] for at in fit(watched)])
        return float(np.percentile(worth, 99)) / NS_PER_SECOND

    def told(self, kind):
        return [news for news in self.news if isinstance(news, kind) and news.key == self.keys[0]]

    async def until(self, condition, seconds=30):
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def crowd_runs(crowd, act):
    task = asyncio.create_task(crowd.runner.run())
    try:
        await act()
    finally:
        crowd.runner.stop()
        await task
    return task


async def check(crowd, bootstrap):
    """All that was committed is there once, by a client that is not ours."""
    for topic, keys in ((crowd.shared, crowd.keys[1:]), (crowd.alone, crowd.keys[:1])):
        records = await asyncio.to_thread(read_topic, bootstrap, topic)
        assert len(records) == sum(crowd.positions[key] for key in keys)
        found = Counter(record.value() for record in records)
        assert sum(found.values()) > 0
        assert all(isinstance(json.loads(value)["n"], int) for value in found)
    assert all(crowd.positions[key] > 5 for key in crowd.keys)


def on_time(before, after):
    """As before, or within what is promised; a busy machine is judged by the ratio."""
    return after <= max(0.25, 2 * before)


@pytest.fixture
def machine(tmp_path):
    with Machine(tmp_path) as watched:
        yield watched


@pytest.fixture
def server(own_kafka):
    return own_kafka(
        {
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "true",
            "super.users": "User:nobody",
        }
    )


async def test_denied_by_an_acl_while_it_runs(server, machine):
    crowd = Crowd(server.bootstrap, f"a.{uuid.uuid4().hex}")
    admin = AdminClient({"bootstrap.servers": server.bootstrap})
    deny = AclBinding(
        ResourceType.TOPIC,
        crowd.alone,
        ResourcePatternType.LITERAL,
        "User:ANONYMOUS",
        "*",
        AclOperation.WRITE,
        AclPermissionType.DENY,
    )

    async def act():
        await crowd.until(lambda: min(crowd.positions[key] for key in crowd.keys) >= 3)
        await asyncio.sleep(4)
        before = await crowd.p99(machine, 6)
        for done in admin.create_acls([deny]).values():
            await asyncio.to_thread(done.result)
        await crowd.until(lambda: crowd.told(FlowSuspended))
        stood = crowd.positions[crowd.keys[0]]
        after = await crowd.p99(machine, 10)
        assert crowd.positions[crowd.keys[0]] == stood
        assert on_time(before, after), (before, after)
        error = crowd.told(FlowSuspended)[-1].error
        assert "TopicAuthorizationFailed" in error.message
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
        await crowd.until(lambda: crowd.positions[crowd.keys[0]] > stood + 8)
        print("acl: p99 before", before, "after", after)

    await crowd_runs(crowd, act)
    await check(crowd, server.bootstrap)


async def test_oversize_ends_it_alone_and_names_the_event(kafka, machine):
    grows = Template(
        "{n: 1, text: std.repeat(std.toString(std.native('get_integer')(1, 9)), 4000)}"
    )
    recipes = {0: Recipe(grows, Stream(7), EventContext(None, None))}
    crowd = Crowd(kafka, f"o.{uuid.uuid4().hex}", recipes, compression="none")

    async def act():
        await crowd.until(lambda: min(crowd.positions[key] for key in crowd.keys) >= 3)
        await asyncio.sleep(4)
        before = await crowd.p99(machine, 5)
        await set_limit(kafka, crowd.alone, 2000)
        await crowd.until(lambda: crowd.told(FlowFailed))
        after = await crowd.p99(machine, 10)
        (failed,) = crowd.told(FlowFailed)
        assert failed.error.index == failed.position.next
        assert "more than topic" in failed.error.message
        assert on_time(before, after), (before, after)
        print("oversize: p99 before", before, "after", after)

    await crowd_runs(crowd, act)
    await check(crowd, kafka)


async def test_a_partition_without_a_leader(own_kafka, machine):
    """The topic's only broker is away when the generators begin, and comes back."""
    server = own_kafka()
    other = own_kafka(server.follower(2))
    topic = f"l.{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": server.bootstrap})
    made = admin.create_topics([NewTopic(topic, 1, replica_assignment=[[2]])])
    await asyncio.to_thread(made[topic].result)
    await asyncio.to_thread(other.kill)
    await asyncio.sleep(6)
    crowd = Crowd(server.bootstrap, topic)

    async def act():
        others = crowd.keys[1:]
        await crowd.until(lambda: min(crowd.positions[key] for key in others) >= 4)
        during = await crowd.p99(machine, 10)
        assert "no leader" in crowd.told(FlowSuspended)[-1].error.message
        assert crowd.positions[crowd.keys[0]] == 0
        await asyncio.to_thread(other.start)
        await crowd.until(lambda: crowd.positions[crowd.keys[0]] > 10)
        await asyncio.sleep(4)
        after = await crowd.p99(machine, 6)
        assert on_time(after, during), (during, after)
        print("leaderless: p99 during", during, "after", after)

    await crowd_runs(crowd, act)
    await check(crowd, server.bootstrap)
