"""Kafka as its conformance tests use it, read back by librdkafka."""

import asyncio
import json
import random
import string
import time

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from eventer.core.model import KafkaTarget
from eventer.destinations.kafka.connection import KafkaConnection
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.testing.batches import START_NS
from eventer.testing.destination_conformance import MissingFeatures
from tests.ports import free_port

SHARDS = 2


class KafkaHarness:
    """One cluster, with settings that the test may vary."""

    def __init__(
        self,
        bootstrap,
        *,
        missing_features=MissingFeatures.NOTHING,
        guarantee="exactly-once",
        **settings,
    ):
        self.settings = KafkaSettings(bootstrap, **settings)
        self.guarantee = guarantee
        self.missing_features = missing_features

    def connection(self, cluster, shard=0, clock=None):
        return self.owner_of(self.settings, cluster, shard, clock)

    def unreachable(self):
        nowhere = KafkaSettings(f"127.0.0.1:{free_port()}", start_timeout=5)
        return self.owner_of(nowhere, 1, 0)

    def owner_of(self, settings, cluster, shard, clock=None):
        return KafkaConnection(
            settings, name="kafka", cluster=cluster, shard=shard, shards=SHARDS, clock=clock
        )

    def target(self, name):
        return KafkaTarget(name, partitions=1)

    def refusing(self, name):
        letters = random.Random(1).choices(string.ascii_letters, k=20_000)
        target = KafkaTarget(name, partitions=1, config=(("max.message.bytes", "4096"),))
        return target, {"n": 0, "word": "".join(letters)}

    async def drop(self, target):
        await asyncio.to_thread(drop_topic, self.settings.bootstrap_servers, target.topic)

    async def read(self, target):
        messages = await asyncio.to_thread(
            read_topic, self.settings.bootstrap_servers, target.topic
        )
        return [json.loads(message.value()) for message in messages]


class ManualClock:
    """A clock that tests move."""

    def __init__(self):
        self.ns = START_NS

    def now_ns(self):
        return self.ns

    def monotonic_ns(self):
        return self.ns


async def wait_for_broker(condition):
    """Waits until the broker says so too: it learns what is changed after the controller."""
    await asyncio.to_thread(_wait_until, condition)


def _wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "the broker has not heard of it"
        time.sleep(0.02)


def drop_topic(bootstrap, topic):
    """Deletes it, and waits until the broker says so too."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.delete_topics([topic])[topic].result()
    _wait_until(lambda: topic not in admin.list_topics(timeout=10).topics)


def create_topic(bootstrap, topic, partitions=1, **config):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    named = {name.replace("_", "."): value for name, value in config.items()}
    admin.create_topics([NewTopic(topic, partitions, 1, config=named)])[topic].result()


def read_topic(bootstrap, topic, **options) -> list[Message]:
    """All committed records, partition by partition, with every checksum checked.

    A commit is acknowledged before its markers are in the log, so this waits for open transactions
    to end, as a reader that goes on reading would.
    """
    consumer = Consumer(OPTIONS | {"bootstrap.servers": bootstrap} | options)
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        places = [TopicPartition(topic, number, 0) for number in sorted(partitions)]
        return [message for place in places for message in read_partition(consumer, place)]
    finally:
        consumer.close()


OPTIONS = {
    "group.id": "reader",
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    "check.crcs": True,
    "fetch.wait.max.ms": 10,
}


def read_partition(consumer, place):
    end = end_of(consumer, place)
    consumer.assign([place])
    while True:
        message = consumer.poll(20)
        assert message is not None, f"no end of {place}"
        if message.error() is None:
            yield message
            continue
        assert message.error().name() == "_PARTITION_EOF", message.error()
        if message.offset() >= end:
            return


def end_of(consumer, place):
    """Where the partition ends, open transactions included."""
    servers = [f"{b.host}:{b.port}" for b in consumer.list_topics(timeout=10).brokers.values()]
    admin = AdminClient({"bootstrap.servers": ",".join(servers)})
    asked = admin.list_offsets({place: OffsetSpec.latest()})
    return asked[place].result().offset
