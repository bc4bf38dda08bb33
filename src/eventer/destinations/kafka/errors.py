"""What errors of the broker mean: their categories and messages.

The producer retries retriable errors until the delivery times out, so most of them never get here.
An error that is not listed is transient: the flow is left out and tried again later.
"""

from __future__ import annotations

import enum
from typing import Final

from aiokafka import errors as kafka

from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
    FencedError,
    TargetUnavailableError,
)
from eventer.core.network_errors import network_error_text


class ErrorCategory(enum.Enum):
    """What an error means for a batch and its producer.

    TOO_LARGE: the batch is larger than the topic accepts; a smaller one may pass.
    REJECTED: the target does not accept it until a setting or a right changes.
    FENCED: another owner took over.
    PRODUCER_UNUSABLE: this producer cannot continue; a new one may.
    TRANSIENT: the target does not accept it now.
    """

    TOO_LARGE = enum.auto()
    REJECTED = enum.auto()
    FENCED = enum.auto()
    PRODUCER_UNUSABLE = enum.auto()
    TRANSIENT = enum.auto()


_GRANT_HINT = (
    "grant the principal Write and Describe on the topic, and Read where it is to be verified or "
    "is Eventer's own"
)
_REJECTION_HINTS: Final[dict[type[BaseException], str | None]] = {
    kafka.TopicAuthorizationFailedError: _GRANT_HINT,
    kafka.ClusterAuthorizationFailedError: "grant the principal the rights on the cluster",
    kafka.InvalidTopicError: "name a topic that the broker accepts",
    kafka.InvalidTimestampError: (
        "the topic bounds timestamps by message.timestamp.before.max.ms and .after.max.ms"
    ),
    kafka.PolicyViolationError: None,
    kafka.InvalidConfigurationError: "check `config` of the destination",
    kafka.InvalidPartitionsError: "check `partitions` of the destination",
    kafka.InvalidReplicationFactorError: "`replication` must not exceed the number of brokers",
    kafka.UnsupportedForMessageFormatError: None,
}

_CATEGORIES: Final[dict[type[BaseException], ErrorCategory]] = {
    **dict.fromkeys(_REJECTION_HINTS, ErrorCategory.REJECTED),
    kafka.MessageSizeTooLargeError: ErrorCategory.TOO_LARGE,
    kafka.RecordListTooLargeError: ErrorCategory.TOO_LARGE,
    kafka.ProducerFenced: ErrorCategory.FENCED,
    kafka.InvalidProducerEpoch: ErrorCategory.FENCED,
    # Another owner ended the transaction: about one in a hundred fenced owners gets this error.
    kafka.InvalidTxnState: ErrorCategory.FENCED,
    kafka.TransactionCoordinatorFenced: ErrorCategory.PRODUCER_UNUSABLE,
    kafka.OutOfOrderSequenceNumber: ErrorCategory.PRODUCER_UNUSABLE,
    kafka.UnknownProducerId: ErrorCategory.PRODUCER_UNUSABLE,
    kafka.InvalidProducerIdMapping: ErrorCategory.PRODUCER_UNUSABLE,
    kafka.ConcurrentTransactions: ErrorCategory.PRODUCER_UNUSABLE,
    kafka.KafkaConnectionError: ErrorCategory.PRODUCER_UNUSABLE,
    TimeoutError: ErrorCategory.PRODUCER_UNUSABLE,
}

_RECORD_ERRORS: Final = (
    kafka.InvalidTimestampError,
    kafka.MessageSizeTooLargeError,
    kafka.RecordListTooLargeError,
    kafka.CorruptRecordException,
    kafka.UnknownError,  # also the name of an invalid record's code, which the client does not know
)

_PRODUCER_ID_ERRORS: Final = (
    kafka.TransactionalIdAuthorizationFailed,
    kafka.ClusterAuthorizationFailedError,
    kafka.UnsupportedVersionError,
    kafka.IncompatibleBrokerVersion,
    kafka.UnsupportedForMessageFormatError,
    NotImplementedError,  # the client knows no version of a request that the broker knows
)

_LOGIN_ERRORS: Final = (
    kafka.AuthenticationFailedError,
    kafka.AuthenticationMethodNotSupported,
    kafka.SaslAuthenticationFailed,
    kafka.UnsupportedSaslMechanismError,
    kafka.IllegalSaslStateError,
)


def classify_error(error: BaseException) -> ErrorCategory:
    """The category of an error of a send, a transaction or a request."""
    for kind in type(error).__mro__:
        if kind in _CATEGORIES:
            return _CATEGORIES[kind]
    return ErrorCategory.TRANSIENT


def ends_producer(error: BaseException) -> bool:
    """Whether the producer can only be closed after the error."""
    return classify_error(error) in (ErrorCategory.FENCED, ErrorCategory.PRODUCER_UNUSABLE)


def is_record_error(error: BaseException) -> bool:
    """Whether the error is about the records: the partition may accept others."""
    return isinstance(error, _RECORD_ERRORS)


def rejects_producer_id(error: BaseException) -> bool:
    """Whether the broker refuses transactions or idempotence, for lack of rights or by version."""
    return isinstance(error, _PRODUCER_ID_ERRORS)


def rejects_login(error: BaseException) -> bool:
    """Whether the broker rejects the credentials, so that a retry does not help."""
    return isinstance(error, _LOGIN_ERRORS)


def topic_error(error: BaseException, topic: str) -> DestinationError:
    """Eventer's error for an error of a topic, without an event to blame."""
    category = classify_error(error)
    if category is ErrorCategory.REJECTED:
        kind = next(kind for kind in type(error).__mro__ if kind in _REJECTION_HINTS)
        return DestinationRejectedError(
            f"Kafka rejects topic {topic!r}: {describe(error)}", hint=_REJECTION_HINTS[kind]
        )
    if isinstance(error, kafka.LeaderNotAvailableError):
        return TargetUnavailableError(
            f"a partition of topic {topic!r} has no leader",
            hint="delivery goes on when a broker that holds the partition is back",
        )
    return TargetUnavailableError(
        f"Kafka does not accept events for topic {topic!r}: {describe(error)}"
    )


def connection_error(error: BaseException, doing: str) -> DestinationError:
    """Eventer's error after which a connection is unusable; nothing was committed."""
    if classify_error(error) is ErrorCategory.FENCED:
        return FencedError(f"another owner took over this shard while {doing}")
    return DestinationUnavailableError(f"Kafka failed while {doing}: {describe(error)}")


def describe(error: BaseException) -> str:
    """The text of an error in one line; never empty."""
    if (reason := network_error_text(error)) is not None:
        return reason
    if isinstance(error, kafka.KafkaConnectionError):
        return "no connection to a broker"
    text = str(error).removesuffix("()") or getattr(error, "description", None) or ""
    name = type(error).__name__
    return text if text and name in text else f"{name} {text}".strip()
