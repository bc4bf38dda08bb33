"""What errors of the broker mean: their categories and messages.

The producer retries retriable errors until the delivery times out, so most of them never get here.
An error that is not listed is transient: the flow is left out and tried again later. Texts use the
names of the protocol's table of error codes.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, Final

from aiokafka import errors as kafka

from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
    FencedError,
    TargetUnavailableError,
)
from eventer.core.network_errors import network_error_text
from eventer.destinations.kafka.error_codes import error_name, error_type


class RejectedRecordsError(Exception):
    """The broker refuses a record batch for some of its records, whatever their producer does.

    `code` is its error code, `rows` are the numbers of these records in the batch: empty if the
    broker does not name them (before Kafka 2.4). `text` is what the broker says.
    """

    def __init__(self, code: int, rows: tuple[int, ...] = (), text: str = "") -> None:
        super().__init__(f"{error_name(code)} {text}".strip())
        self.code = code
        self.rows = rows
        self.text = text


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
INVALID_TIMESTAMP: Final = 32
INVALID_RECORD: Final = 87
_RECORD_CODES: Final = (INVALID_TIMESTAMP, INVALID_RECORD)
_RECORD_ERRORS_AT: Final = 2
_UNSUPPORTED_COMPRESSION_TYPE: Final = 76
_TRANSACTIONAL_ID_NOT_FOUND: Final = 105

_REJECTION_HINTS: Final[dict[type[BaseException], str | None]] = {
    kafka.TopicAuthorizationFailedError: _GRANT_HINT,
    kafka.ClusterAuthorizationFailedError: "grant the principal the rights on the cluster",
    kafka.InvalidTopicError: "name a topic that the broker accepts",
    RejectedRecordsError: None,
    error_type(_UNSUPPORTED_COMPRESSION_TYPE): "choose another `compression` of the connection",
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
    error_type(_TRANSACTIONAL_ID_NOT_FOUND): ErrorCategory.PRODUCER_UNUSABLE,
    kafka.ConcurrentTransactions: ErrorCategory.PRODUCER_UNUSABLE,
    kafka.KafkaConnectionError: ErrorCategory.PRODUCER_UNUSABLE,
    TimeoutError: ErrorCategory.PRODUCER_UNUSABLE,
}

_RECORD_ERRORS: Final = (
    RejectedRecordsError,
    kafka.MessageSizeTooLargeError,
    kafka.RecordListTooLargeError,
    kafka.CorruptRecordException,
    kafka.UnknownError,
)
_TARGET_STATES: Final = (
    (
        (kafka.LeaderNotAvailableError,),
        "a partition of topic {topic} has no leader",
        "delivery continues when a broker that holds the partition is back",
    ),
    (
        (kafka.NotEnoughReplicasError, kafka.NotEnoughReplicasAfterAppendError),
        "topic {topic} has not enough replicas in sync",
        "delivery continues when brokers that hold replicas are back (see min.insync.replicas)",
    ),
    (
        (kafka.UnknownTopicOrPartitionError,),
        "topic {topic} does not exist",
        "Eventer creates it again",
    ),
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


def produce_error(topic: str, code: int, details: Sequence[Any]) -> BaseException:
    """The error of a record batch; `details` is what follows its offset in the broker's answer."""
    if code in _RECORD_CODES:
        named, text = details[2:] if len(details) > _RECORD_ERRORS_AT else ((), "")
        rows = tuple(sorted(row for row, _ in named or ()))
        said = next((each for _, each in named or () if each), text)
        return RejectedRecordsError(code, rows, said or "")
    kind = error_type(code)
    error: BaseException = kind()
    if issubclass(kind, kafka.InvalidProducerEpoch):
        error = kafka.ProducerFenced()
    elif issubclass(kind, kafka.TopicAuthorizationFailedError):
        error = kind({topic})
    return error


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
    """Whether the broker rejects transactions or idempotence, for lack of rights or by version."""
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
    for kinds, state, hint in _TARGET_STATES:
        if isinstance(error, kinds):
            return TargetUnavailableError(state.format(topic=repr(topic)), hint=hint)
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
    if isinstance(error, kafka.BrokerResponseError):
        said = " ".join(each for each in error.args if isinstance(each, str))
        return f"{error_name(error.errno)} {said}".strip()
    if isinstance(error, RejectedRecordsError):
        return str(error)
    text, name = str(error).removesuffix("()"), type(error).__name__
    return text if text and name in text else f"{name} {text}".strip()
