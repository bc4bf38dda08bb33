"""All that one producer sends: its identity, its transactions, its batches. Pure.

`next_requests` are the requests to send now, of which several may be in flight; `handle` takes
what became of one. When none is in flight and none is next, what was asked for is done, or
`state.error` says why it never will be.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiokafka import TopicPartition

from eventer.destinations.kafka.partition_queue import (
    OutgoingBatch,
    PartitionQueue,
    SendOutcome,
    SequencedBatch,
)
from eventer.destinations.kafka.transaction import (
    RETRY_SECONDS,
    CoordinatorEvent,
    CoordinatorRequest,
    Phase,
    TransactionState,
)
from eventer.kernels.kafka.record_batches import ProducerState

MAX_IN_FLIGHT: Final = 5
"""Produce requests without an answer. Each has at most one batch of a partition, and a broker
recognizes the last five batches of a partition."""
_FULL_REQUEST_BYTES: Final = 512 << 10

LeaderOf: TypeAlias = Callable[[TopicPartition], int | None]


@dataclass(frozen=True, slots=True)
class Produce:
    """Sends batches of different partitions to the broker that leads them."""

    node: int
    batches: tuple[SequencedBatch, ...]


@dataclass(frozen=True, slots=True)
class RefreshMetadata:
    """Asks who leads the partitions of topics, after `pause` seconds."""

    topics: frozenset[str]
    pause: float


@dataclass(frozen=True, slots=True)
class Produced:
    """The end of `Produce`: the offset or the error of each batch, `answered` by the broker."""

    request: Produce
    outcomes: Mapping[TopicPartition, SendOutcome]
    answered: bool = True


@dataclass(frozen=True, slots=True)
class MetadataRefreshed:
    """The end of `RefreshMetadata`, and the topics that we may not see."""

    unauthorized: frozenset[str] = frozenset()


Request: TypeAlias = CoordinatorRequest | Produce | RefreshMetadata
Event: TypeAlias = CoordinatorEvent | Produced | MetadataRefreshed


class ProducerSession:
    """One producer, from its start to its end. It is used by one task at a time."""

    def __init__(self, transactional_id: str | None, *, idempotent: bool = True) -> None:
        self._transactional = transactional_id is not None
        self._idempotent = idempotent
        self._outcomes: dict[OutgoingBatch, SendOutcome] = {}
        self._partitions: dict[TopicPartition, PartitionQueue] = {}
        self._active: dict[TopicPartition, PartitionQueue] = {}
        self._in_flight = 0
        self._refreshing = self._asking = self._has_failures = False
        self.state = TransactionState(transactional_id, Phase.NO_ID if idempotent else Phase.READY)

    # --- what its user wants ------------------------------------------------------------------

    def begin(self) -> None:
        """Begins a transaction."""
        self.state = self.state.begin()
        self._has_failures = False

    def add_partitions(self, partitions: Collection[TopicPartition]) -> None:
        """Adds partitions to the transaction, or none; `state.refused` says why."""
        self.state = self.state.add(partitions)

    def send(self, sends: Sequence[OutgoingBatch]) -> None:
        """Sends batches, in this order to each partition; a transaction must have those."""
        for send in sends:
            tp = send.topic_partition
            assert not self._transactional or self.state.may_send_to(tp), tp
            if tp not in self._active:
                queue = self._partitions.get(tp) or PartitionQueue(
                    self._outcomes, idempotent=self._idempotent
                )
                queue.start(pipelined=self._transactional and queue.sequence != 0)
                self._partitions[tp] = self._active[tp] = queue
            self._active[tp].add(send)

    def unacknowledged(self, sends: Collection[OutgoingBatch]) -> list[OutgoingBatch]:
        """The batches without an outcome."""
        return [send for send in sends if send not in self._outcomes]

    def take_outcomes(self, sends: Sequence[OutgoingBatch]) -> list[SendOutcome]:
        """Removes and returns the outcomes of batches that were sent."""
        outcomes = [self._outcomes.pop(send) for send in sends]
        self._has_failures |= any(isinstance(each, BaseException) for each in outcomes)
        return outcomes

    def end(self, *, commit: bool) -> None:
        """Ends the transaction. A transaction with a failed batch cannot be committed."""
        assert not self._active, "batches have no outcome yet"
        assert not (commit and self._has_failures), "a batch of the transaction has failed"
        self.state = self.state.end(commit=commit)

    # --- what to send, and what became of it --------------------------------------------------

    def next_requests(self, leader_of: LeaderOf) -> list[Request]:
        """The requests to send now; `leader_of` knows the brokers that lead partitions."""
        requests: list[Request] = []
        request = self.state.next_request()
        if request and not self._asking:
            self._asking = True
            requests.append(request)
        while produces := self._next_produces(leader_of, MAX_IN_FLIGHT - self._in_flight):
            self._in_flight += len(produces)
            requests += produces
        unknown = {tp: queue for tp, queue in self._active.items() if queue.leader_unknown}
        if unknown and not self._refreshing:
            self._refreshing = True
            pause = RETRY_SECONDS if any(queue.refreshed for queue in unknown.values()) else 0.0
            requests.append(RefreshMetadata(frozenset(tp.topic for tp in unknown), pause))
        return requests

    def _next_produces(self, leader_of: LeaderOf, slots: int) -> list[Produce]:
        """At most one batch of each partition, in at most so many requests."""
        full: list[Produce] = []
        filling: dict[int, list[SequencedBatch]] = {}
        for tp, queue in self._active.items():
            if not queue.ready:
                continue
            node = leader_of(tp)
            if node is None or node < 0:
                queue.leader_unknown = True
            elif node in filling or len(full) + len(filling) < slots:
                batches = filling.setdefault(node, [])
                batches.append(queue.take())
                if sum(each.send.batch.size for each in batches) >= _FULL_REQUEST_BYTES:
                    full.append(Produce(node, tuple(filling.pop(node))))
        return full + [Produce(node, tuple(batches)) for node, batches in filling.items()]

    def handle(self, event: Event) -> None:
        """Handles the answer to a request, or its error."""
        match event:
            case Produced(request, outcomes, answered):
                self._in_flight -= 1
                for each in request.batches:
                    tp = each.send.topic_partition
                    self._partitions[tp].settle(each, outcomes[tp], answered=answered)
            case MetadataRefreshed(unauthorized):
                self._refreshing = False
                for tp, queue in self._active.items():
                    if queue.leader_unknown:
                        queue.refresh(unauthorized=tp.topic in unauthorized)
            case _:
                self._asking = False
                self.state = self.state.after(event)
        for tp in [tp for tp, queue in self._active.items() if queue.idle]:
            # Starting anew, it does not keep a batch that failed.
            self._active.pop(tp).start(pipelined=False)

    def producer_state(self, batch: SequencedBatch) -> ProducerState:
        """What a batch says of its producer."""
        if not self._idempotent:
            return ProducerState()
        identity = self.state.identity
        return ProducerState(identity.id, identity.epoch, batch.sequence, self._transactional)
