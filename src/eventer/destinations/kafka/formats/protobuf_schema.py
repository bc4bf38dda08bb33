"""Messages as the text of a Protocol Buffers file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from eventer.core.value_schema import Scalar, ScalarKind
from eventer.destinations.kafka.formats.protobuf_layout import (
    EnumType,
    FieldType,
    Message,
    MessageField,
    MessageKind,
    Repetition,
    label_key,
)

_SCALARS: Final[Mapping[ScalarKind, str]] = {
    ScalarKind.BOOLEAN: "bool",
    ScalarKind.INTEGER: "int64",
    ScalarKind.NUMBER: "double",
    ScalarKind.TEXT: "string",
    ScalarKind.UUID: "string",
    ScalarKind.TIMESTAMP: ".google.protobuf.Timestamp",
    ScalarKind.JSON: "string",
}
_JSON_NAME: Final = re.compile(r"[^\x00-\x1f\x7f\"\\\[][^\x00-\x1f\x7f\"\\]*")
"""What the option `json_name` can be."""


def protobuf_schema(message: Message) -> str:
    """The text of a file with one message, in which all types are nested.

    Names of the event that are not names of Protocol Buffers are changed; `json_name` has them if
    it can.
    """
    lines = ['syntax = "proto3";', ""]
    body = list(_message(message, ""))
    if any(_SCALARS[ScalarKind.TIMESTAMP] in line for line in body):
        lines += ['import "google/protobuf/timestamp.proto";', ""]
    return "\n".join([*lines, *body, ""])


def _message(message: Message, indent: str) -> Iterator[str]:
    inner = f"{indent}  "
    yield f"{indent}message {message.name} {{"
    for field in message.fields:
        yield from _nested_type(field.type, inner)
    if message.kind is MessageKind.UNION:
        yield f"{inner}oneof value {{"
        yield from (f"{inner}  {_field(field)};" for field in message.fields)
        yield f"{inner}}}"
    else:
        keys = {label_key(field.label) for field in message.fields}
        yield from (f"{inner}{_field(field)}{_json_name(field, keys)};" for field in message.fields)
    yield f"{indent}}}"


def _nested_type(kind: FieldType, indent: str) -> Iterator[str]:
    match kind:
        case Message():
            yield from _message(kind, indent)
        case EnumType():
            yield f"{indent}enum {kind.name} {{"
            yield f"{indent}  {kind.zero} = 0;"
            yield from (f"{indent}  {each.symbol} = {each.number};" for each in kind.entries)
            yield f"{indent}}}"
        case _:
            return


def _field(field: MessageField) -> str:
    name = _SCALARS[field.type.kind] if isinstance(field.type, Scalar) else field.type.name
    match field.repetition:
        case Repetition.REPEATED:
            name = f"repeated {name}"
        case Repetition.MAP:
            name = f"map<string, {name}>"
        case Repetition.SINGLE if field.nullable:
            name = f"optional {name}"
        case _:
            pass
    return f"{name} {field.label} = {field.number}"


def _json_name(field: MessageField, keys: AbstractSet[str]) -> str:
    """The option with the name in the event, if it is another one and no other field's key."""
    if field.name == field.label or not _JSON_NAME.fullmatch(field.name):
        return ""
    key = label_key(field.name)
    if key in keys and key != label_key(field.label):
        return ""
    return f' [json_name = "{field.name}"]'
