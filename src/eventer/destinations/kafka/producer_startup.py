"""Starts a producer: transactional if the broker allows it, else idempotent, else without id."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final

from aiokafka import errors as kafka
from aiokafka.conn import create_conn

from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
    FencedError,
)
from eventer.core.model import Guarantee
from eventer.destinations.kafka.errors import (
    ErrorCategory,
    classify_error,
    describe,
    rejects_login,
    rejects_producer_id,
)
from eventer.destinations.kafka.producer import Producer
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.destinations.kafka.tls_probe import tls_hint

_TRANSACTION_RIGHTS_HINT: Final = (
    "grant the principal Write and Describe on the transactional ids beginning with `eventer-`, "
    "or set `delivery` to `auto` or `at-least-once`"
)
_MARKERS_HINT: Final = (
    "a topic of that transaction has a partition without a leader, or not enough replicas in sync"
)
_PROBE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class StartedProducer:
    """A started producer, its guarantee, and why `auto` got no stronger one."""

    producer: Producer
    guarantee: Guarantee
    degraded: str | None = None


async def start_producer(settings: KafkaSettings, transactional_id: str) -> StartedProducer:
    """A started producer of the shard.

    Raises:
        DestinationUnavailableError: the cluster is not reachable.
        DestinationRejectedError: it rejects the login, or transactions that the settings demand.
    """
    refused: str | None = None
    if settings.delivery != "at-least-once":
        try:
            return StartedProducer(await _start(settings, transactional_id), "exactly-once")
        except _ProducerIdRejectedError as error:
            refused = f"the broker rejects transactions: {error}"
        except _UnexplainedError as error:
            if await _gives_producer_ids(settings):
                raise DestinationUnavailableError(error.message) from error.__cause__
            refused = "the broker has no transactions"
        if settings.delivery == "exactly-once":
            raise DestinationRejectedError(refused, hint=_TRANSACTION_RIGHTS_HINT)
    try:
        producer = await _start(settings)
    except _ProducerIdRejectedError:
        producer = await _start(settings, idempotent=False)
    return StartedProducer(producer, "at-least-once", refused)


class _ProducerIdRejectedError(Exception):
    """The broker refuses a producer id."""


class _UnexplainedError(DestinationUnavailableError):
    """The broker reports an unexpected error: a fault of its own, or something it cannot do."""


async def _gives_producer_ids(settings: KafkaSettings) -> bool:
    """Whether the broker gives a producer its id if that does not want transactions."""
    try:
        await (await _start(settings)).close()
    except _ProducerIdRejectedError:
        return False
    return True


async def _start(
    settings: KafkaSettings, transactional_id: str | None = None, *, idempotent: bool = True
) -> Producer:
    producer = Producer(settings, transactional_id=transactional_id, idempotent=idempotent)
    try:
        async with asyncio.timeout(settings.start_timeout):
            await producer.start()
    except BaseException as error:
        await producer.close()
        if isinstance(error, TimeoutError) and producer.waits_for_markers:
            raise DestinationUnavailableError(
                "Kafka has not ended the last transaction of this shard", hint=_MARKERS_HINT
            ) from error
        if isinstance(error, Exception):
            transactional = producer.transactional
            raise await _start_error(settings, error, transactional=transactional) from error
        raise
    return producer


async def _start_error(
    settings: KafkaSettings, error: Exception, *, transactional: bool
) -> Exception:
    """Brokers without producer ids, such as the embedded one, may answer `UnknownError`."""
    unexplained = isinstance(error, kafka.UnknownError)
    if rejects_producer_id(error) or (unexplained and not transactional):
        return _ProducerIdRejectedError(describe(error))
    if isinstance(error, kafka.InvalidTransactionTimeout):
        return DestinationRejectedError(
            f"the broker does not allow a transaction timeout of {settings.transaction_timeout} s",
            hint="its setting transaction.max.timeout.ms is the largest",
        )
    if classify_error(error) is ErrorCategory.FENCED:
        return FencedError("another owner took over this shard while it was opened")
    if isinstance(error, kafka.KafkaConnectionError | TimeoutError):
        return await _unreachable_error(settings, error)
    kind = _UnexplainedError if unexplained else DestinationUnavailableError
    return kind(f"Kafka at {settings.bootstrap_servers} cannot be used: {describe(error)}")


async def _unreachable_error(settings: KafkaSettings, error: Exception) -> DestinationError:
    """The client does not say why it cannot connect: connects again to learn it."""
    options = settings.client_options()
    place = str(options.pop("bootstrap_servers")).split(",")[0].strip()
    address, _, port = place.rpartition(":")
    host = address.strip("[]")
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            connection = await create_conn(host, int(port), **options)
        connection.close()
    except Exception as cause:  # noqa: BLE001 - any error is the reason
        if rejects_login(cause):
            return DestinationRejectedError(
                f"Kafka at {place} rejects the login: {describe(cause)}",
                hint="check sasl_mechanism, sasl_username and sasl_password",
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return DestinationRejectedError(
                f"the certificate of Kafka at {place} is not trusted: {cause.verify_message}",
                hint="ssl_cafile names the certificates to trust",
            )
        error = cause
    closed = isinstance(error, kafka.KafkaConnectionError)
    reason = "the server closed the connection" if closed else describe(error)
    protocol = settings.security_protocol
    return DestinationUnavailableError(
        f"Kafka at {settings.bootstrap_servers} is not available: {reason}",
        hint=await tls_hint(host, int(port), protocol)
        or f"check that a Kafka broker listens at this address with security_protocol {protocol}",
    )
