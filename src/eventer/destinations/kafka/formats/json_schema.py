"""Value schemas as JSON Schema."""

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

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_SCALARS: Final[Mapping[ScalarKind, Mapping[str, Any]]] = {
    ScalarKind.BOOLEAN: {"type": "boolean"},
    ScalarKind.INTEGER: {"type": "integer"},
    ScalarKind.NUMBER: {"type": "number"},
    ScalarKind.TEXT: {"type": "string"},
    ScalarKind.UUID: {"type": "string", "format": "uuid"},
    ScalarKind.TIMESTAMP: {"type": "string", "format": "date-time"},
    ScalarKind.JSON: {},
}


def json_schema(schema: ValueSchema, name: str) -> Any:
    """The JSON Schema, with a title.

    Objects have no other fields than those of the schema, so that a field that can be absent can be
    added later.
    """
    return {"$schema": _DRAFT, "title": name, **_schema(schema)}


def _schema(schema: ValueSchema) -> dict[str, Any]:
    match schema:
        case Scalar(kind=kind):
            return dict(_SCALARS[kind])
        case Choice(texts=texts):
            return {"type": "string", "enum": list(texts)}
        case Optional(value=Scalar(kind=ScalarKind.JSON)):
            return {}
        case Optional(value=value):
            return {"oneOf": [{"type": "null"}, _schema(value)]}
        case Union(alternatives=alternatives):
            return {"oneOf": [_schema(each) for each in alternatives]}
        case ListOf(element=element):
            return {"type": "array", "items": _schema(element)}
        case MapOf(value=value):
            return {"type": "object", "additionalProperties": _schema(value)}
        case Record(fields=fields):
            required = [each.name for each in fields if not isinstance(each.schema, Optional)]
            return {
                "type": "object",
                "properties": {each.name: _schema(each.schema) for each in fields},
                "required": required,
                "additionalProperties": False,
            }
