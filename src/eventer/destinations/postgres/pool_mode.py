"""Refuses connection pools in transaction or statement mode: they change the session's process.

A session of Eventer has parameters, prepared statements, temporary tables and locks, so it must
keep its server process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import asyncpg

from eventer.core.errors import DestinationRejectedError

_STATEMENT_MODE: Final = "statement pooling mode"
"""In the error of pgbouncer if it accepts no transaction."""
_PROBE_SECONDS: Final = 2.0
"""A pool in session mode may have no server process left for the second client."""


def pool_mode_error(address: str, mode: str = "transaction") -> DestinationRejectedError:
    """The error for a pool that gives a session the server processes of others."""
    return DestinationRejectedError(
        f"PostgreSQL at {address} is behind a connection pool in {mode} mode",
        hint="set the pool to session mode, or connect to the server itself",
    )


async def require_own_process(
    client: asyncpg.Connection, connect: Callable[[], Awaitable[asyncpg.Connection]], address: str
) -> None:
    """Checks that a session keeps its server process while another one is used.

    Only a pool announces another process id than that of the server process; other sessions are not
    checked further.

    Raises:
        DestinationRejectedError: they share a process, or the pool accepts no transaction.
    """
    try:
        process = await _process_id(client)
    except asyncpg.PostgresConnectionError as error:
        if _STATEMENT_MODE in str(error):
            raise pool_mode_error(address, "statement") from error
        raise
    if process == client.get_server_pid():
        return
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            other = await _process_of_another(connect)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return
    if other == process or await _process_id(client) != process:
        raise pool_mode_error(address)


async def _process_of_another(connect: Callable[[], Awaitable[asyncpg.Connection]]) -> int:
    other = await connect()
    try:
        return await _process_id(other)
    finally:
        other.terminate()


async def _process_id(client: asyncpg.Connection) -> int:
    """The server process of a transaction, in which a pool does not change it."""
    async with client.transaction():
        return int(await client.fetchval("SELECT pg_catalog.pg_backend_pid()"))
