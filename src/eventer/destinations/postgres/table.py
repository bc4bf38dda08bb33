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
from eventer.destinations.postgres.catalogue import Rights, Table, read_rights, read_table
from eventer.destinations.postgres.errors import Verdict, judge, raced
from eventer.destinations.postgres.fit import fit, missing_columns, new_table_key
from eventer.destinations.postgres.names import TableName, quote
from eventer.destinations.postgres.types import TableColumn, new_column

MAKING_LOCK: Final = 0x6576656E746572
"""The advisory lock under which every eventer makes things, whichever its cluster."""

# What is made is on disk, at the latest, with the first rows that are: its commit need not wait.
_PATIENCE: Final = "SET LOCAL lock_timeout = '2s'; SET LOCAL synchronous_commit = off"
_PAUSES: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)


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
        _check_may_create(await read_rights(client, name), name, fields, target)
        return None
    missing = missing_columns(fields, table)
    if missing and table.is_table and not table.owned:
        names = ", ".join(quote(field.name) for field in missing)
        raise DestinationRejectedError(
            f"{table.name} has no column {names}, and the role of this connection may not add any",
            hint=f"{add_columns(table.name, missing)}; -- as the table's owner",
        )
    return table


def _check_may_create(
    rights: Rights, name: TableName, fields: Sequence[Column], target: PostgresTarget
) -> None:
    if rights.schema is None:
        raise DestinationRejectedError(
            f"no schema of the search path exists for the table {name}",
            hint="name one: schema.table",
        )
    if not rights.may_create:
        full = TableName(rights.schema, name.name)
        statement = create_table(full, fields, new_table_key(fields, target))
        if not rights.schema_exists:
            statement = f"CREATE SCHEMA {quote(rights.schema)}"
        raise DestinationRejectedError(
            f"the role of this connection may not make the table {full}",
            hint=f"{statement}; -- as a role that may",
        )


async def ensure_table(
    client: asyncpg.Connection, name: TableName, fields: Sequence[Column], target: PostgresTarget
) -> Table:
    """The table with all columns, made as far as it is missing.

    Raises:
        DestinationRejectedError: it cannot be made, or what exists does not fit.
        TargetUnavailableError: others hold its locks for longer than we wait.
    """
    raced_by: asyncpg.PostgresError | None = None
    for pause in _PAUSES:
        table = await check_table(client, name, fields, target)
        if table is not None:
            fit(fields, target, table, whole=False)
            if not missing_columns(fields, table):
                return table
        raced_by = await _try_to_make(client, name, fields, target)
        if raced_by is not None:
            await asyncio.sleep(pause)
    raise TargetUnavailableError(f"cannot make {name} now: {raced_by}") from raced_by


async def _try_to_make(
    client: asyncpg.Connection, name: TableName, fields: Sequence[Column], target: PostgresTarget
) -> asyncpg.PostgresError | None:
    """Makes what is missing, or returns the error that says that somebody else was about it."""
    try:
        await _make(client, name, fields, target)
    except asyncpg.PostgresError as error:
        if raced(error):
            return error
        if judge(error) is Verdict.LOST:
            raise
        raise DestinationRejectedError(f"cannot make {name}: {error}", hint=error.hint) from error
    return None


async def _make(
    client: asyncpg.Connection, name: TableName, fields: Sequence[Column], target: PostgresTarget
) -> None:
    """Makes what is missing once the lock is ours; somebody may have made it before."""
    async with client.transaction():
        await client.execute(_PATIENCE)
        await client.execute("SELECT pg_catalog.pg_advisory_xact_lock($1)", MAKING_LOCK)
        table = await read_table(client, name)
        if table is not None:
            missing = missing_columns(fields, table)
            if missing:
                await client.execute(add_columns(table.name, missing))
            return
        rights = await read_rights(client, name)
        assert rights.schema is not None, "checked before"
        if not rights.schema_exists:
            await client.execute(f"CREATE SCHEMA {quote(rights.schema)}")
        full = TableName(rights.schema, name.name)
        await client.execute(create_table(full, fields, new_table_key(fields, target)))


def as_if_made(name: TableName, fields: Sequence[Column], target: PostgresTarget) -> Table:
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
