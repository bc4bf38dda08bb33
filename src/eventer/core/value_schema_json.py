"""Value schemas as JSON, for storage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventer.core.value_schema import (
    Choice,
    ListOf,
    MapOf,
    Optional,
    Record,
    RecordField,
    RecordSchemas,
    Scalar,
    ScalarKind,
    Union,
    ValueSchema,
)


def schemas_json(schemas: RecordSchemas) -> dict[str, Any]:
    """The schemas of a record, those that it has."""
    found = {"value": schemas.value, "key": schemas.key}
    return {name: schema_json(each) for name, each in found.items() if each is not None}


def read_schemas(parts: Mapping[str, Any]) -> RecordSchemas:
    """Reads the result of `schemas_json`."""
    return RecordSchemas(**{name: read_schema(each) for name, each in parts.items()})


def schema_json(schema: ValueSchema) -> Any:
    """A scalar as its kind, anything else as an object with one field."""
    match schema:
        case Scalar(kind=kind):
            return kind.value
        case Choice(texts=texts):
            return {"choice": list(texts)}
        case Optional(value=value):
            return {"optional": schema_json(value)}
        case ListOf(element=element):
            return {"list": schema_json(element)}
        case MapOf(value=value):
            return {"map": schema_json(value)}
        case Record(fields=fields):
            return {"record": {each.name: schema_json(each.schema) for each in fields}}
        case Union(alternatives=alternatives):
            return {"union": [schema_json(each) for each in alternatives]}


def read_schema(parts: Any) -> ValueSchema:
    """Reads the result of `schema_json`."""
    if isinstance(parts, str):
        return Scalar(ScalarKind(parts))
    ((kind, inner),) = parts.items()
    match kind:
        case "choice":
            return Choice(tuple(inner))
        case "optional":
            return Optional(read_schema(inner))
        case "list":
            return ListOf(read_schema(inner))
        case "map":
            return MapOf(read_schema(inner))
        case "record":
            return Record(tuple(RecordField(n, read_schema(each)) for n, each in inner.items()))
        case _:
            return Union(tuple(map(read_schema, inner)))
