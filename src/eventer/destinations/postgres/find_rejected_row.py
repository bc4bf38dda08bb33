"""Finds the event and the column that the server rejects.

The server's error rarely names them. So a transaction that is always rolled back inserts the rows
again: bisection finds the first rejected event, and inserting its columns one by one finds the
column. This takes as long as two deliveries; the generator stops afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    TargetUnavailableError,
)
from eventer.destinations.postgres.column_mapping import ColumnMapping, alter_type_sql
from eventer.destinations.postgres.encoded_delivery import DeliveryFailure
from eventer.destinations.postgres.errors import ErrorCategory, classify_error, describe
from eventer.destinations.postgres.identifiers import quote
from eventer.destinations.postgres.match_schema import TableMapping
from eventer.destinations.postgres.prepared_flows import PreparedFlow
from eventer.destinations.postgres.row_encoding import EncodedRows, encode
from eventer.destinations.postgres.staging_tables import (
    TEMP_SCHEMA,
    create_staging_table,
    insert_sql,
    staging_layout,
    staging_name,
)
from eventer.kernels.pgcopy.copy_stream import Bytes

_STAGING_TABLE = 0
_PROBE_TABLE = "eventer_probe"


async def explain(client: asyncpg.Connection, failure: DeliveryFailure) -> DestinationError:
    """The error that the outcome reports for a failure."""
    error = failure.error
    if isinstance(error, DestinationError):
        return error
    table = failure.ready.mapping.table if failure.ready else "its table"
    if classify_error(error) is ErrorCategory.BUSY:
        reported_error: DestinationError = TargetUnavailableError(
            f"{table} is busy: {describe(error)}"
        )
    elif classify_error(error) is ErrorCategory.SCHEMA_CHANGED:
        reported_error = _schema_changed_error(str(table), error)
    else:
        assert failure.ready is not None
        batches, ready = failure.delivery.batches, failure.ready
        encoded = await asyncio.to_thread(encode, ready.mapping, batches, ready.number)
        reported_error = await _find_rejected_row(client, ready, encoded, error)
    reported_error.__cause__ = error
    return reported_error


def _schema_changed_error(table: str, error: asyncpg.PostgresError) -> DestinationError:
    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        return TargetUnavailableError(f"{table} changed during the write: {describe(error)}")
    return DestinationRejectedError(
        f"{table} does not accept the events: {describe(error)}", hint=error.hint
    )


async def _find_rejected_row(
    client: asyncpg.Connection,
    ready: PreparedFlow,
    encoded: EncodedRows,
    error: asyncpg.PostgresError,
) -> DestinationRejectedError:
    """The rejection, with the event and the column if they can be found."""
    transaction = client.transaction()
    await transaction.start()
    try:
        return await _RejectionSearch(client, ready, encoded).find(error)
    except asyncpg.PostgresError as other:
        if classify_error(other) is ErrorCategory.CONNECTION_LOST:
            raise
        return _rejection(ready.mapping, None, None, error)
    finally:
        if not client.is_closed():
            await transaction.rollback()


class _RejectionSearch:
    def __init__(
        self, client: asyncpg.Connection, ready: PreparedFlow, encoded: EncodedRows
    ) -> None:
        self._client = client
        self._mapping = ready.mapping
        self._insertion = insert_sql(ready.mapping, _STAGING_TABLE, ready.number)
        self._encoded = encoded

    async def find(self, error: asyncpg.PostgresError) -> DestinationRejectedError:
        await self._client.execute(
            create_staging_table(staging_layout(self._mapping), _STAGING_TABLE)
        )
        found = await self._first_rejected_row()
        if found is None:
            return _rejection(self._mapping, None, None, error)
        row, error = found
        return _rejection(
            self._mapping, int(self._encoded.index[row]), await self._find_column(row), error
        )

    async def _first_rejected_row(self) -> tuple[int, asyncpg.PostgresError] | None:
        """The first row that is rejected after those before it, and its error."""
        accepted_rows, rejected_rows = 0, len(self._encoded.index)
        error = await self._try_and_undo(lambda: self._insert(self._encoded.staged_stream()))
        while error is not None and rejected_rows - accepted_rows > 1:
            half = (accepted_rows + rejected_rows) // 2
            stream = self._encoded.staged_stream(half)
            row_error = await self._try_and_undo(lambda stream=stream: self._insert(stream))  # type: ignore[misc]
            accepted_rows, rejected_rows = (
                (half, rejected_rows) if row_error is None else (accepted_rows, half)
            )
            error = row_error or error
        return None if error is None else (rejected_rows - 1, error)

    async def _find_column(self, row: int) -> ColumnMapping | None:
        """The column that rejects its value; None if the row as a whole is rejected."""
        stream = self._encoded.single_row_stream(row)
        for preparing in (self._make_probe, lambda: self._copy(stream)):
            if await self._try_and_undo(preparing) is not None:
                return None
            await preparing()
        for number, column in enumerate(self._mapping.columns):
            sql = _probe(column, number)
            if await self._try_and_undo(lambda sql=sql: self._client.execute(sql)):  # type: ignore[misc]
                return column
        return None

    async def _make_probe(self) -> None:
        """Creates a table with the column types and no constraints; needs the SELECT privilege."""
        table = self._mapping.table
        await self._client.execute(
            f"CREATE TEMP TABLE {_PROBE_TABLE} AS TABLE {table} WITH NO DATA"
        )

    async def _insert(self, stream: Bytes) -> None:
        await self._copy(stream)
        await self._client.execute(self._insertion)
        await self._client.execute("SET CONSTRAINTS ALL IMMEDIATE")

    async def _copy(self, stream: Bytes) -> None:
        await self._client.copy_to_table(
            staging_name(_STAGING_TABLE),
            schema_name=TEMP_SCHEMA,
            source=stream.data,
            format="binary",
        )

    async def _try_and_undo(
        self, do: Callable[[], Awaitable[object]]
    ) -> asyncpg.PostgresError | None:
        """Runs statements in a savepoint, rolls it back and returns their error."""
        savepoint = self._client.transaction()
        await savepoint.start()
        try:
            await do()
        except asyncpg.PostgresError as error:
            if classify_error(error) is not ErrorCategory.REJECTED:
                raise
            return error
        finally:
            await savepoint.rollback()
        return None


def _probe(column: ColumnMapping, number: int) -> str:
    into, value = quote(column.name), column.select(f"c{number}")
    source = f"{TEMP_SCHEMA}.{staging_name(_STAGING_TABLE)}"
    return f"INSERT INTO {TEMP_SCHEMA}.{_PROBE_TABLE} ({into}) SELECT {value} FROM {source}"  # noqa: S608  names are quoted


def _rejection(
    mapping: TableMapping,
    index: int | None,
    column: ColumnMapping | None,
    error: asyncpg.PostgresError,
) -> DestinationRejectedError:
    who = "the events" if index is None else f"event {index}"
    if column is None:
        return DestinationRejectedError(
            f"{mapping.table} rejects {who}: {describe(error)}", hint=error.hint, index=index
        )
    name = quote(column.name)
    return DestinationRejectedError(
        f"{who}: {describe(error)}, for column {name} of {mapping.table}, which is {column.type}; "
        f"the template gives {column.kind.value}",
        hint=alter_type_sql(str(mapping.table), name, column.kind, column.type),
        index=index,
    )
