"""Classifies the errors of the server and of the client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Final

import asyncpg

from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
    UnknownOutcomeError,
)
from eventer.core.network_errors import network_error_text
from eventer.destinations.postgres.pool_mode import pool_mode_error


class ErrorCategory(Enum):
    """The consequence of an error."""

    CONNECTION_LOST = auto()
    """The connection is lost: transient, concerns all flows."""
    BUSY = auto()
    """A lock, a deadlock or a timeout: transient, concerns one flow."""
    SCHEMA_CHANGED = auto()
    """The table has changed: read the system catalog again."""
    REJECTED = auto()
    """The data or a privilege: concerns one flow until a user changes something."""


CLIENT_ERRORS: Final = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Errors of the client: it has lost its connection or a timeout has expired."""

_LOST_STATES: Final = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25006"})
_LOST_CLASSES: Final = frozenset({"08", "53", "58"})
_BUSY_STATES: Final = frozenset({"40001", "40P01", "55P03", "57014"})
_STALE_STATES: Final = frozenset({"3F000", "0A000"})
_OTHER_SESSION_STATES: Final = frozenset({"26000", "42P05"})
"""A prepared statement is missing or exists already: a pool has changed the session."""
_INSUFFICIENT_PRIVILEGE: Final = "42501"
_PROTOCOL_VIOLATION: Final = "08P01"
"""Also raised by a type that reads the bytes of another type."""
_CREATION_RACE_STATES: Final = frozenset(
    {"23505", "40P01", "40001", "42701", "42P06", "42P07", "42710", "55P03", "XX000"}
)


def classify_error(error: BaseException) -> ErrorCategory:
    """The category of an error that the client raised."""
    if not isinstance(error, asyncpg.PostgresError):
        return ErrorCategory.CONNECTION_LOST
    state = error.sqlstate or ""
    if state == _PROTOCOL_VIOLATION:
        return ErrorCategory.REJECTED
    if state in _LOST_STATES or state[:2] in _LOST_CLASSES:
        return ErrorCategory.CONNECTION_LOST
    if state in _BUSY_STATES:
        return ErrorCategory.BUSY
    if state in _STALE_STATES or (state.startswith("42") and state != _INSUFFICIENT_PRIVILEGE):
        return ErrorCategory.SCHEMA_CHANGED
    return ErrorCategory.REJECTED


_OTHER_CLASSES: Final = "08|0A|25|3F|40|42|53|55|57|58"
"""Classes of errors that concern more than a row: the session, the table, a privilege."""


def concerns_row_sql(*, row_security: bool) -> str:
    """A condition of PL/pgSQL: whether the error that it handles concerns the inserted row.

    A policy of row-level security rejects a row as a missing privilege.
    """
    others = f"(SQLSTATE !~ '^({_OTHER_CLASSES})')"
    return f"({others} OR SQLSTATE = '{_INSUFFICIENT_PRIVILEGE}')" if row_security else others


def is_creation_race(error: asyncpg.PostgresError) -> bool:
    """Whether a creation failed since another session created the same object or held a lock."""
    return error.sqlstate in _CREATION_RACE_STATES


def describe(error: BaseException) -> str:
    """The message of an error in one line, with the detail of the server."""
    if isinstance(error, asyncpg.PostgresError):
        return describe_parts(str(error.args[0]), error.detail)
    text = network_error_text(error) or " ".join(str(error).split())
    return text or type(error).__name__


def describe_parts(message: str, detail: str | None) -> str:
    """The message of an error of the server, with its detail."""
    return f"{message} ({detail})" if detail else message


def unavailable_error(
    address: str, error: BaseException, *, hint: str | None = None
) -> DestinationUnavailableError:
    """The error for a server that cannot be reached or used now."""
    closed = isinstance(error, asyncpg.PostgresConnectionError)
    reason = "the server closed the connection" if closed else describe(error)
    return DestinationUnavailableError(
        f"PostgreSQL at {address} is not available: {reason}", hint=hint
    )


def rejected_error(address: str, error: asyncpg.PostgresError) -> DestinationRejectedError:
    """The error for a request that the server rejects, with its message."""
    return DestinationRejectedError(
        f"PostgreSQL at {address} rejects the request: {describe(error)}", hint=error.hint
    )


@contextmanager
def translate_errors(address: str) -> Iterator[None]:
    """Translates errors of the client. Use it where nothing can have been committed."""
    try:
        yield
    except DestinationError:
        raise
    except CLIENT_ERRORS as error:
        raise unavailable_error(address, error) from error
    except asyncpg.PostgresError as error:
        if error.sqlstate in _OTHER_SESSION_STATES:
            raise pool_mode_error(address) from error
        if classify_error(error) is ErrorCategory.REJECTED:
            raise rejected_error(address, error) from error
        raise unavailable_error(address, error) from error


@contextmanager
def translate_commit_errors(address: str) -> Iterator[None]:
    """Translates a connection lost during COMMIT to `UnknownOutcomeError`."""
    try:
        yield
    except CLIENT_ERRORS as error:
        raise _unknown_outcome(address, error) from error
    except asyncpg.PostgresError as error:
        if classify_error(error) is ErrorCategory.CONNECTION_LOST:
            raise _unknown_outcome(address, error) from error
        raise


def _unknown_outcome(address: str, error: BaseException) -> UnknownOutcomeError:
    return UnknownOutcomeError(
        f"PostgreSQL at {address} was lost while committing: {describe(error)}"
    )
