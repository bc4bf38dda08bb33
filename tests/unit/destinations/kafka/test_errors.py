"""The registry of verdicts."""

import pytest
from aiokafka import errors as kafka

from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    FencedError,
)
from eventer.destinations.kafka.errors import (
    Verdict,
    about_connection,
    about_topic,
    reason,
    refuses_identity,
    refuses_login,
    verdict_on,
)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (kafka.MessageSizeTooLargeError(), Verdict.TOO_LARGE),
        (kafka.TopicAuthorizationFailedError({"t"}), Verdict.REFUSED),
        (kafka.ProducerFenced(), Verdict.FENCED),
        (kafka.OutOfOrderSequenceNumber(), Verdict.SPENT),
        (kafka.NodeNotReadyError(), Verdict.PASSING),
        (kafka.NotEnoughReplicasError(), Verdict.PASSING),
        (kafka.UnknownError(), Verdict.PASSING),
        (TimeoutError(), Verdict.SPENT),
        (ValueError("what nobody thought of"), Verdict.PASSING),
    ],
)
def test_verdicts(error, verdict):
    assert verdict_on(error) is verdict


def test_what_ended_the_clients_sender_is_what_counts():
    """It wraps all but what it knows."""
    error = kafka.KafkaError("Unexpected error during batch delivery")
    assert verdict_on(error) is Verdict.PASSING
    error.__cause__ = kafka.InvalidTxnState()
    assert verdict_on(error) is Verdict.FENCED


def test_what_a_topic_refuses_is_terminal_and_what_it_cannot_take_now_is_not():
    refused = about_topic(kafka.TopicAuthorizationFailedError(), "t")
    assert isinstance(refused, DestinationRejectedError)
    assert "'t'" in refused.message
    assert "Write" in refused.hint
    passing = about_topic(kafka.NotEnoughReplicasError(), "t")
    assert isinstance(passing, DestinationUnavailableError)
    assert passing.transient


def test_fencing_is_told_apart_from_trouble():
    assert isinstance(about_connection(kafka.ProducerFenced(), "x"), FencedError)
    assert isinstance(about_connection(OSError("x"), "x"), DestinationUnavailableError)


def test_refusals_of_identity_and_login():
    assert refuses_identity(kafka.TransactionalIdAuthorizationFailed())
    assert refuses_identity(kafka.UnsupportedVersionError())
    assert not refuses_identity(kafka.CoordinatorNotAvailableError())
    assert not refuses_identity(kafka.UnknownError())
    assert refuses_login(kafka.SaslAuthenticationFailed())
    assert not refuses_login(kafka.KafkaConnectionError())


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TimeoutError(), "no answer in time"),
        (kafka.MessageSizeTooLargeError(), "[Error 10] MessageSizeTooLargeError"),
        (OSError("refused"), "OSError refused"),
        (ValueError(), "ValueError"),
    ],
)
def test_a_reason_is_never_empty(error, text):
    assert reason(error) == text
