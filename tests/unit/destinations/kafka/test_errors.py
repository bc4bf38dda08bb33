"""The categories of errors."""

from aiokafka import errors as kafka

from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    FencedError,
)
from eventer.destinations.kafka.error_codes import ERROR_CODES, error_type
from eventer.destinations.kafka.errors import (
    ErrorCategory,
    RejectedRecordsError,
    classify_error,
    connection_error,
    describe,
    produce_error,
    rejects_login,
    rejects_producer_id,
    topic_error,
)
from tests.families import family


@family(
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


@family(
    ("error", "text"),
    [
        (TimeoutError(), "no answer in time"),
        (kafka.MessageSizeTooLargeError(), "MESSAGE_TOO_LARGE (error 10)"),
        (kafka.TopicAuthorizationFailedError({"t"}), "TOPIC_AUTHORIZATION_FAILED (error 29)"),
        (kafka.PolicyViolationError("no"), "POLICY_VIOLATION (error 44) no"),
        (kafka.UnknownError(), "UNKNOWN_SERVER_ERROR (error -1)"),
        (error_type(89)(), "THROTTLING_QUOTA_EXCEEDED (error 89)"),
        (error_type(999)(), "error 999"),
        (OSError("refused"), "OSError refused"),
        (ValueError(), "ValueError"),
    ],
)
def test_a_reason_is_never_empty(error, text):
    assert describe(error) == text


def test_every_code_has_a_name_and_the_codes_have_no_gap():
    assert sorted(ERROR_CODES) == list(range(-1, 134))
    assert len({code.name for code in ERROR_CODES.values()}) == len(ERROR_CODES)


def test_codes_that_the_client_does_not_know_are_errors_of_their_own():
    for code in ERROR_CODES.keys() - kafka.kafka_errors.keys() - {90}:
        error = error_type(code)()
        assert isinstance(error, kafka.BrokerResponseError), "an answer, not a lost connection"
        assert not isinstance(error, kafka.UnknownError)
        assert ERROR_CODES[code].name in describe(error)
        assert error.retriable == ERROR_CODES[code].retriable
    assert error_type(90) is kafka.InvalidProducerEpoch
    assert error_type(3) is kafka.UnknownTopicOrPartitionError
    assert classify_error(error_type(90)()) is ErrorCategory.FENCED
    assert classify_error(error_type(76)()) is ErrorCategory.REJECTED
    assert not error_type(999).retriable


def test_too_few_replicas_in_sync_are_named():
    for code in (19, 20):
        error = topic_error(error_type(code)(), "t")
        assert error.message == "topic 't' has not enough replicas in sync"
        assert error.transient


def test_refused_records_are_read_from_the_answer():
    named = [(2, None), (0, "Compacted topic cannot accept message without key")]
    error = produce_error("t", 87, [-1, 0, named, "One or more records"])
    assert (error.code, error.rows) == (87, (0, 2))
    assert error.text == "Compacted topic cannot accept message without key"
    assert produce_error("t", 32, [-1, 0, [], "out of range"]).text == "out of range"
    assert describe(error).startswith("INVALID_RECORD (error 87) Compacted topic")
    before_v8 = produce_error("t", 32, [-1, 0])
    assert (before_v8.rows, before_v8.text) == ((), "")
    assert all(isinstance(each, RejectedRecordsError) for each in (error, before_v8))
    assert classify_error(error) is ErrorCategory.REJECTED
    assert isinstance(produce_error("t", 47, []), kafka.ProducerFenced)
    assert isinstance(produce_error("t", 10, []), kafka.MessageSizeTooLargeError)
