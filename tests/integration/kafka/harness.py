"""Kafka as its conformance tests use it, read back by librdkafka."""

import asyncio
import json
import random
import string
from functools import partial

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from eventer.core.model import KafkaTarget
from eventer.destinations.kafka.connection import KafkaConnection
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.testing.batches import START_NS
from tests.ports import free_port
from tests.waiting import DEADLINE_S, wait_until

SHARDS = 2
PATIENT = {
    "start_timeout": DEADLINE_S,
    "delivery_timeout": DEADLINE_S,
    "request_timeout": DEADLINE_S / 2,
    "transaction_timeout": 2 * DEADLINE_S,
}
"""Limits that a correct owner keeps on a busy machine, too."""


class KafkaHarness:
    """One cluster, with settings that the test may vary.

    Their limits are the product's own unless it is `patient`.
    """

    def __init__(
        self,
        bootstrap,
        *,
        rolls_back=True,
        guarantee="exactly-once",
        patient=True,
        **settings,
    ):
        limits = PATIENT if patient else {}
        self.settings = KafkaSettings(bootstrap, **(limits | settings))
        self.guarantee = guarantee
        self.rolls_back = rolls_back

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

    def steered(self, name):
        return KafkaTarget(name, partitions=2, key="/row/n", value="row", omit=("secret",), op="op")

    async def latest(self, target):
        found = {}
        for message in await asyncio.to_thread(
            read_topic, self.settings.bootstrap_servers, target.topic
        ):
            found.pop(message.key(), None)
            if message.value() is not None:
                found[message.key()] = json.loads(message.value())
        return list(found.values())

    def rejecting(self, name):
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
    """Waits until the broker, which learns of changes after the controller, reports it."""
    await asyncio.to_thread(wait_until, condition, "the broker does not know of it")


def drop_topic(bootstrap, topic):
    """Deletes it, and waits until the broker knows of it."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.delete_topics([topic])[topic].result()
    wait_until(lambda: topic not in admin.list_topics(timeout=DEADLINE_S).topics)


def wait_until_served(bootstrap, topic):
    """Waits until the broker serves each partition of a new topic.

    It announces a leader before it takes records, and refuses what arrives between.
    """
    consumer = Consumer(OPTIONS | {"bootstrap.servers": bootstrap})
    try:
        for number in wait_until(partial(_partitions, consumer, topic)):
            wait_until(partial(_is_served, consumer, TopicPartition(topic, number)))
    finally:
        consumer.close()


def _partitions(consumer, topic):
    """The numbers of its partitions; none before the broker knows the topic."""
    return list(consumer.list_topics(topic, timeout=DEADLINE_S).topics[topic].partitions)


def _is_served(consumer, place):
    try:
        return bool(consumer.get_watermark_offsets(place, timeout=DEADLINE_S))
    except KafkaException as error:
        if error.args[0].name() not in NOT_SERVED_YET:
            raise
        return False


NOT_SERVED_YET = {
    "LEADER_NOT_AVAILABLE",
    "NOT_LEADER_FOR_PARTITION",
    "UNKNOWN_TOPIC_OR_PART",
    "_UNKNOWN_PARTITION",
    "_UNKNOWN_TOPIC",
}


def create_topic(bootstrap, topic, partitions=1, **config):
    """Creates it, and waits until the broker serves it, not only until the controller answers."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    named = {name.replace("_", "."): value for name, value in config.items()}
    admin.create_topics([NewTopic(topic, partitions, 1, config=named)])[topic].result()
    wait_until_served(bootstrap, topic)


def read_topic(bootstrap, topic, **options) -> list[Message]:
    """All committed records, partition by partition, with every checksum checked.

    A commit is acknowledged before its markers are in the log, so this waits for open transactions
    to end, as a reader that goes on reading would.
    """
    consumer = Consumer(OPTIONS | {"bootstrap.servers": bootstrap} | options)
    try:
        partitions = consumer.list_topics(topic, timeout=DEADLINE_S).topics[topic].partitions
        places = [TopicPartition(topic, each, OFFSET_BEGINNING) for each in sorted(partitions)]
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
        message = consumer.poll(DEADLINE_S)
        assert message is not None, f"no end of {place}"
        if message.error() is None:
            yield message
            continue
        assert message.error().name() == "_PARTITION_EOF", message.error()
        if message.offset() >= end:
            return


def end_of(consumer, place):
    """Where the partition ends, open transactions included."""
    brokers = consumer.list_topics(timeout=DEADLINE_S).brokers.values()
    servers = [f"{broker.host}:{broker.port}" for broker in brokers]
    admin = AdminClient({"bootstrap.servers": ",".join(servers)})
    asked = admin.list_offsets({place: OffsetSpec.latest()})
    return asked[place].result().offset
