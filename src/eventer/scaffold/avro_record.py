"""Records from Avro schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from eventer.core.errors import RequestError
from eventer.scaffold.record import Choice, Domain, Field, FieldType, Items, ObjectFields, Record

_TYPES: Final = {
    "int": FieldType.INTEGER,
    "long": FieldType.INTEGER,
    "float": FieldType.NUMBER,
    "double": FieldType.NUMBER,
    "boolean": FieldType.BOOLEAN,
    "string": FieldType.TEXT,
    "bytes": FieldType.BYTES,
    "fixed": FieldType.BYTES,
}
_LOGICAL: Final = {
    "uuid": FieldType.UUID,
    "decimal": FieldType.NUMBER,
    "date": FieldType.DATE,
    "time-millis": FieldType.TIME,
    "time-micros": FieldType.TIME,
    "timestamp-millis": FieldType.TIMESTAMP,
    "timestamp-micros": FieldType.TIMESTAMP,
    "timestamp-nanos": FieldType.TIMESTAMP,
    "local-timestamp-millis": FieldType.TIMESTAMP,
    "local-timestamp-micros": FieldType.TIMESTAMP,
}
_MAX_DEPTH: Final = 8
_NULL_SHARE: Final = 0.1
"""How often an optional field is null: a schema does not say."""


def avro_record(schema: Any, name: str, source: str) -> Record:
    """The record of a schema, which is JSON already.

    Raises:
        RequestError: it is not a valid schema.
    """
    reader = _AvroReader(source)
    field = reader.field(name, schema, 0)
    if isinstance(field.domain, ObjectFields):
        return Record(_record_name(schema, name), source, field.domain.fields)
    return Record(name, source, (replace(field, name=""),))


def _record_name(schema: Any, name: str) -> str:
    own = schema.get("name") if isinstance(schema, dict) else None
    return own.rpartition(".")[2] if isinstance(own, str) and own else name


class _AvroReader:
    """Reads the types of a schema, and remembers those with a name."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._named: dict[str, Mapping[str, Any]] = {}

    def field(self, name: str, schema: Any, depth: int) -> Field:
        """The field of a type."""
        if isinstance(schema, list):
            return self._union(name, schema, depth)
        if isinstance(schema, dict):
            return self._complex(name, schema, depth)
        if schema == "null":
            return Field(name, FieldType.ANY)
        if schema in _TYPES:
            return Field(name, _TYPES[schema])
        known = self._named.get(str(schema).rpartition(".")[2])
        if known is None:
            raise RequestError(f"{self._source}: {name!r} has the unknown type {schema!r}")
        return self._complex(name, known, depth)

    def _union(self, name: str, branches: list[Any], depth: int) -> Field:
        """The first branch that is not null."""
        others = [branch for branch in branches if branch != "null"]
        if not others:
            return Field(name, FieldType.ANY)
        field = self.field(name, others[0], depth)
        notes = ("The schema allows other types, too.",) if len(others) > 1 else ()
        optional = _NULL_SHARE if len(others) < len(branches) else 0.0
        return replace(field, null_share=optional, notes=(*field.notes, *notes))

    def _complex(self, name: str, schema: Mapping[str, Any], depth: int) -> Field:
        kind = schema.get("type")
        if isinstance(schema.get("name"), str):
            self._named[schema["name"].rpartition(".")[2]] = schema
        if schema.get("logicalType") in _LOGICAL:
            return Field(name, _LOGICAL[schema["logicalType"]])
        if kind == "enum":
            return Field(name, FieldType.TEXT, Choice(tuple(schema.get("symbols", ()))))
        if kind in ("record", "array", "map"):
            return self._nested(name, kind, schema, depth)
        return self.field(name, kind, depth)

    def _nested(self, name: str, kind: str, schema: Mapping[str, Any], depth: int) -> Field:
        if depth >= _MAX_DEPTH:
            note = "The schema refers to itself: the fields end here."
            return Field(name, FieldType.ANY, notes=(note,))
        if kind == "array":
            item = self.field(name.removesuffix("s"), schema.get("items"), depth + 1)
            return Field(name, FieldType.ARRAY, Items(item))
        if kind == "map":
            value = self.field("key", schema.get("values"), depth + 1)
            return Field(name, FieldType.OBJECT, ObjectFields((value,)))
        return Field(name, FieldType.OBJECT, self._members(name, schema, depth))

    def _members(self, name: str, schema: Mapping[str, Any], depth: int) -> Domain:
        fields = schema.get("fields")
        if not isinstance(fields, list) or not all(
            isinstance(each, dict) and isinstance(each.get("name"), str) for each in fields
        ):
            raise RequestError(f"{self._source}: record {name!r} has no valid `fields`")
        return ObjectFields(
            tuple(self.field(each["name"], each.get("type"), depth + 1) for each in fields)
        )
