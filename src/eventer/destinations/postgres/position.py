"""Owners of shards and positions of generators: the tables of the schema `eventer`.

Ids are unsigned 64-bit numbers in numeric(20) columns, which look like the API's ids; statements
pass them as text. The key of a shard has the connection's name, since two connections may use one
database. The key of a position has not, since a generator's id implies its destination.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg

from eventer.core.cursor import read_cursor
from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.core.model import Position, PositionKey
from eventer.destinations.postgres.errors import describe, is_creation_race
from eventer.destinations.postgres.identifiers import quote
from eventer.destinations.postgres.sql import statement
from eventer.destinations.postgres.table_creation import CREATION_LOCK

_POSITIONS_EXIST_SQL: Final = (
    "SELECT to_regclass('eventer.position') IS NOT NULL"
    " AND to_regclass('eventer.shard') IS NOT NULL"
)
HAS_COLUMN_TYPES_SQL: Final = (
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attname = 'column_types'"
    " AND attrelid = to_regclass('eventer.position') AND NOT attisdropped)"
)
_HAS_DROPPED_SQL: Final = HAS_COLUMN_TYPES_SQL.replace("column_types", "dropped")
_HAS_CURSOR_SQL: Final = HAS_COLUMN_TYPES_SQL.replace("column_types", "cursor")
_COMPLETE_SQL: Final = (
    f"{_POSITIONS_EXIST_SQL} AND ({HAS_COLUMN_TYPES_SQL}) AND ({_HAS_DROPPED_SQL})"
    f" AND ({_HAS_CURSOR_SQL})"
)
_RETRY_DELAYS_SECONDS: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
_INSUFFICIENT_PRIVILEGE: Final = "42501"
_LOCK_NOT_AVAILABLE: Final = "55P03"
_MAX_ACQUIRE_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class ShardKey:
    """A numbered unit of ownership within one connection of one service."""

    cluster: int
    connection: str
    number: int

    @property
    def row(self) -> tuple[str, str, int]:
        """The key as arguments of a statement."""
        return str(self.cluster), self.connection, self.number


@dataclass(frozen=True, slots=True)
class FlowPosition:
    """A position, and the fields of delivered events that the generator's shape does not have."""

    position: Position
    fields: frozenset[str] = frozenset()


async def ensure_positions(client: asyncpg.Connection) -> None:
    """Creates the schema and its tables if they do not exist.

    If an earlier version created them and the newer columns cannot be added now, delivery does
    without.

    Raises:
        DestinationRejectedError: the role may not create them; the hint is SQL.
    """
    for pause in _RETRY_DELAYS_SECONDS:
        if await client.fetchval(_COMPLETE_SQL):
            return
        try:
            await _create_missing(client)
        except asyncpg.PostgresError as error:
            if await client.fetchval(_POSITIONS_EXIST_SQL):
                return
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
        # IF NOT EXISTS would need the CREATE privilege even for an existing schema.
        if await client.fetchval("SELECT to_regnamespace('eventer') IS NULL"):
            await client.execute("CREATE SCHEMA eventer")
        if not await client.fetchval(_COMPLETE_SQL):
            await client.execute(statement("make_positions"))


def _missing_privilege_error(role: str, error: asyncpg.PostgresError) -> DestinationRejectedError:
    return DestinationRejectedError(
        f"the role of this connection may not create the schema for positions: {describe(error)}",
        hint=f"CREATE SCHEMA eventer AUTHORIZATION {quote(role)}; -- as a role with that right",
    )


async def require_cursors(client: asyncpg.Connection) -> None:
    """Checks that positions in the order of the steps of timelines can be stored.

    Raises:
        DestinationRejectedError: an earlier version created the table; the hint is SQL.
    """
    if not await client.fetchval(_HAS_CURSOR_SQL):
        await ensure_positions(client)  # a lock may have prevented it when the session began
    if not await client.fetchval(_HAS_CURSOR_SQL):
        raise DestinationRejectedError(
            "timelines need a column that the table eventer.position does not have, "
            "and the role of this connection may not add it",
            hint="ALTER TABLE eventer.position ADD COLUMN cursor bigint[]; -- as its owner",
        )


async def acquire_shard(client: asyncpg.Connection, shard: ShardKey) -> int:
    """Makes this session the owner of the shard; returns a new, greater epoch.

    If another owner keeps the row locked (its network is down), the server terminates its session
    and thereby aborts its transaction.

    Raises:
        DestinationUnavailableError: that session does not end.
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


async def lock_shard(client: asyncpg.Connection, shard: ShardKey) -> int | None:
    """Locks the shard until the transaction ends; returns its epoch, or None without a row."""
    epoch: int | None = await client.fetchval(statement("hold_shard"), *shard.row)
    return epoch


async def read_positions(
    client: asyncpg.Connection, keys: Collection[PositionKey]
) -> dict[PositionKey, FlowPosition]:
    """The positions of the generators that have one."""
    if not keys:
        return {}
    found = await client.fetch(statement("read_positions"), *key_columns(keys))
    return {
        PositionKey(
            int(row["cluster"]), int(row["generator"]), int(row["incarnation"])
        ): FlowPosition(
            Position(
                row["next"],
                row["skipped"],
                row["bytes"],
                dropped=row["dropped"],
                cursor=read_cursor(json.loads(row["cursor"] or "null")),
            ),
            frozenset(row["fields"]),
        )
        for row in found
    }


class PositionWriter:
    """Writes positions in the open transaction of a session."""

    def __init__(self, client: asyncpg.Connection) -> None:
        self._client = client
        self._has_dropped: bool | None = None

    async def write(self, flow_positions: Mapping[PositionKey, FlowPosition]) -> None:
        """Writes the positions of these flows.

        Without the column for dropped events, these count as skipped. `require_cursors` was called
        if one has a cursor.
        """
        at = {key: flow_position.position for key, flow_position in flow_positions.items()}
        dropped = {key: position.dropped for key, position in at.items() if position.dropped}
        if dropped and self._has_dropped is None:
            self._has_dropped = await self._client.fetchval(_HAS_DROPPED_SQL)
        uncounted = {} if self._has_dropped else dropped
        await self._client.execute(
            statement("write_positions"),
            *key_columns(flow_positions),
            [position.next for position in at.values()],
            [position.skipped + uncounted.get(key, 0) for key, position in at.items()],
            [position.bytes for position in at.values()],
            [json.dumps(sorted(flow_position.fields)) for flow_position in flow_positions.values()],
        )
        if dropped and self._has_dropped:
            await self._client.execute(
                statement("write_dropped"), *key_columns(dropped), list(dropped.values())
            )
        if cursors := {key: each.cursor for key, each in at.items() if each.cursor is not None}:
            arrays = [f"{{{','.join(map(str, cursor.values))}}}" for cursor in cursors.values()]
            await self._client.execute(statement("write_cursors"), *key_columns(cursors), arrays)


def key_columns(keys: Collection[PositionKey]) -> Iterator[list[str]]:
    """The keys as arguments of a statement: a list per column."""
    return (list(map(str, column)) for column in zip(*keys, strict=True))
