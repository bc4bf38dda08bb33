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
from eventer.destinations.postgres.errors import ErrorCategory, classify_error
from eventer.destinations.postgres.find_rejected_row import find_rejected_row
from eventer.destinations.postgres.position import FlowPosition
from eventer.destinations.postgres.prepared_flows import PreparedFlow
from eventer.destinations.postgres.row_encoding import encode
from eventer.kernels.pgcopy.copy_stream import Bytes


@dataclass(frozen=True, slots=True)
class EncodedDelivery:
    """A delivery whose rows are ready to be copied; `after` is where it leaves its generator.

    `streams` are what is copied, made before the transaction is opened; none where there is no row.
    """

    delivery: Delivery
    ready: PreparedFlow
    streams: tuple[Bytes, ...]
    after: FlowPosition

    @property
    def key(self) -> PositionKey:
        """Whose rows they are."""
        return self.delivery.flow.key


@dataclass(slots=True)
class DeliveryFailure:
    """A delivery that was left out of a commit, and why; `replanned`, it is worth another try."""

    delivery: Delivery
    error: DestinationError | asyncpg.PostgresError
    ready: PreparedFlow | None = None
    replanned: bool = False

    @property
    def schema_changed(self) -> bool:
        """Whether the table is no longer what it was when it was planned for."""
        return (
            isinstance(self.error, asyncpg.PostgresError)
            and classify_error(self.error) is ErrorCategory.SCHEMA_CHANGED
        )

    @property
    def data_rejected(self) -> bool:
        """Whether data did not fit the table, or what we took it for."""
        if isinstance(self.error, asyncpg.PostgresError):
            return classify_error(self.error) is ErrorCategory.REJECTED
        return isinstance(self.error, DestinationRejectedError)


def field_names(batches: tuple[Batch, ...]) -> frozenset[str]:
    """The names of all fields that occur in the batches."""
    return frozenset[str]().union(*(batch.fields.names() for batch in batches))


async def explain(client: asyncpg.Connection, failure: DeliveryFailure) -> DestinationError:
    """What to tell the owner of a generator that was left out."""
    error = failure.error
    if isinstance(error, DestinationError):
        return error
    table = failure.ready.mapping.table if failure.ready else "its table"
    if classify_error(error) is ErrorCategory.BUSY:
        reported_error: DestinationError = TargetUnavailableError(f"{table} is busy: {error}")
    elif classify_error(error) is ErrorCategory.SCHEMA_CHANGED:
        reported_error = _schema_changed_error(str(table), error)
    else:
        assert failure.ready is not None
        batches, ready = failure.delivery.batches, failure.ready
        encoded = await asyncio.to_thread(encode, ready.mapping, batches, ready.number)
        reported_error = await find_rejected_row(client, ready, encoded, error)
    reported_error.__cause__ = error
    return reported_error


def _schema_changed_error(table: str, error: asyncpg.PostgresError) -> DestinationError:
    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        return TargetUnavailableError(f"{table} changed during the write: {error}")
    return DestinationRejectedError(f"{table} does not accept the events: {error}", hint=error.hint)
