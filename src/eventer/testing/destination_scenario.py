"""The servers, flows and events of the conformance tests of destinations."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from eventer.core.batch import Batch
from eventer.core.errors import DestinationUnavailableError, UnknownOutcomeError
from eventer.core.model import (
    Column,
    ColumnType,
    EventShape,
    Guarantee,
    JsonValue,
    Position,
    PositionKey,
    Target,
)
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow, ShardConnection
from eventer.testing.batches import batch_of

SHAPE = EventShape(
    columns=(Column("n", ColumnType.BIGINT), Column("word", ColumnType.TEXT)),
    open=False,
    is_object=True,
)
"""The shape of `event(n)`."""


class Harness(Protocol):
    """A server under test. A test gives each target a unique name."""

    def connection(self, cluster: int, shard: int = 0) -> ShardConnection:
        """A new owner of a shard, not yet opened."""

    def target(self, name: str) -> Target:
        """A target that does not exist yet and accepts `event(n)`, in order."""


class DestinationHarness(Harness, Protocol):
    """A server under test. Without `rolls_back`, readers see the events of aborted commits."""

    guarantee: Guarantee
    rolls_back: bool

    def unreachable(self) -> ShardConnection:
        """A connection to an unused port; it gives up within seconds."""

    def rejecting(self, name: str) -> tuple[Target, JsonValue]:
        """A target that accepts `event(n)`, and an event with `n` = 0 that it rejects."""

    def steered(self, name: str) -> Target:
        """A target that does not exist yet and writes the field `row` without its `secret`.

        The key is the row's `n`, and the field `op` is the operation.
        """

    async def latest(self, target: Target) -> Sequence[JsonValue]:
        """The present row of each key of a steered target."""

    async def drop(self, target: Target) -> None:
        """Removes the target and its data, as an operator would."""

    async def read(self, target: Target) -> Sequence[JsonValue]:
        """All committed events of the target, in order of delivery or of `n`."""


H = TypeVar("H", bound=Harness)


def event(n: int) -> dict[str, JsonValue]:
    """An event that every destination accepts."""
    return {"n": n, "word": f"event {n} é\n"}


def events(first: int, count: int) -> list[JsonValue]:
    """The events [first, first + count)."""
    return [event(n) for n in range(first, first + count)]


def batch_of_events(first: int, count: int) -> Batch:
    """A batch of `events(first, count)`."""
    return batch_of(first, events(first, count))


def batches_with(
    bad: JsonValue, rejected: Collection[int], *ranges: tuple[int, int]
) -> tuple[Batch, ...]:
    """A batch per (first, count) of `event(n)`; those of the indices `rejected` are like `bad`."""
    assert isinstance(bad, dict)
    return tuple(
        batch_of(first, [bad | {"n": n} if n in rejected else event(n) for n in indices])
        for first, indices in ((first, range(first, first + count)) for first, count in ranges)
    )


def delivery_of(flow: Flow, first: int, *counts: int) -> Delivery:
    """Consecutive batches of `counts` events, from index `first` on."""
    starts = [first + sum(counts[:n]) for n in range(len(counts))]
    return Delivery(flow, tuple(map(batch_of_events, starts, counts)))


def next_indices(positions: Mapping[PositionKey, Position]) -> dict[PositionKey, int]:
    """The next index of each generator."""
    return {key: position.next for key, position in positions.items()}


async def position_of(connection: ShardConnection, flow: Flow) -> Position | None:
    """The committed position of a flow."""
    return (await connection.positions([flow.key])).get(flow.key)


class Scenario(Generic[H]):
    """The scope of a test: a cluster id, unique names, and connections that `close` closes."""

    def __init__(self, harness: H) -> None:
        self.harness = harness
        self.cluster = uuid.uuid4().int >> 64
        self._connections: list[ShardConnection] = []

    def name(self, stem: str = "target") -> str:
        """A unique name."""
        return f"{stem}_{uuid.uuid4().hex[:12]}"

    def flow(self, generator: int = 1, incarnation: int = 0, target: Target | None = None) -> Flow:
        """A flow into `target`, or else into a new target of its own."""
        key = PositionKey(self.cluster, generator, incarnation)
        return Flow(key, target or self.harness.target(self.name()), SHAPE)

    async def owner(self, *flows: Flow, shard: int = 0) -> ShardConnection:
        """Opens a new owner of a shard and prepares the flows."""
        connection = self.harness.connection(self.cluster, shard)
        self._connections.append(connection)
        await connection.open()
        for flow in flows:
            await connection.prepare(flow)
        return connection

    async def close(self) -> None:
        """Closes all connections."""
        for connection in self._connections:
            await connection.close()


class DeliveryScenario(Scenario[DestinationHarness]):
    """Deliveries, and what readers see of them."""

    async def deliver(
        self, owner: ShardConnection, deliveries: Sequence[Delivery]
    ) -> tuple[ShardConnection, DeliveryOutcome]:
        """Delivers as a shard does: a new owner retries if the connection becomes unusable."""
        try:
            return owner, await owner.deliver(deliveries)
        except (DestinationUnavailableError, UnknownOutcomeError):
            await owner.close()
        flows = [delivery.flow for delivery in deliveries]
        successor = await self.owner(*flows)
        found = await successor.positions([flow.key for flow in flows])
        for delivery in deliveries:
            position = found.get(delivery.flow.key, Position())
            assert position.next == delivery.batches[0].first, "nothing was committed"
        return successor, await successor.deliver(deliveries)

    async def shows(self, flow: Flow, first: int, count: int) -> bool:
        """Whether the flow's target holds exactly `events(first, count)`."""
        return list(await self.harness.read(flow.target)) == events(first, count)
