"""The record batches of one partition: which goes next, under which sequence number. Pure.

A broker appends the batches of a producer in the order of their sequence numbers, and recognizes
the last five of a partition when they come again. So several may be in flight: if one is not
acknowledged, the broker refuses those behind it, and all of them are sent again, one by one, under
the same numbers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiokafka import TopicPartition
from aiokafka import errors as kafka

from eventer.destinations.kafka.error_codes import error_type
from eventer.kernels.kafka.record_batches import RecordBatch

_NETWORK_EXCEPTION: Final = 13
_PERHAPS_APPENDED: Final = (
    kafka.RequestTimedOutError,
    kafka.NotEnoughReplicasAfterAppendError,
    kafka.KafkaStorageError,
    kafka.NotLeaderForPartitionError,
    kafka.UnknownTopicOrPartitionError,
    error_type(_NETWORK_EXCEPTION),
)
"""Errors after which the broker may have stored a batch: it appends a batch before it waits
for the replicas, and answers with the last two if it loses the partition meanwhile."""
_SEQUENCE_MODULUS: Final = 1 << 31

SendOutcome: TypeAlias = int | BaseException
"""What became of a batch: the offset of its first record, -1 if the broker does not know it any
more, or the error."""


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


def wrap_sequence(sequence: int) -> int:
    """The sequence number that the broker expects: 0 comes after 2^31 - 1."""
    return sequence % _SEQUENCE_MODULUS


class PartitionQueue:
    """Batches and their `outcomes`; `sequence` is the next number.

    Without a producer id (`idempotent`) the broker does not recognize a batch that comes again.
    While `leader_unknown` nothing is sent; `refreshed` says that asking once has not helped.
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
        """Prepares an idle partition for new batches, after one has failed, too.

        Several are in flight (`pipelined`) only where the broker knows this producer: where it does
        not, it takes any number as the first one.
        """
        self._pipelined = pipelined
        self._failed: SequencedBatch | None = None
        self._in_doubt = False
        self._order = 0
        self.leader_unknown = self.refreshed = False

    def add(self, send: OutgoingBatch) -> None:
        """Adds a batch behind the others."""
        if self._failed:
            self._discard([send])
        else:
            self._waiting.append(send)

    @property
    def idle(self) -> bool:
        """Whether every batch has an outcome."""
        return not (self._waiting or self._in_flight or self._again)

    @property
    def ready(self) -> bool:
        """Whether a batch is to be sent now."""
        if self.leader_unknown or (self._in_flight and (self._again or not self._pipelined)):
            return False
        return bool(self._again or self._waiting)

    def take(self) -> SequencedBatch:
        """The batch to send now."""
        if self._again:
            batch = self._again.pop(0)
        else:
            send = self._waiting.popleft()
            batch = SequencedBatch(send, self._order, self.sequence)
            self._order += 1
            self.sequence = wrap_sequence(self.sequence + send.batch.count)
        self._in_flight.append(batch)
        return batch

    def refresh(self, *, unauthorized: bool) -> None:
        """Takes in that leaders were asked for, and whether we may see the topic."""
        self.leader_unknown, self.refreshed = False, True
        if unauthorized and self.ready:
            batch = self.take()
            self.settle(batch, kafka.TopicAuthorizationFailedError(batch.send.topic))

    def settle(self, batch: SequencedBatch, outcome: SendOutcome, *, answered: bool = True) -> None:
        """Takes in the offset or the error of a batch, by the broker or for want of an answer."""
        self._in_flight.remove(batch)
        if isinstance(outcome, kafka.DuplicateSequenceNumber):
            outcome = -1
        if isinstance(outcome, BaseException):
            self._refuse(batch, outcome, answered=answered)
            return
        self._outcomes[batch.send] = outcome
        self._pipelined, self.refreshed = self._idempotent, False
        self._in_doubt &= bool(self._in_flight or self._again)
        if self._failed:
            self._doubt(self._failed)

    def _refuse(self, batch: SequencedBatch, error: BaseException, *, answered: bool) -> None:
        """An error says nothing about a batch that is behind one without an outcome."""
        retriable = bool(getattr(error, "retriable", False))
        is_first = all(each.order > batch.order for each in (*self._again, *self._in_flight))
        if not answered or isinstance(error, _PERHAPS_APPENDED):
            self._in_doubt = self._idempotent
        if self._failed:
            self._discard([batch.send])
        elif is_first and not retriable:
            self._fail(batch, error)
        else:
            self.leader_unknown |= is_first
            self.refreshed |= is_first
            self._again = sorted([*self._again, batch], key=lambda each: each.order)
        if self._failed and self._in_doubt:
            self._doubt(self._failed)

    def _fail(self, batch: SequencedBatch, error: BaseException) -> None:
        """Frees the sequence numbers for other bytes: the broker has none of the batches."""
        self._failed = batch
        self._outcomes[batch.send] = error
        self.sequence = batch.sequence
        self._discard([*(each.send for each in self._again), *self._waiting])
        self._again.clear()
        self._waiting.clear()

    def _discard(self, sends: Iterable[OutgoingBatch]) -> None:
        assert self._failed is not None
        cause = self._outcomes[self._failed.send]
        assert isinstance(cause, BaseException)
        self._outcomes |= {send: NotSentError(cause) for send in sends}

    def _doubt(self, failed: SequencedBatch) -> None:
        """Ends the producer: the broker may have the batches, under numbers that look free."""
        error = self._outcomes[failed.send]
        if not isinstance(error, kafka.KafkaConnectionError):
            self._outcomes[failed.send] = kafka.KafkaConnectionError(
                f"the broker rejects a batch that it may have stored: {error}"
            )
