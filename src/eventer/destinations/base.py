"""The contract of a destination: order, retries, acknowledgement, position.

A `ShardConnection` is one owner of one shard within one connection (a broker, a database). One
task uses it at a time. Data and positions commit together, and the destination's position says
where to resume. After `UnknownOutcomeError`, `DestinationUnavailableError` or `FencedError` the
connection is unusable: close it, open a new one and read the positions. `TargetUnavailableError`
is the exception: only the flow of that call has to wait.

**Rejected events.** A destination rejects an event that it would reject again: a value that does
not fit, a violated constraint, a record that is too large. `Delivery.skip_rejected` says what
follows, per flow:

- Without it, the flow commits nothing of this delivery. `DeliveryOutcome.rejected` has the error of
  its first rejected event, with the `index`. The caller delivers the events before it again.
- With it, the connection finds all rejected events of the delivery, leaves them out and commits the
  others, with a position that counts the rejected ones as skipped. `DeliveryOutcome.skipped` has an
  error for each, with its `index`. `Delivery.without` makes the delivery that is committed: its
  rows, its position and what is recorded for an audit are then those of a delivery in which these
  indices emit nothing. The number of round trips must not grow with the number of rejected events:
  find all that can be found before a transaction, and all of a transaction at once. If a
  transaction fails for another reason, remember within the call of `deliver` what is known to be
  rejected. An event that is nevertheless named in `rejected` is left out when the caller delivers
  again.

An error that concerns no event, such as a missing right, is in `rejected` in both cases, without an
`index`: it never makes events disappear.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from eventer.core.errors import DestinationError, DestinationRejectedError
from eventer.core.model import (
    EventShape,
    GeneratorSpec,
    Guarantee,
    Position,
    PositionKey,
    Target,
)

if TYPE_CHECKING:
    from eventer.core.batch import Batch


@dataclass(frozen=True, slots=True)
class Flow:
    """A generator as its destination knows it: key of the position, target and shape.

    `has_cursor`: its events are steps of timelines, whose positions have a cursor.
    """

    key: PositionKey
    target: Target
    shape: EventShape = field(default_factory=EventShape)
    has_cursor: bool = False

    @classmethod
    def of(cls, key: PositionKey, spec: GeneratorSpec) -> Flow:
        """The flow of a generator."""
        return cls(key, spec.target, spec.shape, spec.timeline is not None)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Consecutive batches of one flow, from the committed position on.

    If that position was lost, `accepted` replaces it. `skip_rejected`: events that the destination
    rejects are left out, and the others are committed.
    """

    flow: Flow
    batches: tuple[Batch, ...]
    accepted: Position | None = None
    skip_rejected: bool = False

    def without(self, indices: Collection[int]) -> Delivery:
        """The delivery with these indices skipped. It covers the same range of indices."""
        if not indices:
            return self
        return replace(self, batches=tuple(batch.without(indices) for batch in self.batches))


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """The result of a commit: the new positions, and the errors of the flows that it excludes.

    `skipped` has the rejected events that the committed flows left out: an error for each, with its
    `index`, ascending. Only deliveries with `skip_rejected` have any.

    `encoding_ns` is the time spent on encoding the events, including time before the commit;
    `waiting_ns` is the part of it for which the commit waited.
    """

    committed: Mapping[PositionKey, Position]
    rejected: Mapping[PositionKey, DestinationError] = field(default_factory=dict)
    encoding_ns: int = 0
    waiting_ns: int = 0
    skipped: Mapping[PositionKey, Sequence[DestinationRejectedError]] = field(default_factory=dict)


class ShardConnection(Protocol):
    """One owner of one shard of one connection. Every method may raise a `DestinationError`."""

    async def open(self) -> Guarantee:
        """Connects and fences every earlier owner; returns the guarantee of its deliveries.

        Raises:
            DestinationUnavailableError: the server is unreachable.
            DestinationRejectedError: privileges or settings do not permit it.
        """

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        """The committed positions, without keys that have none. Call it after `open`."""

    async def check(self, flow: Flow) -> None:
        """Raises the errors of `prepare` that can be predicted without creating anything.

        Call it after `open`, also for flows that are never added.

        Raises:
            DestinationRejectedError: the target does not accept the flow.
            DestinationUnavailableError: the server is unreachable.
        """

    async def prepare(self, flow: Flow) -> None:
        """Creates the missing parts of the flow's target: topic, table, columns.

        Raises:
            DestinationRejectedError: the target does not accept the flow.
            TargetUnavailableError: this target is unusable for now; others are not.
            DestinationUnavailableError: the server is unreachable.
        """

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """Announces a batch that the caller will deliver later, or drop.

        The connection may encode it meanwhile. Does not wait and raises nothing: `deliver` reports
        the errors of the batch.
        """

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        """Commits the data and positions of the deliveries in one transaction, durably.

        Excludes a flow if its data is rejected or its target is unusable, and reports it in
        `rejected`: its position does not move and its events are not visible. A flow with
        `skip_rejected` is committed without its rejected events instead, which are reported in
        `skipped`. The order within a flow is kept.

        Raises:
            DestinationUnavailableError: nothing was committed; `suspects` are the flows that
                caused it, if known.
            UnknownOutcomeError: the commit may have succeeded: read the positions.
            FencedError: another owner took over; nothing was committed.
        """

    async def close(self) -> None:
        """Aborts an open transaction and closes the connection. Raises nothing."""
