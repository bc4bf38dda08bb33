"""Who owns a shard, and how far its generators are: rows in the schema `eventer`.

Ids are unsigned 64-bit numbers and columns are numeric(20): they read like the API's ids, and
compare with a number as with its text. The client sends and gets them as text. A shard's row
is keyed by the connection's name too, since two connections may lead to one database; a
position's is not, since a generator's id tells its destination.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg

from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.core.model import Position, PositionKey
from eventer.destinations.postgres.errors import is_creation_race
from eventer.destinations.postgres.identifiers import quote
from eventer.destinations.postgres.sql import statement
from eventer.destinations.postgres.table_creation import CREATION_LOCK

_TABLES_EXIST_SQL: Final = (
    "SELECT to_regclass('eventer.position') IS NOT NULL"
    " AND to_regclass('eventer.shard') IS NOT NULL"
)
_RETRY_DELAYS_SECONDS: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
_INSUFFICIENT_PRIVILEGE: Final = "42501"
_LOCK_NOT_AVAILABLE: Final = "55P03"
_MAX_ACQUIRE_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Shard:
    """A numbered unit of ownership within one connection of one service."""

    cluster: int
    connection: str
    number: int

    @property
    def row(self) -> tuple[str, str, int]:
        """Its key as statements take it."""
        return str(self.cluster), self.connection, self.number


@dataclass(frozen=True, slots=True)
class FlowPosition:
    """Where a generator stands, and which fields its events had that its shape does not know."""

    position: Position
    fields: frozenset[str] = frozenset()


async def ensure_positions(client: asyncpg.Connection) -> None:
    """Makes the schema and its tables where they are missing.

    Raises:
        DestinationRejectedError: this role may not; the hint is the SQL that would do.
    """
    for pause in _RETRY_DELAYS_SECONDS:
        if await client.fetchval(_TABLES_EXIST_SQL):
            return
        try:
            await _create_missing(client)
        except asyncpg.PostgresError as error:
            if error.sqlstate == _INSUFFICIENT_PRIVILEGE:
                role = await client.fetchval("SELECT current_user::text")
                raise _missing_privilege_error(role, error) from error
            if not is_creation_race(error):
                raise
        await asyncio.sleep(pause)
    raise DestinationUnavailableError(
        "the schema eventer cannot be created now: another session holds its lock"
    )


async def _create_missing(client: asyncpg.Connection) -> None:
    async with client.transaction():
        await client.execute("SET LOCAL lock_timeout = '2s'")
        await client.execute("SELECT pg_catalog.pg_advisory_xact_lock($1)", CREATION_LOCK)
        # IF NOT EXISTS would ask for the right to make it even where it exists.
        if await client.fetchval("SELECT to_regnamespace('eventer') IS NULL"):
            await client.execute("CREATE SCHEMA eventer")
        if not await client.fetchval(_TABLES_EXIST_SQL):
            await client.execute(statement("make_positions"))


def _missing_privilege_error(role: str, error: asyncpg.PostgresError) -> DestinationRejectedError:
    return DestinationRejectedError(
        f"the role of this connection may not create the schema for positions: {error}",
        hint=f"CREATE SCHEMA eventer AUTHORIZATION {quote(role)}; -- as a role with that right",
    )


async def acquire_shard(client: asyncpg.Connection, shard: Shard) -> int:
    """Makes this session the shard's owner; returns its epoch, greater than any before.

    An owner that holds the row and does not let go (its machine is lost, its network cut) is
    ended by the server; what it had not committed is gone with it.

    Raises:
        DestinationUnavailableError: it cannot be ended.
    """
    for _ in range(_MAX_ACQUIRE_ATTEMPTS):
        try:
            async with client.transaction():
                await client.execute("SET LOCAL lock_timeout = '2s'")
                epoch: int = await client.fetchval(statement("take_shard"), *shard.row)
        except asyncpg.PostgresError as error:
            if error.sqlstate != _LOCK_NOT_AVAILABLE:
                raise
            await client.fetch(statement("end_owner"), *shard.row)
        else:
            return epoch
    raise DestinationUnavailableError(
        f"another session holds shard {shard.number} of {shard.connection!r} and did not end",
        hint="end it with pg_terminate_backend",
    )


async def lock_shard(client: asyncpg.Connection, shard: Shard) -> int | None:
    """The shard's epoch, which stays until this transaction ends; None where its row is gone."""
    epoch: int | None = await client.fetchval(statement("hold_shard"), *shard.row)
    return epoch


async def read_positions(
    client: asyncpg.Connection, keys: Collection[PositionKey]
) -> dict[PositionKey, FlowPosition]:
    """Where those of the generators stand that have delivered anything."""
    if not keys:
        return {}
    columns = ([str(part) for part in column] for column in _columns(keys))
    found = await client.fetch(statement("read_positions"), *columns)
    return {
        PositionKey(
            int(row["cluster"]), int(row["generator"]), int(row["incarnation"])
        ): FlowPosition(
            Position(row["next"], row["skipped"], row["bytes"]), frozenset(row["fields"])
        )
        for row in found
    }


async def write_positions(
    client: asyncpg.Connection, flow_positions: Mapping[PositionKey, FlowPosition]
) -> None:
    """Moves generators, as part of the open transaction."""
    columns = ([str(part) for part in column] for column in _columns(flow_positions))
    at = [flow_position.position for flow_position in flow_positions.values()]
    await client.execute(
        statement("write_positions"),
        *columns,
        [position.next for position in at],
        [position.skipped for position in at],
        [position.bytes for position in at],
        [json.dumps(sorted(flow_position.fields)) for flow_position in flow_positions.values()],
    )


def _columns(keys: Collection[PositionKey]) -> tuple[list[int], list[int], list[int]]:
    return (
        [key.cluster for key in keys],
        [key.generator for key in keys],
        [key.incarnation for key in keys],
    )
