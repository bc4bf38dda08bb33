"""TLS, logins and rights, on a real broker that requires them."""

import asyncio
import json
import re
import ssl
import uuid

import numpy as np
import pytest
from aiokafka.errors import TopicAuthorizationFailedError

from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.core.model import KafkaTarget, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.partition_queue import OutgoingBatch
from eventer.destinations.kafka.producer import Producer
from eventer.kernels.kafka.record_batches import RecordColumns, bytes_column, frame
from eventer.testing.batches import batch_of
from tests.integration.kafka.harness import KafkaHarness, create_topic, read_topic
from tests.integration.kafka.secure_broker import harness_of

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("patience")]


@pytest.fixture
def server(secure_kafka):
    return secure_kafka


@pytest.fixture
def certificate(server, tmp_path):
    """The broker's, for those who trust it."""
    host, _, port = server.address("SSL").partition(":")
    file = tmp_path / "ca.pem"
    file.write_text(ssl.get_server_certificate((host, int(port))))
    return file


def flow_to(topic, cluster=7, generator=1):
    return Flow(PositionKey(cluster, generator, 0), KafkaTarget(f"{topic}.{uuid.uuid4().hex}"))


async def deliver_one(server, harness, topic="open"):
    flow = flow_to(topic, cluster=uuid.uuid4().int >> 64)
    owner = harness.connection(flow.key.cluster)
    guarantee = await owner.open()
    await owner.prepare(flow)
    outcome = await owner.deliver([Delivery(flow, (batch_of(0, [{"n": 0}]),))])
    degraded = owner.degraded
    await owner.close()
    assert outcome.rejected == {}
    records = await asyncio.to_thread(read_topic, server.bootstrap, flow.target.topic)
    assert [json.loads(record.value()) for record in records] == [{"n": 0}]
    return guarantee, degraded


@pytest.mark.parametrize(
    ("user", "password", "mechanism"),
    [("rich", "gold", "PLAIN"), ("scrammed", "eggs", "SCRAM-SHA-256")],
)
async def test_a_login_with_all_rights_delivers_exactly_once(server, user, password, mechanism):
    harness = harness_of(server, user, password, sasl_mechanism=mechanism)
    assert await deliver_one(server, harness) == ("exactly-once", None)


async def test_without_the_right_to_transactions_auto_degrades_and_says_so(server):
    guarantee, degraded = await deliver_one(server, harness_of(server, "poor", "tin"))
    assert guarantee == "at-least-once"
    assert "rejects transactions" in degraded


async def test_at_least_once_by_choice_is_no_degradation(server):
    harness = harness_of(server, "rich", "gold", delivery="at-least-once")
    assert await deliver_one(server, harness) == ("at-least-once", None)


async def test_exactly_once_demanded_and_refused(server):
    owner = harness_of(server, "poor", "tin", delivery="exactly-once").connection(1)
    with pytest.raises(DestinationRejectedError) as caught:
        await owner.open()
    assert "transactional ids" in caught.value.hint


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
async def test_a_wrong_password_is_named_as_such(server, mechanism):
    owner = harness_of(server, "rich", "wrong", sasl_mechanism=mechanism).connection(1)
    with pytest.raises(DestinationRejectedError, match="login") as caught:
        await owner.open()
    assert "sasl_password" in caught.value.hint
    assert "wrong" not in caught.value.message


async def test_a_topic_that_may_not_be_written_is_left_out_alone(server):
    """The broker rejects the whole of a transaction's topics for one of them."""
    flows = [flow_to("open", generator=1), flow_to("closed", generator=2)]
    for flow in flows:
        await asyncio.to_thread(create_topic, server.bootstrap, flow.target.topic)
    owner = harness_of(server, "rich", "gold").connection(7)
    await owner.open()
    for flow in flows:
        await owner.prepare(flow)
    for first in (0, 1):
        batches = batch_of(first, [{"n": first}]), batch_of(0, [{"n": 0}])
        outcome = await owner.deliver(
            [Delivery(flow, (batch,)) for flow, batch in zip(flows, batches, strict=True)]
        )
        assert outcome.committed.keys() == {flows[0].key}
        error = outcome.rejected[flows[1].key]
        assert isinstance(error, DestinationRejectedError)
        assert "Write" in error.hint
    await owner.close()
    assert len(await asyncio.to_thread(read_topic, server.bootstrap, flows[0].target.topic)) == 2
    assert await asyncio.to_thread(read_topic, server.bootstrap, flows[1].target.topic) == []


async def test_what_was_sent_before_a_refused_topic_is_aborted_at_the_broker(server):
    """The client alone would forget it, and the next commit would bring it back."""
    opened, closed = (f"{name}.{uuid.uuid4().hex}" for name in ("open", "closed"))
    for topic in (opened, closed):
        await asyncio.to_thread(create_topic, server.bootstrap, topic)
    settings = harness_of(server, "rich", "gold").settings
    producer = Producer(settings, transactional_id=f"eventer-{opened}")
    await producer.start()
    producer.begin()
    assert await producer.send([send_to(opened, "aborted")]) == [0]
    with pytest.raises(TopicAuthorizationFailedError, match="closed"):
        await producer.send([send_to(closed, "refused"), send_to(opened, "unsent")])
    await producer.abort()
    producer.begin()
    assert await producer.send([send_to(opened, "committed")]) == [2]  # after the marker
    await producer.commit()
    await producer.close()
    records = await asyncio.to_thread(read_topic, server.bootstrap, opened)
    assert [record.value() for record in records] == [b"committed"]


def send_to(topic, text):
    values = bytes_column([text.encode()])
    columns = RecordColumns(values, np.zeros(1, np.int64))
    return OutgoingBatch(topic, 0, frame(columns, np.zeros(1, np.int64), "none"))


async def test_a_topic_that_may_not_be_seen_is_refused_when_prepared(server):
    owner = harness_of(server, "rich", "gold").connection(7)
    await owner.open()
    with pytest.raises(DestinationRejectedError, match=r"hidden\."):
        await owner.prepare(flow_to("hidden"))
    await owner.close()


def tls(server, **settings):
    return KafkaHarness(server.address("SSL"), security_protocol="SSL", **settings)


async def test_tls_with_a_certificate_that_is_trusted(server, certificate):
    harness = tls(server, ssl_cafile=certificate)
    assert await deliver_one(server, harness) == ("exactly-once", None)


async def test_tls_with_a_certificate_that_is_not_trusted(server):
    with pytest.raises(DestinationRejectedError, match="not trusted") as caught:
        await tls(server).connection(1).open()
    assert "ssl_cafile" in caught.value.hint


async def test_a_certificate_file_that_is_not_there(server, tmp_path):
    with pytest.raises(DestinationRejectedError, match="cannot be read"):
        await tls(server, ssl_cafile=tmp_path / "absent.pem").connection(1).open()


@pytest.mark.parametrize(
    ("listener", "protocol", "hint"),
    [
        ("SSL", "PLAINTEXT", "uses TLS at this address: set security_protocol to SSL"),
        ("SSL", "SASL_PLAINTEXT", "uses TLS at this address: set security_protocol to SASL_SSL"),
        ("PLAINTEXT", "SSL", "does not use TLS .* or set security_protocol to PLAINTEXT"),
        ("SASL_PLAINTEXT", "SASL_SSL", "does not use TLS .* security_protocol to SASL_PLAINTEXT"),
    ],
)
async def test_tls_on_one_side_only_is_named_in_the_hint(server, listener, protocol, hint):
    harness = KafkaHarness(server.address(listener), security_protocol=protocol, start_timeout=3)
    with pytest.raises(DestinationUnavailableError, match="is not available") as caught:
        await harness.connection(1).open()
    assert re.search(hint, caught.value.hint)
