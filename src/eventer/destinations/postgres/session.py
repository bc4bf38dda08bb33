"""Opens sessions."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import asyncpg
from asyncpg.exceptions import ClientConfigurationError

from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.destinations.postgres.errors import (
    CLIENT_ERRORS,
    describe,
    rejected_error,
    unavailable_error,
)
from eventer.destinations.postgres.pool_mode import require_own_process
from eventer.destinations.postgres.settings import PostgresSettings

_MARGIN_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 2.0
_ADDRESS_HINT: Final = "check that a PostgreSQL server listens at this address"
_TLS_REJECTED: Final = "rejected SSL upgrade"
"""In the client's error if the server answers neither yes nor no to a request for TLS."""
_STARTUP_PARAMETERS: Final = {
    "application_name": "eventer",
    "TimeZone": "UTC",  # the zone of dates and times without one
}
_REFUSED_CLASSES: Final = frozenset({"28", "3D", "42", "0A", "22"})
"""Errors at login: wrong password, unknown database, missing privilege, invalid setting."""


async def connect(settings: PostgresSettings) -> asyncpg.Connection:
    """A new session.

    Raises:
        DestinationUnavailableError: the server is unreachable or has too many clients.
        DestinationRejectedError: the server rejects the login, or the DSN names a missing file.
    """
    if missing := settings.missing_file():
        raise DestinationRejectedError(
            f"the DSN of PostgreSQL at {settings.address} names a file that does not exist: "
            f"{missing}",
            hint="correct the path; certificates and keys must be readable by Eventer",
        )
    try:
        client = await _open(settings)
        try:
            await require_own_process(client, lambda: _open(settings), settings.address)
            await _set_parameters(client, settings)
        except BaseException:
            client.terminate()
            raise
    except asyncpg.PostgresError as error:
        if (error.sqlstate or "")[:2] in _REFUSED_CLASSES:
            raise rejected_error(settings.address, error) from error
        raise unavailable_error(settings.address, error, hint=_ADDRESS_HINT) from error
    except ClientConfigurationError as error:
        raise DestinationRejectedError(
            f"the DSN of PostgreSQL at {settings.address} is not valid: {describe(error)}"
        ) from error
    except CLIENT_ERRORS as error:
        if _TLS_REJECTED in str(error):
            raise DestinationUnavailableError(
                f"the server at {settings.address} is not PostgreSQL, or does not support TLS",
                hint=_ADDRESS_HINT,
            ) from error
        raise unavailable_error(settings.address, error, hint=_ADDRESS_HINT) from error
    except ValueError:  # its text may contain a part of the DSN
        raise DestinationRejectedError(
            f"a parameter of the DSN of PostgreSQL at {settings.address} is not valid"
        ) from None
    _resume_writing_on_termination(client)
    return client


async def _open(settings: PostgresSettings) -> asyncpg.Connection:
    return await asyncpg.connect(
        settings.client_dsn,
        password=settings.password,
        timeout=settings.connect_timeout,
        command_timeout=settings.statement_timeout + _MARGIN_SECONDS,
        server_settings=_STARTUP_PARAMETERS,
    )


async def disconnect(client: asyncpg.Connection | None, *, gracefully: bool = True) -> None:
    """Ends a session, if there is one. Raises nothing."""
    if client is None:
        return
    if gracefully:
        with suppress(*CLIENT_ERRORS, asyncpg.PostgresError):
            await client.close(timeout=_CLOSE_SECONDS)
    client.terminate()


def _resume_writing_on_termination(client: asyncpg.Connection) -> None:
    """Wakes a COPY that waits to write when the connection is lost, as asyncpg does not."""
    protocol = client._protocol  # noqa: SLF001  a closed client has none
    client.add_termination_listener(lambda _: protocol.resume_writing())


async def _set_parameters(client: asyncpg.Connection, settings: PostgresSettings) -> None:
    """Sets the parameters that pgbouncer does not accept at startup."""
    parameters = {
        "statement_timeout": _milliseconds(settings.statement_timeout),
        "lock_timeout": _milliseconds(settings.lock_timeout),
        # Limits how long a client without a network connection keeps its locks.
        "idle_in_transaction_session_timeout": _milliseconds(settings.statement_timeout),
    }
    if settings.synchronous_commit is not None:
        parameters["synchronous_commit"] = settings.synchronous_commit
    await client.execute("; ".join(f"SET {name} = '{value}'" for name, value in parameters.items()))


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
