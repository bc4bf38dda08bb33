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


class Verdict(Enum):
    """What an error means for whom."""

    LOST = auto()
    """The connection or the server is gone: for everybody, for now."""
    BUSY = auto()
    """A lock, a deadlock, a timeout: for this flow, for now."""
    STALE = auto()
    """The table is not what it was: read the catalogue again."""
    REFUSED = auto()
    """The data or the right: for this flow, until somebody changes something."""


LOST_CLIENT: Final = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Raised by the client itself: it has no connection any more, or waited too long for it."""

_LOST_STATES: Final = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25006"})
_LOST_CLASSES: Final = frozenset({"08", "53", "58"})
_BUSY_STATES: Final = frozenset({"40001", "40P01", "55P03", "57014"})
_STALE_STATES: Final = frozenset({"3F000", "0A000"})
_RIGHTS: Final = "42501"
_BAD_BINARY: Final = "08P01"
"""Named after the protocol, but raised by a type that reads another one's bytes."""
_RACED_STATES: Final = frozenset(
    {"23505", "40P01", "40001", "42701", "42P06", "42P07", "42710", "55P03", "XX000"}
)


def judge(error: BaseException) -> Verdict:
    """Sorts an error of the client's."""
    if not isinstance(error, asyncpg.PostgresError):
        return Verdict.LOST
    state = error.sqlstate or ""
    if state == _BAD_BINARY:
        return Verdict.REFUSED
    if state in _LOST_STATES or state[:2] in _LOST_CLASSES:
        return Verdict.LOST
    if state in _BUSY_STATES:
        return Verdict.BUSY
    if state in _STALE_STATES or (state.startswith("42") and state != _RIGHTS):
        return Verdict.STALE
    return Verdict.REFUSED


def raced(error: asyncpg.PostgresError) -> bool:
    """Whether making a table failed because somebody else made it, or held a lock, meanwhile."""
    return error.sqlstate in _RACED_STATES


def unavailable(address: str, error: BaseException) -> DestinationUnavailableError:
    """Says that the server cannot be reached or asked now."""
    said = str(error) or type(error).__name__
    return DestinationUnavailableError(f"PostgreSQL at {address} does not answer: {said}")


def refused(address: str, error: asyncpg.PostgresError) -> DestinationRejectedError:
    """Says what the server refuses, in its words."""
    return DestinationRejectedError(f"PostgreSQL at {address} refuses: {error}", hint=error.hint)


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Turns the client's errors into ours, where nothing can have been committed."""
    try:
        yield
    except DestinationError:
        raise
    except LOST_CLIENT as error:
        raise unavailable(address, error) from error
    except asyncpg.PostgresError as error:
        if judge(error) is Verdict.REFUSED:
            raise refused(address, error) from error
        raise unavailable(address, error) from error


@contextmanager
def committing(address: str) -> Iterator[None]:
    """Turns a connection lost while committing into an unknown outcome."""
    try:
        yield
    except LOST_CLIENT as error:
        raise _unknown(address, error) from error
    except asyncpg.PostgresError as error:
        if judge(error) is Verdict.LOST:
            raise _unknown(address, error) from error
        raise


def _unknown(address: str, error: BaseException) -> UnknownOutcomeError:
    said = str(error) or type(error).__name__
    return UnknownOutcomeError(f"PostgreSQL at {address} was lost while committing: {said}")
