"""Parts of Avro's binary encoding, in Python: varints, scalars, and blocks of items."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from eventer.core.field_values import ColumnTypeError
from eventer.core.model import JsonValue
from eventer.destinations.kafka.formats.union_types import whole_number

_INT_LIMIT: Final = 1 << 31


def varint(value: int) -> bytes:
    """A zigzag varint."""
    rest = (value << 1) ^ (value >> 63)
    encoded = bytearray()
    while rest >= 0x80:
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


def with_length(data: bytes) -> bytes:
    """Bytes after their number."""
    return varint(len(data)) + data


def encode_block(items: Sequence[bytes]) -> bytes:
    """The encoded items of an array, or the encoded names and values of a map."""
    return varint(len(items)) + b"".join(items) + varint(0) if items else varint(0)


def encode_long(value: JsonValue) -> bytes:
    """A whole number of 64 bits."""
    return varint(whole_number(value))


def encode_int(value: JsonValue) -> bytes:
    """A whole number of 32 bits."""
    number = whole_number(value)
    if not -_INT_LIMIT <= number < _INT_LIMIT:
        raise ColumnTypeError
    return varint(number)


def encode_float(value: JsonValue) -> bytes:
    """A number of 32 bits, rounded to the nearest."""
    try:
        return struct.pack("<f", _number(value))
    except OverflowError:
        raise ColumnTypeError from None


def encode_double(value: JsonValue) -> bytes:
    """A number."""
    return struct.pack("<d", _number(value))


def encode_boolean(value: JsonValue) -> bytes:
    """A boolean."""
    if not isinstance(value, bool):
        raise ColumnTypeError
    return b"\1" if value else b"\0"


def encode_string(value: JsonValue) -> bytes:
    """A text."""
    if not isinstance(value, str):
        raise ColumnTypeError
    return with_length(value.encode())


def encode_bytes(value: JsonValue) -> bytes:
    """The bytes of a text, with their number."""
    return with_length(bytes_of(value))


def bytes_of(value: JsonValue) -> bytes:
    """The bytes of a text: a character up to U+00FF is a byte, as in Avro's JSON encoding."""
    if not isinstance(value, str):
        raise ColumnTypeError
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise ColumnTypeError from None


def encode_fixed(value: JsonValue, size: int) -> bytes:
    """The bytes of a text, which must be as many."""
    found = bytes_of(value)
    if len(found) != size:
        raise ColumnTypeError
    return found


def _number(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ColumnTypeError
    return float(value)
