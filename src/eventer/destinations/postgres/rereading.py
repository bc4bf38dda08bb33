"""Events and rows as digests of their typed values, so that equal ones have equal digests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import asyncpg
import numpy as np
import pyarrow as pa

from eventer.core.batch import Batch
from eventer.destinations.comparison import Keyed, joined
from eventer.destinations.postgres.encode import Encoded, encode
from eventer.destinations.postgres.errors import LOST_CLIENT
from eventer.destinations.postgres.fit import TablePlan
from eventer.destinations.postgres.names import TableName, quote
from eventer.destinations.postgres.session import connect
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.destinations.postgres.types import ColumnPlan
from eventer.kernels.pg_reading import RowDigests, RowReader
from eventer.kernels.pgcopy import CopyColumn, Wire, copy_stream

_PIECE: Final = 1 << 20
_STAGE: Final = "eventer_reread"


@dataclass(frozen=True, slots=True)
class Selection:
    """The columns that are compared, by name, and which of them make the key; none if appended."""

    names: tuple[str, ...]
    key: tuple[str, ...]

    def reader(self) -> RowReader:
        """Takes rows of a number and these columns."""
        return RowReader([name in self.key for name in self.names])

    def keyed(self, rows: RowDigests) -> Keyed:
        """Rows that are only appended are known by what they are."""
        return Keyed(rows.key if self.key else rows.content, rows.content, rows.number)


async def read_rows(
    client: asyncpg.Connection, table: TableName, selection: Selection
) -> AsyncIterator[Keyed]:
    """The rows of a table as the open transaction sees them; their number is their address."""
    names = ", ".join(["ctid", *map(quote, selection.names)])
    query = f"SELECT {names} FROM {table}"  # noqa: S608  names are quoted
    async for rows in _copied(client, query, selection):
        yield rows


async def _copied(
    client: asyncpg.Connection, query: str, selection: Selection
) -> AsyncIterator[Keyed]:
    """The rows of a query, digested as they come."""
    reader, found, held = selection.reader(), list[Keyed](), bytearray()

    async def take(data: bytes) -> None:
        held.extend(data)
        if len(held) >= _PIECE:
            found.append(selection.keyed(reader.take(bytes(held))))
            held.clear()

    await client.copy_from_query(query, output=take, format="binary")
    found.append(selection.keyed(reader.take(bytes(held))))
    for rows in found:
        yield rows


class Rereader:
    """Gives events the form that the table's columns give them, over a session of its own."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        self._client: asyncpg.Connection | None = None
        self._staged: tuple[TablePlan, Selection] | None = None

    async def digests(self, plan: TablePlan, selection: Selection, batch: Batch) -> Keyed:
        """The events of a batch as rows of the selection; their number is their index.

        Raises:
            DestinationRejectedError: the table does not take an event; it names it.
            asyncpg.PostgresError: it does not take one of them.
        """
        encoded = encode(plan, [batch], 0)
        if all(_is_natural(column) for column in plan.columns):
            rows = selection.reader().take(_stream(plan, selection, encoded))
            return selection.keyed(rows)
        return await self._by_server(plan, selection, encoded)

    async def _by_server(self, plan: TablePlan, selection: Selection, encoded: Encoded) -> Keyed:
        client = await self._session(plan, selection)
        await client.execute(f"TRUNCATE {_STAGE}")
        numbered = (_numbers(encoded), *encoded.columns)
        rows = np.arange(len(encoded.index), dtype=np.int64)
        await client.copy_to_table(
            _STAGE, schema_name="pg_temp", source=copy_stream(numbered, rows).data, format="binary"
        )
        values = _values(plan, selection)
        query = f"SELECT n, {values} FROM pg_temp.{_STAGE} ORDER BY n"  # noqa: S608  likewise
        found = joined([rows async for rows in _copied(client, query, selection)])
        return Keyed(found.key, found.content, encoded.index[found.number])

    async def _session(self, plan: TablePlan, selection: Selection) -> asyncpg.Connection:
        """The session, with a staging table for this plan."""
        if self._client is None:
            self._client = await connect(self._settings)
        if self._staged != (plan, selection):
            columns = "".join(f", c{i} {c.staged}" for i, c in enumerate(plan.columns))
            await self._client.execute(
                f"DROP TABLE IF EXISTS {_STAGE}; CREATE TEMP TABLE {_STAGE} (n integer{columns})"
            )
            self._staged = plan, selection
        return self._client

    async def close(self) -> None:
        """Ends the session."""
        if self._client is not None:
            with suppress(*LOST_CLIENT, asyncpg.PostgresError):
                await self._client.close(timeout=2)
            self._client.terminate()


def _is_natural(column: ColumnPlan) -> bool:
    """Whether the server gives back the very bytes that it got."""
    return (
        column.direct and column.exact and not any(column.around) and column.wire is not Wire.JSONB
    )


def _numbers(encoded: Encoded) -> CopyColumn:
    return CopyColumn(Wire.INT4, pa.array(np.arange(len(encoded.index), dtype=np.int32)))


def _stream(plan: TablePlan, selection: Selection, encoded: Encoded) -> bytes:
    """What the server would send of the events, were they the rows of a table."""
    count = len(encoded.index)
    by_name = {c.name: v for c, v in zip(plan.columns, encoded.columns, strict=True)}
    nothing = CopyColumn(Wire.INT4, pa.nulls(count, pa.int32()))
    columns = [by_name.get(name, nothing) for name in selection.names]
    index = CopyColumn(Wire.INT8, pa.array(encoded.index))
    return copy_stream([index, *columns], np.arange(count, dtype=np.int64)).tobytes()


def _values(plan: TablePlan, selection: Selection) -> str:
    """The selection's columns out of the staged ones, each of its column's type."""
    sources = {
        column.name: f"CAST({column.select(f'c{number}')} AS {column.type})"
        for number, column in enumerate(plan.columns)
    }
    return ", ".join(sources.get(name, "NULL") for name in selection.names)
