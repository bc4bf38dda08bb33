"""Reads the text of an Avro schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeGuard, get_args

from eventer.core.pointer import format_pointer
from eventer.destinations.kafka.formats.given_avro.schema_types import (
    AvroArray,
    AvroDate,
    AvroDecimal,
    AvroEnum,
    AvroField,
    AvroFixed,
    AvroInstant,
    AvroMap,
    AvroPrimitive,
    AvroRecord,
    AvroReference,
    AvroSchema,
    AvroType,
    AvroUnion,
    PrimitiveName,
)
from eventer.destinations.kafka.formats.schema_names import is_name
from eventer.destinations.kafka.formats.schema_text_error import SchemaTextError

_PRIMITIVES: Final[tuple[str, ...]] = get_args(PrimitiveName)
_LOGICAL: Final[Mapping[tuple[str, str], AvroType]] = {
    ("long", "timestamp-millis"): AvroInstant("millis"),
    ("long", "timestamp-micros"): AvroInstant("micros"),
    ("int", "date"): AvroDate(),
}
_MAX_DEPTH: Final = 100
_MAX_PRECISION: Final = 1_000

_Path: TypeAlias = tuple[str | int, ...]


def parse_avro_schema(text: str, referenced: Sequence[str] = ()) -> AvroSchema:
    """The schema. A logical type that Eventer does not know is ignored, as Avro demands.

    `referenced` are the texts of the schemas that define other types of it.

    Raises:
        SchemaTextError: a text is not an Avro schema; the error says where.
    """
    parser = _AvroParser()
    for each in referenced:
        parser.type(_json(each), (), "")
    root = parser.type(_json(text), (), "")
    parser.check_references()
    return AvroSchema(root, parser.named)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.isidentifier():
            return text
        raise SchemaTextError((), f"it is not valid JSON: {error}") from error


class _AvroParser:
    """Reads one schema; `named` has the types that it defines, by their full names."""

    def __init__(self) -> None:
        self.named: dict[str, AvroType] = {}
        self._references: list[tuple[str, _Path]] = []

    def check_references(self) -> None:
        """Raises `SchemaTextError` if a type is not defined."""
        for name, path in self._references:
            if name not in self.named:
                raise SchemaTextError(path, f"the type {name!r} is not defined")

    def type(self, value: Any, path: _Path, namespace: str) -> AvroType:
        if len(path) > _MAX_DEPTH:
            raise SchemaTextError(path, f"the schema is nested deeper than {_MAX_DEPTH} levels")
        match value:
            case str() if value in _PRIMITIVES:
                return AvroPrimitive(value)  # type: ignore[arg-type]  # it is one of these names
            case str():
                return self._reference(value, path, namespace)
            case list():
                return self._union(value, path, namespace)
            case {"type": kind}:
                return self._object(kind, value, path, namespace)
            case _:
                raise SchemaTextError(path, "a type is a name, an array, or an object with `type`")

    def _object(self, kind: Any, value: dict[str, Any], path: _Path, namespace: str) -> AvroType:
        match kind:
            case "record" | "error" | "enum" | "fixed":
                return self._named(kind, value, path, namespace)
            case "array":
                return AvroArray(self._part("items", value, path, namespace))
            case "map":
                return AvroMap(self._part("values", value, path, namespace))
            case "bytes" if value.get("logicalType") == "decimal":
                return _decimal(value, path, None)
            case "int" | "long":
                logical = value.get("logicalType")
                known = _LOGICAL.get((kind, logical)) if isinstance(logical, str) else None
                return known or AvroPrimitive(kind)
            case _:
                return self.type(kind, (*path, "type"), namespace)

    def _part(self, name: str, value: dict[str, Any], path: _Path, namespace: str) -> AvroType:
        if name not in value:
            raise SchemaTextError(path, f"`{name}` is missing")
        return self.type(value[name], (*path, name), namespace)

    def _reference(self, name: str, path: _Path, namespace: str) -> AvroType:
        full = f"{namespace}.{name}" if namespace and "." not in name else name
        self._references.append((full, path))
        return AvroReference(full)

    def _union(self, value: Sequence[Any], path: _Path, namespace: str) -> AvroType:
        branches = tuple(self.type(each, (*path, n), namespace) for n, each in enumerate(value))
        if not branches:
            raise SchemaTextError(path, "a union has at least one type")
        for number, each in enumerate(branches):
            if isinstance(each, AvroUnion):
                raise SchemaTextError((*path, number), "a union cannot be directly in a union")
        return AvroUnion(branches)

    def _named(self, kind: str, value: dict[str, Any], path: _Path, namespace: str) -> AvroType:
        full = _full_name(value, path, namespace)
        if full in self.named:
            raise SchemaTextError((*path, "name"), f"the type {full!r} is defined twice")
        self.named[full] = AvroReference(full)  # a record may refer to itself
        if kind == "fixed":
            found = _fixed(value, path)
        elif kind == "enum":
            found = _enum(value, path)
        else:
            found = self._record(full, value, path)
        self.named[full] = found
        return found

    def _record(self, full: str, value: dict[str, Any], path: _Path) -> AvroType:
        given = value.get("fields")
        if not isinstance(given, list):
            raise SchemaTextError(path, "a record needs `fields`, an array")
        namespace = full.rpartition(".")[0]
        fields = [
            self._field(each, (*path, "fields", n), namespace) for n, each in enumerate(given)
        ]
        names: set[str] = set()
        for number, each in enumerate(fields):
            if each.name in names:
                where = (*path, "fields", number, "name")
                raise SchemaTextError(where, f"the field {each.name!r} is defined twice")
            names.add(each.name)
        return AvroRecord(full, tuple(fields))

    def _field(self, value: Any, path: _Path, namespace: str) -> AvroField:
        if not isinstance(value, dict) or "type" not in value:
            raise SchemaTextError(path, "a field is an object with `name` and `type`")
        name = value.get("name")
        if not isinstance(name, str) or not is_name(name):
            raise SchemaTextError(path, "`name` must be letters, digits and underscores")
        return AvroField(
            name,
            self._part("type", value, path, namespace),
            format_pointer(path),
            "default" in value,
            value.get("default"),
        )


def _full_name(value: dict[str, Any], path: _Path, namespace: str) -> str:
    name, own = value.get("name"), value.get("namespace", namespace)
    if not isinstance(name, str) or not all(map(is_name, name.split("."))):
        raise SchemaTextError(path, "`name` must be letters, digits and underscores")
    if not isinstance(own, str):
        raise SchemaTextError((*path, "namespace"), "must be text")
    return f"{own}.{name}" if own and "." not in name else name


def _fixed(value: dict[str, Any], path: _Path) -> AvroType:
    size = value.get("size")
    if not _is_whole(size) or not 0 <= size <= 1 << 20:
        raise SchemaTextError(path, "`size` of a fixed must be a number of bytes")
    return _decimal(value, path, size) if value.get("logicalType") == "decimal" else AvroFixed(size)


def _enum(value: dict[str, Any], path: _Path) -> AvroType:
    symbols = value.get("symbols")
    if not isinstance(symbols, list) or not all(isinstance(s, str) and is_name(s) for s in symbols):
        raise SchemaTextError(
            path, "`symbols` of an enum must be an array of letters, digits and underscores"
        )
    if len(set(symbols)) < len(symbols):
        raise SchemaTextError((*path, "symbols"), "a symbol is there twice")
    return AvroEnum(tuple(symbols))


def _decimal(value: dict[str, Any], path: _Path, size: int | None) -> AvroType:
    precision, scale = value.get("precision"), value.get("scale", 0)
    if not _is_whole(precision) or not 1 <= precision <= _MAX_PRECISION:
        raise SchemaTextError(path, f"`precision` of a decimal must be from 1 to {_MAX_PRECISION}")
    if not _is_whole(scale) or not 0 <= scale <= precision:
        raise SchemaTextError(path, "`scale` of a decimal must be from 0 to its precision")
    return AvroDecimal(precision, scale, size)


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
