"""Events that the broker refuses: each is named or skipped, and the others land."""

import asyncio
import json
import uuid

import pytest
from aiokafka.protocol.produce import ProduceRequest

from eventer.core.model import KafkaTarget, PositionKey
from eventer.destinations.background_encoder import SMALL_BATCH_ROWS
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka import producer
from eventer.destinations.kafka.topic_admin import TopicAdmin
from eventer.testing.batches import START_NS, batch_of
from tests.integration.kafka.harness import read_topic, wait_until_served

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("patience")]

NOW_MS = START_NS // 1_000_000
MICROSECONDS, FUTURE = NOW_MS * 1000, 4_102_444_800_000
KEPT = (("retention.ms", "-1"),)


@pytest.fixture
def owner(owner):
    """The connection, which counts its attempts."""
    owner.attempts = 0
    attempt = owner._attempt

    async def counted(plans):
        owner.attempts += 1
        return await attempt(plans)

    owner._attempt = counted
    return owner


def flow_of(cluster, generator=1, topic=None, config=KEPT, partitions=1, **options):
    topic = topic or f"r.{uuid.uuid4().hex}"
    target = KafkaTarget(topic, partitions=partitions, config=config, **options)
    return Flow(PositionKey(cluster, generator, 0), target)


async def numbers(bootstrap, flow):
    records = await asyncio.to_thread(read_topic, bootstrap, flow.target.topic)
    return [json.loads(record.value())["n"] for record in records]


async def prepare(owner, flow):
    """Creates the topic, and waits: a refused batch must not be one that the broker may have."""
    await owner.prepare(flow)
    bootstrap = owner._settings.bootstrap_servers
    await asyncio.to_thread(wait_until_served, bootstrap, flow.target.topic)


async def deliver(owner, flow, values, *, first=0, skip=True):
    await prepare(owner, flow)
    batch = batch_of(first, [{"n": first + n, **value} for n, value in enumerate(values)])
    return await owner.deliver([Delivery(flow, (batch,), skip_rejected=skip)])


def named(outcome, flow):
    return [error.index for error in outcome.skipped[flow.key]]


@pytest.fixture(params=["named", "unnamed"])
def answers(request, monkeypatch):
    """Whether the broker names refused records: before Kafka 2.4 it did not."""
    if request.param == "unnamed":
        monkeypatch.setattr(producer, "ProduceUpToV8", ProduceRequest)
    return request.param


async def test_timestamps_out_of_range_are_skipped(kafka, cluster, owner, answers):
    flow = flow_of(cluster, partitions=3, key="k", timestamp="at")
    wrong = {3: MICROSECONDS, 17: FUTURE, 18: FUTURE + 5, 80: "soon", 95: MICROSECONDS}
    values = [{"k": n, "at": wrong.get(n, NOW_MS + n)} for n in range(100)]
    outcome = await deliver(owner, flow, values)
    assert named(outcome, flow) == sorted(wrong)
    position = outcome.committed[flow.key]
    assert (position.next, position.skipped) == (100, len(wrong))
    if answers == "named":
        assert owner.attempts <= 4, "one for each partition at most, and one that commits"
    outcome = await deliver(owner, flow, [{"k": 1, "at": NOW_MS}], first=100)
    assert outcome.committed[flow.key].next == 101
    records = await asyncio.to_thread(read_topic, kafka, flow.target.topic)
    found = sorted((json.loads(record.value())["n"], record.timestamp()[1]) for record in records)
    assert found == [(n, NOW_MS + n) for n in range(100) if n not in wrong] + [(100, NOW_MS)]


async def test_events_as_far_in_the_future_as_a_refused_one_are_refused_with_it(
    kafka, cluster, owner
):
    """Batches behind a refused one are not sent, so the broker does not name their records."""
    config = (*KEPT, ("max.message.bytes", "300"))
    flow = flow_of(cluster, config=config, timestamp="at")
    values = [{"at": FUTURE if n % 10 == 5 else NOW_MS} for n in range(200)]
    outcome = await deliver(owner, flow, values)
    assert named(outcome, flow) == list(range(5, 200, 10))
    assert owner.attempts == 2
    assert await numbers(kafka, flow) == [n for n in range(200) if n % 10 != 5]


async def test_the_first_timestamp_out_of_range_is_named(kafka, cluster, owner, answers):
    flow = flow_of(cluster, timestamp="at")
    values = [{"at": MICROSECONDS if n in {4, 6} else NOW_MS} for n in range(9)]
    outcome = await deliver(owner, flow, values, skip=False)
    error = outcome.rejected[flow.key]
    assert error.index == 4
    assert f"does not accept the timestamp {MICROSECONDS} ms" in error.message
    assert (
        error.hint == "the value looks like microseconds since 1970: `timestamp` needs milliseconds"
    )
    assert await numbers(kafka, flow) == []
    outcome = await deliver(owner, flow, values[:4], skip=False)
    assert outcome.committed[flow.key].next == 4


@pytest.mark.parametrize("known", [True, False])
async def test_a_compacted_topic_needs_keys(kafka, cluster, owner, monkeypatch, known):
    """Also if the broker does not show the topic's settings."""
    if not known:

        async def hidden(*_):
            return {}

        monkeypatch.setattr(TopicAdmin, "_config", hidden)
    flow = flow_of(cluster, config=(("cleanup.policy", "compact"),), key="k")
    values = [{"k": None if n % 3 == 0 else n} for n in range(10)]
    outcome = await deliver(owner, flow, values, skip=False)
    error = outcome.rejected[flow.key]
    assert error.index == 0
    assert error.message == f"event 0 has no key, and topic {flow.target.topic!r} is compacted"
    assert "'k' of `key`" in error.hint
    outcome = await deliver(owner, flow, values)
    assert named(outcome, flow) == [0, 3, 6, 9]
    assert owner.attempts == (1 if known else 3)
    assert await numbers(kafka, flow) == [1, 2, 4, 5, 7, 8]


async def test_flows_that_share_batches_with_refused_records_lose_nothing(kafka, cluster, owner):
    topic = f"r.{uuid.uuid4().hex}"
    skipping, stopping, fine = flows = [
        flow_of(cluster, n, topic, timestamp="at") for n in (1, 2, 3)
    ]
    await prepare(owner, fine)
    wrong = {skipping: {1, 2}, stopping: {1}, fine: set()}
    deliveries = []
    for flow in flows:
        values = [
            {"n": f"{flow.key.generator} {n}", "at": FUTURE if n in wrong[flow] else NOW_MS}
            for n in range(4)
        ]
        batch = batch_of(0, values)
        deliveries.append(Delivery(flow, (batch,), skip_rejected=flow is not stopping))
    outcome = await owner.deliver(deliveries)
    assert named(outcome, skipping) == [1, 2]
    assert outcome.rejected.keys() == {stopping.key}
    assert outcome.rejected[stopping.key].index == 1
    assert sorted(await numbers(kafka, fine)) == ["1 0", "1 3", "3 0", "3 1", "3 2", "3 3"]


async def test_many_flows_with_refused_records_in_one_partition(kafka, cluster, owner):
    """The broker refuses one batch at a time: the others are not sent, and not given up."""
    topic = f"r.{uuid.uuid4().hex}"
    flows = [flow_of(cluster, n, topic, timestamp="at") for n in range(12)]
    await prepare(owner, flows[0])
    large = SMALL_BATCH_ROWS
    outcome = await owner.deliver(
        [
            Delivery(
                flow,
                (
                    batch_of(
                        0, [{"n": n, "at": FUTURE if n == 9 else NOW_MS} for n in range(large)]
                    ),
                ),
                skip_rejected=number != 5,
            )
            for number, flow in enumerate(flows)
        ]
    )
    assert outcome.rejected.keys() == {flows[5].key}
    assert all(position.skipped == 1 for position in outcome.committed.values())
    expected = [n for n in range(large) if n != 9] * (len(flows) - 1)
    assert await numbers(kafka, flows[0]) == expected
