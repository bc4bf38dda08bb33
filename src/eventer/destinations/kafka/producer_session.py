"""All that one producer sends: its identity, its transactions, its batches. Pure.

`next_requests` are the requests to send now, of which several may be in flight; `handle` takes
what became of one. When none is in flight and none is next, what was asked for is done, or
`error` says why it never will be.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

from aiokafka import TopicPartition

from eventer.destinations.kafka.produce_queue import (
    LeaderOf,
    MetadataRefreshed,
    OutgoingBatch,
    Produced,
    ProduceEvent,
    ProduceQueue,
    ProduceRequest,
    SendOutcome,
    SequencedBatch,
)
from eventer.destinations.kafka.transaction import (
    CoordinatorEvent,
    CoordinatorRequest,
    Phase,
    TransactionState,
)
from eventer.kernels.kafka.record_batches import ProducerState

Request: TypeAlias = CoordinatorRequest | ProduceRequest
Event: TypeAlias = CoordinatorEvent | ProduceEvent


class ProducerSession:
    """One producer, from its start to its end. It is used by one task at a time."""

    def __init__(self, transactional_id: str | None, *, idempotent: bool = True) -> None:
        transactional = transactional_id is not None
        self._idempotent = idempotent
        self._queue = ProduceQueue(transactional=transactional, idempotent=idempotent)
        self._asking = False
        self._has_failures = False
        self.state = TransactionState(transactional_id, Phase.NO_ID if idempotent else Phase.READY)

    def begin(self) -> None:
        """Begins a transaction."""
        self.state = self.state.begin()
        self._has_failures = False

    def add_partitions(self, partitions: Collection[TopicPartition]) -> None:
        """Adds partitions to the transaction, or none; `state.refused` says why."""
        self.state = self.state.add(partitions)

    def send(self, sends: Sequence[OutgoingBatch]) -> None:
        """Sends batches; in a transaction, to partitions that it has."""
        if self.state.transactional_id is not None:
            assert self.state.phase is Phase.OPEN, self.state.phase
            assert {send.topic_partition for send in sends} <= self.state.added
        self._queue.add(sends)

    def unacknowledged(self, sends: Collection[OutgoingBatch]) -> list[OutgoingBatch]:
        """Those of the batches that have no outcome yet."""
        return self._queue.unacknowledged(sends)

    def take_outcomes(self, sends: Sequence[OutgoingBatch]) -> list[SendOutcome]:
        """The outcomes of batches that were sent, which it forgets."""
        outcomes = self._queue.take_outcomes(sends)
        self._has_failures |= any(isinstance(each, BaseException) for each in outcomes)
        return outcomes

    def end(self, *, commit: bool) -> None:
        """Ends the transaction; one of which a batch has failed is not committed."""
        assert self._queue.idle, "batches are on their way"
        assert not (commit and self._has_failures), "a batch of the transaction has failed"
        self.state = self.state.end(commit=commit)

    def next_requests(self, leader_of: LeaderOf) -> list[Request]:
        """The requests to send now; `leader_of` knows the brokers that lead partitions."""
        if self.state.phase is Phase.FAILED:
            return []
        requests: list[Request] = []
        request = self.state.next_request()
        if request and not self._asking:
            self._asking = True
            requests.append(request)
        return [*requests, *self._queue.next_requests(leader_of)]

    def handle(self, event: Event) -> None:
        """Takes in what became of a request."""
        if isinstance(event, Produced | MetadataRefreshed):
            self._queue.handle(event)
        else:
            self._asking = False
            self.state = self.state.after(event)

    def producer_state(self, batch: SequencedBatch) -> ProducerState:
        """What a batch says of its producer."""
        if not self._idempotent:
            return ProducerState()
        identity, transactional = self.state.identity, self.state.transactional_id is not None
        return ProducerState(identity.id, identity.epoch, batch.sequence, transactional)
