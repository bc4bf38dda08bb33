"""Which column of a table takes which field of an event, and how it travels there.

A field has the type that static inference gave it; a table that exists may have given its column
another one. Then the value is converted here where that can name the event to blame (numbers
into narrower ones), else by an assignment cast of the server, else by the column's text input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
_TEXTS: Final = frozenset({"text", "varchar", "bpchar", "name"})
_NUMBERS: Final = frozenset({ColumnType.BIGINT, ColumnType.DOUBLE})
# Categories of pg_type: Array, Boolean, Date/time, network (I), Numeric.
_INCOMPATIBLE_CATEGORIES: Final[Mapping[ColumnType, str]] = {
    ColumnType.BIGINT: "ADI",
    ColumnType.DOUBLE: "ADI",
    ColumnType.BOOLEAN: "ADIN",
    ColumnType.TIMESTAMPTZ: "ABIN",
}
_UUID: Final = "uuid"


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column as the catalogue has it.

    `type` is as SQL writes it, modifiers included; `base` without them, a domain's base type;
    `base_name`, `category` and `kind` are that base type's in `pg_type`, `base_name` empty where
    it is none of the server's own. `scale` is a numeric's, None where it has none. `exact` says
    that equal values have equal bytes; `collation` names one that holds different texts for
    equal; `required` says that the column is NOT NULL and has no default.
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


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How one field gets into one column.

    `kind` is the field's type, `read_as` the type read from the batch, `wire` the type in COPY. If
    `direct`, the table's column accepts it; otherwise a staging column does, and `sql_wrapper` is
    the SQL that converts it for the table. If `integral`, fractions are rejected. `exact`: equal
    values have equal bytes.
    """

    name: str
    kind: ColumnType
    read_as: ColumnType
    wire: WireType
    type: str
    direct: bool = True
    sql_wrapper: tuple[str, str] = ("", "")
    integral: bool = False
    exact: bool = True
    collation: str = ""

    @property
    def staging_type(self) -> str:
        """The type of its staging column."""
        return _STAGING_TYPES[self.wire]

    def select(self, source: str) -> str:
        """The SQL that makes the column's value out of the staged one."""
        before, after = self.sql_wrapper
        return before + source + after

    def compared(self, source: str) -> str:
        """The SQL of what the column would hold, as its index compares it."""
        collate = f" COLLATE {self.collation}" if self.collation else ""
        return f"CAST({self.select(source)} AS {self.type}){collate}"


def new_column(name: str, kind: ColumnType) -> TableColumn:
    """A column as we make it."""
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
    """How a field of this type gets into the column, or None where it never can."""
    if column.category in _INCOMPATIBLE_CATEGORIES.get(kind, "") or (
        kind in _INCOMPATIBLE_CATEGORIES and column.base_name == _UUID
    ):
        return None
    mapping = _MappingBuilder(kind, column)
    if column.base_name == "jsonb":
        return mapping.direct(ColumnType.JSONB, WireType.JSONB)
    if column.base_name == "json":
        return mapping.text(ColumnType.JSONB)
    if kind is ColumnType.JSONB:
        return mapping.json_as_text()
    if column.base_name in _TEXTS:
        return mapping.as_text()
    return _typed(kind, column, mapping) or mapping.through_text_input()


def _typed(kind: ColumnType, column: TableColumn, mapping: _MappingBuilder) -> ColumnMapping | None:
    """The plans that need no text: numbers into numbers, instants into instants, equal types."""
    name = column.base_name
    if kind in _NUMBERS and name in _INTEGERS:
        return mapping.direct(kind, _INTEGERS[name], integral=kind is ColumnType.DOUBLE)
    if kind in _NUMBERS and name in _FLOATS:
        return mapping.direct(ColumnType.DOUBLE, _FLOATS[name])
    if kind is ColumnType.BIGINT and name == "numeric":
        return mapping.cast(kind, WireType.INT8)
    if kind is ColumnType.BOOLEAN and name == "bool":
        return mapping.direct(kind, WireType.BOOL)
    if kind is ColumnType.TIMESTAMPTZ and name in _INSTANTS:
        return mapping.direct(kind, WireType.TIMESTAMP)
    if kind is ColumnType.TIMESTAMPTZ and name == "date":
        return mapping.cast(kind, WireType.TIMESTAMP)
    if kind is ColumnType.TEXT and column.kind == "e":
        return mapping.text(kind)
    return None


class _MappingBuilder:
    """Makes the plans of one pair of field and column."""

    def __init__(self, kind: ColumnType, column: TableColumn) -> None:
        self._kind = kind
        self._column = column

    def direct(
        self, read_as: ColumnType, wire: WireType, *, integral: bool = False
    ) -> ColumnMapping:
        """The column takes the wire form, and an assignment takes the staged one."""
        return self._mapping(read_as, wire, integral=integral)

    def text(self, read_as: ColumnType) -> ColumnMapping:
        """The column takes text on the wire, but no text that is staged."""
        exact = self._column.base_name != "json"
        return self._mapping(
            read_as, WireType.TEXT, sql_wrapper=self._text_input_cast(), exact=exact
        )

    def cast(self, read_as: ColumnType, wire: WireType) -> ColumnMapping:
        """The server casts by assignment."""
        return self._mapping(read_as, wire, direct=False, exact=False)

    def as_text(self) -> ColumnMapping:
        """The column is text: it gets a string as it is, of the rest what JSON writes."""
        return self._mapping(self._text_source(), WireType.TEXT)

    def through_text_input(self) -> ColumnMapping:
        """The column's type reads the text that `as_text` would write."""
        integral = self._kind is ColumnType.DOUBLE and self._column.scale == 0
        return self._mapping(
            self._text_source(),
            WireType.TEXT,
            direct=False,
            sql_wrapper=self._text_input_cast(),
            integral=integral,
            exact=False,
        )

    def json_as_text(self) -> ColumnMapping:
        """The column gets a JSON value's text: of a string what is between its quotes."""
        before, after = ("", "") if self._column.base_name in _TEXTS else self._text_input_cast()
        sql_wrapper = (f"{before}(", f" #>> '{{}}'){after}")
        return self._mapping(
            ColumnType.JSONB, WireType.JSONB, direct=False, sql_wrapper=sql_wrapper, exact=False
        )

    def _text_source(self) -> ColumnType:
        strings = (ColumnType.TEXT, ColumnType.TIMESTAMPTZ)
        return ColumnType.TEXT if self._kind in strings else ColumnType.JSONB

    def _text_input_cast(self) -> tuple[str, str]:
        """The type's text input; its modifiers are left to the assignment, which never cuts."""
        return "CAST(", f" AS {self._column.base})"

    def _mapping(
        self,
        read_as: ColumnType,
        wire: WireType,
        *,
        direct: bool = True,
        sql_wrapper: tuple[str, str] = ("", ""),
        integral: bool = False,
        exact: bool = True,
    ) -> ColumnMapping:
        column = self._column
        return ColumnMapping(
            name=column.name,
            kind=self._kind,
            read_as=read_as,
            wire=wire,
            type=column.type,
            direct=direct,
            sql_wrapper=sql_wrapper,
            integral=integral,
            exact=exact and column.exact,
            collation=column.collation,
        )


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
    """The SQL that gives a column the type of the field; names come quoted."""
    statement = f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind.value}"
    first_word = existing.partition("(")[0].partition(" ")[0]
    if kind is ColumnType.TEXT or first_word in _ASSIGNED.get(kind, ()):
        return statement
    return f"{statement} USING {_USING[kind].replace('{}', column)}"
