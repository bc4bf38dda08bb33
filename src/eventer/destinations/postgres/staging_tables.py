"""The staging tables and prepared insertions of a session.

Flows of one layout share a staging table, and each row has the number of its flow: a commit empties
every staging table of its session, which costs 0.2 ms per table. Deliveries of which the server
rejects rows use tables with numbered rows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import asyncpg

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.postgres.column_mapping import ColumnMapping
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
        for name, statement in write_sql(mapping, staging_table.number, flow).items():
            await self._client.execute(f"PREPARE {_prepared_name(name, flow)} AS {statement}")
        staging_table.users += 1
        return staging_table.number

    async def release(self, mapping: TableMapping, flow: int) -> None:
        """Drops the insertion of a flow."""
        layout = staging_layout(mapping)
        staging_table = self._by_layout[layout]
        staging_table.users -= 1
        for name in _statement_names(mapping):
            await self._client.execute(f"DEALLOCATE {_prepared_name(name, flow)}")
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
    return (
        *_value_columns(mapping),
        *(("n integer",) if mapping.has_row_numbers else ()),
        "flow integer",
    )


def staging_name(number: int) -> str:
    """The name of a staging table."""
    return f"eventer_stage_{number}"


def numbered_layout(mapping: TableMapping) -> StagingLayout:
    """The columns for numbered rows of a mapping."""
    return (*_value_columns(mapping), "n integer", "load integer", "PRIMARY KEY (load, n)")


def _value_columns(mapping: TableMapping) -> StagingLayout:
    values = tuple(f"c{i} {column.staging_type}" for i, column in enumerate(mapping.columns))
    return values if mapping.op is None else (*values, "deletes boolean")


def _prepared_name(statement: str, flow: int) -> str:
    return f"eventer_{statement}_{flow}"


def _statement_names(mapping: TableMapping) -> tuple[str, ...]:
    """The statements that move staged rows into the table, in their order."""
    return ("insert",) if mapping.op is None else ("delete", "insert")


def execute_write_sql(mapping: TableMapping, flow: int) -> str:
    """SQL that moves the staged rows of the flow into its table."""
    return "; ".join(f"EXECUTE {_prepared_name(name, flow)}" for name in _statement_names(mapping))


def write_sql(mapping: TableMapping, number: int, flow: int) -> Mapping[str, str]:
    """SQL, by name, that appends the staged rows of a flow, or applies the last of each key.

    OVERRIDING SYSTEM VALUE gives an event's value precedence over an identity column's.
    """
    source = f"FROM {TEMP_SCHEMA}.{staging_name(number)} WHERE flow = {flow}"
    return _write(mapping, source, last_of_key=mapping.has_row_numbers)


@dataclass(frozen=True, slots=True)
class StagedRows:
    """The rows of a load in a numbered staging table."""

    mapping: TableMapping
    table: str
    group: int

    def where(self, condition: str) -> str:
        """The clauses that select some of the rows."""
        return f"FROM {TEMP_SCHEMA}.{self.table} WHERE load = {self.group} AND {condition}"

    def write_sql(self, condition: str) -> str:
        """As `write_sql`, for some of the rows."""
        source = self.where(condition)
        if self.mapping.key:
            return "; ".join(_write(self.mapping, source, last_of_key=True).values())
        return _insert(self.mapping, f"{source} ORDER BY n", last_of_key=False)


def _write(mapping: TableMapping, source: str, *, last_of_key: bool) -> dict[str, str]:
    insertion = {"insert": _insert(mapping, source, last_of_key=last_of_key)}
    if mapping.op is None:
        return insertion
    # Deleted first: an upserted row may take a unique value of a deleted one.
    return {"delete": _delete(mapping, source, last_of_key=last_of_key)} | insertion


def _delete(mapping: TableMapping, source: str, *, last_of_key: bool) -> str:
    rows = _rows(mapping, source, last_of_key=last_of_key)
    key = [(i, c) for i, c in enumerate(mapping.columns) if c.name in mapping.key]
    same = " AND ".join(f"t.{quote(c.name)} = {_key_value(c, f's.c{i}')}" for i, c in key)
    return f"DELETE FROM {mapping.table} AS t USING ({rows}) AS s WHERE s.deletes AND {same}"  # noqa: S608  names are quoted


def _key_value(column: ColumnMapping, source: str) -> str:
    """SQL of a key's value as the column would hold it."""
    return column.select(source) if column.direct else column.converted(source)


def _rows(mapping: TableMapping, source: str, values: str = "*", *, last_of_key: bool) -> str:
    """Values of the staged rows, or of the last of each key."""
    if not last_of_key:
        return f"SELECT {values} {source}"
    # Only the server knows which key values are equal; the last copied row wins.
    compared = {column.name: column.compared(f"c{i}") for i, column in enumerate(mapping.columns)}
    key = ", ".join(compared[name] for name in mapping.key)
    return f"SELECT DISTINCT ON ({key}) {values} {source} ORDER BY {key}, n DESC"


def _insert(mapping: TableMapping, source: str, *, last_of_key: bool) -> str:
    names = ", ".join(quote(column.name) for column in mapping.columns)
    return (
        f"INSERT INTO {mapping.table} ({names}) OVERRIDING SYSTEM VALUE "
        f"{_select(mapping, source, last_of_key=last_of_key)}{_on_conflict(mapping)}"
    )


def _select(mapping: TableMapping, source: str, *, last_of_key: bool) -> str:
    values = ", ".join(column.select(f"c{i}") for i, column in enumerate(mapping.columns))
    if mapping.op is None:
        return _rows(mapping, source, values, last_of_key=last_of_key)
    rows = _rows(mapping, source, last_of_key=last_of_key)
    return f"SELECT {values} FROM ({rows}) AS s WHERE NOT deletes"  # noqa: S608  names are quoted


def _on_conflict(mapping: TableMapping) -> str:
    if not mapping.key:
        return ""
    key = ", ".join(map(quote, mapping.key))
    rest = [quote(column.name) for column in mapping.columns if column.name not in mapping.key]
    action = "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in rest)
    return f" ON CONFLICT ({key}) DO {action if rest else 'NOTHING'}"
