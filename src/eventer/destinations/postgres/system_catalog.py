"""Reads the system catalog: a table, its columns, its unique keys and the role's privileges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import asyncpg

from eventer.destinations.postgres.column_mapping import TableColumn
from eventer.destinations.postgres.identifiers import TableName
from eventer.destinations.postgres.sql import statement

TABLE_KINDS: Final = {"r", "p"}
_KINDS: Final = {
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "i": "index",
    "I": "index",
    "S": "sequence",
    "c": "composite type",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A relation, and the privileges of `role`, the role of the session.

    `keys` are the sets of columns that ON CONFLICT can name. `row_security`: row-level security
    applies to the role.
    """

    name: TableName
    oid: int
    kind: str
    columns: tuple[TableColumn, ...]
    primary_key: tuple[str, ...] | None
    keys: tuple[frozenset[str], ...]
    may_insert: bool
    may_update: bool
    owned: bool
    row_security: bool = False
    role: str = ""
    may_delete: bool = True

    @property
    def is_table(self) -> bool:
        """Whether it accepts COPY and upserts."""
        return self.kind in TABLE_KINDS

    @property
    def kind_name(self) -> str:
        """The kind in words."""
        return _KINDS.get(self.kind, "table")


@dataclass(frozen=True, slots=True)
class CreatePrivileges:
    """The schema of a new table, and whether the role may create it; None if no schema exists."""

    schema: str | None
    schema_exists: bool
    may_create: bool


async def read_table(client: asyncpg.Connection, name: TableName) -> Table | None:
    """The relation of that name, or None."""
    found = await client.fetchrow(statement("table"), name.schema, name.name)
    if found is None:
        return None
    columns = await client.fetch(statement("columns"), found["oid"])
    keys = await client.fetch(statement("keys"), found["oid"])
    primary = [tuple(key["columns"]) for key in keys if key["is_primary"]]
    return Table(
        name=TableName(found["schema"], found["name"]),
        oid=found["oid"],
        kind=found["kind"],
        columns=tuple(TableColumn(**dict(column)) for column in columns),
        primary_key=primary[0] if primary else None,
        keys=tuple(frozenset(key["columns"]) for key in keys),
        may_insert=found["may_insert"],
        may_update=found["may_update"],
        owned=found["owned"],
        row_security=found["row_security"],
        role=found["role"],
        may_delete=found["may_delete"],
    )


async def read_create_privileges(client: asyncpg.Connection, name: TableName) -> CreatePrivileges:
    """The schema in which a table of that name would be created."""
    found = await client.fetchrow(statement("rights"), name.schema)
    return CreatePrivileges(**dict(found))


async def read_fingerprint(client: asyncpg.Connection, oid: int) -> str | None:
    """Names and types of a table's columns as a text; None if the table does not exist."""
    text: str | None = await client.fetchval(statement("fingerprint"), oid)
    return text
