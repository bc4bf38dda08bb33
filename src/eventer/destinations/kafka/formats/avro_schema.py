"""Value schemas as Avro schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

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
from eventer.destinations.kafka.formats.schema_names import NameSet, is_name, unique_names

_SCALARS: Final[Mapping[ScalarKind, Any]] = {
    ScalarKind.BOOLEAN: "boolean",
    ScalarKind.INTEGER: "long",
    ScalarKind.NUMBER: "double",
    ScalarKind.TEXT: "string",
    ScalarKind.UUID: {"type": "string", "logicalType": "uuid"},
    ScalarKind.TIMESTAMP: {"type": "long", "logicalType": "timestamp-micros"},
    ScalarKind.JSON: "string",
}


def avro_schema(schema: ValueSchema, name: str) -> Any:
    """The Avro schema as JSON; `name` is that of the outermost record.

    A field that may be null or absent is a union with null, which is its default. Choices are enums
    if all their texts can be symbols, and any values are JSON texts. Names of the event that are
    not names of Avro are changed, and documented in `doc`.
    """
    return _AvroSchemaWriter().schema(schema, name)


def is_enum(choice: Choice) -> bool:
    """Whether a choice is an enum in Avro: its texts are symbols."""
    return all(map(is_name, choice.texts))


class _AvroSchemaWriter:
    """Writes one schema; each record and enum has a name of its own, made from the path to it."""

    def __init__(self) -> None:
        self._names = NameSet()

    def schema(self, schema: ValueSchema, name: str) -> Any:
        match schema:
            case Scalar(kind=kind):
                return _SCALARS[kind]
            case Choice() if not is_enum(schema):
                return "string"
            case Choice(texts=texts):
                return {"type": "enum", "name": self._names.add(name), "symbols": list(texts)}
            case Optional(value=Union(alternatives=alternatives)):
                return ["null", *(self.schema(each, name) for each in alternatives)]
            case Optional(value=value):
                return ["null", self.schema(value, name)]
            case Union(alternatives=alternatives):
                return [self.schema(each, name) for each in alternatives]
            case ListOf(element=element):
                return {"type": "array", "items": self.schema(element, f"{name}_item")}
            case MapOf(value=value):
                return {"type": "map", "values": self.schema(value, f"{name}_value")}
            case Record():
                return self._record(schema, name)

    def _record(self, record: Record, name: str) -> Any:
        own = self._names.add(name)
        names = unique_names(field.name for field in record.fields)
        return {
            "type": "record",
            "name": own,
            "fields": [
                {
                    "name": each,
                    "type": self.schema(field.schema, f"{name}_{each}"),
                    **({"default": None} if isinstance(field.schema, Optional) else {}),
                    **({} if each == field.name else {"doc": f"{field.name!r} of the event"}),
                }
                for each, field in zip(names, record.fields, strict=True)
            ],
        }
