"""Creates missing schemas, tables and columns. Never changes or removes existing ones.

It reads the catalog first, since ADD COLUMN IF NOT EXISTS locks the table even if it adds nothing.
It creates in a transaction of its own under an advisory lock of the database, since two concurrent
CREATE … IF NOT EXISTS fail; and with a short lock timeout, since all other sessions queue behind a
waiting ALTER TABLE.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import asyncpg

from eventer.core.errors import DestinationRejectedError, TargetUnavailableError
from eventer.core.model import Column, PostgresTarget
from eventer.destinations.postgres.column_mapping import TableColumn, new_column
from eventer.destinations.postgres.errors import (
    ErrorCategory,
    classify_error,
    describe,
    is_creation_race,
)
from eventer.destinations.postgres.identifiers import TableName, quote
from eventer.destinations.postgres.match_schema import match_schema, missing_columns, new_table_key
from eventer.destinations.postgres.system_catalog import (
    CreatePrivileges,
    Table,
    read_create_privileges,
    read_table,
)

CREATION_LOCK: Final = 0x6576656E746572
"""The advisory lock for creation, shared by all clusters."""

# The commit of the first rows writes it to disk, so this commit need not wait.
_CREATION_SETTINGS_SQL: Final = "SET LOCAL lock_timeout = '2s'; SET LOCAL synchronous_commit = off"
_RETRY_DELAYS_SECONDS: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)


def create_table(name: TableName, fields: Sequence[Column], key: Sequence[str]) -> str:
    """SQL that creates a table."""
    parts = [f"{quote(field.name)} {field.type.value}" for field in fields]
    if key:
        parts.append(f"PRIMARY KEY ({', '.join(map(quote, key))})")
    return f"CREATE TABLE {name} ({', '.join(parts)})"


def add_columns(name: TableName, fields: Sequence[Column]) -> str:
    """SQL that adds columns."""
    parts = (f"ADD COLUMN {quote(field.name)} {field.type.value}" for field in fields)
    return f"ALTER TABLE {name} {', '.join(parts)}"


async def check_table(
    client: asyncpg.Connection, name: TableName, fields: Sequence[Column], target: PostgresTarget
) -> Table | None:
    """The existing table, or None if it can be created.

    Raises:
        DestinationRejectedError: a privilege is missing; the hint is SQL.
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
            hint="write schema.table",
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
    """The table with all columns; creates missing parts.

    Raises:
        DestinationRejectedError: it cannot be created, or an existing column does not fit.
        TargetUnavailableError: other sessions lock the table.
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
    """Creates missing parts; returns the error if another session did so at the same time."""
    try:
        await _create_missing(client, name, fields, target)
    except asyncpg.PostgresError as error:
        if is_creation_race(error):
            return error
        if classify_error(error) is ErrorCategory.CONNECTION_LOST:
            raise
        raise DestinationRejectedError(
            f"cannot create {name}: {describe(error)}", hint=error.hint
        ) from error
    return None


async def _create_missing(
    client: asyncpg.Connection, name: TableName, fields: Sequence[Column], target: PostgresTarget
) -> None:
    """Creates the parts that are still missing once this session has the lock."""
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
    """The table that `ensure_table` would create."""
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
