"""From deliveries to shipments: what is copied is made before the transaction is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError, PositionLostError
from eventer.core.model import Position
from eventer.destinations.base import Delivery
from eventer.destinations.console import advance
from eventer.destinations.joint import grouped
from eventer.destinations.postgres.encode import Encoded, Part, encode, encode_joint
from eventer.destinations.postgres.flows import ReadyFlow
from eventer.destinations.postgres.position import Stand
from eventer.destinations.postgres.shipment import Failure, Shipment
from eventer.kernels.pgcopy import Octets

Ahead: TypeAlias = Callable[[Batch], Part | None]
"""What was made of a batch beforehand."""


@dataclass(frozen=True, slots=True)
class Order:
    """A delivery whose table is ready, and where its generator stands, if it has begun."""

    delivery: Delivery
    ready: ReadyFlow
    stand: Stand | None

    @property
    def before(self) -> Position | None:
        """Where the delivery has to begin, if that is known."""
        if self.delivery.accepted is not None:
            return self.delivery.accepted
        return None if self.stand is None else self.stand.position

    def shipment(self, streams: Sequence[Octets]) -> Shipment:
        """The delivery encoded."""
        after = advance(self.before or Position(), self.delivery.batches)
        return Shipment(self.delivery, self.ready, tuple(streams), Stand(after, self.ready.found))

    def failure(self, error: DestinationRejectedError | PositionLostError) -> Failure:
        """The delivery refused."""
        return Failure(self.delivery, error, self.ready)


def load(orders: Iterable[Order], ahead: Ahead) -> list[Shipment | Failure]:
    """Encodes deliveries; takes the time of reading every field, but for what was read `ahead`."""
    fitting: list[Order] = []
    loaded: list[Shipment | Failure] = []
    for order in orders:
        if (lost := _lost(order)) is None:
            fitting.append(order)
        else:
            loaded.append(order.failure(lost))
    for group in grouped(fitting, lambda order: order.delivery, lambda order: id(order.ready.plan)):
        loaded += _load_group(group, ahead)
    return loaded


def _lost(order: Order) -> PositionLostError | None:
    first, before = order.delivery.batches[0].first, order.before
    if before is None or before.next == first:
        return None
    return PositionLostError(
        f"the delivery begins at event {first}, and the database stands at {before.next}"
    )


def _load_group(group: Sequence[Order], ahead: Ahead) -> list[Shipment | Failure]:
    """Together where that can be; where an event is refused, one by one, to find whose it is."""
    if len(group) > 1:
        flows = [(order.ready.number, order.delivery.batches) for order in group]
        try:
            streams = encode_joint(group[0].ready.plan, flows)
        except DestinationRejectedError:
            pass
        else:
            return [o.shipment([stream]) for o, stream in zip(group, streams, strict=True)]
    return [_load(order, ahead) for order in group]


def _load(order: Order, ahead: Ahead) -> Shipment | Failure:
    ready, batches = order.ready, order.delivery.batches
    try:
        encoded = encode(ready.plan, batches, ready.number, ahead)
        return order.shipment(_streams(ready, encoded))
    except DestinationRejectedError as error:
        return order.failure(error)


def _streams(ready: ReadyFlow, encoded: Encoded) -> list[Octets]:
    if not len(encoded.index):
        return []
    return encoded.direct() if ready.plan.direct else [encoded.staged()]
