"""How a field of an event gets into a column of another type.

Static inference gives a field its type, but an existing column may have another one. Eventer
converts numbers to narrower ones itself, which names the rejected event. Otherwise an assignment
cast of the server or the text input of the column's type converts the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from eventer.core.model import ColumnType
from eventer.kernels.pgcopy.copy_stream import WireType

_STAGING_TYPES: Final[Mapping[WireType, str]] = {
    WireType.INT2: "smallint",
    WireType.INT4: "integer",
    WireType.INT8: "bigint",
    WireType.FLOAT4: "real",
    WireType.FLOAT8: "double precision",
    WireType.BOOL: "boolean",
    WireType.TIMESTAMP: "timestamptz",
    WireType.TEXT: "text",
    WireType.JSONB: "jsonb",
}
_INTEGERS: Final = {"int2": WireType.INT2, "int4": WireType.INT4, "int8": WireType.INT8}
_FLOATS: Final = {"float4": WireType.FLOAT4, "float8": WireType.FLOAT8}
_INSTANTS: Final = frozenset({"timestamp", "timestamptz"})
_TEXTS: Final = frozenset({"text", "varchar", "bpchar"})
_MAX_BYTES: Final = {"name": 63, "char": 1}
"""The types whose text input truncates longer texts silently; `char` is PostgreSQL's `"char"`."""
_TRUNCATING_ARRAYS: Final = frozenset(f"_{name}" for name in _MAX_BYTES)
_NUMBERS: Final = frozenset({ColumnType.BIGINT, ColumnType.DOUBLE})
# Categories of pg_type: Array, Boolean, Date/time, network (I), Numeric.
_INCOMPATIBLE_CATEGORIES: Final[Mapping[ColumnType, str]] = {
    ColumnType.BIGINT: "ADI",
    ColumnType.DOUBLE: "ADI",
    ColumnType.BOOLEAN: "ADIN",
    ColumnType.TIMESTAMPTZ: "ABIN",
}
_UUID: Final = "uuid"
_ARRAY: Final = "A"


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column in the system catalog.

    `type` is SQL with modifiers; `base` is the base type without them, also of a domain.
    `base_name`, `category` and `kind` are from the `pg_type` row of that base type; `base_name` is
    empty for types outside of pg_catalog. `scale` is that of a numeric, if it has one. `exact`:
    equal values have equal bytes. `collation` is set if it equates different texts. `required`: the
    column is NOT NULL and has no default. `may_insert` and `may_update` are the role's privileges.
    `number` is its attnum; 0 if it does not exist yet.
    """

    name: str
    type: str
    base: str
    base_name: str
    category: str
    kind: str
    scale: int | None = None
    exact: bool = True
    collation: str = ""
    required: bool = False
    always_identity: bool = False
    generated: bool = False
    may_insert: bool = True
    may_update: bool = True
    number: int = 0


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How one field gets into one column.

    `kind` is the field's type, `read_as` the type read from the batch, `wire` the type in COPY. If
    `direct`, the table's column accepts it; otherwise a staging column does, and `sql_wrapper` is
    the SQL that converts it for the table. If `integral`, fractions are rejected; with `max_bytes`,
    longer texts. `exact`: equal values have equal bytes. `number` is the column's attnum.
    """

    name: str
    kind: ColumnType
    read_as: ColumnType
    wire: WireType
    type: str
    direct: bool = True
    sql_wrapper: tuple[str, str] = ("", "")
    integral: bool = False
    max_bytes: int | None = None
    exact: bool = True
    collation: str = ""
    number: int = 0

    @property
    def staging_type(self) -> str:
        """The type of its staging column."""
        return _STAGING_TYPES[self.wire]

    def select(self, source: str) -> str:
        """SQL of the column's value, from the staged value."""
        before, after = self.sql_wrapper
        return before + source + after

    def converted(self, source: str) -> str:
        """SQL of the column's value with its type."""
        return f"CAST({self.select(source)} AS {self.type})"

    def compared(self, source: str) -> str:
        """SQL of the column's value as its index compares it."""
        collate = f" COLLATE {self.collation}" if self.collation else ""
        return f"{self.converted(source)}{collate}"


def new_column(name: str, kind: ColumnType) -> TableColumn:
    """A column that Eventer creates."""
    base_name, category = _DEFAULT_BASE_TYPES[kind]
    return TableColumn(name, kind.value, kind.value, base_name, category, "b")


_DEFAULT_BASE_TYPES: Final[Mapping[ColumnType, tuple[str, str]]] = {
    ColumnType.BIGINT: ("int8", "N"),
    ColumnType.DOUBLE: ("float8", "N"),
    ColumnType.BOOLEAN: ("bool", "B"),
    ColumnType.TEXT: ("text", "S"),
    ColumnType.TIMESTAMPTZ: ("timestamptz", "D"),
    ColumnType.JSONB: ("jsonb", "U"),
}


def map_column(kind: ColumnType, column: TableColumn) -> ColumnMapping | None:
    """How a field of this type gets into the column; None if it cannot."""
    if column.category in _INCOMPATIBLE_CATEGORIES.get(kind, "") or (
        kind in _INCOMPATIBLE_CATEGORIES and column.base_name == _UUID
    ):
        return None
    if column.base_name in _TRUNCATING_ARRAYS:
        return None
    if column.base_name in _MAX_BYTES:
        return None if kind is ColumnType.JSONB else _truncating(kind, column)
    if column.base_name == "jsonb":
        return _direct(kind, column, ColumnType.JSONB, WireType.JSONB)
    if column.base_name == "json":
        return _text(kind, column, ColumnType.JSONB)
    if kind is ColumnType.JSONB:
        return (_json_as_array if column.category == _ARRAY else _json_as_text)(kind, column)
    if column.base_name in _TEXTS:
        return _direct(kind, column, _text_source(kind), WireType.TEXT)
    return _typed(kind, column) or _through_text_input(kind, column)


def _typed(kind: ColumnType, column: TableColumn) -> ColumnMapping | None:
    """The mappings without text: numbers to numbers, instants to instants, equal types."""
    name = column.base_name
    if kind in _NUMBERS and name in _INTEGERS:
        mapping = _direct(kind, column, kind, _INTEGERS[name])
        return replace(mapping, integral=kind is ColumnType.DOUBLE)
    if kind in _NUMBERS and name in _FLOATS:
        return _direct(kind, column, ColumnType.DOUBLE, _FLOATS[name])
    if kind is ColumnType.BIGINT and name == "numeric":
        return _cast(kind, column, WireType.INT8)
    if kind is ColumnType.BOOLEAN and name == "bool":
        return _direct(kind, column, kind, WireType.BOOL)
    if kind is ColumnType.TIMESTAMPTZ and name in _INSTANTS:
        return _direct(kind, column, kind, WireType.TIMESTAMP)
    if kind is ColumnType.TIMESTAMPTZ and name == "date":
        return _cast(kind, column, WireType.TIMESTAMP)
    if kind is ColumnType.TEXT and column.kind == "e":
        return _text(kind, column, kind)
    return None


def _direct(
    kind: ColumnType, column: TableColumn, read_as: ColumnType, wire: WireType
) -> ColumnMapping:
    """The column accepts the wire form, and the staged form by assignment."""
    return ColumnMapping(
        name=column.name,
        kind=kind,
        read_as=read_as,
        wire=wire,
        type=column.type,
        exact=column.exact,
        collation=column.collation,
        number=column.number,
    )


def _text(kind: ColumnType, column: TableColumn, read_as: ColumnType) -> ColumnMapping:
    """The column accepts text on the wire, but needs a cast from a staged text."""
    return replace(
        _direct(kind, column, read_as, WireType.TEXT),
        sql_wrapper=_text_input_cast(column),
        exact=column.exact and column.base_name != "json",
    )


def _truncating(kind: ColumnType, column: TableColumn) -> ColumnMapping:
    """The column truncates a staged text silently, so longer texts are rejected."""
    if column.base_name == "name":
        mapping = _direct(kind, column, _text_source(kind), WireType.TEXT)
    else:
        mapping = _through_text_input(kind, column)
    return replace(mapping, max_bytes=_MAX_BYTES[column.base_name])


def _cast(kind: ColumnType, column: TableColumn, wire: WireType) -> ColumnMapping:
    """The server casts by assignment."""
    return replace(_direct(kind, column, kind, wire), direct=False, exact=False)


def _through_text_input(kind: ColumnType, column: TableColumn) -> ColumnMapping:
    """The column's type parses the text of the value."""
    return replace(
        _cast(kind, column, WireType.TEXT),
        read_as=_text_source(kind),
        sql_wrapper=_text_input_cast(column),
        integral=kind is ColumnType.DOUBLE and column.scale == 0,
    )


def _json_as_text(kind: ColumnType, column: TableColumn) -> ColumnMapping:
    """The column gets the text of a JSON value: of a string, the characters between the quotes."""
    before, after = ("", "") if column.base_name in _TEXTS else _text_input_cast(column)
    return replace(
        _cast(kind, column, WireType.JSONB), sql_wrapper=(f"{before}(", f" #>> '{{}}'){after}")
    )


def _json_as_array(kind: ColumnType, column: TableColumn) -> ColumnMapping:
    """The server converts a JSON array, also a nested one, or parses the text of a JSON string."""
    before = "(SELECT x FROM pg_catalog.jsonb_to_record(pg_catalog.jsonb_build_object('x', "
    return replace(
        _cast(kind, column, WireType.JSONB), sql_wrapper=(before, f")) AS r (x {column.base}))")
    )


def _text_source(kind: ColumnType) -> ColumnType:
    strings = (ColumnType.TEXT, ColumnType.TIMESTAMPTZ)
    return ColumnType.TEXT if kind in strings else ColumnType.JSONB


def _text_input_cast(column: TableColumn) -> tuple[str, str]:
    """The type's text input. Its modifiers apply at the assignment, which never truncates."""
    return "CAST(", f" AS {column.base})"


_USING: Final[Mapping[ColumnType, str]] = {
    ColumnType.BIGINT: "{}::text::bigint",
    ColumnType.DOUBLE: "{}::text::double precision",
    ColumnType.BOOLEAN: "{}::text::boolean",
    ColumnType.TIMESTAMPTZ: "{}::text::timestamptz",
    ColumnType.JSONB: "to_jsonb({})",
}
_NUMERIC: Final = frozenset({"bigint", "integer", "smallint", "real", "double", "numeric"})
_ASSIGNED: Final[Mapping[ColumnType, frozenset[str]]] = {
    ColumnType.BIGINT: _NUMERIC,
    ColumnType.DOUBLE: _NUMERIC,
    ColumnType.TIMESTAMPTZ: frozenset({"date", "timestamp"}),
}


def alter_type_sql(table: str, column: str, kind: ColumnType, existing: str) -> str:
    """SQL that gives a column the type of the field. The names are quoted."""
    statement = f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind.value}"
    first_word = existing.partition("(")[0].partition(" ")[0]
    if kind is ColumnType.TEXT or first_word in _ASSIGNED.get(kind, ()):
        return statement
    return f"{statement} USING {_USING[kind].replace('{}', column)}"
