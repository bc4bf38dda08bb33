"""The part of a flow in a commit: its rows, encoded before the transaction, or its failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from eventer.core.batch import Batch, advance_position
from eventer.core.errors import DestinationError, DestinationRejectedError, PositionLostError
from eventer.core.model import Position, PositionKey
from eventer.destinations.base import Delivery
from eventer.destinations.merge_batches import group_small_deliveries
from eventer.destinations.postgres.errors import ErrorCategory, classify_error
from eventer.destinations.postgres.position import FlowPosition
from eventer.destinations.postgres.prepared_flows import PreparedFlow
from eventer.destinations.postgres.row_encoding import (
    EncodedRows,
    NumberedRows,
    RowBlock,
    encode,
    encode_merged,
    encode_numbered,
)
from eventer.destinations.postgres.row_loader import RejectedRow
from eventer.kernels.pgcopy.copy_stream import Bytes

EncodedAhead: TypeAlias = Callable[[Batch], RowBlock | None]
"""Returns the rows of a batch that was encoded ahead."""


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
    """A delivery that a commit excludes, and why."""

    delivery: Delivery
    error: DestinationError | asyncpg.PostgresError
    ready: PreparedFlow | None = None

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

    @property
    def may_skip(self) -> bool:
        """Whether the delivery skips rejected events, and its error may concern some."""
        return (
            self.delivery.skip_rejected
            and self.data_rejected
            and not (isinstance(self.error, DestinationRejectedError) and self.error.index is None)
        )


def field_names(batches: tuple[Batch, ...]) -> frozenset[str]:
    """The names of all written fields in the batches."""
    return frozenset[str]().union(*(batch.written.names() for batch in batches))


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """A delivery whose table is ready, and the committed position, if any.

    `numbered_table` is the name of a staging table for numbered rows, if they are needed.
    """

    delivery: Delivery
    ready: PreparedFlow
    flow_position: FlowPosition | None
    numbered_table: str = ""

    @property
    def before(self) -> Position | None:
        """The position at which the delivery must begin, if known."""
        if self.delivery.accepted is not None:
            return self.delivery.accepted
        return None if self.flow_position is None else self.flow_position.position

    def accepted(self, errors: Sequence[DestinationRejectedError]) -> FlowPosition:
        """The position after the delivery without the events of these errors."""
        accepted = self.delivery.without([e.index for e in errors if e.index is not None])
        after = advance_position(self.before or Position(), accepted.batches)
        return FlowPosition(after, self.ready.found)

    def encoded_delivery(self, streams: Sequence[Bytes]) -> EncodedDelivery:
        """The delivery with its encoded rows."""
        after = advance_position(self.before or Position(), self.delivery.batches)
        return EncodedDelivery(
            self.delivery, self.ready, tuple(streams), FlowPosition(after, self.ready.found)
        )

    def failure(self, error: DestinationRejectedError | PositionLostError) -> DeliveryFailure:
        """The delivery with its error."""
        return DeliveryFailure(self.delivery, error, self.ready)


@dataclass(frozen=True, slots=True)
class NumberedGroup:
    """Deliveries to one table whose rows are inserted without those that the server rejects.

    `misfits` has the errors of events that have no row, as they do not fit the table, by delivery.
    """

    members: Sequence[PendingDelivery]
    rows: NumberedRows
    misfits: Sequence[Sequence[DestinationRejectedError]]

    @property
    def staging_table(self) -> str:
        """The name of its numbered staging table."""
        return self.members[0].numbered_table

    def errors(
        self, rejected_rows: Iterable[RejectedRow]
    ) -> list[tuple[PendingDelivery, list[DestinationRejectedError]]]:
        """Each delivery with the errors of its rejected events, in order."""
        errors = [list(each) for each in self.misfits]
        for each in rejected_rows:
            index = int(self.rows.index[each.row])
            errors[self.rows.delivery[each.row]].append(each.error(self.rows.mapping, index))
        for of_delivery in errors:
            of_delivery.sort(key=lambda error: error.index or 0)
        return list(zip(self.members, errors, strict=True))


def number_deliveries(pending_deliveries: Sequence[PendingDelivery]) -> list[NumberedGroup]:
    """Encodes the rows of deliveries; small ones of one mapping together."""
    groups = group_small_deliveries(
        pending_deliveries,
        lambda pending: pending.delivery,
        lambda pending: id(pending.ready.mapping),
    )
    return [
        NumberedGroup(
            group,
            *encode_numbered(
                group[0].ready.mapping, [pending.delivery.batches for pending in group]
            ),
        )
        for group in groups
    ]


def encode_deliveries(
    pending_deliveries: Iterable[PendingDelivery], ahead: EncodedAhead
) -> list[EncodedDelivery | DeliveryFailure]:
    """Encodes the rows of deliveries, except for those that were encoded `ahead`."""
    ready_to_encode: list[PendingDelivery] = []
    encoded_or_failed: list[EncodedDelivery | DeliveryFailure] = []
    for pending in pending_deliveries:
        if (lost := _position_lost(pending)) is None:
            ready_to_encode.append(pending)
        else:
            encoded_or_failed.append(pending.failure(lost))
    for group in group_small_deliveries(
        ready_to_encode, lambda pending: pending.delivery, lambda pending: id(pending.ready.mapping)
    ):
        encoded_or_failed += _encode_group(group, ahead)
    return encoded_or_failed


def _position_lost(pending: PendingDelivery) -> PositionLostError | None:
    first, before = pending.delivery.batches[0].first, pending.before
    if before is None or before.next == first:
        return None
    return PositionLostError(
        f"the delivery starts at event {first}, but the database's position is {before.next}"
    )


def _encode_group(
    group: Sequence[PendingDelivery], ahead: EncodedAhead
) -> list[EncodedDelivery | DeliveryFailure]:
    """Encodes deliveries together; if an event is rejected, one by one to find its flow."""
    if len(group) > 1:
        flows = [(pending.ready.number, pending.delivery.batches) for pending in group]
        try:
            streams = encode_merged(group[0].ready.mapping, flows)
        except DestinationRejectedError:
            pass
        else:
            return [o.encoded_delivery([stream]) for o, stream in zip(group, streams, strict=True)]
    return [_encode_one(pending, ahead) for pending in group]


def _encode_one(pending: PendingDelivery, ahead: EncodedAhead) -> EncodedDelivery | DeliveryFailure:
    ready, batches = pending.ready, pending.delivery.batches
    try:
        encoded = encode(ready.mapping, batches, ready.number, ahead)
        return pending.encoded_delivery(_streams(ready, encoded))
    except DestinationRejectedError as error:
        return pending.failure(error)


def _streams(ready: PreparedFlow, encoded: EncodedRows) -> list[Bytes]:
    if not len(encoded.index):
        return []
    return encoded.direct() if ready.mapping.direct else [encoded.staged_stream()]
