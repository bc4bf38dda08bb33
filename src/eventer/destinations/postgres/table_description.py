"""Describes tables: columns, keys, references, checks, and a sample. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.postgres.described_table import (
    DescribedColumn,
    ForeignKey,
    TableDescription,
)
from eventer.destinations.postgres.errors import translate_errors
from eventer.destinations.postgres.identifiers import TableName, parse_table, quote
from eventer.destinations.postgres.session import connect, disconnect
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.destinations.postgres.sql import statement

_SAMPLE_ROWS: Final = 10_000
_MAX_TABLES: Final = 200
_INTEGERS: Final = ("int2", "int4", "int8")
_TIMES: Final = ("date", "timestamp", "timestamptz")
_FIND_SQL: Final = """
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.reltuples::float8 AS rows,
       c.relkind::text AS kind
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""


async def describe_tables(
    settings: PostgresSettings, tables: Sequence[str], *, with_referenced: bool
) -> list[TableDescription]:
    """Describes the tables, then those that they refer to, in one read-only transaction.

    Raises:
        DestinationUnavailableError: the server is not reachable.
        DestinationRejectedError: it rejects the login, or a table does not exist or is not
            readable.
    """
    client = await connect(settings)
    try:
        with translate_errors(settings.address):
            async with client.transaction(isolation="repeatable_read", readonly=True):
                return await _describe_all(client, tables, with_referenced=with_referenced)
    finally:
        await disconnect(client)


async def _describe_all(
    client: asyncpg.Connection, tables: Sequence[str], *, with_referenced: bool
) -> list[TableDescription]:
    waiting = [parse_table(table) for table in tables]
    found: dict[TableName, TableDescription] = {}
    while waiting:
        described = await _describe(client, waiting.pop(0))
        if described.name in found:
            continue
        found[described.name] = described
        if len(found) > _MAX_TABLES:
            raise DestinationRejectedError(f"the tables refer to more than {_MAX_TABLES} tables")
        if with_referenced:
            waiting += [key.table for key in described.foreign_keys if key.table not in found]
    return list(found.values())


async def _describe(client: asyncpg.Connection, name: TableName) -> TableDescription:
    relation = await client.fetchrow(_FIND_SQL, str(name))
    if relation is None:
        raise DestinationRejectedError(
            f"table {name} does not exist", hint="check its name, and write schema.table if needed"
        )
    oid, name = relation["oid"], TableName(relation["schema"], relation["name"])
    columns = [DescribedColumn(**row) for row in await _fetch(client, "described_columns", oid)]
    keys = await _fetch(client, "described_keys", oid)
    constraints = await _fetch(client, "described_constraints", oid)
    unique = tuple(tuple(key["columns"]) for key in keys)
    sample = await _sample(client, name, columns, relation)
    return TableDescription(
        name=name,
        columns=tuple(columns),
        primary_key=next((tuple(key["columns"]) for key in keys if key["is_primary"]), ()),
        unique_keys=unique,
        foreign_keys=tuple(_foreign_key(row) for row in constraints if row["kind"] == "f"),
        checks=tuple(row["definition"] for row in constraints if row["kind"] == "c"),
        rows=await _row_count(client, name, relation["rows"]),
        largest=await _largest(client, name, columns, unique),
        sample=sample,
    )


async def _fetch(client: asyncpg.Connection, name: str, oid: int) -> list[dict[str, Any]]:
    return [dict(row) for row in await client.fetch(statement(name), oid)]


def _foreign_key(row: Mapping[str, Any]) -> ForeignKey:
    table = TableName(row["schema"], row["table"])
    return ForeignKey(tuple(row["columns"]), table, tuple(row["referenced"]))


async def _row_count(client: asyncpg.Connection, name: TableName, estimate: float) -> int:
    """The estimate of a large table, otherwise the number."""
    if estimate > _SAMPLE_ROWS:
        return int(estimate)
    query = f"SELECT count(*) FROM (SELECT FROM {name} LIMIT {_SAMPLE_ROWS}) AS rows"  # noqa: S608
    return int(await client.fetchval(query))


async def _largest(
    client: asyncpg.Connection,
    name: TableName,
    columns: Sequence[DescribedColumn],
    unique: Sequence[tuple[str, ...]],
) -> Mapping[str, int]:
    alone = {key[0] for key in unique if len(key) == 1}
    found = {}
    for column in columns:
        if column.name in alone and column.base in _INTEGERS:
            query = f"SELECT max({quote(column.name)}) FROM {name}"  # noqa: S608  quoted
            found[column.name] = await client.fetchval(query)
    return {column: value for column, value in found.items() if value is not None}


async def _sample(
    client: asyncpg.Connection,
    name: TableName,
    columns: Sequence[DescribedColumn],
    relation: Mapping[str, Any],
) -> Mapping[str, Sequence[str | None]]:
    """Rows from all parts of a large table, otherwise all rows."""
    if not columns:
        return {}
    percent = 300 * _SAMPLE_ROWS / max(relation["rows"], 1)
    large = percent < 100 and relation["kind"] in "rm"
    sampled = f" TABLESAMPLE SYSTEM ({percent:.6f})" if large else ""
    values = ", ".join(map(_value_sql, columns))
    query = f"SELECT {values} FROM {name}{sampled} LIMIT {_SAMPLE_ROWS}"  # noqa: S608  quoted
    rows = await client.fetch(query)
    return {column.name: [row[n] for row in rows] for n, column in enumerate(columns)}


def _value_sql(column: DescribedColumn) -> str:
    name = quote(column.name)
    if column.base in _TIMES:
        return f"extract(epoch FROM {name})::text"
    if column.category == "A":
        return f"to_json({name})::text"
    return "NULL" if column.base == "bytea" else f"{name}::text"
