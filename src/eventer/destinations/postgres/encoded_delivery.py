"""The part of a flow in a commit: its encoded rows, or the reason why it is excluded."""

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
from eventer.destinations.postgres.errors import ErrorCategory, classify_error, describe
from eventer.destinations.postgres.find_rejected_row import find_rejected_row
from eventer.destinations.postgres.position import FlowPosition
from eventer.destinations.postgres.prepared_flows import PreparedFlow
from eventer.destinations.postgres.row_encoding import encode
from eventer.kernels.pgcopy.copy_stream import Bytes


@dataclass(frozen=True, slots=True)
class EncodedDelivery:
    """A delivery with its COPY streams (none without rows); `after` is the position after it."""

    delivery: Delivery
    ready: PreparedFlow
    streams: tuple[Bytes, ...]
    after: FlowPosition

    @property
    def key(self) -> PositionKey:
        """The key of the flow."""
        return self.delivery.flow.key


@dataclass(slots=True)
class DeliveryFailure:
    """A delivery that a commit excludes, and why. `replanned`: another attempt may succeed."""

    delivery: Delivery
    error: DestinationError | asyncpg.PostgresError
    ready: PreparedFlow | None = None
    replanned: bool = False

    @property
    def schema_changed(self) -> bool:
        """Whether the table has changed since it was mapped."""
        return (
            isinstance(self.error, asyncpg.PostgresError)
            and classify_error(self.error) is ErrorCategory.SCHEMA_CHANGED
        )

    @property
    def data_rejected(self) -> bool:
        """Whether the data does not fit the table, or its former mapping."""
        if isinstance(self.error, asyncpg.PostgresError):
            return classify_error(self.error) is ErrorCategory.REJECTED
        return isinstance(self.error, DestinationRejectedError)


def field_names(batches: tuple[Batch, ...]) -> frozenset[str]:
    """The names of all fields in the batches."""
    return frozenset[str]().union(*(batch.fields.names() for batch in batches))


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
        reported_error = await find_rejected_row(client, ready, encoded, error)
    reported_error.__cause__ = error
    return reported_error


def _schema_changed_error(table: str, error: asyncpg.PostgresError) -> DestinationError:
    if isinstance(error, asyncpg.UndefinedTableError | asyncpg.UndefinedColumnError):
        return TargetUnavailableError(f"{table} changed during the write: {describe(error)}")
    return DestinationRejectedError(
        f"{table} does not accept the events: {describe(error)}", hint=error.hint
    )
