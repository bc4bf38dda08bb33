"""A producer against a model of the brokers: requests and answers lost, in any order.

Whatever happens, a transaction is committed whole, or nothing of it is visible, or the producer is
given up; and the broker never sees a sequence number that it has under other bytes.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pytest
from aiokafka import TopicPartition
from aiokafka import errors as kafka
from hypothesis import given
from hypothesis import strategies as st

from eventer.destinations.kafka.errors import ErrorCategory, classify_error
from eventer.destinations.kafka.partition_queue import NotSentError, OutgoingBatch, wrap_sequence
from eventer.destinations.kafka.producer_session import (
    MAX_IN_FLIGHT,
    MetadataRefreshed,
    Produce,
    Produced,
    ProducerSession,
    RefreshMetadata,
)
from eventer.destinations.kafka.transaction import (
    CoordinatorFound,
    CoordinatorRequest,
    PartitionsAnswered,
    Phase,
    ProducerIdentity,
    RequestFailed,
    RequestKind,
    TransactionEnded,
)
from eventer.kernels.kafka.record_batches import RecordBatch

TOO_LARGE = 1000
GIVEN_UP = {ErrorCategory.FENCED, ErrorCategory.PRODUCER_UNUSABLE}


def outgoing(partition=0, count=1, size=100, topic="t"):
    payload = b"x" * size
    return OutgoingBatch(topic, partition, RecordBatch(np.arange(count), payload, "none", 0, 0, 0))


@dataclass
class PartitionLog:
    """A partition: its batches with offsets and sequence numbers, and what is expected next."""

    batches: list = field(default_factory=list)
    expected: int | None = None
    end: int = 0


class Brokers:
    """What the brokers know of one producer; a transaction marker takes an offset, too."""

    def __init__(self, leaders):
        self.leaders = leaders
        self.logs = defaultdict(PartitionLog)
        self.added = set()
        self.committed = []
        self._open = []

    def leader_of(self, tp):
        return self.leaders.get(tp.partition, 0)

    def produce(self, each, transactional):
        log, send = self.logs[each.send.topic_partition], each.send
        assert not transactional or send.topic_partition in self.added
        if send.batch.size > TOO_LARGE:
            return kafka.MessageSizeTooLargeError()
        for known, offset, sequence in log.batches[-5:]:
            if sequence == each.sequence:
                assert known is send, "a sequence number is used again for other bytes"
                return offset
        if log.expected not in (None, each.sequence):
            before = each.sequence < log.expected
            return kafka.DuplicateSequenceNumber() if before else kafka.OutOfOrderSequenceNumber()
        offset = log.end
        log.batches.append((send, offset, each.sequence))
        log.expected = wrap_sequence(each.sequence + send.batch.count)
        log.end += send.batch.count
        self._open.append(send)
        return offset

    def end(self, *, commit):
        if not self.added:
            return
        if commit:
            self.committed += self._open
        for tp in self.added:
            self.logs[tp].end += 1
        self._open, self.added = [], set()


class Network:
    """Carries out requests, some of them badly: at most `faults` times."""

    def __init__(self, data, brokers, faults, *, transactional=True):
        self.data, self.brokers, self.faults = data, brokers, faults
        self.transactional = transactional

    def fault(self, *kinds):
        if not self.faults:
            return None
        kind = self.data.draw(st.sampled_from([None, *kinds]))
        self.faults -= kind is not None
        return kind

    def finish(self, session):
        """Sends all that the session wants, and answers in any order."""
        waiting = []
        while True:
            waiting += session.next_requests(self.brokers.leader_of)
            self.check(session, waiting)
            if not waiting:
                return
            order = st.integers(0, len(waiting) - 1) if len(waiting) > 1 else st.just(0)
            session.handle(self.answer(waiting.pop(self.data.draw(order))))

    def check(self, session, waiting):
        produces = [each for each in waiting if isinstance(each, Produce)]
        assert len(produces) <= MAX_IN_FLIGHT
        for each in produces:
            partitions = [batch.send.topic_partition for batch in each.batches]
            assert len(set(partitions)) == len(partitions)
        others = [each for each in waiting if not isinstance(each, Produce | RefreshMetadata)]
        assert len(others) <= 1
        if session.state.phase in (Phase.COMMITTING, Phase.ABORTING):
            assert not produces, "nothing is sent once the transaction ends"

    def answer(self, request):
        match request:
            case Produce(_, batches):
                return self.produce(request, batches)
            case RefreshMetadata():
                return MetadataRefreshed()
            case CoordinatorRequest(RequestKind.COORDINATOR):
                return CoordinatorFound(1)
        error = self.fault(*COORDINATOR_ERRORS)
        if isinstance(error, kafka.BrokerResponseError):
            return self.refusal(request, error)
        if error is not LOST_REQUEST:
            answer = self.carry_out(request)
        lost = RequestFailed(kafka.RequestTimedOutError(), answered=False)
        return answer if error is None else lost

    def refusal(self, request, error):
        if request.kind is RequestKind.PARTITIONS:
            topics = {tp.topic for tp in request.partitions}
            return PartitionsAnswered(
                request.partitions, tuple((topic, type(error)) for topic in topics)
            )
        return RequestFailed(error)

    def carry_out(self, request):
        if request.kind is RequestKind.IDENTITY:
            return ProducerIdentity(7, 0)
        if request.kind is RequestKind.PARTITIONS:
            self.brokers.added |= request.partitions
            return PartitionsAnswered(request.partitions)
        self.brokers.end(commit=request.kind is RequestKind.COMMIT)
        return TransactionEnded()

    def produce(self, request, batches):
        kind = self.fault(*PRODUCE_FAULTS)
        lost = {each.send.topic_partition: kafka.RequestTimedOutError() for each in batches}
        if kind is LOST_REQUEST:
            return Produced(request, lost, answered=False)
        if kind in NOT_APPENDED:
            return Produced(request, dict.fromkeys(lost, kind))
        outcomes = {
            each.send.topic_partition: self.brokers.produce(each, self.transactional)
            for each in batches
        }
        if kind is LOST_ANSWER:
            return Produced(request, lost, answered=False)
        if kind in APPENDED:
            outcomes = {
                tp: kind if isinstance(outcome, int) else outcome
                for tp, outcome in outcomes.items()
            }
        return Produced(request, outcomes)


LOST_REQUEST, LOST_ANSWER = "the request is lost", "the answer is lost"
NOT_APPENDED = (
    kafka.NotLeaderForPartitionError(),
    kafka.UnknownTopicOrPartitionError(),
    kafka.NotEnoughReplicasError(),
    kafka.ProducerFenced(),
    kafka.TopicAuthorizationFailedError("t"),
)
APPENDED = (
    kafka.NotEnoughReplicasAfterAppendError(),
    kafka.NotLeaderForPartitionError(),
    kafka.UnknownTopicOrPartitionError(),
)
PRODUCE_FAULTS = (LOST_REQUEST, LOST_ANSWER, *NOT_APPENDED, *APPENDED)
COORDINATOR_ERRORS = (
    LOST_REQUEST,
    LOST_ANSWER,
    kafka.ConcurrentTransactions(),
    kafka.NotCoordinatorError(),
    kafka.InvalidProducerEpoch(),
    kafka.TopicAuthorizationFailedError(),
)

BATCHES = st.lists(
    st.builds(
        outgoing,
        partition=st.integers(0, 2),
        count=st.integers(1, 3),
        size=st.sampled_from([100, 100, 100, 100, TOO_LARGE]),
    ),
    min_size=1,
    max_size=12,
)
LEADERS = st.fixed_dictionaries({n: st.integers(0, 1) for n in range(3)})


def is_given_up(session, outcomes=()):
    errors = [each for each in outcomes if isinstance(each, BaseException)]
    errors += [each.__cause__ for each in errors if isinstance(each, NotSentError)]
    return session.state.phase is Phase.FAILED or any(
        classify_error(each) in GIVEN_UP for each in errors
    )


def run(session, network, sends):
    """One transaction. True: committed; False: aborted; None: unknown, the producer is given up."""
    session.begin()
    session.add_partitions({send.topic_partition for send in sends})
    network.finish(session)
    if is_given_up(session):
        return None
    commit = not session.state.refused
    if commit:
        session.send(sends)
        network.finish(session)
        outcomes = session.take_outcomes(sends)
        if is_given_up(session, outcomes):
            return None
        check_outcomes(network.brokers, sends, outcomes)
        commit = all(isinstance(each, int) for each in outcomes)
    session.end(commit=commit)
    network.finish(session)
    return None if is_given_up(session) else commit


def check_outcomes(brokers, sends, outcomes):
    """Each offset is the batch's own; no batch of a partition is behind one that failed."""
    failed = set()
    for send, outcome in zip(sends, outcomes, strict=True):
        tp = send.topic_partition
        offsets = {known: offset for known, offset, _ in brokers.logs[tp].batches}
        if isinstance(outcome, int):
            assert outcome in (-1, offsets[send])
            assert tp not in failed
        else:
            assert send not in offsets
            assert isinstance(outcome, NotSentError) == (tp in failed)
            failed.add(tp)


@given(st.data(), st.lists(BATCHES, min_size=1, max_size=4), LEADERS, st.integers(0, 8))
def test_every_transaction_is_committed_or_aborted_or_the_producer_is_given_up(
    data, transactions, leaders, faults
):
    session, brokers = ProducerSession("id"), Brokers(leaders)
    network = Network(data, brokers, faults)
    network.finish(session)
    committed, outcome = [], None if is_given_up(session) else False
    for sends in transactions:
        if outcome is None:
            break
        outcome = run(session, network, sends)
        committed += sends if outcome else []
        may_be = sends if outcome is None else []
    for partition in range(3):
        found = [send for send in brokers.committed if send.partition == partition]
        sure = [send for send in committed if send.partition == partition]
        assert found[: len(sure)] == sure
        if len(found) > len(sure):
            assert found[len(sure) :] == [s for s in may_be if s.partition == partition]


@given(st.data(), st.lists(BATCHES, min_size=1, max_size=4), LEADERS, st.integers(0, 8))
def test_without_transactions_each_batch_lands_once_in_order(data, rounds, leaders, faults):
    session, brokers = ProducerSession(None), Brokers(leaders)
    network = Network(data, brokers, faults, transactional=False)
    network.finish(session)
    acknowledged = []
    for sends in rounds:
        if is_given_up(session):
            break
        session.send(sends)
        network.finish(session)
        outcomes = session.take_outcomes(sends)
        if is_given_up(session, outcomes):
            break
        check_outcomes(brokers, sends, outcomes)
        pairs = zip(sends, outcomes, strict=True)
        acknowledged += [send for send, outcome in pairs if isinstance(outcome, int)]
    for partition in range(3):
        landed = [send for send, _, _ in brokers.logs[TopicPartition("t", partition)].batches]
        sure = [send for send in acknowledged if send.partition == partition]
        assert landed[: len(sure)] == sure


def test_a_transaction_with_a_failed_batch_is_not_committed():
    session, sends = open_session(), [outgoing(size=TOO_LARGE)]
    session.send(sends)
    (request,) = session.next_requests(lambda _: 0)
    session.handle(Produced(request, {TP: kafka.MessageSizeTooLargeError()}))
    assert isinstance(session.take_outcomes(sends)[0], kafka.MessageSizeTooLargeError)
    with pytest.raises(AssertionError, match="failed"):
        session.end(commit=True)
    session.end(commit=False)


def test_nothing_is_sent_to_a_partition_outside_of_the_transaction():
    session = open_session()
    with pytest.raises(AssertionError):
        session.send([outgoing(partition=1)])


TP = TopicPartition("t", 0)


def open_session():
    session = ProducerSession("id")
    session.state = session.state.after(CoordinatorFound(1))
    session.state = session.state.after(ProducerIdentity(7, 0)).begin()
    session.state = session.state.add([TP]).after(PartitionsAnswered(frozenset({TP})))
    return session


def acknowledge(session, requests):
    for request in requests:
        outcomes = {each.send.topic_partition: 0 for each in request.batches}
        session.handle(Produced(request, outcomes))


def idempotent():
    session = ProducerSession(None)
    session.state = session.state.after(ProducerIdentity(7, 0))
    return session


def test_batches_of_many_partitions_share_a_request():
    session = idempotent()
    session.send([outgoing(partition=n) for n in range(100)])
    (request,) = session.next_requests(lambda _: 1)
    assert len(request.batches) == 100


def test_requests_are_not_much_larger_than_a_batch():
    session = idempotent()
    session.send([outgoing(partition=n, size=400_000) for n in range(8)])
    requests = session.next_requests(lambda _: 1)
    assert [len(request.batches) for request in requests] == [2, 2, 2, 2]


def test_the_first_batch_to_a_partition_goes_alone_and_then_several():
    """A broker that does not know the producer takes any sequence number."""
    session = idempotent()
    session.send([outgoing(count=2) for _ in range(8)])
    (first,) = session.next_requests(lambda _: 1)
    acknowledge(session, [first])
    requests = session.next_requests(lambda _: 1)
    assert [each.batches[0].sequence for each in requests] == [2, 4, 6, 8, 10]


def test_without_a_producer_id_one_batch_is_in_flight():
    session, sends = ProducerSession(None, idempotent=False), [outgoing() for _ in range(3)]
    session.send(sends)
    for _ in range(3):
        (request,) = session.next_requests(lambda _: 1)
        acknowledge(session, [request])
    assert session.take_outcomes(sends) == [0, 0, 0]


def test_leaders_are_asked_for_again_after_a_pause():
    session = idempotent()
    session.send([outgoing()])
    for pause in (0.0, 0.05, 0.05):
        assert session.next_requests(lambda _: None) == [RefreshMetadata(frozenset({"t"}), pause)]
        session.handle(MetadataRefreshed())


def test_a_topic_that_may_not_be_seen_fails_its_batches():
    session, sends = idempotent(), [outgoing(), outgoing()]
    session.send(sends)
    session.next_requests(lambda _: None)
    session.handle(MetadataRefreshed(frozenset({"t"})))
    refused, behind = session.take_outcomes(sends)
    assert isinstance(refused, kafka.TopicAuthorizationFailedError)
    assert isinstance(behind, NotSentError)
    assert session.next_requests(lambda _: 1) == []


def error_after_a_timeout(session, sends):
    """The error of the last of the batches, after the first has timed out and come again."""
    session.send(sends)
    (request,) = session.next_requests(lambda _: 1)
    session.handle(Produced(request, {TP: kafka.RequestTimedOutError()}, answered=False))
    session.next_requests(lambda _: 1)
    session.handle(MetadataRefreshed())
    for _ in sends[1:]:
        acknowledge(session, session.next_requests(lambda _: 1))
    (request,) = session.next_requests(lambda _: 1)
    session.handle(Produced(request, {TP: kafka.MessageSizeTooLargeError()}))
    return session.take_outcomes(sends)[-1]


def test_the_numbers_of_a_batch_that_the_broker_may_have_are_not_used_again():
    error = error_after_a_timeout(idempotent(), [outgoing()])
    assert classify_error(error) is ErrorCategory.PRODUCER_UNUSABLE


def test_a_timeout_that_is_settled_says_nothing_of_later_batches():
    error = error_after_a_timeout(idempotent(), [outgoing(), outgoing()])
    assert classify_error(error) is ErrorCategory.TOO_LARGE


def test_sequence_numbers_wrap_to_zero():
    assert wrap_sequence(2**31 - 1) == 2**31 - 1
    assert wrap_sequence(2**31) == 0
    assert wrap_sequence(2**31 + 7) == 7
