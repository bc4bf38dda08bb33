"""Makes what is missing: schemas, tables, columns. Never changes or removes what is there.

The catalogue is read first: ADD COLUMN IF NOT EXISTS locks everybody out even where there is
nothing to add. What is missing is made in a transaction of its own under one advisory lock for
the whole database, because CREATE … IF NOT EXISTS fails where two run at once; and with a short
lock timeout, because a waiting ALTER TABLE makes everybody else wait behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import asyncpg

from eventer.core.errors import DestinationRejectedError, TargetUnavailableError
from eventer.core.model import Column, PostgresTarget
from eventer.destinations.postgres.column_mapping import TableColumn, new_column
from eventer.destinations.postgres.errors import ErrorCategory, classify_error, is_creation_race
from eventer.destinations.postgres.identifiers import TableName, quote
from eventer.destinations.postgres.match_schema import match_schema, missing_columns, new_table_key
from eventer.destinations.postgres.system_catalog import (
    CreatePrivileges,
    Table,
    read_create_privileges,
    read_table,
)

CREATION_LOCK: Final = 0x6576656E746572
"""The advisory lock under which every eventer makes things, whichever its cluster."""

# What is made is on disk, at the latest, with the first rows that are: its commit need not wait.
_CREATION_SETTINGS_SQL: Final = "SET LOCAL lock_timeout = '2s'; SET LOCAL synchronous_commit = off"
_RETRY_DELAYS_SECONDS: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)


def create_table(name: TableName, fields: Sequence[Column], key: Sequence[str]) -> str:
    """The SQL of a new table."""
    parts = [f"{quote(field.name)} {field.type.value}" for field in fields]
    if key:
        parts.append(f"PRIMARY KEY ({', '.join(map(quote, key))})")
    return f"CREATE TABLE {name} ({', '.join(parts)})"


def add_columns(name: TableName, fields: Sequence[Column]) -> str:
    """The SQL that adds columns."""
    parts = (f"ADD COLUMN {quote(field.name)} {field.type.value}" for field in fields)
    return f"ALTER TABLE {name} {', '.join(parts)}"


async def check_table(
    client: asyncpg.Connection, name: TableName, fields: Sequence[Column], target: PostgresTarget
) -> Table | None:
    """The table that exists, or None where it can be made; refuses what cannot be.

    Raises:
        DestinationRejectedError: a right is missing; the hint is the SQL that would do or allow it.
    """
    table = await read_table(client, name)
    if table is None:
        _check_may_create(await read_create_privileges(client, name), name, fields, target)
        return None
    missing = missing_columns(fields, table)
    if missing and table.is_table and not table.owned:
        names = ", ".join(quote(field.name) for field in missing)
        raise DestinationRejectedError(
            f"{table.name} has no column {names}, and the role of this connection may not add it",
            hint=f"{add_columns(table.name, missing)}; -- as the table's owner",
        )
    return table


def _check_may_create(
    privileges: CreatePrivileges, name: TableName, fields: Sequence[Column], target: PostgresTarget
) -> None:
    if privileges.schema is None:
        raise DestinationRejectedError(
            f"no schema of the search path exists for the table {name}",
            hint="name one: schema.table",
        )
    if not privileges.may_create:
        full = TableName(privileges.schema, name.name)
        statement = create_table(full, fields, new_table_key(fields, target))
        if not privileges.schema_exists:
            statement = f"CREATE SCHEMA {quote(privileges.schema)}"
        raise DestinationRejectedError(
            f"the role of this connection may not create the table {full}",
            hint=f"{statement}; -- as a role with that right",
        )


async def ensure_table(
    client: asyncpg.Connection, name: TableName, fields: Sequence[Column], target: PostgresTarget
) -> Table:
    """The table with all columns, made as far as it is missing.

    Raises:
        DestinationRejectedError: it cannot be made, or what exists does not fit.
        TargetUnavailableError: others hold its locks for longer than we wait.
    """
    race_error: asyncpg.PostgresError | None = None
    for pause in _RETRY_DELAYS_SECONDS:
        table = await check_table(client, name, fields, target)
        if table is not None:
            match_schema(fields, target, table, complete=False)
            if not missing_columns(fields, table):
                return table
        race_error = await _try_create_missing(client, name, fields, target)
        if race_error is not None:
            await asyncio.sleep(pause)
    raise TargetUnavailableError(f"cannot create {name} now: {race_error}") from race_error


async def _try_create_missing(
    client: asyncpg.Connection, name: TableName, fields: Sequence[Column], target: PostgresTarget
) -> asyncpg.PostgresError | None:
    """Makes what is missing, or returns the error that says that somebody else was about it."""
    try:
        await _create_missing(client, name, fields, target)
    except asyncpg.PostgresError as error:
        if is_creation_race(error):
            return error
        if classify_error(error) is ErrorCategory.CONNECTION_LOST:
            raise
        raise DestinationRejectedError(f"cannot create {name}: {error}", hint=error.hint) from error
    return None


async def _create_missing(
    client: asyncpg.Connection, name: TableName, fields: Sequence[Column], target: PostgresTarget
) -> None:
    """Makes what is missing once the lock is ours; somebody may have made it before."""
    async with client.transaction():
        await client.execute(_CREATION_SETTINGS_SQL)
        await client.execute("SELECT pg_catalog.pg_advisory_xact_lock($1)", CREATION_LOCK)
        table = await read_table(client, name)
        if table is not None:
            missing = missing_columns(fields, table)
            if missing:
                await client.execute(add_columns(table.name, missing))
            return
        privileges = await read_create_privileges(client, name)
        assert privileges.schema is not None, "checked before"
        if not privileges.schema_exists:
            await client.execute(f"CREATE SCHEMA {quote(privileges.schema)}")
        full = TableName(privileges.schema, name.name)
        await client.execute(create_table(full, fields, new_table_key(fields, target)))


def table_to_create(name: TableName, fields: Sequence[Column], target: PostgresTarget) -> Table:
    """The table that we would make, for deciding without making it."""
    key = new_table_key(fields, target)
    columns: tuple[TableColumn, ...] = tuple(new_column(f.name, f.type) for f in fields)
    return Table(
        name=name,
        oid=0,
        kind="r",
        columns=columns,
        primary_key=key or None,
        keys=(frozenset(key),) if key else (),
        may_insert=True,
        may_update=True,
        owned=True,
    )
