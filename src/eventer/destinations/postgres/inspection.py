"""Tests the connection to a PostgreSQL database, as an owner of a shard would open it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.inspection import ConnectionReport, TargetSize
from eventer.destinations.postgres.errors import translate_errors
from eventer.destinations.postgres.identifiers import parse_table
from eventer.destinations.postgres.position import ensure_positions
from eventer.destinations.postgres.session import connect, disconnect
from eventer.destinations.postgres.settings import PostgresSettings

_SIZE_SQL: Final = """
SELECT pg_catalog.pg_total_relation_size(oid) AS bytes, reltuples::bigint AS rows
FROM pg_catalog.pg_class WHERE oid = to_regclass($1)
"""


async def inspect_database(settings: PostgresSettings, tables: Sequence[str]) -> ConnectionReport:
    """Connects, checks the rights of Eventer's own tables, and reads the sizes of the tables.

    Changes nothing.

    Raises:
        DestinationUnavailableError: the server is not reachable.
        DestinationRejectedError: it rejects the login, accepts no writes, or rights are missing.
    """
    client = await connect(settings)
    try:
        with translate_errors(settings.address):
            await _check_writable(client, settings.address)
            await _check_positions(client)
            version = await client.fetchval("SHOW server_version")
            sizes = await _sizes(client, tables)
    finally:
        await disconnect(client)
    return ConnectionReport(f"PostgreSQL {version.split()[0]}", "exactly-once", None, sizes)


async def _check_writable(client: asyncpg.Connection, address: str) -> None:
    if await client.fetchval("SHOW transaction_read_only") == "on":
        raise DestinationRejectedError(
            f"PostgreSQL at {address} accepts no writes",
            hint="connect to the primary server, with default_transaction_read_only off",
        )


async def _check_positions(client: asyncpg.Connection) -> None:
    """Makes the tables of the positions in a transaction that is rolled back."""
    transaction = client.transaction()
    await transaction.start()
    try:
        await ensure_positions(client)
    finally:
        await transaction.rollback()


async def _sizes(client: asyncpg.Connection, tables: Sequence[str]) -> Mapping[str, TargetSize]:
    sizes = {}
    for table in tables:
        found = await client.fetchrow(_SIZE_SQL, str(parse_table(table)))
        if found is not None:
            rows = None if found["rows"] < 0 else found["rows"]
            sizes[table] = TargetSize(rows, found["bytes"])
    return sizes
