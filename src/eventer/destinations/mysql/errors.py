"""Classifies the errors of the server and of the client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Final

import pymysql

from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
    UnknownOutcomeError,
)
from eventer.core.network_errors import network_error_text


class ErrorCategory(Enum):
    """The consequence of an error."""

    CONNECTION_LOST = auto()
    """The connection or its transaction is lost: transient, concerns all flows."""
    BUSY = auto()
    """A lock or a timeout of a statement: transient, concerns one flow."""
    SCHEMA_CHANGED = auto()
    """The table has changed: read its columns again."""
    ROW_REJECTED = auto()
    """The server rejects a row."""
    REJECTED = auto()
    """A privilege or the table itself: concerns one flow until a user changes something."""


CLIENT_ERRORS: Final = (OSError, pymysql.InterfaceError, pymysql.InternalError)
_LOST: Final = frozenset(
    {1021, 1037, 1038, 1040, 1041, 1053, 1079, 1080, 1114, 1152, 1158, 1159, 1160, 1161, 1180}
    | {1184, 1203, 1213, 1226, 1290, 1317, 1614, 1792, 1836, 1927, 2003, 2006, 2013, 3100, 4031}
)
_SAVEPOINT_LOST: Final = 1305
"""With `innodb_rollback_on_timeout`, a lock timeout ends the transaction and its savepoints."""
_BUSY: Final = frozenset({1205, 1969, 3024, 3572})
_SCHEMA: Final = frozenset({1054, 1136, 1146, 1412, 1932})
_ROW: Final = frozenset(
    {1048, 1062, 1153, 1169, 1216, 1217, 1264, 1265, 1292, 1366, 1367, 1406, 1411, 1416, 1441}
    | {1451, 1452, 1526, 1557, 1586, 1644, 1690, 1748, 1761, 1762, 3140, 3141, 3156, 3819, 4025}
)
_CREATION_RACE: Final = frozenset({1050, 1060, 1213})


def error_number(error: BaseException) -> int:
    """The number of an error of the server or of the client; 0 without one."""
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) else 0


def classify_error(error: BaseException) -> ErrorCategory:
    """The category of an error that the client raised."""
    number = error_number(error)
    if not isinstance(error, pymysql.MySQLError) or number in {*_LOST, _SAVEPOINT_LOST, 0}:
        return ErrorCategory.CONNECTION_LOST
    if number in _BUSY:
        return ErrorCategory.BUSY
    if number in _SCHEMA:
        return ErrorCategory.SCHEMA_CHANGED
    if number in _ROW or isinstance(error, pymysql.DataError | pymysql.IntegrityError):
        return ErrorCategory.ROW_REJECTED
    return ErrorCategory.REJECTED


def is_creation_race(error: BaseException) -> bool:
    """Whether a creation failed since another session created the same at the same time."""
    return error_number(error) in _CREATION_RACE


def describe(error: BaseException) -> str:
    """The message of the server in one line, or why the connection failed."""
    number = error_number(error)
    if isinstance(error, pymysql.MySQLError) and number and not 2000 <= number < 3000:
        return re.sub(r"\s+", " ", str(error.args[1])) if len(error.args) > 1 else f"error {number}"
    cause = error.__cause__ or error.__context__ or error
    return network_error_text(cause) or network_error_text(error) or "the connection was lost"


def unavailable_error(address: str, error: BaseException) -> DestinationUnavailableError:
    """The error for a server that cannot be reached or used now."""
    return DestinationUnavailableError(f"MySQL at {address} is not available: {describe(error)}")


@contextmanager
def translate_errors(address: str) -> Iterator[None]:
    """Translates errors of the client. Use it where nothing can have been committed."""
    try:
        yield
    except DestinationError:
        raise
    except (*CLIENT_ERRORS, pymysql.MySQLError) as error:
        if classify_error(error) in (ErrorCategory.REJECTED, ErrorCategory.ROW_REJECTED):
            raise DestinationRejectedError(
                f"MySQL at {address} rejects the request: {describe(error)}"
            ) from error
        raise unavailable_error(address, error) from error


@contextmanager
def translate_commit_errors(address: str) -> Iterator[None]:
    """Translates any error of COMMIT to `UnknownOutcomeError`."""
    try:
        yield
    except (*CLIENT_ERRORS, pymysql.MySQLError) as error:
        raise UnknownOutcomeError(
            f"MySQL at {address} was lost while committing: {describe(error)}"
        ) from error
