"""Encodes values of Avro's logical types, in Python: instants, dates and decimals."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

from eventer.core.field_values import ColumnTypeError, to_microseconds
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.destinations.kafka.formats.avro_scalars import (
    encode_int,
    encode_long,
    varint,
    with_length,
)
from eventer.destinations.kafka.formats.given_avro.schema_types import AvroDecimal, InstantUnit

_EPOCH: Final = date(1970, 1, 1).toordinal()
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,9})?", re.ASCII)
_DAY: Final = 86_400_000_000
_UNITS: Final[dict[InstantUnit, int]] = {"millis": 1_000, "micros": 1}


def encode_instant(value: JsonValue, unit: InstantUnit) -> bytes:
    """An RFC 3339 text, of which what is finer than the unit is cut off; or the number itself."""
    if not isinstance(value, str):
        return encode_long(value)
    return varint(to_microseconds(value) // _UNITS[unit])


def encode_date(value: JsonValue) -> bytes:
    """A date, or the date in UTC of an RFC 3339 text; or the number of days itself."""
    if not isinstance(value, str):
        return encode_int(value)
    if not _DATE.fullmatch(value):
        return varint(to_microseconds(value) // _DAY)
    try:
        return varint(date.fromisoformat(value).toordinal() - _EPOCH)
    except ValueError:
        raise ColumnTypeError from None


def encode_decimal(value: JsonValue, decimal: AvroDecimal) -> bytes:
    """A number, or the text of one, which must be exact with the digits of the type."""
    unscaled = _unscaled(value, decimal)
    if decimal.size is None:
        return with_length(unscaled.to_bytes(_byte_length(unscaled), "big", signed=True))
    try:
        return unscaled.to_bytes(decimal.size, "big", signed=True)
    except OverflowError:
        raise ColumnTypeError from None


def _unscaled(value: JsonValue, decimal: AvroDecimal) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ColumnTypeError
    text = value if isinstance(value, str) else json_text(value)
    if not _NUMBER.fullmatch(text):
        raise ColumnTypeError
    number = Decimal(text)
    if not number:
        return 0
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if number.adjusted() >= decimal.precision - decimal.scale:
        raise ColumnTypeError
    stripped = "".join(map(str, digits)).rstrip("0")
    exponent += len(digits) - len(stripped) + decimal.scale
    if exponent < 0:
        raise ColumnTypeError
    magnitude = int(stripped + "0" * exponent)
    return -magnitude if sign else magnitude


def _byte_length(number: int) -> int:
    """The least number of bytes that hold a signed number."""
    return (number if number >= 0 else ~number).bit_length() // 8 + 1
