"""Maps the fields of a generator's events to the columns of a table. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import Column, ColumnType, EventShape, PostgresTarget
from eventer.core.suggestions import did_you_mean
from eventer.destinations.postgres.column_mapping import (
    ColumnMapping,
    TableColumn,
    alter_type_sql,
    map_column,
    new_column,
)
from eventer.destinations.postgres.identifiers import TableName, check_identifier, quote
from eventer.destinations.postgres.system_catalog import Table

DEFAULT_KEY: Final = "id"
_SYSTEM_COLUMNS: Final = frozenset({"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"})


@dataclass(frozen=True, slots=True)
class TableMapping:
    """How events get into a table that has all their columns. Without a key, rows are appended.

    With `op`, that field of the events says whether they delete the row of their key.
    """

    table: TableName
    oid: int
    columns: tuple[ColumnMapping, ...]
    key: tuple[str, ...]
    row_security: bool = False
    op: str | None = None

    @property
    def direct(self) -> bool:
        """Whether COPY can write into the table itself. It cannot with row-level security."""
        staged = bool(self.key) or self.row_security
        return not staged and all(column.direct for column in self.columns)

    @property
    def exact_key(self) -> bool:
        """Whether equal keys have equal bytes."""
        return all(column.exact for column in self.columns if column.name in self.key)

    @property
    def dedups_locally(self) -> bool:
        """Whether Eventer finds the last row of each key, instead of the server."""
        return bool(self.key) and self.exact_key

    @property
    def has_row_numbers(self) -> bool:
        """Whether staged rows are numbered, for the server to find the last one of each key."""
        return bool(self.key) and not self.dedups_locally


def table_fields(
    shape: EventShape, target: PostgresTarget, found: Collection[str] = ()
) -> tuple[Column, ...]:
    """The fields that get columns. An open shape adds the key and the fields found in events.

    Raises:
        DestinationRejectedError: the events are not objects or have no fields, a field's name is
            not valid for a column, or the key is not a field.
    """
    if shape.is_object is False:
        raise DestinationRejectedError("the events are not objects; table rows need objects")
    fields = {column.name: column for column in shape.columns}
    if shape.open:
        for name in sorted({*found, *(target.key or ())} - set(fields)):
            fields[name] = Column(name, ColumnType.JSONB)
    for name in fields:
        check_identifier(name, "field name")
        if name in _SYSTEM_COLUMNS:
            raise DestinationRejectedError(
                f"the field name {name!r} is reserved for a system column"
            )
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


def missing_columns(fields: Sequence[Column], table: Table) -> tuple[Column, ...]:
    """The fields without a column in the table."""
    existing = {column.name for column in table.columns}
    return tuple(field for field in fields if field.name not in existing)


def new_table_key(fields: Sequence[Column], target: PostgresTarget) -> tuple[str, ...]:
    """The primary key of a table that Eventer creates; empty if rows are appended."""
    if target.key is not None:
        return target.key
    return (DEFAULT_KEY,) if any(field.name == DEFAULT_KEY for field in fields) else ()


def match_schema(
    fields: Sequence[Column], target: PostgresTarget, table: Table, *, complete: bool = True
) -> TableMapping:
    """How the fields get into a table that Eventer has given its missing columns.

    `complete` says that events have no other fields.

    Raises:
        DestinationRejectedError: they do not fit. The hint is SQL that changes the table.
    """
    _check_relation(table)
    existing = {column.name: column for column in table.columns}
    columns = tuple(
        _column(field, existing.get(field.name) or new_column(field.name, field.type), table.name)
        for field in fields
    )
    key = _key(fields, target, table)
    if target.op is not None and not key:
        raise DestinationRejectedError(
            f"`op` needs a key: rows of {table.name} cannot be deleted without one",
            hint="set `key` to the columns of a primary key or unique index of the table",
        )
    if complete:
        _check_required(fields, table)
    _check_identities(fields, key, table)
    _check_rights(fields, key, table)
    if target.op is not None and not table.may_delete:
        raise DestinationRejectedError(
            f"the role of this connection has no DELETE privilege on {table.name}",
            hint=f"GRANT DELETE {_grantee(table)}",
        )
    return TableMapping(table.name, table.oid, columns, key, table.row_security, target.op)


def _check_relation(table: Table) -> None:
    if not table.is_table:
        raise DestinationRejectedError(
            f"{table.name} is a {table.kind_name}, not a table; choose another name"
        )


def _column(field: Column, column: TableColumn, table: TableName) -> ColumnMapping:
    mapping = None if column.generated else map_column(field.type, column)
    if mapping is not None:
        return mapping
    name = quote(column.name)
    if column.generated:
        raise DestinationRejectedError(
            f"column {name} of {table} is generated by the table and does not accept values",
            hint=f"ALTER TABLE {table} ALTER COLUMN {name} DROP EXPRESSION",
        )
    raise DestinationRejectedError(
        f"column {name} of {table} is {column.type} and does not accept {field.type.value}, "
        "which the template gives",
        hint=alter_type_sql(str(table), name, field.type, column.type),
    )


def _key(fields: Sequence[Column], target: PostgresTarget, table: Table) -> tuple[str, ...]:
    if target.key is not None:
        if frozenset(target.key) in table.keys:
            return target.key
        names = ", ".join(map(quote, target.key))
        raise DestinationRejectedError(
            f"{table.name} has no unique index on exactly ({names}), which the key needs",
            hint=f"CREATE UNIQUE INDEX ON {table.name} ({names})",
        )
    names_of = {field.name for field in fields}
    primary = table.primary_key
    return primary if primary is not None and names_of.issuperset(primary) else ()


def _check_required(fields: Sequence[Column], table: Table) -> None:
    given = {field.name for field in fields}
    for column in table.columns:
        if column.required and not column.generated and column.name not in given:
            name = quote(column.name)
            raise DestinationRejectedError(
                f"column {name} of {table.name} is NOT NULL and has no default, and the events "
                "have no such field",
                hint=f"ALTER TABLE {table.name} ALTER COLUMN {name} DROP NOT NULL",
            )


def _check_identities(fields: Sequence[Column], key: tuple[str, ...], table: Table) -> None:
    """A column GENERATED ALWAYS AS IDENTITY cannot be updated."""
    given = {field.name for field in fields} - set(key)
    for column in table.columns:
        if key and column.always_identity and column.name in given:
            name = quote(column.name)
            raise DestinationRejectedError(
                f"column {name} of {table.name} is GENERATED ALWAYS and cannot be updated",
                hint=f"ALTER TABLE {table.name} ALTER COLUMN {name} SET GENERATED BY DEFAULT",
            )


def _check_rights(fields: Sequence[Column], key: tuple[str, ...], table: Table) -> None:
    """Checks the privileges on the table, then those on the columns of the fields."""
    grantee = _grantee(table)
    if not table.may_insert or (key and not table.may_update):
        needed = "SELECT, INSERT, UPDATE" if key else "INSERT"
        raise DestinationRejectedError(
            f"the role of this connection may not write to {table.name}",
            hint=f"GRANT {needed} {grantee}",
        )
    written = {field.name for field in fields}
    columns = [column for column in table.columns if column.name in written]
    inserts = [quote(column.name) for column in columns if not column.may_insert]
    updates = [quote(c.name) for c in columns if key and c.name not in key and not c.may_update]
    if inserts or updates:
        grants = [
            f"{privilege} ({', '.join(names)})"
            for privilege, names in (("INSERT", inserts), ("UPDATE", updates))
            if names
        ]
        raise DestinationRejectedError(
            f"the role of this connection may not write to column {(inserts + updates)[0]} "
            f"of {table.name}",
            hint=f"GRANT {', '.join(grants)} {grantee}",
        )


def _grantee(table: Table) -> str:
    """The end of a GRANT on the table."""
    return f"ON {table.name} TO {quote(table.role)}; -- as the table's owner"
