"""One flow's part of a commit: its events encoded, and where it will stand after them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import asyncpg

from eventer.core.batch import Batch
from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    TargetUnavailableError,
)
from eventer.core.model import PositionKey
from eventer.destinations.base import Delivery
from eventer.destinations.postgres.blame import blame
from eventer.destinations.postgres.encode import encode
from eventer.destinations.postgres.errors import Verdict, judge
from eventer.destinations.postgres.flows import ReadyFlow
from eventer.destinations.postgres.position import Stand
from eventer.kernels.pgcopy import Octets


@dataclass(frozen=True, slots=True)
class Shipment:
    """A delivery whose rows are ready to be copied; `after` is where it leaves its generator.

    `streams` are what is copied, made before the transaction is opened; none where there is no row.
    """

    delivery: Delivery
    ready: ReadyFlow
    streams: tuple[Octets, ...]
    after: Stand

    @property
    def key(self) -> PositionKey:
        """Whose rows they are."""
        return self.delivery.flow.key


@dataclass(slots=True)
class Failure:
    """A delivery that was left out of a commit, and why; `mended`, it is worth another try."""

    delivery: Delivery
    error: DestinationError | asyncpg.PostgresError
    ready: ReadyFlow | None = None
    mended: bool = False

    @property
    def stale(self) -> bool:
        """Whether the table is no longer what it was when it was planned for."""
        return isinstance(self.error, asyncpg.PostgresError) and judge(self.error) is Verdict.STALE

    @property
    def refused(self) -> bool:
        """Whether data did not fit the table, or what we took it for."""
        if isinstance(self.error, asyncpg.PostgresError):
            return judge(self.error) is Verdict.REFUSED
        return isinstance(self.error, DestinationRejectedError)


def found_fields(batches: tuple[Batch, ...]) -> frozenset[str]:
    """The names of all fields that occur in the batches."""
    return frozenset[str]().union(*(batch.fields.names() for batch in batches))


async def explain(client: asyncpg.Connection, failure: Failure) -> DestinationError:
    """What to tell the owner of a generator that was left out."""
    error = failure.error
    if isinstance(error, DestinationError):
        return error
    table = failure.ready.plan.table if failure.ready else "its table"
    if judge(error) is Verdict.BUSY:
        told: DestinationError = TargetUnavailableError(f"{table} is busy: {error}")
    elif judge(error) is Verdict.STALE:
        told = _stale(str(table), error)
    else:
        assert failure.ready is not None
        batches, ready = failure.delivery.batches, failure.ready
        encoded = await asyncio.to_thread(encode, ready.plan, batches, ready.number)
        told = await blame(client, ready, encoded, error)
    told.__cause__ = error
    return told


def _stale(table: str, error: asyncpg.PostgresError) -> DestinationError:
    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        return TargetUnavailableError(f"{table} changes while it is written to: {error}")
    return DestinationRejectedError(f"{table} does not take the events: {error}", hint=error.hint)
