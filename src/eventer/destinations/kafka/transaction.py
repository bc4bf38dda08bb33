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
    """The id and the epoch by which the broker knows a producer; the default is none."""

    id: int = -1
    epoch: int = -1


# --- requests: each waits `pause` seconds first -----------------------------------------------


@dataclass(frozen=True, slots=True)
class FindCoordinator:
    """Asks which broker coordinates the transactional id."""

    pause: float


@dataclass(frozen=True, slots=True)
class InitProducerId:
    """Asks for an identity; fences every earlier producer of the transactional id."""

    pause: float


@dataclass(frozen=True, slots=True)
class AddPartitions:
    """Adds partitions to the transaction, before anything is sent to them."""

    partitions: frozenset[TopicPartition]
    pause: float


@dataclass(frozen=True, slots=True)
class EndTransaction:
    """Commits or aborts the transaction."""

    commit: bool
    pause: float


CoordinatorRequest: TypeAlias = FindCoordinator | InitProducerId | AddPartitions | EndTransaction


# --- events -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CoordinatorFound:
    """The answer to `FindCoordinator`."""

    node: int


@dataclass(frozen=True, slots=True)
class IdentityAssigned:
    """The answer to `InitProducerId`."""

    identity: ProducerIdentity


@dataclass(frozen=True, slots=True)
class PartitionsAnswered:
    """The answer to `AddPartitions`: topics with the errors of their partitions, if any."""

    asked: frozenset[TopicPartition]
    errors: tuple[tuple[str, type[kafka.KafkaError]], ...] = ()


@dataclass(frozen=True, slots=True)
class TransactionEnded:
    """The answer to `EndTransaction`."""


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """The broker answered with an error."""

    error: kafka.KafkaError


@dataclass(frozen=True, slots=True)
class RequestUnanswered:
    """The broker may have carried out the request, or not."""

    error: kafka.KafkaError


CoordinatorEvent: TypeAlias = (
    CoordinatorFound
    | IdentityAssigned
    | PartitionsAnswered
    | TransactionEnded
    | RequestRefused
    | RequestUnanswered
)


@dataclass(frozen=True, slots=True)
class TransactionState:
    """A producer; one without a `transactional_id` only gets an identity.

    `refused` are the topics of the last `add` that the broker refuses by right; then no partition
    of it was added. `in_doubt` says that an `AddPartitions` of this transaction had no answer.
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

    def next_request(self) -> CoordinatorRequest | None:
        """The request to send now. There is at most one without an answer."""
        request = self._needed_request()
        if request and self.transactional_id is not None and self.coordinator is None:
            return FindCoordinator(self.pause)
        return request

    def _needed_request(self) -> CoordinatorRequest | None:
        missing = self.wanted - self.added
        match self.phase:
            case Phase.NO_ID:
                return InitProducerId(self.pause)
            case Phase.OPEN if missing:
                return AddPartitions(missing, self.pause)
            case Phase.COMMITTING | Phase.ABORTING:
                return EndTransaction(self.phase is Phase.COMMITTING, self.pause)
        return None

    def after(self, event: CoordinatorEvent) -> TransactionState:
        """The state after an event."""
        match event:
            case CoordinatorFound(node):
                return replace(self, coordinator=node, pause=0.0)
            case IdentityAssigned(identity):
                return replace(self, identity=identity, phase=Phase.READY, pause=0.0)
            case PartitionsAnswered(asked, errors):
                return self._after_partitions(asked, errors)
            case TransactionEnded():
                return self._ended()
            case RequestRefused(error) if not isinstance(error, _TRANSIENT):
                return self.failed(error)
            case RequestRefused(error):
                return self._retry(RETRY_SECONDS, moved=isinstance(error, _COORDINATOR_MOVED))
            case RequestUnanswered(error):
                again = self._retry(RETRY_SECONDS, moved=isinstance(error, _CONNECTION_LOST))
                was_adding = self.phase is Phase.OPEN and self.coordinator is not None
                return replace(again, in_doubt=self.in_doubt or was_adding)

    def _after_partitions(
        self,
        asked: frozenset[TopicPartition],
        errors: tuple[tuple[str, type[kafka.KafkaError]], ...],
    ) -> TransactionState:
        """A refusal by right counts before all else: the broker has added nothing then."""
        by_right = kafka.TopicAuthorizationFailedError
        if refused := frozenset(topic for topic, error in errors if issubclass(error, by_right)):
            if self.in_doubt:
                return self.failed(
                    kafka.KafkaConnectionError(
                        f"the broker refuses topics that it may have added: {sorted(refused)}"
                    )
                )
            return replace(self, wanted=self.added, refused=refused, tries=0, pause=0.0)
        for _, error in errors:
            if not issubclass(error, _ADD_TRANSIENT):
                return self.failed(error(self.transactional_id))
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

    def failed(self, error: BaseException) -> TransactionState:
        """The state of a producer that an error has ended."""
        if isinstance(error, kafka.InvalidProducerEpoch):
            error = kafka.ProducerFenced()
        elif isinstance(error, kafka.TransactionalIdAuthorizationFailed):
            error = type(error)(self.transactional_id)
        return replace(self, phase=Phase.FAILED, error=error)
