"""Finds the event that the server rejects, for a flow that stops there.

The server's error rarely names it. So a transaction that is always rolled back inserts the rows
again, up to the first one that is rejected.
"""

from __future__ import annotations

import asyncio

import asyncpg

from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    TargetUnavailableError,
)
from eventer.destinations.postgres.column_encoder import RejectedRowsError
from eventer.destinations.postgres.encoded_delivery import DeliveryFailure
from eventer.destinations.postgres.errors import ErrorCategory, classify_error, describe
from eventer.destinations.postgres.prepared_flows import PreparedFlows
from eventer.destinations.postgres.row_encoding import encode_numbered
from eventer.destinations.postgres.row_loader import SAVEPOINT, load_rows


async def explain(
    client: asyncpg.Connection, flows: PreparedFlows, failure: DeliveryFailure
) -> DestinationError:
    """The error that the outcome reports for a failure."""
    error = failure.error
    if isinstance(error, RejectedRowsError):
        return error.errors[0]
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
        reported_error = await _find_rejected_row(client, flows, failure, error)
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
    flows: PreparedFlows,
    failure: DeliveryFailure,
    error: asyncpg.PostgresError,
) -> DestinationRejectedError:
    """The rejection, with the event and the column if they can be found."""
    assert failure.ready is not None
    mapping = failure.ready.mapping
    try:
        found = await _first_rejection(client, flows, failure)
    except asyncpg.PostgresError as other:
        if classify_error(other) is ErrorCategory.CONNECTION_LOST:
            raise
        found = None
    except DestinationRejectedError as other:  # the role may not create a staging table
        return DestinationRejectedError(
            f"{mapping.table} rejects the events: {describe(error)}", hint=other.hint
        )
    return found or DestinationRejectedError(
        f"{mapping.table} rejects the events: {describe(error)}", hint=error.hint
    )


async def _first_rejection(
    client: asyncpg.Connection, flows: PreparedFlows, failure: DeliveryFailure
) -> DestinationRejectedError | None:
    assert failure.ready is not None
    mapping, batches = failure.ready.mapping, failure.delivery.batches
    staging_table = await flows.numbered_staging_table(failure.ready)
    rows, misfits = await asyncio.to_thread(encode_numbered, mapping, [batches])
    assert not misfits[0], "events that do not fit are found before"
    await client.execute(f"BEGIN; {SAVEPOINT}")
    try:
        found = await load_rows(client, rows, staging_table, until_first=True)
    finally:
        if not client.is_closed():
            await client.execute("ROLLBACK")
    return found[0].error(mapping, int(rows.index[found[0].row])) if found else None
