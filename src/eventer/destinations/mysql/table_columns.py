"""Columns and keys of tables: those that Eventer creates, and how fields get into them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import Column, ColumnType, EventShape
from eventer.core.suggestions import did_you_mean
from eventer.destinations.mysql.identifiers import TableName, check_identifier, quote
from eventer.destinations.mysql.target import MysqlTarget

DEFAULT_KEY: Final = "id"
_MAX_KEY_CHARACTERS: Final = 768
"""A key has at most 3,072 bytes, and a character of utf8mb4 has up to four."""
_KEY_TEXT_LENGTH: Final = 255
_TYPES: Final[Mapping[ColumnType, str]] = {
    ColumnType.BIGINT: "bigint",
    ColumnType.DOUBLE: "double",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TEXT: "longtext",
    ColumnType.TIMESTAMPTZ: "datetime(6)",
    ColumnType.JSONB: "json",
}
_INTEGERS: Final = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_NUMBERS: Final = _INTEGERS | {"decimal", "float", "double", "bit"}
_TEXTS: Final = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_INSTANTS: Final = frozenset({"datetime", "timestamp"})
_DATES: Final = frozenset({"date", "time", "year"})
_ACCEPTED: Final[Mapping[ColumnType, frozenset[str]]] = {
    ColumnType.BIGINT: _NUMBERS | _TEXTS | {"json"},
    ColumnType.DOUBLE: _NUMBERS | _TEXTS | {"json"},
    ColumnType.BOOLEAN: _INTEGERS | {"bit"},
    ColumnType.TIMESTAMPTZ: _INSTANTS | _TEXTS,
    ColumnType.JSONB: _TEXTS | {"json"},
}
"""The types of existing columns for each type of fields. TEXT has none: the server parses it."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column as `information_schema` has it.

    `type` is that without length, `full_type` that with it. `required`: NOT NULL without a default.
    """

    name: str
    type: str
    full_type: str
    required: bool = False
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `keys` has the columns of each unique index, that of the primary key first."""

    name: TableName
    columns: tuple[TableColumn, ...]
    keys: tuple[tuple[str, ...], ...] = ()
    has_primary_key: bool = False
    engine: str = "InnoDB"
    is_table: bool = True


@dataclass(frozen=True, slots=True)
class TableMapping:
    """How rows get into a table: the fields in the order of `columns`, and the upsert key.

    Fields in `whole` go into columns of integers, which must not round them. `check_objects`: it is
    not known that all events are objects.
    """

    table: TableName
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    op: str | None = None
    whole: frozenset[str] = frozenset()
    check_objects: bool = False


def table_fields(
    shape: EventShape, target: MysqlTarget, found: Collection[str] = ()
) -> tuple[Column, ...]:
    """The fields that get columns. An open shape adds the key and the fields found in events.

    Raises:
        DestinationRejectedError: the events are not objects or have no fields, a field's name is
            not valid for a column, two names differ in case only, or the key is not a field.
    """
    if shape.is_object is False:
        raise DestinationRejectedError("the events are not objects; table rows need objects")
    fields = {column.name: column for column in shape.columns}
    if shape.open:
        for name in sorted({*found, *(target.key or ())} - set(fields)):
            fields[name] = Column(name, ColumnType.JSONB)
    _check_names(fields)
    for name in target.key or ():
        if name not in fields:
            raise DestinationRejectedError(
                f"the key {name!r} is not a field of the template", hint=did_you_mean(name, fields)
            )
    if not fields and not shape.open:
        raise DestinationRejectedError(
            "the events have no fields, so the table would have no columns"
        )
    return tuple(fields.values())


def _check_names(names: Collection[str]) -> None:
    folded: dict[str, str] = {}
    for name in names:
        check_identifier(name, "field name")
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            raise DestinationRejectedError(
                f"the fields {other!r} and {name!r} differ in case only, but the names of columns "
                "are not case-sensitive",
                hint="rename one, or leave it out with `omit`",
            )


def new_table(name: TableName, fields: Sequence[Column], target: MysqlTarget) -> Table:
    """The table that Eventer creates for these fields.

    Raises:
        DestinationRejectedError: a key column would be JSON, or `op` has no key.
    """
    key = target.key or ()
    if target.key is None and any(
        field.name == DEFAULT_KEY and field.type is not ColumnType.JSONB for field in fields
    ):
        key = (DEFAULT_KEY,)
    types = {field.name: field.type for field in fields}
    for each in key:
        if types[each] is ColumnType.JSONB:
            raise DestinationRejectedError(
                f"the key {each!r} would be a JSON column, which cannot be a primary key",
                hint="use a field whose type is known, or create the table first",
            )
    columns = tuple(_new_column(field, key, types) for field in fields)
    return Table(name, columns, (key,) if key else (), bool(key))


def _new_column(field: Column, key: Sequence[str], types: Mapping[str, ColumnType]) -> TableColumn:
    if field.name in key and field.type is ColumnType.TEXT:
        texts = sum(types[each] is ColumnType.TEXT for each in key)
        length = min(_KEY_TEXT_LENGTH, (_MAX_KEY_CHARACTERS - 8 * len(key)) // texts)
        return TableColumn(field.name, "varchar", f"varchar({length})")
    kind = _TYPES[field.type]
    return TableColumn(field.name, kind.partition("(")[0], kind)


def missing_columns(fields: Sequence[Column], table: Table) -> tuple[Column, ...]:
    """The fields without a column in the table."""
    existing = {column.name.casefold() for column in table.columns}
    return tuple(field for field in fields if field.name.casefold() not in existing)


def create_statement(table: Table, collation: str) -> str:
    """The statement that creates a table."""
    key = table.keys[0] if table.keys else ()
    parts = [
        f"{quote(column.name)} {column.full_type}{' NOT NULL' if column.name in key else ' NULL'}"
        for column in table.columns
    ]
    if key:
        parts.append(f"PRIMARY KEY ({', '.join(map(quote, key))})")
    return (
        f"CREATE TABLE IF NOT EXISTS {table.name} ({', '.join(parts)}) "
        f"ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {collation}"
    )


def add_columns_statement(table: Table, fields: Sequence[Column]) -> str:
    """The statement that adds columns to a table."""
    parts = (f"ADD COLUMN {quote(field.name)} {_TYPES[field.type]} NULL" for field in fields)
    return f"ALTER TABLE {table.name} {', '.join(parts)}"


def map_table(
    fields: Sequence[Column], target: MysqlTarget, table: Table, *, complete: bool = True
) -> TableMapping:
    """How the fields get into a table; those without a column count as if they had a new one.

    `complete` says that events have no other fields.

    Raises:
        DestinationRejectedError: they do not fit. The hint is SQL that changes the table.
    """
    _check_relation(table)
    columns = {column.name.casefold(): column for column in table.columns}
    existing = {field.name: columns.get(field.name.casefold()) for field in fields}
    for field in fields:
        if (column := existing[field.name]) is not None:
            _check_column(field, column, table)
    key = _key(fields, target, table)
    if target.op is not None and not key:
        raise DestinationRejectedError(
            f"`op` needs a key: rows of {table.name} cannot be deleted without one",
            hint="set `key` to the columns of a primary key or unique index of the table",
        )
    if complete:
        _check_required(fields, table)
    whole = frozenset(
        field.name
        for field in fields
        if field.type is ColumnType.DOUBLE
        if (column := existing[field.name]) is not None and column.type in _INTEGERS
    )
    return TableMapping(table.name, tuple(fields), key, target.op, whole)


def _check_relation(table: Table) -> None:
    if not table.is_table:
        raise DestinationRejectedError(f"{table.name} is not a table; choose another name")
    if table.engine != "InnoDB":
        raise DestinationRejectedError(
            f"{table.name} has the engine {table.engine}, which has no transactions",
            hint=f"ALTER TABLE {table.name} ENGINE=InnoDB",
        )


def _check_column(field: Column, column: TableColumn, table: Table) -> None:
    name = quote(column.name)
    if column.generated:
        raise DestinationRejectedError(
            f"column {name} of {table.name} is generated by the table and does not accept values",
            hint="leave the field out with `omit`",
        )
    accepted = _ACCEPTED.get(field.type)
    if accepted is not None and column.type not in accepted:
        raise DestinationRejectedError(
            f"column {name} of {table.name} is {column.full_type} and does not accept "
            f"{_TYPES[field.type]}, which the template gives",
            hint=f"ALTER TABLE {table.name} MODIFY COLUMN {name} {_TYPES[field.type]} NULL",
        )


def _key(fields: Sequence[Column], target: MysqlTarget, table: Table) -> tuple[str, ...]:
    names = {field.name.casefold(): field.name for field in fields}
    if target.key is not None:
        wanted = frozenset(name.casefold() for name in target.key)
        if not any(frozenset(map(str.casefold, key)) == wanted for key in table.keys):
            listed = ", ".join(map(quote, target.key))
            raise DestinationRejectedError(
                f"{table.name} has no unique index on exactly ({listed}), which the key needs",
                hint=f"ALTER TABLE {table.name} ADD UNIQUE INDEX ({listed})",
            )
        key = target.key
    elif table.has_primary_key and names.keys() >= set(map(str.casefold, table.keys[0])):
        key = tuple(names[name.casefold()] for name in table.keys[0])
    else:
        return ()
    _check_other_keys(key, table)
    return key


def _check_other_keys(key: tuple[str, ...], table: Table) -> None:
    """A row whose values are in another unique index would replace another row."""
    own = frozenset(map(str.casefold, key))
    for other in table.keys:
        if frozenset(map(str.casefold, other)) != own:
            listed = ", ".join(map(quote, other))
            raise DestinationRejectedError(
                f"{table.name} has another unique index, on ({listed}): an upsert could change "
                "the row of another key",
                hint="drop that index, or deliver to a table without it",
            )


def _check_required(fields: Sequence[Column], table: Table) -> None:
    given = {field.name.casefold() for field in fields}
    for column in table.columns:
        if column.required and not column.generated and column.name.casefold() not in given:
            name = quote(column.name)
            raise DestinationRejectedError(
                f"column {name} of {table.name} is NOT NULL and has no default, and the events "
                "have no such field",
                hint=f"ALTER TABLE {table.name} MODIFY COLUMN {name} {column.full_type} NULL",
            )
