"""Finds the event and the column that the server refused.

An error of the server's says neither, mostly. So the rows are tried again in a transaction that
is always rolled back: halving finds the first event without which all goes well, and that
event alone, column by column, finds the column. It costs two deliveries' time, and is paid by a
generator that stops after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import asyncpg

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.postgres.encode import Encoded
from eventer.destinations.postgres.errors import Verdict, judge
from eventer.destinations.postgres.fit import TablePlan
from eventer.destinations.postgres.flows import ReadyFlow
from eventer.destinations.postgres.names import quote
from eventer.destinations.postgres.types import ColumnPlan, mend
from eventer.destinations.postgres.upsert import (
    STAGE_SCHEMA,
    create_stage,
    insert,
    layout_of,
    stage_name,
)
from eventer.kernels.pgcopy import Octets

_STAGE = 0
_PROBE = "eventer_probe"


async def blame(
    client: asyncpg.Connection, ready: ReadyFlow, encoded: Encoded, error: asyncpg.PostgresError
) -> DestinationRejectedError:
    """What the server refused, as exactly as can be found out."""
    transaction = client.transaction()
    await transaction.start()
    try:
        return await _Trial(client, ready, encoded).verdict(error)
    except asyncpg.PostgresError as other:
        if judge(other) is Verdict.LOST:
            raise
        return _refusal(ready.plan, None, None, error)
    finally:
        if not client.is_closed():
            await transaction.rollback()


class _Trial:
    def __init__(self, client: asyncpg.Connection, ready: ReadyFlow, encoded: Encoded) -> None:
        self._client = client
        self._plan = ready.plan
        self._insertion = insert(ready.plan, _STAGE, ready.number)
        self._encoded = encoded

    async def verdict(self, error: asyncpg.PostgresError) -> DestinationRejectedError:
        await self._client.execute(create_stage(layout_of(self._plan), _STAGE))
        found = await self._first_refused()
        if found is None:
            return _refusal(self._plan, None, None, error)
        row, error = found
        return _refusal(self._plan, int(self._encoded.index[row]), await self._column(row), error)

    async def _first_refused(self) -> tuple[int, asyncpg.PostgresError] | None:
        """The first row that cannot follow those before it, and what is said of it."""
        fine, refused = 0, len(self._encoded.index)
        error = await self._tried(lambda: self._insert(self._encoded.staged()))
        while error is not None and refused - fine > 1:
            half = (fine + refused) // 2
            stream = self._encoded.staged(half)
            told = await self._tried(lambda stream=stream: self._insert(stream))  # type: ignore[misc]
            fine, refused = (half, refused) if told is None else (fine, half)
            error = told or error
        return None if error is None else (refused - 1, error)

    async def _column(self, row: int) -> ColumnPlan | None:
        """The column that refuses the row's value, or None where the row as a whole is refused."""
        stream = self._encoded.alone(row)
        for preparing in (self._make_probe, lambda: self._copy(stream)):
            if await self._tried(preparing) is not None:
                return None
            await preparing()
        for number, column in enumerate(self._plan.columns):
            statement = _probe(column, number)
            if await self._tried(lambda statement=statement: self._client.execute(statement)):  # type: ignore[misc]
                return column
        return None

    async def _make_probe(self) -> None:
        """A table that refuses by column types alone; needs the right to read the table."""
        table = self._plan.table
        await self._client.execute(f"CREATE TEMP TABLE {_PROBE} AS TABLE {table} WITH NO DATA")

    async def _insert(self, stream: Octets) -> None:
        await self._copy(stream)
        await self._client.execute(self._insertion)
        await self._client.execute("SET CONSTRAINTS ALL IMMEDIATE")

    async def _copy(self, stream: Octets) -> None:
        await self._client.copy_to_table(
            stage_name(_STAGE),
            schema_name=STAGE_SCHEMA,
            source=stream.data,
            format="binary",
        )

    async def _tried(self, do: Callable[[], Awaitable[object]]) -> asyncpg.PostgresError | None:
        """Does it, takes it back, and returns what was wrong with it."""
        savepoint = self._client.transaction()
        await savepoint.start()
        try:
            await do()
        except asyncpg.PostgresError as error:
            if judge(error) is not Verdict.REFUSED:
                raise
            return error
        finally:
            await savepoint.rollback()
        return None


def _probe(column: ColumnPlan, number: int) -> str:
    into, value = quote(column.name), column.select(f"c{number}")
    source = f"{STAGE_SCHEMA}.{stage_name(_STAGE)}"
    return f"INSERT INTO {STAGE_SCHEMA}.{_PROBE} ({into}) SELECT {value} FROM {source}"  # noqa: S608  names are quoted


def _refusal(
    plan: TablePlan, index: int | None, column: ColumnPlan | None, error: asyncpg.PostgresError
) -> DestinationRejectedError:
    who = "the events" if index is None else f"event {index}"
    said = str(error)
    if column is None:
        detail = f" ({error.detail})" if error.detail else ""
        return DestinationRejectedError(
            f"{plan.table} refuses {who}: {said}{detail}", hint=error.hint, index=index
        )
    name = quote(column.name)
    return DestinationRejectedError(
        f"{who}: {said}, for column {name} of {plan.table}, which is {column.type}; "
        f"the template gives {column.kind.value}",
        hint=mend(str(plan.table), name, column.kind, column.type),
        index=index,
    )
