"""Commits the rows and positions of several flows in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pymysql

from eventer.core.batch import advance_position
from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
    TargetUnavailableError,
)
from eventer.core.model import PositionKey
from eventer.destinations.base import Delivery
from eventer.destinations.mysql.errors import (
    ErrorCategory,
    classify_error,
    describe,
    error_number,
    translate_commit_errors,
)
from eventer.destinations.mysql.position import (
    FlowPosition,
    ShardKey,
    check_owner,
    store_positions,
)
from eventer.destinations.mysql.row_encoding import EncodedRows
from eventer.destinations.mysql.row_writer import write_rows
from eventer.destinations.mysql.session import Session
from eventer.destinations.mysql.table_columns import TableMapping

_DEADLOCK: Final = 1213
_SAVEPOINT: Final = "SAVEPOINT eventer_flow"
_ROLLBACK: Final = "ROLLBACK TO SAVEPOINT eventer_flow"


class TableChangedError(Exception):
    """A table changed after it was prepared. Nothing was committed."""


@dataclass(frozen=True, slots=True)
class EncodedDelivery:
    """A delivery, how its rows get into the table, its rows, and the position before it."""

    delivery: Delivery
    mapping: TableMapping
    rows: EncodedRows
    before: FlowPosition

    @property
    def key(self) -> PositionKey:
        """The key of its position."""
        return self.delivery.flow.key

    def after(self, rejected: Sequence[DestinationRejectedError]) -> FlowPosition:
        """The position after it, if these events are skipped."""
        skipped = [error.index for error in rejected if error.index is not None]
        before = self.delivery.accepted or self.before.position
        position = advance_position(before, self.delivery.without(skipped).batches)
        return FlowPosition(position, self.before.fields)


@dataclass(slots=True)
class CommitResult:
    """The committed positions, the flows without a commit, and the skipped events."""

    positions: dict[PositionKey, FlowPosition] = field(default_factory=dict)
    rejected: dict[PositionKey, DestinationError] = field(default_factory=dict)
    skipped: dict[PositionKey, Sequence[DestinationRejectedError]] = field(default_factory=dict)


def commit_deliveries(
    session: Session,
    shard: ShardKey,
    epoch: int,
    deliveries: Sequence[EncodedDelivery],
    address: str,
) -> CommitResult:
    """Commits deliveries as the owner of a shard. Blocks.

    Raises:
        FencedError: there is a newer owner.
        TableChangedError: a table must be prepared again.
        UnknownOutcomeError: the commit may have succeeded.
        DestinationUnavailableError: the flow that it names was in a deadlock.
        pymysql.MySQLError: the connection was lost before the commit.
    """
    result = CommitResult()
    session.execute("START TRANSACTION")
    try:
        check_owner(session, shard, epoch)
        for delivery in deliveries:
            _write_delivery(session, delivery, result)
        store_positions(session, result.positions)
    except (TableChangedError, DestinationError):
        session.execute("ROLLBACK")
        raise
    with translate_commit_errors(address):
        session.execute("COMMIT")
    return result


def _write_delivery(session: Session, delivery: EncodedDelivery, result: CommitResult) -> None:
    """Writes the rows of a delivery, or none of them if it is rejected."""
    key, misfits = delivery.key, delivery.rows.misfits
    if misfits and not delivery.delivery.skip_rejected:
        result.rejected[key] = misfits[0]
        return
    session.execute(_SAVEPOINT)
    try:
        rejected = write_rows(session, delivery.mapping, delivery.rows.operations)
    except pymysql.MySQLError as error:
        result.rejected[key] = _flow_error(delivery, error)
        session.execute(_ROLLBACK)
        return
    if rejected and not delivery.delivery.skip_rejected:
        session.execute(_ROLLBACK)
        result.rejected[key] = rejected[0]
        return
    skipped = sorted([*misfits, *rejected], key=lambda error: error.index or 0)
    result.positions[key] = delivery.after(skipped)
    result.skipped[key] = skipped


def _flow_error(delivery: EncodedDelivery, error: pymysql.MySQLError) -> DestinationError:
    """The error of a flow that does not concern the others.

    Raises:
        TableChangedError: its table must be prepared again.
        DestinationUnavailableError: the server has ended the transaction of all flows.
        pymysql.MySQLError: the connection was lost.
    """
    table, category = delivery.mapping.table, classify_error(error)
    if error_number(error) == _DEADLOCK:
        raise DestinationUnavailableError(
            f"{table} is busy: {describe(error)}", suspects=(delivery.key,)
        ) from error
    if category is ErrorCategory.CONNECTION_LOST:
        raise error
    if category is ErrorCategory.SCHEMA_CHANGED:
        raise TableChangedError from error
    if category is ErrorCategory.BUSY:
        return TargetUnavailableError(f"{table} is busy: {describe(error)}")
    return DestinationRejectedError(f"{table} rejects the events: {describe(error)}")
