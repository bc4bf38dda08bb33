"""The staging tables and prepared insertions of a session.

Flows of one layout share a staging table, and each row has the number of its flow: a commit empties
every staging table of its session, which costs 0.2 ms per table. Deliveries of which the server
rejects rows use tables with numbered rows.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, TypeAlias

import asyncpg

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.postgres.identifiers import quote
from eventer.destinations.postgres.match_schema import TableMapping

TEMP_SCHEMA: Final = "pg_temp"
_TEMPORARY_PRIVILEGE_SQL: Final = (
    "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY'),"
    " pg_catalog.current_database()::text, current_user::text"
)

_MAX_NUMBERED_TABLES: Final = 4

StagingLayout: TypeAlias = tuple[str, ...]
"""The columns of a staging table, as SQL."""


@dataclass(slots=True)
class _StagingTable:
    number: int
    users: int = 0


class StagingTables:
    """Creates a staging table for the first flow of a layout, and drops it after the last one.

    If the first insertion cannot be prepared, the table stays for the next flow of its layout.
    """

    def __init__(self, client: asyncpg.Connection) -> None:
        self._client = client
        self._by_layout: dict[StagingLayout, _StagingTable] = {}
        self._numbered: OrderedDict[StagingLayout, str] = OrderedDict()
        self._numbers = 0

    async def join(self, mapping: TableMapping, flow: int) -> int:
        """Prepares the insertion of a flow; returns the number of its staging table."""
        layout = staging_layout(mapping)
        staging_table = self._by_layout.get(layout)
        if staging_table is None:
            staging_table = _StagingTable(self._next_number())
            await self._create(layout, staging_name(staging_table.number))
            self._by_layout[layout] = staging_table
        insertion = insert_sql(mapping, staging_table.number, flow)
        await self._client.execute(f"PREPARE {_prepared_name(flow)} AS {insertion}")
        staging_table.users += 1
        return staging_table.number

    async def release(self, mapping: TableMapping, flow: int) -> None:
        """Drops the insertion of a flow."""
        layout = staging_layout(mapping)
        staging_table = self._by_layout[layout]
        staging_table.users -= 1
        await self._client.execute(f"DEALLOCATE {_prepared_name(flow)}")
        if staging_table.users == 0:
            del self._by_layout[layout]
            name = staging_name(staging_table.number)
            await self._client.execute(f"DROP TABLE {TEMP_SCHEMA}.{name}")

    async def numbered(self, mapping: TableMapping) -> str:
        """The name of a staging table for numbered rows, for the next transaction."""
        layout = numbered_layout(mapping)
        if layout not in self._numbered:
            number = self._next_number()
            await self._create(layout, f"eventer_rows_{number}")
            self._numbered[layout] = f"eventer_rows_{number}"
        self._numbered.move_to_end(layout)
        return self._numbered[layout]

    async def trim(self) -> None:
        """Drops the least recently used tables for numbered rows. Not within a transaction."""
        while len(self._numbered) > _MAX_NUMBERED_TABLES:
            _, name = self._numbered.popitem(last=False)
            await self._client.execute(f"DROP TABLE {TEMP_SCHEMA}.{name}")

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    async def _create(self, layout: StagingLayout, name: str) -> None:
        await check_may_stage(self._client)
        async with self._client.transaction():
            # A temporary table need not survive a crash, so the commit need not wait for the disk.
            await self._client.execute("SET LOCAL synchronous_commit = off")
            await self._client.execute(
                f"CREATE TEMP TABLE {name} ({', '.join(layout)}) ON COMMIT DELETE ROWS"
            )


async def check_may_stage(client: asyncpg.Connection) -> None:
    """Checks that the role may create staging tables.

    Raises:
        DestinationRejectedError: it may not; the hint is SQL.
    """
    permitted, database, role = await client.fetchrow(_TEMPORARY_PRIVILEGE_SQL)
    if not permitted:
        raise DestinationRejectedError(
            "the role of this connection may not create temporary tables, through which the rows "
            "are written",
            hint=f"GRANT TEMPORARY ON DATABASE {quote(database)} TO {quote(role)}; "
            "-- as the database's owner",
        )


def staging_layout(mapping: TableMapping) -> StagingLayout:
    """The columns for the rows of a mapping. They do not contain field names."""
    values = tuple(f"c{i} {column.staging_type}" for i, column in enumerate(mapping.columns))
    return (*values, *(("n integer",) if mapping.has_row_numbers else ()), "flow integer")


def staging_name(number: int) -> str:
    """The name of a staging table."""
    return f"eventer_stage_{number}"


def numbered_layout(mapping: TableMapping) -> StagingLayout:
    """The columns for numbered rows of a mapping."""
    values = tuple(f"c{i} {column.staging_type}" for i, column in enumerate(mapping.columns))
    return (*values, "n integer", "load integer", "PRIMARY KEY (load, n)")


def _prepared_name(flow: int) -> str:
    return f"eventer_insert_{flow}"


def execute_insert_sql(flow: int) -> str:
    """SQL that moves the staged rows of the flow into its table."""
    return f"EXECUTE {_prepared_name(flow)}"


def insert_sql(mapping: TableMapping, number: int, flow: int) -> str:
    """SQL that appends the staged rows of a flow to its table, or upserts the last of each key.

    OVERRIDING SYSTEM VALUE gives an event's value precedence over an identity column's.
    """
    source = f"FROM {TEMP_SCHEMA}.{staging_name(number)} WHERE flow = {flow}"
    return _insert(mapping, source, last_of_key=mapping.has_row_numbers)


@dataclass(frozen=True, slots=True)
class StagedRows:
    """The rows of a load in a numbered staging table."""

    mapping: TableMapping
    table: str
    group: int

    def where(self, condition: str) -> str:
        """The clauses that select some of the rows."""
        return f"FROM {TEMP_SCHEMA}.{self.table} WHERE load = {self.group} AND {condition}"

    def insert_sql(self, condition: str) -> str:
        """As `insert_sql`, for some of the rows."""
        if self.mapping.key:
            return _insert(self.mapping, self.where(condition), last_of_key=True)
        return _insert(self.mapping, f"{self.where(condition)} ORDER BY n", last_of_key=False)


def _insert(mapping: TableMapping, source: str, *, last_of_key: bool) -> str:
    names = ", ".join(quote(column.name) for column in mapping.columns)
    return (
        f"INSERT INTO {mapping.table} ({names}) OVERRIDING SYSTEM VALUE "
        f"{_select(mapping, source, last_of_key=last_of_key)}{_on_conflict(mapping)}"
    )


def _select(mapping: TableMapping, source: str, *, last_of_key: bool) -> str:
    values = ", ".join(column.select(f"c{i}") for i, column in enumerate(mapping.columns))
    if not last_of_key:
        return f"SELECT {values} {source}"
    # Only the server knows which key values are equal; the last copied row wins.
    compared = {column.name: column.compared(f"c{i}") for i, column in enumerate(mapping.columns)}
    key = ", ".join(compared[name] for name in mapping.key)
    return f"SELECT DISTINCT ON ({key}) {values} {source} ORDER BY {key}, n DESC"


def _on_conflict(mapping: TableMapping) -> str:
    if not mapping.key:
        return ""
    key = ", ".join(map(quote, mapping.key))
    rest = [quote(column.name) for column in mapping.columns if column.name not in mapping.key]
    action = "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in rest)
    return f" ON CONFLICT ({key}) DO {action if rest else 'NOTHING'}"
