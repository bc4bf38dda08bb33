"""The record batches that a producer has to send: which goes next, under which number. Pure.

A broker takes the batches of a producer to a partition in the order of their sequence numbers, and
recognizes the last five of a partition when they come again. So several may be in flight: if one
is not acknowledged, the broker refuses those behind it, and all of them are sent again, one by one,
under the same numbers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiokafka import TopicPartition
from aiokafka import errors as kafka

from eventer.destinations.kafka.transaction import RETRY_SECONDS
from eventer.kernels.kafka.record_batches import RecordBatch

MAX_IN_FLIGHT: Final = 5
"""Requests without an answer. Each has at most one batch of a partition, and a broker recognizes
the last five batches of a partition."""
_FULL_REQUEST_BYTES: Final = 512 << 10
_PERHAPS_APPENDED: Final = (
    kafka.RequestTimedOutError,
    kafka.NotEnoughReplicasAfterAppendError,
    kafka.KafkaStorageError,
)
"""Errors after which the broker may have a batch all the same."""
_SEQUENCE_MODULUS: Final = 1 << 31

SendOutcome: TypeAlias = int | BaseException
"""What became of a batch: the offset of its first record, -1 if the broker does not know it any
more, or the error."""
LeaderOf: TypeAlias = Callable[[TopicPartition], int | None]


class NotSentError(Exception):
    """The outcome of a batch behind one of its partition that failed: by `__cause__`."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.__cause__ = cause


@dataclass(frozen=True, slots=True, eq=False)
class OutgoingBatch:
    """A record batch and its partition. Each is sent once, so it equals itself alone."""

    topic: str
    partition: int
    batch: RecordBatch

    @property
    def topic_partition(self) -> TopicPartition:
        """Topic and partition."""
        return TopicPartition(self.topic, self.partition)


@dataclass(frozen=True, slots=True)
class SequencedBatch:
    """The batch number `order` of its partition, and the sequence number of its first record."""

    send: OutgoingBatch
    order: int
    sequence: int


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


ProduceRequest: TypeAlias = Produce | RefreshMetadata


@dataclass(frozen=True, slots=True)
class Produced:
    """The answer to `Produce`: the offset or the error of each batch.

    Where not `answered`, the errors say why; the broker may have the batches or not.
    """

    request: Produce
    outcomes: Mapping[TopicPartition, SendOutcome]
    answered: bool = True


@dataclass(frozen=True, slots=True)
class MetadataRefreshed:
    """The end of `RefreshMetadata`, and the topics that we may not see."""

    unauthorized: frozenset[str] = frozenset()


ProduceEvent: TypeAlias = Produced | MetadataRefreshed


def wrap_sequence(sequence: int) -> int:
    """The sequence number that the broker expects: 0 comes after 2^31 - 1."""
    return sequence % _SEQUENCE_MODULUS


class ProduceQueue:
    """Batches to send, and their outcomes. Batches of a partition land in the order of `add`.

    Without a producer id (`idempotent`) nothing tells a batch that comes again from a new one.
    """

    def __init__(self, *, transactional: bool, idempotent: bool = True) -> None:
        self._transactional = transactional
        self._idempotent = idempotent
        self._partitions: dict[TopicPartition, _PartitionQueue] = {}
        self._active: dict[TopicPartition, _PartitionQueue] = {}
        self._in_flight = 0
        self._refreshing = False
        self.outcomes: dict[OutgoingBatch, SendOutcome] = {}

    def add(self, sends: Sequence[OutgoingBatch]) -> None:
        """Adds batches. A partition whose batch has failed accepts new ones when it is idle."""
        for send in sends:
            tp = send.topic_partition
            if tp not in self._active:
                queue = self._partitions.setdefault(
                    tp, _PartitionQueue(self.outcomes, idempotent=self._idempotent)
                )
                queue.start(pipelined=self._transactional and queue.sequence != 0)
                self._active[tp] = queue
            self._active[tp].add(send)

    @property
    def idle(self) -> bool:
        """Whether every batch has an outcome."""
        return not self._active

    def unacknowledged(self, sends: Collection[OutgoingBatch]) -> list[OutgoingBatch]:
        """Those of the batches that have no outcome yet."""
        return [send for send in sends if send not in self.outcomes]

    def take_outcomes(self, sends: Sequence[OutgoingBatch]) -> list[SendOutcome]:
        """The outcomes of batches, which it forgets."""
        return [self.outcomes.pop(send) for send in sends]

    def next_requests(self, leader_of: LeaderOf) -> list[ProduceRequest]:
        """The requests to send now."""
        requests: list[ProduceRequest] = []
        while (slots := MAX_IN_FLIGHT - self._in_flight) > 0:
            produces = self._next_produces(leader_of, slots)
            if not produces:
                break
            self._in_flight += len(produces)
            requests += produces
        stale = [tp for tp, queue in self._active.items() if queue.leader_unknown]
        if stale and not self._refreshing:
            self._refreshing = True
            tried = any(self._active[tp].refreshed for tp in stale)
            topics = frozenset(tp.topic for tp in stale)
            requests.append(RefreshMetadata(topics, RETRY_SECONDS if tried else 0.0))
        return requests

    def _next_produces(self, leader_of: LeaderOf, slots: int) -> list[Produce]:
        """At most one batch of each partition."""
        full: list[Produce] = []
        open_requests: dict[int, list[SequencedBatch]] = {}
        for tp, queue in self._active.items():
            if not queue.ready:
                continue
            node = leader_of(tp)
            if node is None or node < 0:
                queue.leader_unknown = True
                continue
            if node not in open_requests and len(full) + len(open_requests) >= slots:
                continue
            batches = open_requests.setdefault(node, [])
            batches.append(queue.take())
            if sum(each.send.batch.size for each in batches) >= _FULL_REQUEST_BYTES:
                full.append(Produce(node, tuple(open_requests.pop(node))))
        return full + [Produce(node, tuple(batches)) for node, batches in open_requests.items()]

    def handle(self, event: ProduceEvent) -> None:
        """Takes in what became of a request."""
        if isinstance(event, MetadataRefreshed):
            self._refreshing = False
            for tp, queue in self._active.items():
                if queue.leader_unknown:
                    queue.refresh(unauthorized=tp.topic in event.unauthorized)
        else:
            self._in_flight -= 1
            for each in event.request.batches:
                tp = each.send.topic_partition
                self._partitions[tp].settle(each, event.outcomes[tp], answered=event.answered)
        self._active = {tp: queue for tp, queue in self._active.items() if not queue.idle}


class _PartitionQueue:
    """The batches of one partition; `sequence` is the next number that is free.

    Several are in flight only where the broker knows this producer (`pipelined`): where it does
    not, it takes any number as the first one.
    """

    def __init__(self, outcomes: dict[OutgoingBatch, SendOutcome], *, idempotent: bool) -> None:
        self._outcomes = outcomes
        self._idempotent = idempotent
        self._waiting: deque[OutgoingBatch] = deque()
        self._in_flight: list[SequencedBatch] = []
        self._again: list[SequencedBatch] = []
        self.sequence = 0
        self.start(pipelined=False)

    def start(self, *, pipelined: bool) -> None:
        self._pipelined = pipelined
        self._failed: SequencedBatch | None = None
        self._in_doubt = False
        self._order = 0
        self.leader_unknown = self.refreshed = False

    def add(self, send: OutgoingBatch) -> None:
        if self._failed:
            self._outcomes[send] = NotSentError(self._error())
        else:
            self._waiting.append(send)

    @property
    def idle(self) -> bool:
        return not (self._waiting or self._in_flight or self._again)

    @property
    def ready(self) -> bool:
        """Whether a batch can be sent now, if the leader is known."""
        if self.leader_unknown or (self._again and self._in_flight):
            return False
        return bool(self._again) or bool(self._waiting and (self._pipelined or not self._in_flight))

    def take(self) -> SequencedBatch:
        if self._again:
            batch = self._again.pop(0)
        else:
            send = self._waiting.popleft()
            batch = SequencedBatch(send, self._order, self.sequence)
            self._order += 1
            self.sequence = wrap_sequence(self.sequence + send.batch.count)
        self._in_flight.append(batch)
        return batch

    def settle(self, batch: SequencedBatch, outcome: SendOutcome, *, answered: bool) -> None:
        self._in_flight.remove(batch)
        if isinstance(outcome, kafka.DuplicateSequenceNumber):
            outcome = -1
        if not isinstance(outcome, BaseException):
            self._acknowledge(batch, outcome)
        else:
            self._refuse(batch, outcome, answered=answered)

    def _acknowledge(self, batch: SequencedBatch, offset: int) -> None:
        self._outcomes[batch.send] = offset
        self._pipelined, self.refreshed = self._idempotent, False
        if self._failed:
            self._fail_in_doubt(self._failed)

    def _refuse(self, batch: SequencedBatch, error: BaseException, *, answered: bool) -> None:
        """What a refusal means depends on the batches before it: without them it says nothing."""
        retriable = bool(getattr(error, "retriable", False))
        if not answered or isinstance(error, _PERHAPS_APPENDED):
            self._in_doubt = self._idempotent
        is_first = all(each.order > batch.order for each in (*self._again, *self._in_flight))
        if self._failed:
            self._outcomes[batch.send] = NotSentError(self._error())
            if self._in_doubt:
                self._fail_in_doubt(self._failed)
        elif is_first and not retriable:
            self._fail(batch, error)
        else:
            self.leader_unknown |= is_first
            self.refreshed |= is_first
            self._again = sorted([*self._again, batch], key=lambda each: each.order)

    def _fail(self, batch: SequencedBatch, error: BaseException) -> None:
        """The broker has none of the batches: their sequence numbers are free for other bytes."""
        self._outcomes[batch.send] = error
        self._failed = batch
        self.sequence = batch.sequence
        behind = [*(each.send for each in self._again), *self._waiting]
        self._outcomes |= {send: NotSentError(error) for send in behind}
        self._again.clear()
        self._waiting.clear()
        if self._in_doubt:
            self._fail_in_doubt(batch)

    def _fail_in_doubt(self, failed: SequencedBatch) -> None:
        """The broker may have the batch, or one behind it: their numbers serve no other bytes."""
        error = self._error()
        if not isinstance(error, kafka.KafkaConnectionError):
            self._outcomes[failed.send] = kafka.KafkaConnectionError(
                f"the broker refuses a batch that it may have: {error}"
            )

    def _error(self) -> BaseException:
        assert self._failed is not None
        error = self._outcomes[self._failed.send]
        assert isinstance(error, BaseException)
        return error

    def refresh(self, *, unauthorized: bool) -> None:
        """Takes in that leaders were asked for."""
        self.leader_unknown, self.refreshed = False, True
        if unauthorized and self.ready:
            batch = self.take()
            self._in_flight.remove(batch)
            self._fail(batch, kafka.TopicAuthorizationFailedError(batch.send.topic))
