"""The schema of the values that are written, without a format: a tree of frozen values.

Destinations render it in their formats. Names are those of the events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from eventer.core.written_part import OmittedFields


class ScalarKind(StrEnum):
    """The kinds of scalars.

    INTEGER fits into 64 bits. UUID and TIMESTAMP (RFC 3339) are texts of events. JSON is any value,
    which a format without such a type has as JSON text.
    """

    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    UUID = "uuid"
    TIMESTAMP = "timestamp"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar that is not null."""

    kind: ScalarKind


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few texts, sorted by code point."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Optional:
    """A value that may be null or, as a field, absent."""

    value: ValueSchema


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array."""

    element: ValueSchema


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object whose field names are not known."""

    value: ValueSchema


@dataclass(frozen=True, slots=True)
class RecordField:
    """A field of an object."""

    name: str
    schema: ValueSchema


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known fields, sorted by code point."""

    fields: tuple[RecordField, ...]


@dataclass(frozen=True, slots=True)
class Union:
    """A value of one of several types: at most one of each type of JSON, and not null."""

    alternatives: tuple[ValueSchema, ...]


ValueSchema: TypeAlias = Scalar | Choice | Optional | ListOf | MapOf | Record | Union


@dataclass(frozen=True, slots=True)
class RecordSchemas:
    """The schemas of a record's value and key; None where the format needs none."""

    value: ValueSchema | None = None
    key: ValueSchema | None = None


def optional(schema: ValueSchema) -> ValueSchema:
    """The schema of a value that may also be null."""
    return schema if isinstance(schema, Optional) else Optional(schema)


def without_omitted(schema: ValueSchema, omitted: OmittedFields) -> ValueSchema:
    """The schema of values without some fields."""
    match schema:
        case Optional(value=value):
            return Optional(without_omitted(value, omitted))
        case Union(alternatives=alternatives):
            return Union(tuple(without_omitted(each, omitted) for each in alternatives))
        case Record(fields=fields):
            kept = [each for each in fields if omitted.get(each.name, {}) is not None]
            return Record(tuple(_without(each, omitted) for each in kept))
        case _:
            return schema


def _without(field: RecordField, omitted: OmittedFields) -> RecordField:
    inner: Mapping[str, OmittedFields | None] = omitted.get(field.name) or {}
    return replace(field, schema=without_omitted(field.schema, inner))


def with_optional(schema: ValueSchema, tokens: Sequence[str]) -> ValueSchema:
    """The schema of values of which the field at these reference tokens may be null or absent."""
    if not tokens:
        return optional(schema)
    match schema:
        case Optional(value=value):
            return Optional(with_optional(value, tokens))
        case Union(alternatives=alternatives):
            return Union(tuple(with_optional(each, tokens) for each in alternatives))
        case ListOf(element=element):
            return ListOf(with_optional(element, tokens[1:]))
        case MapOf(value=value):
            return MapOf(with_optional(value, tokens[1:]))
        case Record(fields=fields):
            return Record(tuple(_with_optional(each, tokens) for each in fields))
        case _:
            return schema


def _with_optional(field: RecordField, tokens: Sequence[str]) -> RecordField:
    if field.name != tokens[0]:
        return field
    return replace(field, schema=with_optional(field.schema, tokens[1:]))
