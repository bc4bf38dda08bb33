"""Starting a producer: transactional if the broker lets us, else the next best that is allowed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
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
    Verdict,
    reason,
    refuses_identity,
    refuses_login,
    verdict_on,
)
from eventer.destinations.kafka.producer import Producer
from eventer.destinations.kafka.settings import KafkaSettings

_RIGHTS: Final = (
    "grant the principal Write and Describe on the transactional ids beginning with `eventer-`, "
    "or set `delivery` to `auto` or `at-least-once`"
)
_PROBE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A producer that has started, what it can promise, and why not more if that was wanted."""

    producer: Producer
    guarantee: Guarantee
    degraded: str | None = None

    @property
    def transactional(self) -> bool:
        """Whether data and position commit together."""
        return self.guarantee == "exactly-once"


async def open_producer(settings: KafkaSettings, transactional_id: str) -> Opened:
    """A started producer of the shard.

    Raises:
        DestinationUnavailableError: the cluster is not reachable.
        DestinationRejectedError: it refuses us, or refuses transactions that were demanded.
    """
    refused: str | None = None
    if settings.delivery != "at-least-once":
        try:
            producer = await _started(
                settings, lambda: Producer(settings, transactional_id=transactional_id)
            )
            return Opened(producer, "exactly-once")
        except _IdentityRefusedError as error:
            refused = f"the broker refuses transactions: {error}"
        if settings.delivery == "exactly-once":
            raise DestinationRejectedError(refused, hint=_RIGHTS)
    try:
        producer = await _started(settings, lambda: Producer(settings, transactional_id=None))
    except _IdentityRefusedError:
        producer = await _started(
            settings, lambda: Producer(settings, transactional_id=None, idempotent=False)
        )
    return Opened(producer, "at-least-once", refused)


class _IdentityRefusedError(Exception):
    """The broker gives this producer no id."""


async def _started(settings: KafkaSettings, make: Callable[[], Producer]) -> Producer:
    producer = make()
    try:
        async with asyncio.timeout(settings.start_timeout):
            await producer.start()
    except BaseException as error:
        await producer.discard()
        if isinstance(error, Exception):
            raise await _start_failure(
                settings, error, transactional=producer.transactional
            ) from error
        raise
    return producer


async def _start_failure(
    settings: KafkaSettings, error: Exception, *, transactional: bool
) -> Exception:
    """Brokers that know no idempotent producers may say so by an error that says nothing."""
    if refuses_identity(error) or (isinstance(error, kafka.UnknownError) and not transactional):
        return _IdentityRefusedError(reason(error))
    if isinstance(error, kafka.InvalidTransactionTimeout):
        return DestinationRejectedError(
            f"the broker does not allow a transaction timeout of {settings.transaction_timeout} s",
            hint="its setting transaction.max.timeout.ms is the largest",
        )
    if verdict_on(error) is Verdict.FENCED:
        return FencedError("another owner took this shard over while this one was opened")
    if isinstance(error, kafka.KafkaConnectionError):
        return await _why_unreachable(settings, error)
    return DestinationUnavailableError(
        f"Kafka at {settings.bootstrap_servers} cannot be used: {reason(error)}"
    )


async def _why_unreachable(settings: KafkaSettings, error: Exception) -> DestinationError:
    """The client says only that no server could be used: asks one of them again to learn why."""
    options = settings.client_options()
    place = str(options.pop("bootstrap_servers")).split(",")[0].strip()
    host, _, port = place.rpartition(":")
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            connection = await create_conn(host.strip("[]"), int(port), **options)
        connection.close()
    except Exception as cause:  # noqa: BLE001 - whatever it is, it is the reason
        if refuses_login(cause):
            return DestinationRejectedError(
                f"Kafka at {place} refuses the login: {reason(cause)}",
                hint="check sasl_mechanism, sasl_username and sasl_password",
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return DestinationRejectedError(
                f"the certificate of Kafka at {place} is not trusted: {cause.verify_message}",
                hint="ssl_cafile names the certificates to trust",
            )
        error = cause
    return DestinationUnavailableError(
        f"Kafka at {settings.bootstrap_servers} is not reachable: {reason(error)}",
        hint="check the address, and that the broker is up",
    )
