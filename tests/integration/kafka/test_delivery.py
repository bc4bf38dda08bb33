"""What arrives in real Kafka, as librdkafka reads it with every checksum checked."""

import asyncio
import json
import time
import uuid
from contextlib import asynccontextmanager

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka import connection, ledger, position
from eventer.destinations.kafka.connection import KafkaConnection
from eventer.testing.batches import START_NS, batch_of
from tests.integration.kafka.harness import (
    KafkaHarness,
    ManualClock,
    create_topic,
    drop_topic,
    read_topic,
    wait_for_broker,
    wait_until_served,
)
from tests.waiting import DEADLINE_S

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("patience")]

SECOND = 1_000_000_000


class Bench:
    """One shard's owner and a topic of its own."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.topic = f"t.{uuid.uuid4().hex}"
        self.cluster = uuid.uuid4().int >> 64
        self.clock = ManualClock()
        self.owners = []

    def flow(self, generator=1, **options):
        return Flow(
            PositionKey(self.cluster, generator, 0), KafkaTarget(topic=self.topic, **options)
        )

    async def owner(self, *flows, **settings):
        owner = KafkaHarness(self.bootstrap, **settings).connection(self.cluster, clock=self.clock)
        self.owners.append(owner)
        await owner.open()
        for flow in flows:
            await owner.prepare(flow)
        for topic in {flow.target.topic for flow in flows}:
            await asyncio.to_thread(wait_until_served, self.bootstrap, topic)
        return owner

    async def records(self, topic=None):
        return await asyncio.to_thread(read_topic, self.bootstrap, topic or self.topic)


@pytest.fixture
async def bench(kafka):
    bench = Bench(kafka)
    yield bench
    for owner in bench.owners:
        await owner.close()


def partitions_of(bench):
    admin = AdminClient({"bootstrap.servers": bench.bootstrap})
    return len(admin.list_topics(bench.topic, timeout=DEADLINE_S).topics[bench.topic].partitions)


def values(records):
    return [json.loads(record.value()) for record in records]


async def test_values_timestamps_and_nothing_else(bench):
    flow = bench.flow()
    owner = await bench.owner(flow)
    events = [{"é": [1, 2.5, None]}, None, "text", 5, True, [], {"a": "x" * 5000}]
    await owner.deliver([Delivery(flow, (batch_of(0, events),))])
    records = await bench.records()
    assert [record.value() for record in records] == [
        b'{"\xc3\xa9":[1,2.5,null]}', b"null", b'"text"', b"5", b"true", b"[]",
        b'{"a":"' + b"x" * 5000 + b'"}',
    ]  # fmt: skip
    assert [record.timestamp() for record in records] == [
        (TIMESTAMP_CREATE_TIME, START_NS // 1_000_000 + n) for n in range(7)
    ]
    assert {record.key() for record in records} == {None}
    assert {record.headers() for record in records} == {None}


@pytest.mark.parametrize("compression", ["lz4", "none"])
async def test_large_batches_of_either_codec(bench, compression):
    flow = bench.flow()
    owner = await bench.owner(flow, compression=compression)
    events = [{"n": n, "text": f"{n:07} " * 40} for n in range(10_000)]
    for first in (0, 10_000):
        await owner.deliver([Delivery(flow, (batch_of(first, events),))])
    assert values(await bench.records()) == events * 2


async def test_keys_go_where_java_and_librdkafka_put_them(bench):
    flow = bench.flow(key="user", partitions=7)
    owner = await bench.owner(flow)
    users = [f"user-{n}é" for n in range(300)] + [5.5, True, {"b": 1, "a": 2}, 10]
    events = [{"user": user} for user in users]
    await owner.deliver([Delivery(flow, (batch_of(0, events),))])

    other = f"{bench.topic}.other"
    await asyncio.to_thread(create_topic, bench.bootstrap, other, 7)
    producer = Producer({"bootstrap.servers": bench.bootstrap, "partitioner": "murmur2_random"})
    for user in users:
        key = user if isinstance(user, str) else json.dumps(user, sort_keys=True)
        producer.produce(other, key=key.replace(", ", ",").replace(": ", ":"), value=b"")
    assert producer.flush(DEADLINE_S) == 0

    wanted = {record.key(): record.partition() for record in await bench.records(other)}
    found = {record.key(): record.partition() for record in await bench.records()}
    assert found == wanted
    assert {b"5.5", b"true", b'{"a":2,"b":1}', b"10"} < found.keys()
    assert set(found.values()) == set(range(7))


async def test_events_of_a_key_keep_their_order(bench):
    flow = bench.flow(key="/user/id", partitions=3)
    owner = await bench.owner(flow)
    events = [{"n": n, "user": {"id": n % 10}} for n in range(2000)]
    batches = tuple(batch_of(first, events[first : first + 500]) for first in range(0, 2000, 500))
    await owner.deliver([Delivery(flow, batches)])
    records = await bench.records()
    for user in range(10):
        mine = [event["n"] for event in values(records) if event["user"]["id"] == user]
        assert mine == list(range(user, 2000, 10))


async def test_unkeyed_events_go_in_runs_of_a_hundred(bench):
    flow = bench.flow(partitions=3)
    owner = await bench.owner(flow)
    for first in (0, 250):
        batch = batch_of(first, [{"n": n} for n in range(first, first + 250)])
        outcome = await owner.deliver([Delivery(flow, (batch,))])
    assert outcome.committed[flow.key].partitions == ((0, 3),)
    for record in await bench.records():
        assert record.partition() == json.loads(record.value())["n"] // 100 % 3


async def test_growth_takes_effect_from_a_recorded_index(bench):
    flow = bench.flow(partitions=2)
    owner = await bench.owner(flow)
    await owner.deliver([Delivery(flow, (batch_of(0, [{"n": n} for n in range(150)]),))])

    admin = AdminClient({"bootstrap.servers": bench.bootstrap})
    grown = admin.create_partitions([NewPartitions(bench.topic, 5)])
    await asyncio.to_thread(grown[bench.topic].result)
    await wait_for_broker(lambda: partitions_of(bench) == 5)
    bench.clock.ns += 2 * SECOND
    batch = batch_of(150, [{"n": n} for n in range(150, 800)])
    outcome = await owner.deliver([Delivery(flow, (batch,))])

    assert outcome.committed[flow.key].partitions == ((0, 2), (150, 5))
    for record in await bench.records():
        n = json.loads(record.value())["n"]
        assert record.partition() == n // 100 % (2 if n < 150 else 5)
    later = await bench.owner()
    assert await later.positions([flow.key]) == outcome.committed


async def test_partition_timestamp_and_headers_from_fields(bench):
    flow = bench.flow(
        partition="place",
        timestamp="at",
        partitions=4,
        headers=(("kind", "kind"), ("deep", "/deep/er")),
    )
    owner = await bench.owner(flow)
    events = [
        {"place": 3, "at": "2021-12-01T10:00:00.25Z", "kind": "click", "deep": {"er": 1}},
        {"place": 1, "at": 1638352800000, "kind": None},
        {},
    ]
    batches = (batch_of(0, events[:1]), batch_of(1, events[1:2]), batch_of(2, events[2:]))
    await owner.deliver([Delivery(flow, batches)])
    found = {record.partition(): record for record in await bench.records()}
    assert {place: json.loads(record.value()) for place, record in found.items()} == {
        3: events[0],
        1: events[1],
        0: events[2],
    }
    assert found[3].timestamp()[1] == 1638352800250
    assert found[1].timestamp()[1] == 1638352800000
    assert found[0].timestamp()[1] == START_NS // 1_000_000 + 2
    assert found[3].headers() == [("kind", b"click"), ("deep", b"1")]
    assert found[1].headers() == [("kind", None), ("deep", None)]


@pytest.mark.parametrize(
    ("options", "event", "fault"),
    [
        ({"partition": "place"}, {"place": 1}, "partition 1 is none of the 1"),
        ({"partition": "place"}, {"place": -1}, "partition -1"),
        ({"partition": "place"}, {"place": "x"}, "place"),
        ({"timestamp": "at"}, {"at": "1969-12-31T00:00:00Z"}, "1970"),
        ({"timestamp": "at"}, {"at": "yesterday"}, "at"),
    ],
)
async def test_an_option_that_an_event_cannot_serve_refuses_it(bench, options, event, fault):
    flow = bench.flow(partitions=1, **options)
    owner = await bench.owner(flow)
    outcome = await owner.deliver([Delivery(flow, (batch_of(7, [{}, event]),))])
    assert outcome.committed == {}
    error = outcome.rejected[flow.key]
    assert error.index == 8
    assert fault in error.message
    assert await bench.records() == []


async def test_a_timestamp_that_the_topic_does_not_take(bench):
    flow = bench.flow(timestamp="at")
    owner = await bench.owner(flow)
    batch = batch_of(0, [{"at": "2999-01-01T00:00:00Z"}])
    outcome = await owner.deliver([Delivery(flow, (batch,))])
    assert isinstance(outcome.rejected[flow.key], DestinationRejectedError)
    assert "message.timestamp" in outcome.rejected[flow.key].hint


async def test_a_refused_timestamp_does_not_affect_other_flows_of_the_partition(bench):
    """Small deliveries go in one record batch, which the broker refuses as a whole."""
    flows = [bench.flow(generator, timestamp="at") for generator in range(1, 6)]
    owner = await bench.owner(*flows)
    years = {2: 2999, 4: 2998}
    deliveries = [
        Delivery(flow, (batch_of(0, [{"at": f"{years.get(n, 2020)}-01-01T00:00:00Z", "g": n}]),))
        for n, flow in enumerate(flows, 1)
    ]
    outcome = await owner.deliver(deliveries)
    assert set(outcome.rejected) == {flows[1].key, flows[3].key}
    assert all("message.timestamp" in error.hint for error in outcome.rejected.values())
    assert set(outcome.committed) == {flows[0].key, flows[2].key, flows[4].key}
    assert sorted(value["g"] for value in values(await bench.records())) == [1, 3, 5]


async def test_merged_batches_are_sent_again_without_the_refused_flow(bench):
    """Its events in other partitions are not committed."""
    flows = [
        bench.flow(generator, key="k", timestamp="at", partitions=4) for generator in range(1, 7)
    ]
    owner = await bench.owner(*flows)
    deliveries = []
    for n, flow in enumerate(flows):
        keys = "a" if n else "dacef"
        made = [{"at": "2020-01-01T00:00:00Z", "g": n, "k": key} for key in keys]
        if n == 0:
            made[0]["at"] = "2999-01-01T00:00:00Z"
        deliveries.append(Delivery(flow, (batch_of(n, made),), Position(next=n)))
    outcome = await owner.deliver(deliveries)
    assert set(outcome.rejected) == {flows[0].key}
    assert len(outcome.committed) == 5
    found = sorted((value["g"], value["k"]) for value in values(await bench.records()))
    assert found == [(g, "a") for g in range(1, 6)]


async def test_the_topic_is_made_as_asked(bench):
    flow = bench.flow(partitions=3, replication=1, config=(("retention.ms", "3600000"),))
    await bench.owner(flow)
    assert await asyncio.to_thread(partitions_of, bench) == 3


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"replication": 3}, "replication"),
        ({"config": (("no.such.setting", "1"),)}, "config"),
    ],
)
async def test_a_topic_that_the_broker_does_not_make(bench, options, fault):
    owner = await bench.owner()
    with pytest.raises(DestinationRejectedError) as caught:
        await owner.prepare(bench.flow(**options))
    assert fault in f"{caught.value.message} {caught.value.hint}"


async def test_an_invalid_topic_name_is_refused_without_a_request(bench):
    owner = await bench.owner()
    with pytest.raises(DestinationRejectedError, match="letters"):
        await owner.prepare(Flow(bench.flow().key, KafkaTarget(topic="no topic")))


async def test_a_dropped_topic_is_made_again_at_the_next_look(bench):
    """Found before anything is sent: the same owner goes on."""
    flow = bench.flow(partitions=2)
    owner = await bench.owner(flow)
    await owner.deliver([Delivery(flow, (batch_of(0, [{"n": 0}]),))])
    await asyncio.to_thread(drop_topic, bench.bootstrap, bench.topic)
    bench.clock.ns += 2 * SECOND
    outcome = await owner.deliver([Delivery(flow, (batch_of(1, [{"n": 1}]),))])
    assert outcome.committed[flow.key].next == 2
    assert values(await bench.records()) == [{"n": 1}]


async def test_positions_are_records_that_anyone_can_read(bench):
    flow = bench.flow(generator=12345)
    owner = await bench.owner(flow)
    await owner.deliver([Delivery(flow, (batch_of(0, [{"n": 0}, {"n": 1}]),))])
    records = await bench.records(position.TOPIC)
    mine = [r for r in records if r.key() == f"{bench.cluster:016x}/12345/0".encode()]
    assert [json.loads(record.value()) for record in mine] == [
        {"next": 2, "skipped": 0, "bytes": 14, "partitions": [[0, 1]]}
    ]


@pytest.mark.parametrize("delivery", ["exactly-once", "at-least-once"])
async def test_the_ledger_says_at_which_offset_each_event_is(bench, delivery):
    """Two generators share the topic, in one transaction and in several."""
    bench.clock.ns = time.time_ns()  # the broker deletes old records of the ledger
    flows = [bench.flow(generator=n, partitions=3) for n in (1, 2)]
    owner = await bench.owner(*flows, guarantee=delivery, delivery=delivery)
    for first, count in ((0, 250), (250, 7), (257, 500)):
        batches = [
            batch_of(first, [{"g": g, "n": n} for n in range(first, first + count)], skipped=[251])
            for g in (1, 2)
        ]
        await owner.deliver([Delivery(f, (b,)) for f, b in zip(flows, batches, strict=True)])
    there = {(r.partition(), r.offset()): json.loads(r.value()) for r in await bench.records()}
    listed = {}
    for record in await bench.records(ledger.TOPIC):
        key, topic = ledger.decode_ledger_key(record.key())
        if topic != bench.topic:
            continue
        entry = json.loads(record.value())
        for partition, offset, count in entry["places"]:
            indices = [
                n
                for n in range(entry["first"], entry["first"] + entry["n"])
                if n // 100 % 3 == partition and not any(a <= n < b for a, b in entry["skipped"])
            ]
            mine = listed.setdefault((key.generator, entry["first"], partition), [indices, []])
            mine[1] += range(offset, offset + count)
    assert len({owner for owner, _, _ in listed}) == 2
    found = {}
    for (generator, _, partition), (indices, offsets) in listed.items():
        for n, offset in zip(indices, offsets, strict=True):
            found[partition, offset] = {"g": generator, "n": n}
    assert found == there


async def test_compiling_kernels_does_not_count_against_the_limit_of_opening(
    kafka, cluster, monkeypatch
):
    limited, seen = [], []
    with_timeout = KafkaConnection._with_timeout

    @asynccontextmanager
    async def recorded(self, doing, seconds):
        async with with_timeout(self, doing, seconds):
            limited.append(doing)
            yield
            limited.remove(doing)

    monkeypatch.setattr(KafkaConnection, "_with_timeout", recorded)
    monkeypatch.setattr(connection, "_load_kernels", lambda: seen.append(list(limited)))
    owner = KafkaHarness(kafka).connection(cluster)
    await owner.open()
    await owner.close()
    assert seen == [[]]
