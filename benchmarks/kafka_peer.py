"""The Kafka limit: a bare librdkafka loop on a broker with default JVM options."""

from __future__ import annotations

import contextlib
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

SETTINGS = {
    "enable.idempotence": True,
    "compression.type": "lz4",
    "acks": "all",
    "linger.ms": 5,
    "batch.size": 1_000_000,
    "queue.buffering.max.messages": 200_000,
}


def bare_loop(bootstrap: str, topic: str, value: bytes, seconds: float) -> float:
    """Sends one constant message with an idempotent librdkafka loop; returns events per second."""
    producer = Producer({"bootstrap.servers": bootstrap, **SETTINGS})
    sent, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for _ in range(1000):
            try:
                producer.produce(topic, value)
            except BufferError:
                producer.poll(0.01)
            else:
                sent += 1
        producer.poll(0)
    assert producer.flush(60) == 0
    return sent / (time.perf_counter() - started)


@contextlib.contextmanager
def temporary_topic(bootstrap: str) -> Iterator[str]:
    """A topic with one partition that is deleted after the block."""
    admin, topic = AdminClient({"bootstrap.servers": bootstrap}), f"run.{uuid.uuid4().hex}"
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result()
    try:
        yield topic
    finally:
        admin.delete_topics([topic])[topic].result()


@contextlib.contextmanager
def broker(bootstrap: str | None, properties: Mapping[str, str] | None = None) -> Iterator[str]:
    """The broker at `bootstrap`; if None, a new broker with these properties for the block."""
    if bootstrap:
        yield bootstrap
        return
    from tests.kafka_server.server import DEFAULT_JVM_OPTIONS, KafkaServer

    with tempfile.TemporaryDirectory() as directory:
        server = KafkaServer(Path(directory), properties, jvm=DEFAULT_JVM_OPTIONS)
        server.start()
        try:
            yield server.bootstrap
        finally:
            server.kill()
