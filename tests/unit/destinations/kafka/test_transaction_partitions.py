"""All partitions are in the transaction, or the broker is known to have none of them."""

import pytest
from aiokafka import TopicPartition
from aiokafka import errors as kafka
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.protocol.transaction import AddPartitionsToTxnResponse_v0 as Answer

from eventer.destinations.kafka.transaction_partitions import add_partitions_to_txn

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


async def test_added_partitions_are_not_added_again():
    broker = Broker(answer(open=OK), answer(closed=OK))
    await add_partitions_to_txn(broker, [OPEN])
    await add_partitions_to_txn(broker, [OPEN, CLOSED])
    assert broker.asked == [{"open"}, {"closed"}]
    assert broker._txn_manager.txn_partitions == {OPEN, CLOSED}


async def test_a_refusal_names_the_topics_and_forgets_nothing():
    broker = Broker(answer(open=OK), answer(closed=REFUSED))
    await add_partitions_to_txn(broker, [OPEN])
    with pytest.raises(kafka.TopicAuthorizationFailedError, match="closed"):
        await add_partitions_to_txn(broker, [CLOSED])
    assert broker._txn_manager.txn_partitions == {OPEN}
    assert broker._txn_manager.is_in_transaction(), "an abort is told to the broker"


async def test_one_refused_topic_keeps_all_partitions_out():
    broker = Broker(answer(open=NOT_TRIED, closed=REFUSED))
    with pytest.raises(kafka.TopicAuthorizationFailedError) as caught:
        await add_partitions_to_txn(broker, [OPEN, CLOSED])
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
async def test_transient_errors_are_retried(passing):
    broker = Broker(passing, passing, answer(open=OK))
    await add_partitions_to_txn(broker, [OPEN])
    assert broker._txn_manager.txn_partitions == {OPEN}


async def test_a_refusal_after_an_unanswered_request_is_a_connection_error():
    """The broker may have taken them the first time, and have the transaction open."""
    broker = Broker(kafka.RequestTimedOutError(), answer(open=REFUSED))
    with pytest.raises(kafka.KafkaConnectionError):
        await add_partitions_to_txn(broker, [OPEN])


async def test_a_fenced_producer_learns_it():
    broker = Broker(answer(open=kafka.InvalidProducerEpoch.errno))
    with pytest.raises(kafka.ProducerFenced):
        await add_partitions_to_txn(broker, [OPEN])


async def test_fatal_errors_are_raised():
    broker = Broker(answer(open=kafka.InvalidTxnState.errno))
    with pytest.raises(kafka.InvalidTxnState):
        await add_partitions_to_txn(broker, [OPEN])
    assert broker._txn_manager.txn_partitions == set()
