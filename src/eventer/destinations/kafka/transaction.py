"""A producer and its transaction as the coordinator knows them: what to ask next. Pure.

`TransactionState` is a value. `next_request` is the one request to send now, or None; `after` is
the state after an event. Its user sends the requests and makes an event of each answer.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from aiokafka import TopicPartition
from aiokafka import errors as kafka

RETRY_SECONDS: Final = 0.05
_ADD_RETRY_SECONDS: Final = (0.001, 0.002, 0.004, 0.01, 0.02)
"""After a commit the broker refuses to begin a transaction until it has written the markers: for
one or two milliseconds as a rule. A transaction takes about thirty."""

_COORDINATOR_MOVED: Final = (kafka.CoordinatorNotAvailableError, kafka.NotCoordinatorError)
_TRANSIENT: Final = (
    *_COORDINATOR_MOVED,
    kafka.ConcurrentTransactions,
    kafka.CoordinatorLoadInProgressError,
)
_ADD_TRANSIENT: Final = (
    *_TRANSIENT,
    kafka.UnknownTopicOrPartitionError,
    kafka.OperationNotAttempted,  # the broker adds all partitions of a request or none
)
_CONNECTION_LOST: Final = (kafka.NodeNotReadyError, kafka.RequestTimedOutError)


class Phase(enum.Enum):
    """What a producer does now; a FAILED one can only be discarded."""

    NO_ID = enum.auto()
    READY = enum.auto()
    OPEN = enum.auto()
    COMMITTING = enum.auto()
    ABORTING = enum.auto()
    FAILED = enum.auto()


@dataclass(frozen=True, slots=True)
class ProducerIdentity:
    """The identity by which the broker knows a producer; the default is none."""

    id: int = -1
    epoch: int = -1


class RequestKind(enum.Enum):
    """What a request asks of the coordinator.

    COORDINATOR: which broker coordinates the transactional id.
    IDENTITY: an identity; fences every earlier producer of the transactional id.
    PARTITIONS: adds partitions to the transaction, before anything is sent to them.
    """

    COORDINATOR = enum.auto()
    IDENTITY = enum.auto()
    PARTITIONS = enum.auto()
    COMMIT = enum.auto()
    ABORT = enum.auto()


@dataclass(frozen=True, slots=True)
class CoordinatorRequest:
    """A request to send to the coordinator after `pause` seconds."""

    kind: RequestKind
    pause: float = 0.0
    partitions: frozenset[TopicPartition] = frozenset()


@dataclass(frozen=True, slots=True)
class CoordinatorFound:
    """The answer to COORDINATOR."""

    node: int


@dataclass(frozen=True, slots=True)
class PartitionsAnswered:
    """The answer to PARTITIONS: topics with the errors of their partitions, if any."""

    asked: frozenset[TopicPartition]
    errors: tuple[tuple[str, type[kafka.KafkaError]], ...] = ()


@dataclass(frozen=True, slots=True)
class TransactionEnded:
    """The answer to COMMIT and ABORT."""


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """The error by which the coordinator answered, or why there is no answer."""

    error: kafka.KafkaError
    answered: bool = True


CoordinatorEvent: TypeAlias = (
    CoordinatorFound | ProducerIdentity | PartitionsAnswered | TransactionEnded | RequestFailed
)


@dataclass(frozen=True, slots=True)
class TransactionState:
    """A producer; one without a `transactional_id` only gets an identity.

    `refused` are the topics of the last `add` that the broker refuses by right; then no partition
    of it was added. `in_doubt` says that a request to add partitions or to commit had no answer.
    `retried` is the last error after which a request is sent again.
    """

    transactional_id: str | None
    phase: Phase = Phase.NO_ID
    identity: ProducerIdentity = ProducerIdentity()
    coordinator: int | None = None
    wanted: frozenset[TopicPartition] = frozenset()
    added: frozenset[TopicPartition] = frozenset()
    refused: frozenset[str] = frozenset()
    in_doubt: bool = False
    tries: int = 0
    pause: float = 0.0
    retried: kafka.KafkaError | None = None
    error: BaseException | None = None

    # --- what its user wants --------------------------------------------------------------------

    def begin(self) -> TransactionState:
        """Begins a transaction; the broker learns of it from the first partition."""
        assert self.phase is Phase.READY, self.phase
        return replace(self, phase=Phase.OPEN)

    def add(self, partitions: Collection[TopicPartition]) -> TransactionState:
        """Adds partitions to the transaction that is open."""
        assert self.phase is Phase.OPEN, self.phase
        return replace(self, wanted=self.wanted | frozenset(partitions), refused=frozenset())

    def end(self, *, commit: bool) -> TransactionState:
        """Ends the transaction, at the broker if that knows of it."""
        assert self.phase is Phase.OPEN, self.phase
        if not self.added:
            return self._ended()
        return replace(self, phase=Phase.COMMITTING if commit else Phase.ABORTING)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction has begun and is neither committed nor aborted."""
        return self.phase not in (Phase.NO_ID, Phase.READY)

    # --- what to send, and what came of it ------------------------------------------------------

    def may_send_to(self, partition: TopicPartition) -> bool:
        """Whether the transaction is open and has the partition."""
        return self.phase is Phase.OPEN and partition in self.added

    def next_request(self) -> CoordinatorRequest | None:
        """The request to send now. There is at most one without an answer."""
        missing = self.wanted - self.added
        match self.phase:
            case Phase.NO_ID:
                request = CoordinatorRequest(RequestKind.IDENTITY, self.pause)
            case Phase.OPEN if missing:
                request = CoordinatorRequest(RequestKind.PARTITIONS, self.pause, missing)
            case Phase.COMMITTING:
                request = CoordinatorRequest(RequestKind.COMMIT, self.pause)
            case Phase.ABORTING:
                request = CoordinatorRequest(RequestKind.ABORT, self.pause)
            case _:
                return None
        if self.transactional_id is not None and self.coordinator is None:
            return CoordinatorRequest(RequestKind.COORDINATOR, self.pause)
        return request

    def after(self, event: CoordinatorEvent) -> TransactionState:
        """The state after an event."""
        match event:
            case CoordinatorFound(node):
                return replace(self, coordinator=node, pause=0.0)
            case ProducerIdentity():
                return replace(self, identity=event, phase=Phase.READY, pause=0.0, retried=None)
            case PartitionsAnswered(asked, errors):
                return self._after_partitions(asked, errors)
            case TransactionEnded():
                return self._ended()
            case RequestFailed(error, True) if not isinstance(error, _TRANSIENT):
                return self._failed(error)
            case RequestFailed(error, answered):
                sent = self.coordinator is not None and self.phase in {Phase.OPEN, Phase.COMMITTING}
                moved = _COORDINATOR_MOVED if answered else _CONNECTION_LOST
                again = self._retry(RETRY_SECONDS, moved=isinstance(error, moved))
                in_doubt = self.in_doubt or (sent and not answered)
                return replace(again, in_doubt=in_doubt, retried=error)

    def _after_partitions(
        self,
        asked: frozenset[TopicPartition],
        errors: tuple[tuple[str, type[kafka.KafkaError]], ...],
    ) -> TransactionState:
        """A refusal by right counts before all else: the broker has added nothing then."""
        by_right = kafka.TopicAuthorizationFailedError
        if refused := frozenset(topic for topic, error in errors if issubclass(error, by_right)):
            if self.in_doubt:
                return self._failed(
                    kafka.KafkaConnectionError(
                        f"the broker rejects topics that it may have added: {sorted(refused)}"
                    )
                )
            return replace(self, wanted=self.added, refused=refused, tries=0, pause=0.0)
        for _, error in errors:
            if not issubclass(error, _ADD_TRANSIENT):
                return self._failed(error(self.transactional_id))
        if errors:
            pause = _ADD_RETRY_SECONDS[min(self.tries, len(_ADD_RETRY_SECONDS) - 1)]
            moved = any(issubclass(error, _COORDINATOR_MOVED) for _, error in errors)
            return self._retry(pause, moved=moved)
        return replace(self, added=self.added | asked, tries=0, pause=0.0)

    def _ended(self) -> TransactionState:
        return TransactionState(self.transactional_id, Phase.READY, self.identity, self.coordinator)

    def _retry(self, pause: float, *, moved: bool) -> TransactionState:
        coordinator = None if moved else self.coordinator
        return replace(self, tries=self.tries + 1, pause=pause, coordinator=coordinator)

    def _failed(self, error: BaseException) -> TransactionState:
        """The state of a producer that an error has ended."""
        if isinstance(error, kafka.InvalidProducerEpoch):
            error = kafka.ProducerFenced()
        elif isinstance(error, kafka.TransactionalIdAuthorizationFailed):
            error = type(error)(self.transactional_id)
        return replace(self, phase=Phase.FAILED, error=error)
