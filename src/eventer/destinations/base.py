"""What a destination promises to a shard: order, retries, acknowledgement, position.

One `ShardConnection` is one owner of one shard within one connection (one broker, one database).
It is used by one task at a time. Data and positions commit together; the destination, never the
caller's memory, says where to resume. After `UnknownOutcomeError`, `DestinationUnavailableError`
or `FencedError` the connection is spent: close it, make another, read the positions again. The one
exception is `TargetUnavailableError`: only the flow that was asked about has to wait.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from eventer.core.errors import DestinationError
from eventer.core.model import EventShape, Guarantee, Position, PositionKey, Target

if TYPE_CHECKING:
    from eventer.core.batch import Batch


@dataclass(frozen=True, slots=True)
class Flow:
    """A generator as its destination sees it: whose position, which target, what shape."""

    key: PositionKey
    target: Target
    shape: EventShape = field(default_factory=EventShape)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Consecutive batches of one flow, the first beginning at the committed position.

    Where that was lost, they begin at `accepted`, which counts in its place.
    """

    flow: Flow
    batches: tuple[Batch, ...]
    accepted: Position | None = None


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """The result of a commit by flow: the new positions, and the flows that were left out.

    `encoding_ns` is the time spent on encoding the events, including time before the commit;
    `waiting_ns` is the part of it for which the commit waited.
    """

    committed: Mapping[PositionKey, Position]
    rejected: Mapping[PositionKey, DestinationError] = field(default_factory=dict)
    encoding_ns: int = 0
    waiting_ns: int = 0


class ShardConnection(Protocol):
    """One owner of one shard of one connection. All methods may raise `DestinationError`s."""

    async def open(self) -> Guarantee:
        """Connects and fences every earlier owner; says what delivery can be promised.

        Raises:
            DestinationUnavailableError: not reachable; try again later with a new connection.
            DestinationRejectedError: refused by right or configuration.
        """

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        """The committed positions of those of `keys` that have one. Called after `open`."""

    async def check(self, flow: Flow) -> None:
        """Refuses what `prepare` would refuse, as far as can be told without making anything.

        Called after `open`, for flows that may never come into being.

        Raises:
            DestinationRejectedError: it never will as things stand; says why and what to do.
            DestinationUnavailableError: not reachable.
        """

    async def prepare(self, flow: Flow) -> None:
        """Makes sure that the flow's target exists and takes its events: topic, table, columns.

        Raises:
            DestinationRejectedError: it never will as things stand; says why and what to do.
            TargetUnavailableError: this target cannot be used now; others can.
            DestinationUnavailableError: not reachable.
        """

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """Takes notice of a batch that will be delivered after those before it, or dropped.

        It may be encoded beforehand. Does not wait, and raises nothing: what is wrong with the
        batch is for `deliver` to say.
        """

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        """Commits data and positions of all deliveries that can be, in one transaction.

        A flow whose data is refused, or whose target cannot be used now, is left out alone and
        named in `rejected`; nothing of it is visible and its position stands. Order within a flow
        is kept. When it returns, what is committed survives the death of this process.

        Raises:
            DestinationUnavailableError: nothing was committed; `suspects` says because of whom,
                where that is known.
            UnknownOutcomeError: it may have been; positions tell.
            FencedError: another owner took over; nothing was committed.
        """

    async def close(self) -> None:
        """Lets go of everything, without raising; an open transaction is aborted."""
