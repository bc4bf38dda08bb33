"""The transaction: the shard held, flows behind their savepoints, positions last.

Flows whose rows have one place and one layout go in one copy: a small flow costs the server little
more than its rows. Where it refuses such a copy, its halves are tried, down to single flows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable, Iterable, Sequence

import asyncpg

from eventer.core.errors import DestinationUnavailableError, FencedError
from eventer.core.model import PositionKey
from eventer.destinations.postgres.catalogue import read_fingerprint
from eventer.destinations.postgres.errors import Verdict, committing, judge
from eventer.destinations.postgres.position import Shard, Stand, hold_shard, write_positions
from eventer.destinations.postgres.shipment import Failure, Shipment
from eventer.destinations.postgres.upsert import STAGE_SCHEMA, run_insert, stage_name
from eventer.kernels.pgcopy import Octets, pieces

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_SAVE = "SAVEPOINT flow"
_NEXT = f"RELEASE {_SAVE}; {_SAVE}"
_UNDO = f"ROLLBACK TO {_SAVE}"
_CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; "


class Owner:
    """A session that owns a shard by an epoch, and commits for it; `commits` counts them."""

    def __init__(self, client: asyncpg.Connection, shard: Shard, epoch: int, address: str) -> None:
        self._client = client
        self._shard = shard
        self._epoch = epoch
        self._address = address
        self.commits = 0

    async def commit(
        self, shipments: Sequence[Shipment]
    ) -> tuple[dict[PositionKey, Stand], list[Failure]]:
        """Commits what can be; returns where generators now stand, and what was left out.

        Raises:
            FencedError: the shard has another owner.
            UnknownOutcomeError: the connection was lost in the last step.
        """
        ordered = sorted(shipments, key=lambda shipment: shipment.delivery.flow.key)
        try:
            return await self._attempt(ordered, strict=False)
        except _DeferredError:
            pass
        try:
            return await self._attempt(ordered, strict=True)
        except _DeferredError as error:
            said = error.__cause__
            raise DestinationUnavailableError(f"the server does not commit: {said}") from said

    async def _attempt(
        self, shipments: Iterable[Shipment], *, strict: bool
    ) -> tuple[dict[PositionKey, Stand], list[Failure]]:
        """`strict` checks deferred constraints flow by flow: at the end they name none."""
        await self._begin()
        stands: dict[PositionKey, Stand] = {}
        failures: list[Failure] = []
        for group in groups(shipments, apart=strict):
            refused = await self._ship(group, strict=strict)
            failures += refused
            lost = {failure.delivery.flow.key for failure in refused}
            stands |= {s.key: s.after for s in group if s.key not in lost}
        await self._end(stands)
        return stands, failures

    async def _begin(self) -> None:
        await self._client.execute(_BEGIN)
        epoch = await hold_shard(self._client, self._shard)
        if epoch != self._epoch:
            await self._client.execute("ROLLBACK")
            raise self._no_longer_owner(epoch)
        await self._client.execute(_SAVE)

    def _no_longer_owner(self, epoch: int | None) -> Exception:
        what = f"shard {self._shard.number} of {self._shard.connection!r}"
        if epoch is None:
            return DestinationUnavailableError(f"the row of {what} is gone from eventer.shard")
        return FencedError(f"{what} has another owner: epoch {epoch}, ours is {self._epoch}")

    async def _ship(self, group: Sequence[Shipment], *, strict: bool) -> list[Failure]:
        """Writes flows of one group, and leaves out those whose rows the server refuses."""
        error = await self._write(group, strict=strict)
        if error is None:
            return []
        await self._client.execute(_UNDO)
        if len(group) == 1:
            return [_failure(group[0], error)]
        middle = len(group) // 2
        first = await self._ship(group[:middle], strict=strict)
        return first + await self._ship(group[middle:], strict=strict)

    async def _write(
        self, group: Sequence[Shipment], *, strict: bool
    ) -> asyncpg.PostgresError | None:
        """Writes the rows of some flows; returns what is wrong with them, to be undone."""
        try:
            await self._copy(group)
            await self._client.execute(_closing(group, strict=strict))
        except asyncpg.PostgresError as error:
            if judge(error) is Verdict.LOST:
                raise
            return error
        return None

    async def _copy(self, group: Sequence[Shipment]) -> None:
        streams = [stream for shipment in group for stream in shipment.streams]
        if not streams:
            return
        ready, source = group[0].ready, _sent(self._client, streams)
        if not ready.plan.direct:
            await self._client.copy_to_table(
                stage_name(ready.stage), schema_name=STAGE_SCHEMA, source=source, format="binary"
            )
            return
        table = ready.plan.table
        columns = [column.name for column in ready.plan.columns]
        await self._client.copy_to_table(
            table.name, schema_name=table.schema, columns=columns, source=source, format="binary"
        )
        # The copy's lock keeps the columns as they are now: were they what the bytes are for?
        if await read_fingerprint(self._client, ready.plan.oid) != ready.fingerprint:
            raise asyncpg.UndefinedColumnError("the table's columns have changed")

    async def _end(self, stands: dict[PositionKey, Stand]) -> None:
        if not stands:
            await self._client.execute("ROLLBACK")
            return
        await write_positions(self._client, stands)
        try:
            with committing(self._address):
                await self._client.execute("COMMIT")
        except asyncpg.PostgresError as error:
            raise _DeferredError from error
        self.commits += 1


class _DeferredError(Exception):
    """What was put off to the end of the transaction failed there; nothing was committed."""


def groups(shipments: Iterable[Shipment], *, apart: bool = False) -> list[list[Shipment]]:
    """Those whose rows can go in one copy, in the order given; each for itself where `apart`."""
    found: dict[Hashable, list[Shipment]] = {}
    for shipment in shipments:
        place = shipment.key if apart else _place(shipment)
        found.setdefault(place, []).append(shipment)
    return list(found.values())


async def _sent(client: asyncpg.Connection, streams: Sequence[Octets]) -> AsyncIterator[memoryview]:
    """Piece by piece, so that the client holds no copy of it all while the server takes it."""
    for piece in pieces(streams):
        if client.is_closed():
            return
        yield piece.data


def _place(shipment: Shipment) -> Hashable:
    """Equal for those whose bytes have one meaning in one place."""
    ready = shipment.ready
    if not shipment.streams:
        return None
    return (id(ready.plan), ready.fingerprint) if ready.plan.direct else ready.stage


def _closing(group: Sequence[Shipment], *, strict: bool) -> str:
    """What follows the copy, in one round trip."""
    staged = [s for s in group if not s.ready.plan.direct and s.streams]
    inserting = "".join(f"{run_insert(shipment.ready.number)}; " for shipment in staged)
    return f"{inserting}{_CHECK_NOW if strict else ''}{_NEXT}"


def _failure(shipment: Shipment, error: asyncpg.PostgresError) -> Failure:
    return Failure(shipment.delivery, error, shipment.ready)
