"""Which producer `auto` gets from brokers that refuse a part of it."""

import pytest
from aiokafka import errors as kafka

from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.destinations.kafka import producer_startup
from eventer.destinations.kafka.producer_startup import start_producer
from eventer.destinations.kafka.settings import KafkaSettings

NO_IDS = {True: kafka.UnknownError(), False: kafka.UnknownError()}


@pytest.fixture
def brokers(monkeypatch):
    """Errors by which brokers answer: to transactional producers, and to others with an id."""
    errors = {}

    class StubProducer:
        waits_for_markers = False

        def __init__(self, settings, *, transactional_id, idempotent=True):
            self.transactional, self.idempotent = transactional_id is not None, idempotent

        async def start(self):
            if self.idempotent and self.transactional in errors:
                raise errors[self.transactional]

        async def close(self):
            pass

    monkeypatch.setattr(producer_startup, "Producer", StubProducer)
    return errors


@pytest.mark.parametrize(
    ("answers", "guarantee", "degraded", "idempotent"),
    [
        ({}, "exactly-once", None, True),
        ({True: kafka.UnsupportedVersionError()}, "at-least-once", "rejects", True),
        ({True: kafka.TransactionalIdAuthorizationFailed()}, "at-least-once", "rejects", True),
        (NO_IDS, "at-least-once", "the broker has no transactions", False),
    ],
)
async def test_auto_takes_what_the_broker_gives(brokers, answers, guarantee, degraded, idempotent):
    brokers.update(answers)
    started = await start_producer(KafkaSettings("h:1"), "id")
    assert started.guarantee == guarantee
    assert (started.degraded is None) if degraded is None else (degraded in started.degraded)
    assert started.producer.idempotent == idempotent


async def test_an_unexpected_error_alone_does_not_weaken_delivery(brokers):
    """The broker gives ids to other producers: it has a fault of its own."""
    brokers[True] = kafka.UnknownError()
    with pytest.raises(DestinationUnavailableError, match="UNKNOWN_SERVER_ERROR"):
        await start_producer(KafkaSettings("h:1"), "id")


async def test_exactly_once_is_never_weakened(brokers):
    brokers.update(NO_IDS)
    with pytest.raises(DestinationRejectedError, match="no transactions"):
        await start_producer(KafkaSettings("h:1", delivery="exactly-once"), "id")
