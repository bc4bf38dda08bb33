"""The steps of one commit: adding partitions, sending events, then ledger and positions.

The producer retries a topic that is gone or has no leader without end. So a wait here looks at the
topics meanwhile, and fails if a topic is unusable, or if some batches are stuck and others are not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final, TypeVar

from aiokafka import TopicPartition
from aiokafka import errors as kafka
from aiokafka.client import ConnectionGroup

from eventer.core.errors import DestinationUnavailableError
from eventer.destinations.kafka import ledger, position
from eventer.destinations.kafka.errors import ends_producer, topic_error
from eventer.destinations.kafka.partition_queue import OutgoingBatch
from eventer.destinations.kafka.producer import Producer
from eventer.destinations.kafka.send_failure import SendFailure, SentPlan, sent_plans
from eventer.destinations.kafka.send_plan import SendPlan, unique_batches
from eventer.destinations.kafka.topic_admin import TopicAdmin
from eventer.kernels.kafka.record_batches import Codec

T = TypeVar("T")

_STALL_SECONDS: Final = 2.0
_MAX_STALLS: Final = 2
"""After this many looks without progress, flows without acknowledgement are left out."""
_INTERNAL_TOPICS: Final = frozenset({position.TOPIC, ledger.TOPIC})


class PlanSender:
    """Sends plans, and the ledger and positions of a shard, through its producer.

    After an error that it raises, the state of the producer is unknown.
    """

    def __init__(self, producer: Producer, shard: int, codec: Codec) -> None:
        self._producer = producer
        self._shard = shard
        self._codec = codec

    async def add_partitions_to_txn(self, plans: Sequence[SendPlan]) -> list[SendFailure]:
        """Adds all partitions, or none and returns the flows whose topics the broker refuses."""
        topic_partitions = {send.topic_partition for send in unique_batches(plans)}
        topic_partitions |= {TopicPartition(own, self._shard) for own in _INTERNAL_TOPICS}
        try:
            await self._watch(self._producer.add_partitions_to_txn(topic_partitions), plans, ())
        except kafka.TopicAuthorizationFailedError as error:
            refused = set().union(*error.args)
            for own in refused & _INTERNAL_TOPICS:
                raise topic_error(error, own) from error
            return [SendFailure(item, 0, error) for item in plans if item.topic.name in refused]
        return []

    async def send_plans(self, plans: Sequence[SendPlan]) -> list[SentPlan]:
        """Sends all of the plans; returns their outcomes.

        Raises:
            DestinationUnavailableError: a topic is gone, or some flows are stuck; names them.
        """
        sends = unique_batches(plans)
        outcomes = await self._watch(self._producer.send(sends), plans, sends)
        return sent_plans(plans, dict(zip(sends, outcomes, strict=True)))

    async def _watch(
        self,
        work: Coroutine[Any, Any, T],
        plans: Sequence[SendPlan],
        sends: Sequence[OutgoingBatch],
    ) -> T:
        """Waits for work; checks the topics and the progress of `sends` meanwhile."""
        task = asyncio.create_task(work)
        stalls, pending = 0, len(sends)
        try:
            while not (await asyncio.wait([task], timeout=_STALL_SECONDS))[0]:
                left = self._producer.unacknowledged(sends)
                stalls = stalls + 1 if len(left) == pending else 0
                pending = len(left)
                await self._check_topics(plans)
                stuck = [item for item in plans if any(s.send in left for s in item.slices)]
                if stalls >= _MAX_STALLS and 0 < len(stuck) < len(plans):
                    raise _stalled_error(stuck)
            return task.result()
        finally:
            task.cancel()

    async def send_ledger_and_positions(self, sent: Sequence[SentPlan], now_ms: int) -> None:
        """Sends ledger and positions; without a transaction the positions go last."""
        if not sent:
            return
        ledgers = ledger.ledger_batches(self._entries(sent), now_ms, self._codec)
        positions = {each.plan.flow.key: each.plan.position for each in sent}
        sends = [OutgoingBatch(ledger.TOPIC, self._shard, batch) for batch in ledgers]
        last = OutgoingBatch(
            position.TOPIC, self._shard, position.position_batch(positions, now_ms)
        )
        together = [[*sends, last]] if self._producer.transactional else [sends, [last]]
        for each in together:
            await self._send_internal(each)

    async def _check_topics(self, plans: Sequence[SendPlan]) -> None:
        """Raises if topics are gone or cannot be written to, naming the flows."""
        names = {item.topic.name for item in plans}
        admin = TopicAdmin(self._producer.client, ConnectionGroup.COORDINATION)
        states = await admin.states(names | _INTERNAL_TOPICS)
        faults = {name: each for name, each in states.items() if not isinstance(each, int)}
        for own in sorted(_INTERNAL_TOPICS & faults.keys()):
            raise DestinationUnavailableError(topic_error(faults[own], own).message)
        if not faults:
            return
        suspects = {item.flow.key for item in plans if item.topic.name in faults}
        first = topic_error(faults[min(faults)], min(faults))
        raise DestinationUnavailableError(
            first.message,
            hint=first.hint,
            suspects=suspects if len(suspects) < len(plans) else (),
        )

    def _entries(self, sent: Sequence[SentPlan]) -> list[tuple[SendPlan, ledger.LedgerEntry]]:
        """The ledger's entries; without a transaction, those whose offsets are known.

        After a retry the broker may no longer know the offset of a batch.

        Raises:
            DestinationUnavailableError: an offset is unknown in a transaction, which is aborted.
        """
        entries = []
        for each in sent:
            offsets = [outcome for outcome in each.outcomes if isinstance(outcome, int)]
            if min(offsets, default=0) >= 0:
                entries.append((each.plan, ledger.build_entry(each.plan, offsets)))
            elif self._producer.transactional:
                raise DestinationUnavailableError(
                    f"Kafka returned no offsets for topic {each.plan.topic.name!r}"
                )
        return entries

    async def _send_internal(self, sends: Sequence[OutgoingBatch]) -> None:
        """Sends to topics of Eventer's own: no flow is to blame for an error."""
        outcomes = await self._watch(self._producer.send(sends), (), sends)
        for send, outcome in zip(sends, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                raise outcome if ends_producer(outcome) else topic_error(outcome, send.topic)


def _stalled_error(plans: Sequence[SendPlan]) -> DestinationUnavailableError:
    topics = ", ".join(sorted({repr(item.topic.name) for item in plans}))
    waited = _STALL_SECONDS * (_MAX_STALLS + 1)
    return DestinationUnavailableError(
        f"Kafka has not acknowledged events for topic {topics} in {waited:.0f} s",
        suspects={item.flow.key for item in plans},
    )
