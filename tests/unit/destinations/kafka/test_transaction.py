"""What a producer asks its coordinator, by the answers it gets."""

import pytest
from aiokafka import TopicPartition
from aiokafka import errors as kafka

from eventer.destinations.kafka.transaction import (
    CoordinatorFound,
    CoordinatorRequest,
    PartitionsAnswered,
    Phase,
    ProducerIdentity,
    RequestFailed,
    RequestKind,
    TransactionEnded,
    TransactionState,
)
from tests.families import family

OPEN, CLOSED = TopicPartition("open", 0), TopicPartition("closed", 0)
REFUSED = kafka.TopicAuthorizationFailedError


def ready():
    state = TransactionState("id").after(CoordinatorFound(3))
    return state.after(ProducerIdentity(7, 0))


def adding(*partitions):
    return ready().begin().add(partitions)


def added(state, **errors):
    asked = state.next_request().partitions
    return state.after(PartitionsAnswered(asked, tuple(errors.items())))


def test_a_producer_finds_its_coordinator_and_gets_an_identity():
    state = TransactionState("id")
    assert state.next_request() == CoordinatorRequest(RequestKind.COORDINATOR)
    state = state.after(CoordinatorFound(3))
    assert state.next_request() == CoordinatorRequest(RequestKind.IDENTITY)
    state = state.after(ProducerIdentity(7, 2))
    assert state.identity == ProducerIdentity(7, 2)
    assert state.next_request() is None
    assert not state.in_transaction


def test_without_transactions_no_coordinator_is_needed():
    state = TransactionState(None)
    assert state.next_request() == CoordinatorRequest(RequestKind.IDENTITY)
    assert state.after(ProducerIdentity(7, 0)).next_request() is None


def test_added_partitions_are_not_added_again():
    state = added(adding(OPEN))
    assert state.next_request() is None
    state = state.add([OPEN, CLOSED])
    assert state.next_request() == CoordinatorRequest(
        RequestKind.PARTITIONS, 0.0, frozenset({CLOSED})
    )
    assert added(state).added == {OPEN, CLOSED}


def test_a_refusal_names_the_topics_and_the_abort_reaches_the_broker():
    state = added(added(adding(OPEN)).add([CLOSED]), closed=REFUSED)
    assert state.refused == {"closed"}
    assert state.added == {OPEN}
    assert state.next_request() is None
    assert state.end(commit=False).next_request() == CoordinatorRequest(RequestKind.ABORT)


def test_one_refused_topic_keeps_all_partitions_out():
    state = added(adding(OPEN, CLOSED), open=kafka.OperationNotAttempted, closed=REFUSED)
    assert state.refused == {"closed"}
    assert state.added == frozenset()
    assert state.end(commit=False).phase is Phase.READY, "the broker knows no transaction"


@family(
    "error",
    [
        kafka.ConcurrentTransactions,
        kafka.NotCoordinatorError,
        kafka.CoordinatorLoadInProgressError,
        kafka.UnknownTopicOrPartitionError,
    ],
)
def test_partitions_are_added_again_after_transient_errors(error):
    state = adding(OPEN)
    pauses = []
    for _ in range(8):
        state = added(state, open=error)
        pauses.append(state.pause)
        if error is kafka.NotCoordinatorError:
            assert state.next_request().kind is RequestKind.COORDINATOR
            state = state.after(CoordinatorFound(4))
    assert pauses == [0.001, 0.002, 0.004, 0.01, 0.02, 0.02, 0.02, 0.02]
    assert added(state).added == {OPEN}


@pytest.mark.parametrize(
    ("error", "moved"),
    [(kafka.RequestTimedOutError(), True), (kafka.KafkaConnectionError(), False)],
)
def test_a_request_without_an_answer_is_sent_again(error, moved):
    state = adding(OPEN).after(RequestFailed(error, answered=False))
    assert (state.coordinator is None) == moved
    assert state.next_request().pause == 0.05
    assert state.in_doubt


def test_a_refusal_after_an_unanswered_request_is_a_connection_error():
    """The broker may have added the partitions, and then has an open transaction."""
    state = added(
        adding(OPEN).after(RequestFailed(kafka.KafkaConnectionError(), answered=False)),
        open=REFUSED,
    )
    assert state.phase is Phase.FAILED
    assert isinstance(state.error, kafka.KafkaConnectionError)


def test_a_fenced_producer_fails():
    state = added(adding(OPEN), open=kafka.InvalidProducerEpoch)
    assert isinstance(state.error, kafka.ProducerFenced)
    ending = added(adding(OPEN)).end(commit=True)
    ended = ending.after(RequestFailed(kafka.InvalidProducerEpoch()))
    assert isinstance(ended.error, kafka.ProducerFenced)
    assert ended.next_request() is None
    assert not ended.in_doubt


def test_a_producer_fenced_after_an_unanswered_commit_is_in_doubt():
    """The commit may have happened before another producer took over."""
    ending = added(adding(OPEN)).end(commit=True)
    unanswered = ending.after(RequestFailed(kafka.KafkaConnectionError(), answered=False))
    ended = unanswered.after(RequestFailed(kafka.InvalidProducerEpoch()))
    assert isinstance(ended.error, kafka.ProducerFenced)
    assert ended.in_doubt


def test_fatal_errors_fail_a_producer():
    assert isinstance(added(adding(OPEN), open=kafka.InvalidTxnState).error, kafka.InvalidTxnState)
    starting = TransactionState("id").after(CoordinatorFound(1))
    refused = starting.after(RequestFailed(kafka.TransactionalIdAuthorizationFailed()))
    assert refused.phase is Phase.FAILED
    assert refused.error.args == ("id",)


def test_an_end_is_repeated_until_it_is_answered():
    state = added(adding(OPEN)).end(commit=True)
    for event in (
        RequestFailed(kafka.ConcurrentTransactions()),
        RequestFailed(kafka.NotCoordinatorError()),
        CoordinatorFound(5),
        RequestFailed(kafka.RequestTimedOutError(), answered=False),
        CoordinatorFound(5),
    ):
        state = state.after(event)
    assert state.next_request().kind is RequestKind.COMMIT
    state = state.after(TransactionEnded())
    assert state == TransactionState("id", Phase.READY, ProducerIdentity(7, 0), coordinator=5), (
        "nothing of a transaction outlives it"
    )


def test_the_reason_for_a_retry_is_kept_until_the_producer_is_ready():
    starting = TransactionState("id").after(CoordinatorFound(1))
    waiting = starting.after(RequestFailed(kafka.ConcurrentTransactions()))
    assert isinstance(waiting.retried, kafka.ConcurrentTransactions)
    assert waiting.after(ProducerIdentity(7, 1)).retried is None
