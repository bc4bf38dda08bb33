"""What the broker's errors mean to us: the registry of verdicts.

Retriable ones are retried by the client until our own patience ends, so most of them are never
seen here. What is not listed is taken to pass: the flow is left out and tried again later.
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


class Verdict(enum.Enum):
    """What an error says about what was asked.

    TOO_LARGE: the batch is larger than the topic takes, perhaps a smaller one is not.
    REFUSED: this target will not take it until someone changes something.
    FENCED: another owner took over.
    SPENT: this producer cannot go on; another one may.
    PASSING: not now, for this target.
    """

    TOO_LARGE = enum.auto()
    REFUSED = enum.auto()
    FENCED = enum.auto()
    SPENT = enum.auto()
    PASSING = enum.auto()


_GRANT = (
    "grant the principal Write and Describe on the topic, and Read where it is to be verified or "
    "is Eventer's own"
)
_REFUSED: Final[dict[type[BaseException], str | None]] = {
    kafka.TopicAuthorizationFailedError: _GRANT,
    kafka.ClusterAuthorizationFailedError: "grant the principal what it needs on the cluster",
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

_VERDICTS: Final[dict[type[BaseException], Verdict]] = {
    **dict.fromkeys(_REFUSED, Verdict.REFUSED),
    kafka.MessageSizeTooLargeError: Verdict.TOO_LARGE,
    kafka.RecordListTooLargeError: Verdict.TOO_LARGE,
    kafka.ProducerFenced: Verdict.FENCED,
    kafka.InvalidProducerEpoch: Verdict.FENCED,
    # The transaction was ended by another: about one in a hundred of those who are fenced hear it.
    kafka.InvalidTxnState: Verdict.FENCED,
    kafka.TransactionCoordinatorFenced: Verdict.SPENT,
    kafka.OutOfOrderSequenceNumber: Verdict.SPENT,
    kafka.UnknownProducerId: Verdict.SPENT,
    kafka.InvalidProducerIdMapping: Verdict.SPENT,
    kafka.ConcurrentTransactions: Verdict.SPENT,
    kafka.KafkaConnectionError: Verdict.SPENT,
    kafka.ProducerClosed: Verdict.SPENT,
    kafka.IllegalOperation: Verdict.SPENT,
    TimeoutError: Verdict.SPENT,
    AssertionError: Verdict.SPENT,
}

_OF_RECORDS: Final = (
    kafka.InvalidTimestampError,
    kafka.MessageSizeTooLargeError,
    kafka.RecordListTooLargeError,
    kafka.CorruptRecordException,
    kafka.UnknownError,  # so the client calls a record that the topic does not take, among others
)

_NO_TRANSACTIONS: Final = (
    kafka.TransactionalIdAuthorizationFailed,
    kafka.ClusterAuthorizationFailedError,
    kafka.UnsupportedVersionError,
    kafka.IncompatibleBrokerVersion,
    kafka.UnsupportedForMessageFormatError,
    NotImplementedError,  # the client knows no version of a request that the broker knows
)

_BAD_LOGIN: Final = (
    kafka.AuthenticationFailedError,
    kafka.AuthenticationMethodNotSupported,
    kafka.SaslAuthenticationFailed,
    kafka.UnsupportedSaslMechanismError,
    kafka.IllegalSaslStateError,
)


def verdict_on(error: BaseException) -> Verdict:
    """What an error of a send, a transaction or a request means."""
    if type(error) is kafka.KafkaError and error.__cause__ is not None:
        error = error.__cause__  # what ended the client's sender, which says so
    for kind in type(error).__mro__:
        if kind in _VERDICTS:
            return _VERDICTS[kind]
    return Verdict.PASSING


def blames_records(error: BaseException) -> bool:
    """Whether it is about what was sent: others may well send to the same partition."""
    return isinstance(error, _OF_RECORDS)


def refuses_identity(error: BaseException) -> bool:
    """Whether the broker refuses transactions, or idempotence, by right or by version."""
    return isinstance(error, _NO_TRANSACTIONS)


def refuses_login(error: BaseException) -> bool:
    """Whether trying again with the same settings is in vain."""
    return isinstance(error, _BAD_LOGIN)


def about_topic(error: BaseException, topic: str) -> DestinationError:
    """Our error for one that a topic caused, without an event to blame."""
    verdict = verdict_on(error)
    if verdict is Verdict.REFUSED:
        kind = next(kind for kind in type(error).__mro__ if kind in _REFUSED)
        return DestinationRejectedError(
            f"Kafka refuses topic {topic!r}: {reason(error)}", hint=_REFUSED[kind]
        )
    if isinstance(error, kafka.LeaderNotAvailableError):
        return TargetUnavailableError(
            f"a partition of topic {topic!r} has no leader",
            hint="delivery goes on when a broker that holds the partition is back",
        )
    return TargetUnavailableError(f"Kafka does not take topic {topic!r}: {reason(error)}")


def about_connection(error: BaseException, doing: str) -> DestinationError:
    """Our error for one after which this connection is spent and nothing was committed."""
    if verdict_on(error) is Verdict.FENCED:
        return FencedError(f"another owner took this shard over while {doing}")
    return DestinationUnavailableError(f"Kafka failed while {doing}: {reason(error)}")


def reason(error: BaseException) -> str:
    """What an error says, in a line; never empty."""
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    text = str(error).removesuffix("()") or getattr(error, "description", None) or ""
    name = type(error).__name__
    return text if text and name in text else f"{name} {text}".strip()
