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
from eventer.kernels.pgcopy import Wire

_STAGED: Final[Mapping[Wire, str]] = {
    Wire.INT2: "smallint",
    Wire.INT4: "integer",
    Wire.INT8: "bigint",
    Wire.FLOAT4: "real",
    Wire.FLOAT8: "double precision",
    Wire.BOOL: "boolean",
    Wire.TIMESTAMP: "timestamptz",
    Wire.TEXT: "text",
    Wire.JSONB: "jsonb",
}
_WHOLE: Final = {"int2": Wire.INT2, "int4": Wire.INT4, "int8": Wire.INT8}
_FLOATS: Final = {"float4": Wire.FLOAT4, "float8": Wire.FLOAT8}
_INSTANTS: Final = frozenset({"timestamp", "timestamptz"})
_TEXTS: Final = frozenset({"text", "varchar", "bpchar", "name"})
_NUMBERS: Final = frozenset({ColumnType.BIGINT, ColumnType.DOUBLE})
# Categories of pg_type: Array, Boolean, Date/time, network (I), Numeric.
_NEVER: Final[Mapping[ColumnType, str]] = {
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
class ColumnPlan:
    """How one field gets into one column.

    `kind` is the field's type, `read` what is read out of the batch. It travels as `wire`: where
    `direct`, the table's column takes that; else a staging column does, and from there it gets
    into the table with the SQL `around` it. Where `whole`, fractions are refused. `exact` says
    that equal values have equal bytes.
    """

    name: str
    kind: ColumnType
    read: ColumnType
    wire: Wire
    type: str
    direct: bool = True
    around: tuple[str, str] = ("", "")
    whole: bool = False
    exact: bool = True
    collation: str = ""

    @property
    def staged(self) -> str:
        """The type of its staging column."""
        return _STAGED[self.wire]

    def select(self, source: str) -> str:
        """The SQL that makes the column's value out of the staged one."""
        before, after = self.around
        return before + source + after

    def compared(self, source: str) -> str:
        """The SQL of what the column would hold, as its index compares it."""
        collate = f" COLLATE {self.collation}" if self.collation else ""
        return f"CAST({self.select(source)} AS {self.type}){collate}"


def new_column(name: str, kind: ColumnType) -> TableColumn:
    """A column as we make it."""
    base_name, category = _NATURAL[kind]
    return TableColumn(name, kind.value, kind.value, base_name, category, "b")


_NATURAL: Final[Mapping[ColumnType, tuple[str, str]]] = {
    ColumnType.BIGINT: ("int8", "N"),
    ColumnType.DOUBLE: ("float8", "N"),
    ColumnType.BOOLEAN: ("bool", "B"),
    ColumnType.TEXT: ("text", "S"),
    ColumnType.TIMESTAMPTZ: ("timestamptz", "D"),
    ColumnType.JSONB: ("jsonb", "U"),
}


def plan_column(kind: ColumnType, column: TableColumn) -> ColumnPlan | None:
    """How a field of this type gets into the column, or None where it never can."""
    if column.category in _NEVER.get(kind, "") or (kind in _NEVER and column.base_name == _UUID):
        return None
    plan = _PlanFor(kind, column)
    if column.base_name == "jsonb":
        return plan.direct(ColumnType.JSONB, Wire.JSONB)
    if column.base_name == "json":
        return plan.text(ColumnType.JSONB)
    if kind is ColumnType.JSONB:
        return plan.unwrapped()
    if column.base_name in _TEXTS:
        return plan.as_text()
    return _typed(kind, column, plan) or plan.by_input()


def _typed(kind: ColumnType, column: TableColumn, plan: _PlanFor) -> ColumnPlan | None:
    """The plans that need no text: numbers into numbers, instants into instants, equal types."""
    name = column.base_name
    if kind in _NUMBERS and name in _WHOLE:
        return plan.direct(kind, _WHOLE[name], whole=kind is ColumnType.DOUBLE)
    if kind in _NUMBERS and name in _FLOATS:
        return plan.direct(ColumnType.DOUBLE, _FLOATS[name])
    if kind is ColumnType.BIGINT and name == "numeric":
        return plan.cast(kind, Wire.INT8)
    if kind is ColumnType.BOOLEAN and name == "bool":
        return plan.direct(kind, Wire.BOOL)
    if kind is ColumnType.TIMESTAMPTZ and name in _INSTANTS:
        return plan.direct(kind, Wire.TIMESTAMP)
    if kind is ColumnType.TIMESTAMPTZ and name == "date":
        return plan.cast(kind, Wire.TIMESTAMP)
    if kind is ColumnType.TEXT and column.kind == "e":
        return plan.text(kind)
    return None


class _PlanFor:
    """Makes the plans of one pair of field and column."""

    def __init__(self, kind: ColumnType, column: TableColumn) -> None:
        self._kind = kind
        self._column = column

    def direct(self, read: ColumnType, wire: Wire, *, whole: bool = False) -> ColumnPlan:
        """The column takes the wire form, and an assignment takes the staged one."""
        return self._plan(read, wire, whole=whole)

    def text(self, read: ColumnType) -> ColumnPlan:
        """The column takes text on the wire, but no text that is staged."""
        exact = self._column.base_name != "json"
        return self._plan(read, Wire.TEXT, around=self._input(), exact=exact)

    def cast(self, read: ColumnType, wire: Wire) -> ColumnPlan:
        """The server casts by assignment."""
        return self._plan(read, wire, direct=False, exact=False)

    def as_text(self) -> ColumnPlan:
        """The column is text: it gets a string as it is, of the rest what JSON writes."""
        return self._plan(self._readable(), Wire.TEXT)

    def by_input(self) -> ColumnPlan:
        """The column's type reads the text that `as_text` would write."""
        whole = self._kind is ColumnType.DOUBLE and self._column.scale == 0
        return self._plan(
            self._readable(),
            Wire.TEXT,
            direct=False,
            around=self._input(),
            whole=whole,
            exact=False,
        )

    def unwrapped(self) -> ColumnPlan:
        """The column gets a JSON value's text: of a string what is between its quotes."""
        before, after = ("", "") if self._column.base_name in _TEXTS else self._input()
        around = (f"{before}(", f" #>> '{{}}'){after}")
        return self._plan(ColumnType.JSONB, Wire.JSONB, direct=False, around=around, exact=False)

    def _readable(self) -> ColumnType:
        strings = (ColumnType.TEXT, ColumnType.TIMESTAMPTZ)
        return ColumnType.TEXT if self._kind in strings else ColumnType.JSONB

    def _input(self) -> tuple[str, str]:
        """The type's text input; its modifiers are left to the assignment, which never cuts."""
        return "CAST(", f" AS {self._column.base})"

    def _plan(
        self,
        read: ColumnType,
        wire: Wire,
        *,
        direct: bool = True,
        around: tuple[str, str] = ("", ""),
        whole: bool = False,
        exact: bool = True,
    ) -> ColumnPlan:
        column = self._column
        return ColumnPlan(
            name=column.name,
            kind=self._kind,
            read=read,
            wire=wire,
            type=column.type,
            direct=direct,
            around=around,
            whole=whole,
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


def mend(table: str, column: str, kind: ColumnType, existing: str) -> str:
    """The SQL that gives a column the type of the field; names come quoted."""
    statement = f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind.value}"
    first_word = existing.partition("(")[0].partition(" ")[0]
    if kind is ColumnType.TEXT or first_word in _ASSIGNED.get(kind, ()):
        return statement
    return f"{statement} USING {_USING[kind].replace('{}', column)}"
