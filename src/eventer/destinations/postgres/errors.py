"""What the server or the client said, sorted by what can be done about it."""

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


class ErrorCategory(Enum):
    """What an error means for whom."""

    CONNECTION_LOST = auto()
    """The connection or the server is gone: for everybody, for now."""
    BUSY = auto()
    """A lock, a deadlock, a timeout: for this flow, for now."""
    SCHEMA_CHANGED = auto()
    """The table is not what it was: read the catalogue again."""
    REJECTED = auto()
    """The data or the right: for this flow, until somebody changes something."""


CLIENT_ERRORS: Final = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Raised by the client itself: it has no connection any more, or waited too long for it."""

_LOST_STATES: Final = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25006"})
_LOST_CLASSES: Final = frozenset({"08", "53", "58"})
_BUSY_STATES: Final = frozenset({"40001", "40P01", "55P03", "57014"})
_STALE_STATES: Final = frozenset({"3F000", "0A000"})
_INSUFFICIENT_PRIVILEGE: Final = "42501"
_PROTOCOL_VIOLATION: Final = "08P01"
"""Named after the protocol, but raised by a type that reads another one's bytes."""
_CREATION_RACE_STATES: Final = frozenset(
    {"23505", "40P01", "40001", "42701", "42P06", "42P07", "42710", "55P03", "XX000"}
)


def classify_error(error: BaseException) -> ErrorCategory:
    """Sorts an error of the client's."""
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


def is_creation_race(error: asyncpg.PostgresError) -> bool:
    """Whether making a table failed because somebody else made it, or held a lock, meanwhile."""
    return error.sqlstate in _CREATION_RACE_STATES


def unavailable_error(address: str, error: BaseException) -> DestinationUnavailableError:
    """Says that the server cannot be reached or asked now."""
    said = str(error) or type(error).__name__
    return DestinationUnavailableError(f"PostgreSQL at {address} does not answer: {said}")


def rejected_error(address: str, error: asyncpg.PostgresError) -> DestinationRejectedError:
    """Says what the server refuses, in its words."""
    return DestinationRejectedError(f"PostgreSQL at {address} refuses: {error}", hint=error.hint)


@contextmanager
def translate_errors(address: str) -> Iterator[None]:
    """Turns the client's errors into ours, where nothing can have been committed."""
    try:
        yield
    except DestinationError:
        raise
    except CLIENT_ERRORS as error:
        raise unavailable_error(address, error) from error
    except asyncpg.PostgresError as error:
        if classify_error(error) is ErrorCategory.REJECTED:
            raise rejected_error(address, error) from error
        raise unavailable_error(address, error) from error


@contextmanager
def translate_commit_errors(address: str) -> Iterator[None]:
    """Turns a connection lost while committing into an unknown outcome."""
    try:
        yield
    except CLIENT_ERRORS as error:
        raise _unknown_outcome(address, error) from error
    except asyncpg.PostgresError as error:
        if classify_error(error) is ErrorCategory.CONNECTION_LOST:
            raise _unknown_outcome(address, error) from error
        raise


def _unknown_outcome(address: str, error: BaseException) -> UnknownOutcomeError:
    said = str(error) or type(error).__name__
    return UnknownOutcomeError(f"PostgreSQL at {address} was lost while committing: {said}")
