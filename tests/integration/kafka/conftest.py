"""A connection of a new cluster; limits without a setting, widened for busy machines."""

import uuid
from types import SimpleNamespace

import pytest

from eventer.destinations.kafka import plan_sender, producer_startup, tls_probe, topic_admin
from tests.integration.kafka import secure_broker
from tests.integration.kafka.harness import KafkaHarness
from tests.sharing import shared


@pytest.fixture(scope="session")
def secure_kafka(kafka_tools, tmp_path_factory):
    """The broker of `secure_broker`, shared by all workers."""
    with shared("secure_kafka", tmp_path_factory, secure_broker.start) as server:
        yield SimpleNamespace(**server, address=server["addresses"].get)


@pytest.fixture
def cluster():
    return uuid.uuid4().int >> 64


@pytest.fixture
async def owner(kafka, cluster):
    owner = KafkaHarness(kafka).connection(cluster)
    await owner.open()
    yield owner
    await owner.close()


@pytest.fixture
def patience(monkeypatch):
    """Longer limits, so that a correct owner does not fail on a slow machine."""
    monkeypatch.setattr(producer_startup, "_PROBE_SECONDS", producer_startup._PROBE_SECONDS * 20)
    monkeypatch.setattr(tls_probe, "_PROBE_SECONDS", tls_probe._PROBE_SECONDS * 20)
    monkeypatch.setattr(plan_sender, "_MAX_STALLS", plan_sender._MAX_STALLS * 20)
    monkeypatch.setattr(topic_admin, "_LEADER_WAIT_SECONDS", topic_admin._LEADER_WAIT_SECONDS * 20)
    monkeypatch.setattr(topic_admin, "_LEADER_POLLS", topic_admin._LEADER_POLLS * 20)
