"""What every destination must do: subclass `DestinationConformance` and give it a `harness`.

    class TestKafka(DestinationConformance):
        @pytest.fixture
        def harness(self, kafka) -> DestinationHarness:
            return KafkaHarness(kafka)

The tests run against the real server. What a server cannot do is declared: by the harness where
a test has to look away (`Lacks`), by `test_… = None` in the subclass where it proves nothing else.
"""

from __future__ import annotations

import enum
import random
import uuid
from collections.abc import Mapping, Sequence
from typing import Protocol

import pytest

from eventer.core.batch import Batch
from eventer.core.errors import DestinationUnavailableError, FencedError, UnknownOutcomeError
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
from eventer.destinations.base import Delivery, Flow, Outcome, ShardConnection
from eventer.testing.batches import batch_of

SHAPE = EventShape(
    columns=(Column("n", ColumnType.BIGINT), Column("word", ColumnType.TEXT)),
    open=False,
    is_object=True,
)
"""The shape of `event(n)`."""


class Lacks(enum.Flag):
    """What a server behind a destination is known not to do."""

    NOTHING = 0
    ROLLBACK = enum.auto()


class DestinationHarness(Protocol):
    """One server, as its conformance tests use it. Names given are unique to a test."""

    guarantee: Guarantee
    lacks: Lacks

    def connection(self, cluster: int, shard: int = 0) -> ShardConnection:
        """A new owner of a shard, not yet opened."""

    def unreachable(self) -> ShardConnection:
        """A connection to where nobody listens, that gives up within seconds."""

    def target(self, name: str) -> Target:
        """A target that does not exist yet and takes `event(n)`, in order."""

    def refusing(self, name: str) -> tuple[Target, JsonValue]:
        """A target that takes `event(n)`, and an event with `n` = 0 that it refuses."""

    async def drop(self, target: Target) -> None:
        """Removes the target and its data, as an operator would."""

    async def read(self, target: Target) -> Sequence[JsonValue]:
        """Everything in the target that is committed, in order of delivery or of `n`."""


def event(n: int) -> dict[str, JsonValue]:
    """An event that every destination takes."""
    return {"n": n, "word": f"event {n} é\n"}


def events(first: int, count: int) -> list[JsonValue]:
    """The events [first, first + count)."""
    return [event(n) for n in range(first, first + count)]


def made(first: int, count: int) -> Batch:
    """A batch of those events."""
    return batch_of(first, events(first, count))


class Scene:
    """A test's own corner of the server: a cluster id, names, flows, connections to close."""

    def __init__(self, harness: DestinationHarness) -> None:
        self.harness = harness
        self.cluster = uuid.uuid4().int >> 64
        self._connections: list[ShardConnection] = []

    def name(self, stem: str = "target") -> str:
        """A name that no other test uses."""
        return f"{stem}_{uuid.uuid4().hex[:12]}"

    def flow(self, generator: int = 1, incarnation: int = 0, target: Target | None = None) -> Flow:
        """A flow of this corner, into a target of its own unless one is given."""
        key = PositionKey(self.cluster, generator, incarnation)
        return Flow(key, target or self.harness.target(self.name()), SHAPE)

    async def owner(self, *flows: Flow, shard: int = 0) -> ShardConnection:
        """A new owner of a shard, opened, with the flows prepared."""
        connection = self.harness.connection(self.cluster, shard)
        self._connections.append(connection)
        assert await connection.open() == self.harness.guarantee
        for flow in flows:
            await connection.prepare(flow)
        return connection

    async def deliver(
        self, owner: ShardConnection, deliveries: Sequence[Delivery]
    ) -> tuple[ShardConnection, Outcome]:
        """Delivers as a shard does: a spent owner is followed by another, from the position."""
        try:
            return owner, await owner.deliver(deliveries)
        except (DestinationUnavailableError, UnknownOutcomeError):
            await owner.close()
        flows = [delivery.flow for delivery in deliveries]
        successor = await self.owner(*flows)
        found = await successor.positions([flow.key for flow in flows])
        for delivery in deliveries:
            at = found.get(delivery.flow.key, Position())
            assert at.next == delivery.batches[0].first, "nothing of it was committed"
        return successor, await successor.deliver(deliveries)

    async def close(self) -> None:
        """Closes what was opened."""
        for connection in self._connections:
            await connection.close()

    async def shows(self, flow: Flow, first: int, count: int) -> bool:
        """Whether the flow's target holds exactly the events [first, first + count)."""
        return list(await self.harness.read(flow.target)) == events(first, count)


async def position_of(connection: ShardConnection, flow: Flow) -> Position | None:
    """Where a flow stands by its destination."""
    return (await connection.positions([flow.key])).get(flow.key)


def total(batches: Sequence[Batch]) -> Position:
    """The position after these batches, the first beginning at 0; partitions are not compared."""
    return Position(
        next=batches[-1].next,
        skipped=sum(batch.skipped for batch in batches),
        bytes=sum(batch.nbytes for batch in batches),
    )


def same(found: Position | None, wanted: Position) -> bool:
    """Whether two positions say the same, apart from partitions, which not every target has."""
    return found is not None and (found.next, found.skipped, found.bytes) == (
        wanted.next,
        wanted.skipped,
        wanted.bytes,
    )


class DestinationConformance:
    """The promises of `ShardConnection`, each a test."""

    @pytest.fixture
    async def scene(self, harness: DestinationHarness):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a generator fixture
        """The test's corner; everything opened in it is closed after the test."""
        scene = Scene(harness)
        yield scene
        await scene.close()

    async def test_what_was_never_delivered_has_no_position(self, scene: Scene) -> None:
        """A new generator is unknown to its destination."""
        flow = scene.flow()
        owner = await scene.owner(flow)
        assert await owner.positions([flow.key]) == {}
        assert await owner.positions([]) == {}

    async def test_events_arrive_whole_and_in_order(self, scene: Scene) -> None:
        """Several batches in one commit, then another commit."""
        flow = scene.flow()
        owner = await scene.owner(flow)
        batches = (made(0, 3), made(3, 1), made(4, 6))

        outcome = await owner.deliver([Delivery(flow, batches)])
        assert outcome.rejected == {}
        assert same(outcome.committed[flow.key], total(batches))
        assert await scene.shows(flow, 0, 10)

        more = (made(10, 5),)
        outcome = await owner.deliver([Delivery(flow, more)])
        assert same(outcome.committed[flow.key], total((*batches, *more)))
        assert await scene.shows(flow, 0, 15)

    async def test_the_next_owner_finds_the_position(self, scene: Scene) -> None:
        """Data and position are there for whoever comes after, and delivery goes on."""
        flow = scene.flow()
        first = await scene.owner(flow)
        batches = (made(0, 7),)
        committed = (await first.deliver([Delivery(flow, batches)])).committed[flow.key]
        await first.close()

        second = await scene.owner(flow)
        assert await position_of(second, flow) == committed
        await second.deliver([Delivery(flow, (made(7, 3),))])
        assert await scene.shows(flow, 0, 10)

    async def test_flows_commit_together(self, scene: Scene) -> None:
        """Many generators of one shard, one of them twice as fast, some sharing a target."""
        flows = [scene.flow(generator) for generator in range(1, 6)]
        shared = scene.flow(99, target=flows[0].target)
        owner = await scene.owner(*flows, shared)
        outcome = await owner.deliver([Delivery(flow, (made(0, 4),)) for flow in [*flows, shared]])
        assert {key: at.next for key, at in outcome.committed.items()} == {
            flow.key: 4 for flow in [*flows, shared]
        }
        for flow in flows[1:]:
            assert await scene.shows(flow, 0, 4)
        both = await scene.harness.read(shared.target)
        assert sorted(map(str, both)) == sorted(map(str, events(0, 4) * 2))

    async def test_skipped_indices_are_passed_over(self, scene: Scene) -> None:
        """They emit nothing and count; a batch may have no row at all."""
        flow = scene.flow()
        owner = await scene.owner(flow)
        batches = (
            batch_of(0, events(0, 5), skipped={0, 3}),
            batch_of(5, events(5, 3), skipped={5, 6, 7}),
        )
        outcome = await owner.deliver([Delivery(flow, batches)])
        assert same(outcome.committed[flow.key], total(batches))
        assert outcome.committed[flow.key].skipped == 5
        assert list(await scene.harness.read(flow.target)) == [event(1), event(2), event(4)]

    async def test_positions_are_kept_apart(self, scene: Scene) -> None:
        """Another incarnation and another cluster begin at 0; nobody else's position moves."""
        flow = scene.flow()
        owner = await scene.owner(flow)
        await owner.deliver([Delivery(flow, (made(0, 2),))])
        again = scene.flow(incarnation=1, target=flow.target)
        stranger = PositionKey(scene.cluster ^ 1, flow.key.generator, flow.key.incarnation)
        found = await owner.positions([flow.key, again.key, stranger])
        assert set(found) == {flow.key}

        await owner.deliver([Delivery(again, (made(0, 1),))])
        found = await owner.positions([flow.key, again.key, stranger])
        assert {key: at.next for key, at in found.items()} == {flow.key: 2, again.key: 1}

    async def test_shards_do_not_disturb_each_other(self, scene: Scene) -> None:
        """Two owners of two shards, one connection each, at work in turns."""
        one, two = scene.flow(1), scene.flow(2)
        left = await scene.owner(one, shard=0)
        right = await scene.owner(two, shard=1)
        for first in (0, 5, 10):
            await left.deliver([Delivery(one, (made(first, 5),))])
            await right.deliver([Delivery(two, (made(first, 5),))])
        assert await scene.shows(one, 0, 15)
        assert await scene.shows(two, 0, 15)

    async def test_an_accepted_position_counts_in_place_of_the_committed_one(
        self, scene: Scene
    ) -> None:
        """Whoever has lost one is told where to go on."""
        flow = scene.flow()
        owner = await scene.owner(flow)
        await owner.deliver([Delivery(flow, (made(0, 3),))])
        accepted = Position(next=100, skipped=7, bytes=1_000)
        outcome = await owner.deliver([Delivery(flow, (made(100, 2),), accepted)])
        position = outcome.committed[flow.key]
        assert (position.next, position.skipped) == (102, 7)
        assert position.bytes == 1_000 + made(100, 2).nbytes
        await owner.deliver([Delivery(flow, (made(102, 2),))])
        await owner.close()
        later = await scene.owner(flow)
        assert (await later.positions([flow.key]))[flow.key].next == 104

    async def test_a_second_owner_fences_the_first(self, scene: Scene) -> None:
        """The first learns that it must stop, and nothing of its last attempt is visible."""
        flow = scene.flow()
        first = await scene.owner(flow)
        await first.deliver([Delivery(flow, (made(0, 3),))])

        second = await scene.owner(flow)
        with pytest.raises(FencedError):
            await first.deliver([Delivery(flow, (made(3, 3),))])
        found = await position_of(second, flow)
        assert found is not None
        assert found.next == 3
        await second.deliver([Delivery(flow, (made(3, 2),))])
        assert await scene.shows(flow, 0, 5)

    async def test_a_refused_flow_is_left_out_alone(self, scene: Scene) -> None:
        """It is named with the event to blame; its position stands; the others are committed."""
        target, bad = scene.harness.refusing(scene.name())
        refused, fine = scene.flow(1, target=target), scene.flow(2)
        owner = await scene.owner(refused, fine)
        await owner.deliver([Delivery(refused, (made(0, 2),))])

        batches = (made(2, 2), batch_of(4, [event(4), bad, event(6)]))
        outcome = await owner.deliver(
            [Delivery(refused, batches), Delivery(fine, (made(0, 2), made(2, 2)))]
        )
        assert set(outcome.rejected) == {refused.key}
        assert getattr(outcome.rejected[refused.key], "index", None) == 5
        assert not outcome.rejected[refused.key].transient
        assert {key: at.next for key, at in outcome.committed.items()} == {fine.key: 4}
        assert await scene.shows(fine, 0, 4)
        if Lacks.ROLLBACK not in scene.harness.lacks:
            assert await scene.shows(refused, 0, 2)
        found = await position_of(owner, refused)
        assert found is not None
        assert found.next == 2

    async def test_of_small_deliveries_to_one_target_one_is_refused_alone(
        self, scene: Scene
    ) -> None:
        """Those that go together do not fall together; each keeps its own place."""
        target, bad = scene.harness.refusing(scene.name())
        flows = [scene.flow(generator, target=target) for generator in range(1, 7)]
        owner = await scene.owner(*flows)
        firsts = range(0, 30, 5)
        for flow, first in zip(flows, firsts, strict=True):
            accepted = Position(next=first)
            await owner.deliver([Delivery(flow, (made(first, 2),), accepted)])
        batches = [(made(first + 2, 1), made(first + 3, 2)) for first in firsts]
        batches[3] = (made(17, 1), batch_of(18, [bad, event(19)]))
        pairs = zip(flows, batches, strict=True)
        outcome = await owner.deliver([Delivery(flow, each) for flow, each in pairs])
        assert set(outcome.rejected) == {flows[3].key}
        assert getattr(outcome.rejected[flows[3].key], "index", None) == 18
        assert {key: at.next for key, at in outcome.committed.items()} == {
            flow.key: first + 5
            for flow, first in zip(flows, firsts, strict=True)
            if flow is not flows[3]
        }
        if Lacks.ROLLBACK not in scene.harness.lacks:
            await owner.deliver([Delivery(flows[3], (made(17, 3),))])
            found = await scene.harness.read(target)
            assert sorted(map(str, found)) == sorted(map(str, events(0, 30)))

    async def test_delivery_goes_on_after_a_refusal(self, scene: Scene) -> None:
        """The same connection delivers what comes next, of the refused flow too."""
        target, bad = scene.harness.refusing(scene.name())
        flow = scene.flow(target=target)
        owner = await scene.owner(flow)
        outcome = await owner.deliver([Delivery(flow, (batch_of(0, [event(0), bad]),))])
        assert set(outcome.rejected) == {flow.key}
        assert outcome.committed == {}
        await owner.deliver([Delivery(flow, (made(0, 4),))])
        assert await scene.shows(flow, 0, 4)

    async def test_prepare_twice_is_once(self, scene: Scene) -> None:
        """What exists is left as it is, by this owner and by the next."""
        flow = scene.flow()
        owner = await scene.owner(flow, flow)
        await owner.deliver([Delivery(flow, (made(0, 2),))])
        await owner.prepare(flow)
        await owner.close()
        await scene.owner(flow)
        assert await scene.shows(flow, 0, 2)

    async def test_a_dropped_target_is_made_again(self, scene: Scene) -> None:
        """Dropped under a running generator: delivery goes on from its position."""
        flow, other = scene.flow(1), scene.flow(2)
        owner = await scene.owner(flow, other)
        await owner.deliver([Delivery(flow, (made(0, 2),)), Delivery(other, (made(0, 2),))])
        await scene.harness.drop(flow.target)
        _, outcome = await scene.deliver(
            owner, [Delivery(flow, (made(2, 3),)), Delivery(other, (made(2, 3),))]
        )
        assert {key: at.next for key, at in outcome.committed.items()} == {
            flow.key: 5,
            other.key: 5,
        }
        assert await scene.shows(flow, 2, 3)
        assert await scene.shows(other, 0, 5)

    async def test_a_large_batch_arrives_whole(self, scene: Scene) -> None:
        """As many events as a batch may have, twice in one commit."""
        flow = scene.flow()
        owner = await scene.owner(flow)
        await owner.deliver([Delivery(flow, (made(0, 10_000), made(10_000, 10_000)))])
        assert await scene.shows(flow, 0, 20_000)

    async def test_batches_encoded_ahead_arrive_as_others_do(self, scene: Scene) -> None:
        """Whether they are delivered next, later or never; those between them are not ahead."""
        flow, stranger = scene.flow(1), scene.flow(2)
        owner = await scene.owner(flow)
        batches = tuple(made(first, 300) for first in range(0, 1_500, 300))
        owner.encode_ahead(stranger, made(0, 300))
        owner.encode_ahead(flow, batch_of(0, events(7_000, 300)))
        for batch in (batches[0], batches[1], batches[3], batches[4]):
            owner.encode_ahead(flow, batch)
        for some in (batches[:4], batches[4:]):
            assert not (await owner.deliver([Delivery(flow, some)])).rejected
        assert await scene.shows(flow, 0, 1_500)

    async def test_an_event_refused_ahead_is_named(self, scene: Scene) -> None:
        """As it would be otherwise; nothing is said before it is delivered."""
        target, bad = scene.harness.refusing(scene.name())
        flow = scene.flow(target=target)
        owner = await scene.owner(flow)
        batches = (made(0, 300), batch_of(300, [*events(300, 250), bad, *events(551, 49)]))
        for batch in batches:
            owner.encode_ahead(flow, batch)
        outcome = await owner.deliver([Delivery(flow, batches)])
        assert getattr(outcome.rejected[flow.key], "index", None) == 550

    async def test_nobody_listening_is_unavailable(self, scene: Scene) -> None:
        """It says so, as something that may pass, and closing is quiet."""
        connection = scene.harness.unreachable()
        with pytest.raises(DestinationUnavailableError) as caught:
            await connection.open()
        assert caught.value.transient
        await connection.close()

    async def test_closing_is_quiet(self, scene: Scene) -> None:
        """Never opened, or closed already."""
        await scene.harness.connection(scene.cluster).close()
        owner = await scene.owner()
        await owner.close()
        await owner.close()

    @pytest.mark.parametrize("seed", range(3))
    async def test_any_history_leaves_every_event_once(self, scene: Scene, seed: int) -> None:
        """Deliveries of random sizes, owners that close or are followed while still open."""
        rng = random.Random(seed)  # noqa: S311 - makes test cases
        flows = [scene.flow(generator) for generator in range(1, 4)]
        expected: dict[PositionKey, int] = {}
        owner = await scene.owner(*flows)
        for _ in range(12):
            if rng.random() < 0.25:
                owner = await self._successor(scene, owner, flows, rng)
            due = rng.sample(flows, rng.randint(1, len(flows)))
            deliveries = [_next_of(flow, expected, rng) for flow in due]
            for flow, batch in ((d.flow, batch) for d in deliveries for batch in d.batches):
                if rng.random() < 0.5:
                    owner.encode_ahead(flow, batch)
            await owner.deliver(deliveries)
        await self._check(scene, owner, flows, expected)

    async def _successor(
        self, scene: Scene, owner: ShardConnection, flows: Sequence[Flow], rng: random.Random
    ) -> ShardConnection:
        if rng.random() < 0.5:
            await owner.close()
        return await scene.owner(*flows)

    async def _check(
        self,
        scene: Scene,
        owner: ShardConnection,
        flows: Sequence[Flow],
        expected: Mapping[PositionKey, int],
    ) -> None:
        found = await owner.positions([flow.key for flow in flows])
        assert {key: at.next for key, at in found.items()} == dict(expected)
        for flow in flows:
            assert await scene.shows(flow, 0, expected.get(flow.key, 0))


def _next_of(flow: Flow, expected: dict[PositionKey, int], rng: random.Random) -> Delivery:
    """The next events of a flow, in one to three batches; takes note of how far they go."""
    batches = []
    for _ in range(rng.randint(1, 3)):
        first = expected.get(flow.key, 0)
        batches.append(made(first, rng.randint(1, 300)))
        expected[flow.key] = batches[-1].next
    return Delivery(flow, tuple(batches))
