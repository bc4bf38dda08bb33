"""The categories of errors."""

import pytest
from aiokafka import errors as kafka

from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    FencedError,
)
from eventer.destinations.kafka.errors import (
    ErrorCategory,
    classify_error,
    connection_error,
    describe,
    rejects_login,
    rejects_producer_id,
    topic_error,
)


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (kafka.MessageSizeTooLargeError(), ErrorCategory.TOO_LARGE),
        (kafka.TopicAuthorizationFailedError({"t"}), ErrorCategory.REJECTED),
        (kafka.ProducerFenced(), ErrorCategory.FENCED),
        (kafka.OutOfOrderSequenceNumber(), ErrorCategory.PRODUCER_UNUSABLE),
        (kafka.NodeNotReadyError(), ErrorCategory.TRANSIENT),
        (kafka.NotEnoughReplicasError(), ErrorCategory.TRANSIENT),
        (kafka.UnknownError(), ErrorCategory.TRANSIENT),
        (TimeoutError(), ErrorCategory.PRODUCER_UNUSABLE),
        (ValueError("unexpected"), ErrorCategory.TRANSIENT),
    ],
)
def test_error_categories(error, category):
    assert classify_error(error) is category


def test_rejected_topic_errors_are_permanent_and_others_transient():
    refused = topic_error(kafka.TopicAuthorizationFailedError(), "t")
    assert isinstance(refused, DestinationRejectedError)
    assert "'t'" in refused.message
    assert "Write" in refused.hint
    passing = topic_error(kafka.NotEnoughReplicasError(), "t")
    assert isinstance(passing, DestinationUnavailableError)
    assert passing.transient


def test_fencing_is_distinguished_from_unavailability():
    assert isinstance(connection_error(kafka.ProducerFenced(), "x"), FencedError)
    assert isinstance(connection_error(OSError("x"), "x"), DestinationUnavailableError)


def test_rejected_producer_ids_and_logins():
    assert rejects_producer_id(kafka.TransactionalIdAuthorizationFailed())
    assert rejects_producer_id(kafka.UnsupportedVersionError())
    assert not rejects_producer_id(kafka.CoordinatorNotAvailableError())
    assert not rejects_producer_id(kafka.UnknownError())
    assert rejects_login(kafka.SaslAuthenticationFailed())
    assert not rejects_login(kafka.KafkaConnectionError())


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
    assert describe(error) == text
