"""Records from JSON Schemas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from eventer.core.errors import RequestError
from eventer.core.pointer import parse_pointer
from eventer.scaffold.record import (
    Choice,
    Field,
    FieldType,
    Items,
    NumberRange,
    ObjectFields,
    Record,
    TextPattern,
)

_TYPES: Final = {
    "integer": FieldType.INTEGER,
    "number": FieldType.NUMBER,
    "boolean": FieldType.BOOLEAN,
    "string": FieldType.TEXT,
    "object": FieldType.OBJECT,
    "array": FieldType.ARRAY,
}
_FORMATS: Final = {
    "uuid": FieldType.UUID,
    "date-time": FieldType.TIMESTAMP,
    "date": FieldType.DATE,
    "time": FieldType.TIME,
}
_NAMED_FORMATS: Final = {"email": "email", "ipv4": "ipv4", "ipv6": "ipv6", "uri": "url"}
_MAX_DEPTH: Final = 8
_SPAN: Final = 1000
_OPTIONAL: Final = 0.1
"""How often a field that is not required is absent: a schema does not say."""

Schema = Mapping[str, Any]


def json_schema_record(schema: Any, name: str, source: str) -> Record:
    """The record of a schema, which is JSON already.

    Raises:
        RequestError: it is not valid, or refers to another file.
    """
    if not isinstance(schema, dict):
        raise RequestError(f"{source} is not a JSON Schema: it is not an object")
    field = _SchemaReader(schema, source).field(name, schema, 0)
    if isinstance(field.domain, ObjectFields):
        return Record(name, source, field.domain.fields)
    return Record(name, source, (replace(field, name=""),))


class _SchemaReader:
    """Reads the parts of a schema, and follows references within it."""

    def __init__(self, root: Schema, source: str) -> None:
        self._root = root
        self._source = source

    def field(self, name: str, schema: Any, depth: int) -> Field:
        """The field of a part."""
        schema = self._resolved(schema)
        if depth >= _MAX_DEPTH:
            note = "The schema refers to itself: the fields end here."
            return Field(name, FieldType.ANY, notes=(note,))
        if "const" in schema:
            return Field(name, FieldType.TEXT, Choice((schema["const"],)))
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            values = tuple(value for value in schema["enum"] if value is not None)
            return Field(name, FieldType.TEXT, Choice(values or (None,)))
        return self._typed(name, schema, depth)

    def _typed(self, name: str, schema: Schema, depth: int) -> Field:
        type_, nullable = _type(schema)
        field = Field(name, type_, null_share=_OPTIONAL if nullable else 0.0)
        match type_:
            case FieldType.OBJECT:
                return replace(field, domain=self._members(schema, depth))
            case FieldType.ARRAY:
                return replace(field, domain=self._items(name, schema, depth))
            case FieldType.INTEGER | FieldType.NUMBER:
                return replace(field, domain=_range(schema, type_))
            case FieldType.TEXT:
                return _text(field, schema)
        return field

    def _members(self, schema: Schema, depth: int) -> ObjectFields:
        required = schema.get("required", [])
        return ObjectFields(
            tuple(
                replace(
                    self.field(name, each, depth + 1),
                    absent_share=0.0 if name in required else _OPTIONAL,
                )
                for name, each in schema.get("properties", {}).items()
            )
        )

    def _items(self, name: str, schema: Schema, depth: int) -> Items:
        item = self.field(name.removesuffix("s"), schema.get("items", {}), depth + 1)
        least = int(schema.get("minItems", 1))
        return Items(item, least, max(least, int(schema.get("maxItems", least + 2))))

    def _resolved(self, schema: Any) -> Schema:
        """The schema with its reference followed, its parts merged, and its first alternative."""
        merged: dict[str, Any] = dict(schema) if isinstance(schema, dict) else {}
        for _ in range(_MAX_DEPTH):
            parts = list(merged.pop("allOf", []))
            for word in ("oneOf", "anyOf"):
                parts += _first_alternative(merged.pop(word, []))
            if "$ref" in merged:
                parts.append(self._referenced(merged.pop("$ref")))
            if not parts:
                break
            for part in parts:
                merged = _merged(merged, part)
        return merged

    def _referenced(self, reference: Any) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise RequestError(f"{self._source} refers to {reference!r}: put it into this file")
        found: Any = self._root
        for step in parse_pointer(reference[1:]) if len(reference) > 1 else ():
            if not isinstance(found, dict) or step not in found:
                raise RequestError(f"{self._source} refers to {reference!r}, which does not exist")
            found = found[step]
        return found


def _first_alternative(alternatives: list[Any]) -> list[Any]:
    """The first that is not null; it is nullable if null is another."""
    others = [each for each in alternatives if each != {"type": "null"}]
    if len(others) == len(alternatives):
        return others[:1]
    return [*others[:1], {"nullable": True}]


def _merged(first: Mapping[str, Any], second: Any) -> dict[str, Any]:
    merged = {**(second if isinstance(second, dict) else {}), **first}
    for word, empty in (("properties", dict), ("required", list)):
        both = [each[word] for each in (first, second) if isinstance(each, dict) and word in each]
        if len(both) > 1:
            merged[word] = both[0] | both[1] if empty is dict else [*both[0], *both[1]]
    return merged


def _type(schema: Schema) -> tuple[FieldType, bool]:
    """The type, and whether the value may be null."""
    given = schema.get("type")
    names = given if isinstance(given, list) else [given]
    nullable = "null" in names or schema.get("nullable") is True
    name = next((each for each in names if each != "null"), None)
    if name is None:
        name = "object" if "properties" in schema else "array" if "items" in schema else None
    if name == "string" and schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]], nullable
    return _TYPES.get(str(name), FieldType.ANY), nullable


def _range(schema: Schema, type_: FieldType) -> NumberRange | None:
    step = 1 if type_ is FieldType.INTEGER else 0.01
    least = schema.get("minimum")
    most = schema.get("maximum")
    if isinstance(bound := schema.get("exclusiveMinimum"), int | float) and bound is not True:
        least = bound + step
    if isinstance(bound := schema.get("exclusiveMaximum"), int | float) and bound is not True:
        most = bound - step
    if type_ is FieldType.INTEGER:
        least = None if least is None else math.ceil(least)
        most = None if most is None else math.floor(most)
    if least is not None and most is not None and least > most:
        return None
    decimals = None if type_ is FieldType.INTEGER else 2
    if least is None:
        return None if most is None else NumberRange(min(0, most - _SPAN), most, decimals)
    return NumberRange(least, least + _SPAN if most is None else most, decimals)


def _text(field: Field, schema: Schema) -> Field:
    if isinstance(pattern := schema.get("pattern"), str):
        return replace(field, domain=TextPattern(pattern.removeprefix("^").removesuffix("$")))
    name = _NAMED_FORMATS.get(str(schema.get("format")))
    notes = () if name is None or name in field.name.lower() else (f"Format: {name}.",)
    return replace(field, max_length=schema.get("maxLength"), notes=notes)
