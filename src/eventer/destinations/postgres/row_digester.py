"""Digests of events and rows by typed values: equal rows have equal digests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import asyncpg
import numpy as np
import pyarrow as pa

from eventer.core.batch import Batch
from eventer.destinations.comparison import KeyedDigests, concat_keyed
from eventer.destinations.postgres.column_mapping import ColumnMapping
from eventer.destinations.postgres.identifiers import TableName, quote
from eventer.destinations.postgres.match_schema import TableMapping
from eventer.destinations.postgres.row_encoding import EncodedRows, encode
from eventer.destinations.postgres.session import connect, disconnect
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.kernels.pgcopy.copy_stream import CopyColumn, WireType, copy_stream
from eventer.kernels.pgcopy.row_digests import CopyDigestReader, RowDigests

_CHUNK_BYTES: Final = 1 << 20
_STAGE: Final = "eventer_reread"


@dataclass(frozen=True, slots=True)
class ComparedColumns:
    """The names of the compared columns and of the key, which is empty if rows are appended."""

    names: tuple[str, ...]
    key: tuple[str, ...]

    def reader(self) -> CopyDigestReader:
        """A reader of rows of a number and these columns."""
        return CopyDigestReader([name in self.key for name in self.names])

    def keyed(self, rows: RowDigests) -> KeyedDigests:
        """Uses the content as the key if rows are appended."""
        return KeyedDigests(rows.key if self.key else rows.content, rows.content, rows.number)


async def read_rows(
    client: asyncpg.Connection, table: TableName, compared_columns: ComparedColumns
) -> AsyncIterator[KeyedDigests]:
    """The rows of a table in the open transaction; their number is their ctid."""
    names = ", ".join(["ctid", *map(quote, compared_columns.names)])
    query = f"SELECT {names} FROM {table}"  # noqa: S608  names are quoted
    async for rows in _digest_query(client, query, compared_columns):
        yield rows


async def _digest_query(
    client: asyncpg.Connection, query: str, compared_columns: ComparedColumns
) -> AsyncIterator[KeyedDigests]:
    """The digests of the rows of a query."""
    reader, found, held = compared_columns.reader(), list[KeyedDigests](), bytearray()

    async def take(data: bytes) -> None:
        held.extend(data)
        if len(held) >= _CHUNK_BYTES:
            found.append(compared_columns.keyed(reader.take(bytes(held))))
            held.clear()

    await client.copy_from_query(query, output=take, format="binary")
    found.append(compared_columns.keyed(reader.take(bytes(held))))
    for rows in found:
        yield rows


class RowDigester:
    """Converts events to the values that the table's columns hold. It has a session of its own."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        self._client: asyncpg.Connection | None = None
        self._staged: tuple[TableMapping, ComparedColumns] | None = None

    async def digests(
        self, mapping: TableMapping, compared_columns: ComparedColumns, batch: Batch
    ) -> KeyedDigests:
        """The events of a batch as rows of the compared columns; their number is their index.

        Raises:
            DestinationRejectedError: an event does not fit the table; the error names it.
            asyncpg.PostgresError: the server rejects an event.
        """
        encoded = encode(mapping, [batch], 0)
        if all(_round_trips_exactly(column) for column in mapping.columns):
            stream = _stream(mapping, compared_columns, encoded)
            events = compared_columns.keyed(compared_columns.reader().take(stream))
        else:
            events = await self._digest_by_server(mapping, compared_columns, encoded)
        return events.with_deletes(encoded.index[encoded.deletes])

    async def _digest_by_server(
        self, mapping: TableMapping, compared_columns: ComparedColumns, encoded: EncodedRows
    ) -> KeyedDigests:
        client = await self._session(mapping, compared_columns)
        await client.execute(f"TRUNCATE {_STAGE}")
        numbered = (_numbers(encoded), *encoded.values)
        rows = np.arange(len(encoded.index), dtype=np.int64)
        await client.copy_to_table(
            _STAGE, schema_name="pg_temp", source=copy_stream(numbered, rows).data, format="binary"
        )
        values = _values(mapping, compared_columns)
        query = f"SELECT n, {values} FROM pg_temp.{_STAGE} ORDER BY n"  # noqa: S608  likewise
        found = concat_keyed(
            [rows async for rows in _digest_query(client, query, compared_columns)]
        )
        return KeyedDigests(found.key, found.content, encoded.index[found.number])

    async def _session(
        self, mapping: TableMapping, compared_columns: ComparedColumns
    ) -> asyncpg.Connection:
        """The session, with a staging table for this mapping."""
        if self._client is None:
            self._client = await connect(self._settings)
        if self._staged != (mapping, compared_columns):
            columns = "".join(f", c{i} {c.staging_type}" for i, c in enumerate(mapping.columns))
            await self._client.execute(
                f"DROP TABLE IF EXISTS {_STAGE}; CREATE TEMP TABLE {_STAGE} (n integer{columns})"
            )
            self._staged = mapping, compared_columns
        return self._client

    async def close(self) -> None:
        """Ends the session."""
        await disconnect(self._client)


def _round_trips_exactly(column: ColumnMapping) -> bool:
    """Whether the server returns the bytes that it received."""
    return (
        column.direct
        and column.exact
        and not any(column.sql_wrapper)
        and column.wire is not WireType.JSONB
    )


def _numbers(encoded: EncodedRows) -> CopyColumn:
    return CopyColumn(WireType.INT4, pa.array(np.arange(len(encoded.index), dtype=np.int32)))


def _stream(
    mapping: TableMapping, compared_columns: ComparedColumns, encoded: EncodedRows
) -> bytes:
    """The bytes that the server would send for the events as rows of a table."""
    count = len(encoded.index)
    by_name = {c.name: v for c, v in zip(mapping.columns, encoded.values, strict=True)}
    nothing = CopyColumn(WireType.INT4, pa.nulls(count, pa.int32()))
    columns = [by_name.get(name, nothing) for name in compared_columns.names]
    index = CopyColumn(WireType.INT8, pa.array(encoded.index))
    return copy_stream([index, *columns], np.arange(count, dtype=np.int64)).tobytes()


def _values(mapping: TableMapping, compared_columns: ComparedColumns) -> str:
    """SQL of the compared columns from the staged ones, with the column's type."""
    sources = {
        column.name: f"CAST({column.select(f'c{number}')} AS {column.type})"
        for number, column in enumerate(mapping.columns)
    }
    return ", ".join(sources.get(name, "NULL") for name in compared_columns.names)
