"""All partitions are in the transaction, or the broker is known to have none of them."""

import pytest
from aiokafka import TopicPartition
from aiokafka import errors as kafka
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.protocol.transaction import AddPartitionsToTxnResponse_v0 as Answer

from eventer.destinations.kafka.enlisting import enlist

OPEN, CLOSED = TopicPartition("open", 0), TopicPartition("closed", 0)
OK = 0
NOT_TRIED = kafka.OperationNotAttempted.errno
REFUSED = kafka.TopicAuthorizationFailedError.errno


def answer(**codes):
    return Answer(0, [(topic, [(0, code)]) for topic, code in codes.items()])


class Broker:
    """A coordinator that gives these answers, one after the other; an error is no answer."""

    _retry_backoff = 0

    def __init__(self, *answers):
        self.client = self
        self.answers = list(answers)
        self.asked = []
        self.found = 0
        self._txn_manager = TransactionManager("id", 1000)
        self._txn_manager.set_pid_and_epoch(7, 0)
        self._txn_manager.begin_transaction()

    async def _find_coordinator(self, _kind, _key):
        self.found += 1
        return 1

    def _coordinator_dead(self, _kind):
        self.dead = True

    async def send(self, _node, request, group):
        self.asked.append({topic for topic, _ in request._topics})
        said = self.answers.pop(0)
        if isinstance(said, Exception):
            raise said
        return said


async def test_what_is_taken_is_not_asked_for_again():
    broker = Broker(answer(open=OK), answer(closed=OK))
    await enlist(broker, [OPEN])
    await enlist(broker, [OPEN, CLOSED])
    assert broker.asked == [{"open"}, {"closed"}]
    assert broker._txn_manager.txn_partitions == {OPEN, CLOSED}


async def test_a_refusal_names_the_topics_and_forgets_nothing():
    broker = Broker(answer(open=OK), answer(closed=REFUSED))
    await enlist(broker, [OPEN])
    with pytest.raises(kafka.TopicAuthorizationFailedError, match="closed"):
        await enlist(broker, [CLOSED])
    assert broker._txn_manager.txn_partitions == {OPEN}
    assert broker._txn_manager.is_in_transaction(), "an abort is told to the broker"


async def test_refused_with_others_none_is_in():
    broker = Broker(answer(open=NOT_TRIED, closed=REFUSED))
    with pytest.raises(kafka.TopicAuthorizationFailedError) as caught:
        await enlist(broker, [OPEN, CLOSED])
    assert caught.value.args == ({"closed"},)
    assert broker._txn_manager.txn_partitions == set()


@pytest.mark.parametrize(
    "passing",
    [
        answer(open=kafka.ConcurrentTransactions.errno),
        answer(open=kafka.NotCoordinatorError.errno),
        answer(open=kafka.UnknownTopicOrPartitionError.errno),
        kafka.RequestTimedOutError(),
        kafka.KafkaConnectionError(),
    ],
    ids=["concurrent", "moved", "unknown topic", "timed out", "cut off"],
)
async def test_it_asks_until_it_is_answered(passing):
    broker = Broker(passing, passing, answer(open=OK))
    await enlist(broker, [OPEN])
    assert broker._txn_manager.txn_partitions == {OPEN}


async def test_a_refusal_after_a_question_without_answer_is_no_clean_refusal():
    """The broker may have taken them the first time, and have the transaction open."""
    broker = Broker(kafka.RequestTimedOutError(), answer(open=REFUSED))
    with pytest.raises(kafka.KafkaConnectionError):
        await enlist(broker, [OPEN])


async def test_a_fenced_producer_learns_it():
    broker = Broker(answer(open=kafka.InvalidProducerEpoch.errno))
    with pytest.raises(kafka.ProducerFenced):
        await enlist(broker, [OPEN])


async def test_what_cannot_go_on_is_raised():
    broker = Broker(answer(open=kafka.InvalidTxnState.errno))
    with pytest.raises(kafka.InvalidTxnState):
        await enlist(broker, [OPEN])
    assert broker._txn_manager.txn_partitions == set()
