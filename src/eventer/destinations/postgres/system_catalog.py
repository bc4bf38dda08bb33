"""What a database has: a table, its columns, its unique keys, and what this role may do."""

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
    """A relation as it is, and what `role`, ours, may do with it.

    `keys` are the column sets that ON CONFLICT can name.
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
    role: str = ""

    @property
    def is_table(self) -> bool:
        """Whether rows can be copied and upserted into it."""
        return self.kind in TABLE_KINDS

    @property
    def kind_name(self) -> str:
        """What it is, in words."""
        return _KINDS.get(self.kind, "table")


@dataclass(frozen=True, slots=True)
class CreatePrivileges:
    """Where a table would be made, and whether this role may. `schema` is None where nowhere."""

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
        role=found["role"],
    )


async def read_create_privileges(client: asyncpg.Connection, name: TableName) -> CreatePrivileges:
    """Where a table of that name would be made."""
    found = await client.fetchrow(statement("rights"), name.schema)
    return CreatePrivileges(**dict(found))


async def read_fingerprint(client: asyncpg.Connection, oid: int) -> str | None:
    """Names and types of a table's columns as one text; None where the table is gone."""
    text: str | None = await client.fetchval(statement("fingerprint"), oid)
    return text
