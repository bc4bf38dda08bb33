"""Encodes a value in Avro's binary encoding, in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from eventer.core.field_values import ColumnTypeError, to_microseconds
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.core.value_schema import (
    Choice,
    ListOf,
    MapOf,
    Optional,
    Record,
    Scalar,
    ScalarKind,
    Union,
    ValueSchema,
)
from eventer.destinations.kafka.formats.avro_scalars import (
    encode_block,
    encode_boolean,
    encode_double,
    encode_long,
    encode_string,
    varint,
)
from eventer.destinations.kafka.formats.avro_schema import is_enum
from eventer.destinations.kafka.formats.unfit_value import UnfitValueError, UnknownFieldError
from eventer.destinations.kafka.formats.union_types import alternative_of


def encode_avro(schema: ValueSchema, value: JsonValue, tokens: tuple[str | int, ...] = ()) -> bytes:
    """The encoding of a value.

    Raises:
        ValueError: the value does not fit the schema; the error says where.
    """
    match schema:
        case Scalar(kind=kind):
            try:
                return _SCALARS[kind](value)
            except ColumnTypeError:
                raise UnfitValueError(tokens, schema, value) from None
        case Choice(texts=texts):
            if value not in texts:
                raise UnfitValueError(tokens, schema, value)
            return varint(texts.index(value)) if is_enum(schema) else encode_string(value)
        case Optional():
            return _optional(schema, value, tokens)
        case Union(alternatives=alternatives):
            number = alternative_of(alternatives, value)
            if number is None:
                raise UnfitValueError(tokens, schema, value)
            return varint(number) + encode_avro(alternatives[number], value, tokens)
        case ListOf(element=element) if isinstance(value, Sequence) and not isinstance(value, str):
            items = [encode_avro(element, each, (*tokens, n)) for n, each in enumerate(value)]
            return encode_block(items)
        case MapOf(value=inner) if isinstance(value, Mapping):
            items = [
                encode_string(name) + encode_avro(inner, value[name], (*tokens, name))
                for name in sorted(value)
            ]
            return encode_block(items)
        case Record() if isinstance(value, Mapping):
            return _record(schema, value, tokens)
        case _:
            raise UnfitValueError(tokens, schema, value)


def _optional(schema: Optional, value: JsonValue, tokens: tuple[str | int, ...]) -> bytes:
    if value is None:
        return varint(0)
    if not isinstance(schema.value, Union):
        return varint(1) + encode_avro(schema.value, value, tokens)
    number = alternative_of(schema.value.alternatives, value)
    if number is None:
        raise UnfitValueError(tokens, schema, value)
    return varint(1 + number) + encode_avro(schema.value.alternatives[number], value, tokens)


def _record(schema: Record, value: Mapping[str, JsonValue], tokens: tuple[str | int, ...]) -> bytes:
    names = {field.name for field in schema.fields}
    for name in value:
        if name not in names:
            raise UnknownFieldError((*tokens, name))
    return b"".join(
        encode_avro(field.schema, value.get(field.name), (*tokens, field.name))
        for field in schema.fields
    )


_SCALARS: Final[Mapping[ScalarKind, Callable[[JsonValue], bytes]]] = {
    ScalarKind.BOOLEAN: encode_boolean,
    ScalarKind.INTEGER: encode_long,
    ScalarKind.NUMBER: encode_double,
    ScalarKind.TEXT: encode_string,
    ScalarKind.UUID: encode_string,
    ScalarKind.TIMESTAMP: lambda value: varint(to_microseconds(value)),
    ScalarKind.JSON: lambda value: encode_string(json_text(value)),
}
