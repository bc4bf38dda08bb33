"""Taking partitions into a transaction: all of them, or nothing is sent.

aiokafka does this by itself, one request for whatever is waiting at the moment. Where the broker
then refuses one topic by right, it forgets the partitions that earlier requests took in, ends the
transaction for itself alone and sends what was refused all the same. The broker still has the
transaction open, so the next commit makes visible what was aborted.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka import errors as kafka
from aiokafka.client import CoordinationType
from aiokafka.producer.sender import AddPartitionsToTxnHandler, Sender

_COORDINATOR_MOVED: Final = (kafka.CoordinatorNotAvailableError, kafka.NotCoordinatorError)
_TRANSIENT: Final = (
    *_COORDINATOR_MOVED,
    kafka.ConcurrentTransactions,
    kafka.CoordinatorLoadInProgressError,
    kafka.UnknownTopicOrPartitionError,
    kafka.OperationNotAttempted,
)
_RETRY_DELAYS_SECONDS: Final = (0.001, 0.002, 0.004, 0.01, 0.02)
"""Between a commit and the writing of its markers the broker begins no other transaction: mostly
for a millisecond or two, which are a lot where a transaction takes thirty."""


async def add_partitions_to_txn(
    sender: Sender, topic_partitions: Collection[TopicPartition]
) -> None:
    """Takes partitions into the transaction that has begun, asking until the broker has answered.

    Raises:
        TopicAuthorizationFailedError: names the rejected topics; no partition was added.
        KafkaConnectionError: the broker refuses what it may have taken when asked before.
        KafkaError: this producer is fenced or cannot go on.
    """
    manager = sender._txn_manager  # noqa: SLF001 - see `producer.py`
    unanswered = False
    pauses = iter(_RETRY_DELAYS_SECONDS)
    while missing := set(topic_partitions) - manager.txn_partitions:
        asked = _AddPartitionsRequest(sender, missing, next(pauses, _RETRY_DELAYS_SECONDS[-1]))
        node = await sender._find_coordinator(  # noqa: SLF001
            CoordinationType.TRANSACTION, manager.transactional_id
        )
        try:
            await asked.do(node)
        except kafka.TopicAuthorizationFailedError as error:
            if unanswered:
                raise kafka.KafkaConnectionError(
                    f"a field's presence is not known: {error}"
                ) from error
            raise
        unanswered |= not asked.answered


class _AddPartitionsRequest(AddPartitionsToTxnHandler):  # type: ignore[misc]  # aiokafka ships no types
    """The client's request, with a verdict on its answer that leaves nothing half done."""

    answered = False

    def __init__(
        self, sender: Sender, topic_partitions: Collection[TopicPartition], pause: float
    ) -> None:
        super().__init__(sender, topic_partitions)
        self._pause = pause

    def handle_response(self, resp: Any) -> float | None:
        """None when all are added, else the seconds to wait before a retry."""
        self.answered = True
        manager = self._sender._txn_manager  # noqa: SLF001
        found = _errors_of(resp)
        by_right = kafka.TopicAuthorizationFailedError
        refused = {topic for topic, error in found if issubclass(error, by_right)}
        if refused:
            raise by_right(refused)
        for _, error in found:
            if issubclass(error, _COORDINATOR_MOVED):
                self._sender._coordinator_dead(CoordinationType.TRANSACTION)  # noqa: SLF001
            elif not issubclass(error, _TRANSIENT):
                raise _fatal_error(error, manager.transactional_id)
        if found:
            return self._pause
        manager.txn_partitions.update(self._tps)
        return None


def _errors_of(resp: Any) -> list[tuple[str, type[kafka.KafkaError]]]:
    """The topics of an answer whose partitions were not taken, and why."""
    answers = [(topic, code) for topic, partitions in resp.errors for _, code in partitions]
    return [(topic, kafka.for_code(code)) for topic, code in answers if code]


def _fatal_error(error: type[kafka.KafkaError], transactional_id: str) -> kafka.KafkaError:
    if issubclass(error, kafka.InvalidProducerEpoch):
        return kafka.ProducerFenced()
    return error(transactional_id)
