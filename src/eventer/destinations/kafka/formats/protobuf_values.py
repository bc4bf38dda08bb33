"""Encodes a value as a message of Protocol Buffers, in Python."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from eventer.core.field_values import ColumnTypeError, to_microseconds
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.core.value_schema import Scalar, ScalarKind
from eventer.destinations.kafka.formats.protobuf_layout import (
    EnumType,
    FieldType,
    Message,
    MessageField,
    MessageKind,
    Repetition,
    WireType,
    is_packed,
    tag,
    tag_bytes,
    unsigned_varint,
    wire_type,
)
from eventer.destinations.kafka.formats.unfit_value import UnfitValueError, UnknownFieldError
from eventer.destinations.kafka.formats.union_types import alternative_of, whole_number

Tokens: TypeAlias = tuple[str | int, ...]

_DOUBLE: Final = struct.Struct("<d")


def encode_message(message: Message, value: JsonValue, tokens: Tokens = ()) -> bytes:
    """The encoding of a value, with fields in the order of their names in the event.

    Raises:
        ValueError: the value does not fit the schema; the error says where.
    """
    match message.kind:
        case MessageKind.RECORD:
            return _record(message, value, tokens)
        case MessageKind.UNION:
            number = alternative_of([each.schema for each in message.fields], value)
            if number is None:
                raise UnfitValueError(tokens, message.schema, value)
            field = message.fields[number]
            return tag(field) + _encode(field.type, value, tokens)
        case MessageKind.WRAPPER:
            return _field(message.fields[0], value, tokens)


def _record(message: Message, value: JsonValue, tokens: Tokens) -> bytes:
    if not isinstance(value, Mapping):
        raise UnfitValueError(tokens, message.schema, value)
    names = {field.name for field in message.fields}
    for name in value:
        if name not in names:
            raise UnknownFieldError((*tokens, name))
    return b"".join(
        _field(field, value.get(field.name), (*tokens, field.name)) for field in message.fields
    )


def _field(field: MessageField, value: JsonValue, tokens: Tokens) -> bytes:
    """A field with its tags; nothing if it has the value that readers assume."""
    if value is None and field.nullable:
        return b""
    match field.repetition:
        case Repetition.REPEATED if isinstance(value, Sequence) and not isinstance(value, str):
            items = [_encode(field.type, each, (*tokens, n)) for n, each in enumerate(value)]
            return _packed(field, items) if is_packed(field) else _join(tag(field), items)
        case Repetition.MAP if isinstance(value, Mapping):
            return _map(field, value, tokens)
        case Repetition.SINGLE:
            encoded = _encode(field.type, value, tokens)
            return (
                b"" if not field.nullable and _is_default(field, encoded) else tag(field) + encoded
            )
        case _:
            raise UnfitValueError(tokens, field.schema, value)


def _is_default(field: MessageField, encoded: bytes) -> bool:
    """Whether a value is zero, false or empty; messages have no such value."""
    if isinstance(field.type, Message) or field.type == Scalar(ScalarKind.TIMESTAMP):
        return False
    return not any(encoded) and len(encoded) in {1, _DOUBLE.size}


def _packed(field: MessageField, items: Sequence[bytes]) -> bytes:
    return tag(field) + _with_length(b"".join(items)) if items else b""


def _join(before: bytes, items: Sequence[bytes]) -> bytes:
    return b"".join(before + each for each in items)


def _map(field: MessageField, value: Mapping[str, JsonValue], tokens: Tokens) -> bytes:
    """A message with a key and a value for each field of an object."""
    key, inner = tag_bytes(1, WireType.LENGTH), tag_bytes(2, wire_type(field.type))
    entries = [
        key + _text(name) + inner + _encode(field.type, value[name], (*tokens, name))
        for name in sorted(value)
    ]
    return _join(tag(field), [_with_length(each) for each in entries])


def _encode(kind: FieldType, value: JsonValue, tokens: Tokens) -> bytes:
    """One value without a tag."""
    match kind:
        case Message():
            return _with_length(encode_message(kind, value, tokens))
        case EnumType(entries=entries):
            for each in entries:
                if each.text == value:
                    return unsigned_varint(each.number)
            raise UnfitValueError(tokens, kind.schema, value)
        case Scalar():
            try:
                return _SCALARS[kind.kind](value)
            except ColumnTypeError:
                raise UnfitValueError(tokens, kind, value) from None


def _with_length(encoded: bytes) -> bytes:
    return unsigned_varint(len(encoded)) + encoded


def _text(value: JsonValue) -> bytes:
    if not isinstance(value, str):
        raise ColumnTypeError
    return _with_length(value.encode())


def _boolean(value: JsonValue) -> bytes:
    if not isinstance(value, bool):
        raise ColumnTypeError
    return b"\1" if value else b"\0"


def _double(value: JsonValue) -> bytes:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ColumnTypeError
    return _DOUBLE.pack(float(value))


def _timestamp(value: JsonValue) -> bytes:
    seconds, microseconds = divmod(to_microseconds(value), 1_000_000)
    parts = ((1, seconds), (2, 1_000 * microseconds))
    return _with_length(
        b"".join(
            tag_bytes(number, WireType.VARINT) + unsigned_varint(part)
            for number, part in parts
            if part
        )
    )


_SCALARS: Final[Mapping[ScalarKind, Callable[[JsonValue], bytes]]] = {
    ScalarKind.BOOLEAN: _boolean,
    ScalarKind.INTEGER: lambda value: unsigned_varint(whole_number(value)),
    ScalarKind.NUMBER: _double,
    ScalarKind.TEXT: _text,
    ScalarKind.UUID: _text,
    ScalarKind.TIMESTAMP: _timestamp,
    ScalarKind.JSON: lambda value: _text(json_text(value)),
}
