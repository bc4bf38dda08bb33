"""JSON values of fields as numbers and instants, as destinations store them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from eventer.core.model import JsonValue

_INT64_LIMIT: Final = 1 << 63
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ColumnTypeError(ValueError):
    """A value does not have the type of a column."""


def to_int64(value: JsonValue) -> int:
    """A whole number of 64 bits.

    Raises:
        ColumnTypeError: it is not one.
    """
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not float(value).is_integer()
    ):
        raise ColumnTypeError
    integer = int(value)
    if not -_INT64_LIMIT <= integer < _INT64_LIMIT:
        raise ColumnTypeError
    return integer


def to_microseconds(value: JsonValue) -> int:
    """Microseconds since 1970 of an RFC 3339 text.

    Raises:
        ColumnTypeError: it is not one.
    """
    if not isinstance(value, str):
        raise ColumnTypeError
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise ColumnTypeError from error
    if instant.tzinfo is None:
        raise ColumnTypeError
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
