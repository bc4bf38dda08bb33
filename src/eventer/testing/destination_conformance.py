"""What every destination must do: subclass `DestinationConformance` and give it a `harness`.

    class TestKafka(DestinationConformance):
        @pytest.fixture
        def harness(self, kafka) -> DestinationHarness:
            return KafkaHarness(kafka)

The tests run against the real server. Features that a server lacks are declared: by the harness
(`MissingFeatures`) if a test must skip a check, by `test_… = None` in the subclass if the test
would prove nothing else.
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
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow, ShardConnection
from eventer.testing.batches import batch_of

SHAPE = EventShape(
    columns=(Column("n", ColumnType.BIGINT), Column("word", ColumnType.TEXT)),
    open=False,
    is_object=True,
)
"""The shape of `event(n)`."""


class MissingFeatures(enum.Flag):
    """What a server behind a destination is known not to do."""

    NOTHING = 0
    ROLLBACK = enum.auto()


class DestinationHarness(Protocol):
    """One server, as its conformance tests use it. Names given are unique to a test."""

    guarantee: Guarantee
    missing_features: MissingFeatures

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


def batch_of_events(first: int, count: int) -> Batch:
    """A batch of those events."""
    return batch_of(first, events(first, count))


class Scenario:
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
    ) -> tuple[ShardConnection, DeliveryOutcome]:
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


def expected_position(batches: Sequence[Batch]) -> Position:
    """The position after these batches, the first beginning at 0; partitions are not compared."""
    return Position(
        next=batches[-1].next,
        skipped=sum(batch.skipped for batch in batches),
        bytes=sum(batch.nbytes for batch in batches),
    )


def is_same_position(found: Position | None, wanted: Position) -> bool:
    """Whether two positions say the same, apart from partitions, which not every target has."""
    return found is not None and (found.next, found.skipped, found.bytes) == (
        wanted.next,
        wanted.skipped,
        wanted.bytes,
    )


class DestinationConformance:
    """The promises of `ShardConnection`, each a test."""

    @pytest.fixture
    async def scenario(self, harness: DestinationHarness):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a generator fixture
        """The test's corner; everything opened in it is closed after the test."""
        scenario = Scenario(harness)
        yield scenario
        await scenario.close()

    async def test_a_flow_without_deliveries_has_no_position(self, scenario: Scenario) -> None:
        """A new generator is unknown to its destination."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        assert await owner.positions([flow.key]) == {}
        assert await owner.positions([]) == {}

    async def test_events_arrive_whole_and_in_order(self, scenario: Scenario) -> None:
        """Several batches in one commit, then another commit."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        batches = (batch_of_events(0, 3), batch_of_events(3, 1), batch_of_events(4, 6))

        outcome = await owner.deliver([Delivery(flow, batches)])
        assert outcome.rejected == {}
        assert is_same_position(outcome.committed[flow.key], expected_position(batches))
        assert await scenario.shows(flow, 0, 10)

        more = (batch_of_events(10, 5),)
        outcome = await owner.deliver([Delivery(flow, more)])
        assert is_same_position(outcome.committed[flow.key], expected_position((*batches, *more)))
        assert await scenario.shows(flow, 0, 15)

    async def test_the_next_owner_finds_the_position(self, scenario: Scenario) -> None:
        """Data and position are there for whoever comes after, and delivery goes on."""
        flow = scenario.flow()
        first = await scenario.owner(flow)
        batches = (batch_of_events(0, 7),)
        committed = (await first.deliver([Delivery(flow, batches)])).committed[flow.key]
        await first.close()

        second = await scenario.owner(flow)
        assert await position_of(second, flow) == committed
        await second.deliver([Delivery(flow, (batch_of_events(7, 3),))])
        assert await scenario.shows(flow, 0, 10)

    async def test_flows_commit_together(self, scenario: Scenario) -> None:
        """Many generators of one shard, one of them twice as fast, some sharing a target."""
        flows = [scenario.flow(generator) for generator in range(1, 6)]
        shared = scenario.flow(99, target=flows[0].target)
        owner = await scenario.owner(*flows, shared)
        outcome = await owner.deliver(
            [Delivery(flow, (batch_of_events(0, 4),)) for flow in [*flows, shared]]
        )
        assert {key: at.next for key, at in outcome.committed.items()} == {
            flow.key: 4 for flow in [*flows, shared]
        }
        for flow in flows[1:]:
            assert await scenario.shows(flow, 0, 4)
        both = await scenario.harness.read(shared.target)
        assert sorted(map(str, both)) == sorted(map(str, events(0, 4) * 2))

    async def test_skipped_indices_are_passed_over(self, scenario: Scenario) -> None:
        """They emit nothing and count; a batch may have no row at all."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        batches = (
            batch_of(0, events(0, 5), skipped={0, 3}),
            batch_of(5, events(5, 3), skipped={5, 6, 7}),
        )
        outcome = await owner.deliver([Delivery(flow, batches)])
        assert is_same_position(outcome.committed[flow.key], expected_position(batches))
        assert outcome.committed[flow.key].skipped == 5
        assert list(await scenario.harness.read(flow.target)) == [event(1), event(2), event(4)]

    async def test_positions_are_kept_apart(self, scenario: Scenario) -> None:
        """Another incarnation and another cluster begin at 0; nobody else's position moves."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        await owner.deliver([Delivery(flow, (batch_of_events(0, 2),))])
        again = scenario.flow(incarnation=1, target=flow.target)
        stranger = PositionKey(scenario.cluster ^ 1, flow.key.generator, flow.key.incarnation)
        found = await owner.positions([flow.key, again.key, stranger])
        assert set(found) == {flow.key}

        await owner.deliver([Delivery(again, (batch_of_events(0, 1),))])
        found = await owner.positions([flow.key, again.key, stranger])
        assert {key: at.next for key, at in found.items()} == {flow.key: 2, again.key: 1}

    async def test_shards_do_not_disturb_each_other(self, scenario: Scenario) -> None:
        """Two owners of two shards, one connection each, at work in turns."""
        one, two = scenario.flow(1), scenario.flow(2)
        left = await scenario.owner(one, shard=0)
        right = await scenario.owner(two, shard=1)
        for first in (0, 5, 10):
            await left.deliver([Delivery(one, (batch_of_events(first, 5),))])
            await right.deliver([Delivery(two, (batch_of_events(first, 5),))])
        assert await scenario.shows(one, 0, 15)
        assert await scenario.shows(two, 0, 15)

    async def test_an_accepted_position_counts_in_place_of_the_committed_one(
        self, scenario: Scenario
    ) -> None:
        """Whoever has lost one is told where to go on."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        await owner.deliver([Delivery(flow, (batch_of_events(0, 3),))])
        accepted = Position(next=100, skipped=7, bytes=1_000)
        outcome = await owner.deliver([Delivery(flow, (batch_of_events(100, 2),), accepted)])
        position = outcome.committed[flow.key]
        assert (position.next, position.skipped) == (102, 7)
        assert position.bytes == 1_000 + batch_of_events(100, 2).nbytes
        await owner.deliver([Delivery(flow, (batch_of_events(102, 2),))])
        await owner.close()
        later = await scenario.owner(flow)
        assert (await later.positions([flow.key]))[flow.key].next == 104

    async def test_a_second_owner_fences_the_first(self, scenario: Scenario) -> None:
        """The first learns that it must stop, and nothing of its last attempt is visible."""
        flow = scenario.flow()
        first = await scenario.owner(flow)
        await first.deliver([Delivery(flow, (batch_of_events(0, 3),))])

        second = await scenario.owner(flow)
        with pytest.raises(FencedError):
            await first.deliver([Delivery(flow, (batch_of_events(3, 3),))])
        found = await position_of(second, flow)
        assert found is not None
        assert found.next == 3
        await second.deliver([Delivery(flow, (batch_of_events(3, 2),))])
        assert await scenario.shows(flow, 0, 5)

    async def test_a_refused_flow_is_left_out_alone(self, scenario: Scenario) -> None:
        """It is named with the event to blame; its position stands; the others are committed."""
        target, bad = scenario.harness.refusing(scenario.name())
        refused, fine = scenario.flow(1, target=target), scenario.flow(2)
        owner = await scenario.owner(refused, fine)
        await owner.deliver([Delivery(refused, (batch_of_events(0, 2),))])

        batches = (batch_of_events(2, 2), batch_of(4, [event(4), bad, event(6)]))
        outcome = await owner.deliver(
            [
                Delivery(refused, batches),
                Delivery(fine, (batch_of_events(0, 2), batch_of_events(2, 2))),
            ]
        )
        assert set(outcome.rejected) == {refused.key}
        assert getattr(outcome.rejected[refused.key], "index", None) == 5
        assert not outcome.rejected[refused.key].transient
        assert {key: at.next for key, at in outcome.committed.items()} == {fine.key: 4}
        assert await scenario.shows(fine, 0, 4)
        if MissingFeatures.ROLLBACK not in scenario.harness.missing_features:
            assert await scenario.shows(refused, 0, 2)
        found = await position_of(owner, refused)
        assert found is not None
        assert found.next == 2

    async def test_a_refused_small_delivery_does_not_affect_others(
        self, scenario: Scenario
    ) -> None:
        """Those that go together do not fall together; each keeps its own place."""
        target, bad = scenario.harness.refusing(scenario.name())
        flows = [scenario.flow(generator, target=target) for generator in range(1, 7)]
        owner = await scenario.owner(*flows)
        firsts = range(0, 30, 5)
        for flow, first in zip(flows, firsts, strict=True):
            accepted = Position(next=first)
            await owner.deliver([Delivery(flow, (batch_of_events(first, 2),), accepted)])
        batches = [
            (batch_of_events(first + 2, 1), batch_of_events(first + 3, 2)) for first in firsts
        ]
        batches[3] = (batch_of_events(17, 1), batch_of(18, [bad, event(19)]))
        pairs = zip(flows, batches, strict=True)
        outcome = await owner.deliver([Delivery(flow, each) for flow, each in pairs])
        assert set(outcome.rejected) == {flows[3].key}
        assert getattr(outcome.rejected[flows[3].key], "index", None) == 18
        assert {key: at.next for key, at in outcome.committed.items()} == {
            flow.key: first + 5
            for flow, first in zip(flows, firsts, strict=True)
            if flow is not flows[3]
        }
        if MissingFeatures.ROLLBACK not in scenario.harness.missing_features:
            await owner.deliver([Delivery(flows[3], (batch_of_events(17, 3),))])
            found = await scenario.harness.read(target)
            assert sorted(map(str, found)) == sorted(map(str, events(0, 30)))

    async def test_delivery_goes_on_after_a_refusal(self, scenario: Scenario) -> None:
        """The same connection delivers what comes next, of the refused flow too."""
        target, bad = scenario.harness.refusing(scenario.name())
        flow = scenario.flow(target=target)
        owner = await scenario.owner(flow)
        outcome = await owner.deliver([Delivery(flow, (batch_of(0, [event(0), bad]),))])
        assert set(outcome.rejected) == {flow.key}
        assert outcome.committed == {}
        await owner.deliver([Delivery(flow, (batch_of_events(0, 4),))])
        assert await scenario.shows(flow, 0, 4)

    async def test_prepare_is_idempotent(self, scenario: Scenario) -> None:
        """What exists is left as it is, by this owner and by the next."""
        flow = scenario.flow()
        owner = await scenario.owner(flow, flow)
        await owner.deliver([Delivery(flow, (batch_of_events(0, 2),))])
        await owner.prepare(flow)
        await owner.close()
        await scenario.owner(flow)
        assert await scenario.shows(flow, 0, 2)

    async def test_a_dropped_target_is_made_again(self, scenario: Scenario) -> None:
        """Dropped under a running generator: delivery goes on from its position."""
        flow, other = scenario.flow(1), scenario.flow(2)
        owner = await scenario.owner(flow, other)
        await owner.deliver(
            [Delivery(flow, (batch_of_events(0, 2),)), Delivery(other, (batch_of_events(0, 2),))]
        )
        await scenario.harness.drop(flow.target)
        _, outcome = await scenario.deliver(
            owner,
            [Delivery(flow, (batch_of_events(2, 3),)), Delivery(other, (batch_of_events(2, 3),))],
        )
        assert {key: at.next for key, at in outcome.committed.items()} == {
            flow.key: 5,
            other.key: 5,
        }
        assert await scenario.shows(flow, 2, 3)
        assert await scenario.shows(other, 0, 5)

    async def test_a_large_batch_arrives_whole(self, scenario: Scenario) -> None:
        """As many events as a batch may have, twice in one commit."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        await owner.deliver(
            [Delivery(flow, (batch_of_events(0, 10_000), batch_of_events(10_000, 10_000)))]
        )
        assert await scenario.shows(flow, 0, 20_000)

    async def test_batches_encoded_ahead_arrive_as_others_do(self, scenario: Scenario) -> None:
        """Whether they are delivered next, later or never; those between them are not ahead."""
        flow, stranger = scenario.flow(1), scenario.flow(2)
        owner = await scenario.owner(flow)
        batches = tuple(batch_of_events(first, 300) for first in range(0, 1_500, 300))
        owner.encode_ahead(stranger, batch_of_events(0, 300))
        owner.encode_ahead(flow, batch_of(0, events(7_000, 300)))
        for batch in (batches[0], batches[1], batches[3], batches[4]):
            owner.encode_ahead(flow, batch)
        for some in (batches[:4], batches[4:]):
            assert not (await owner.deliver([Delivery(flow, some)])).rejected
        assert await scenario.shows(flow, 0, 1_500)

    async def test_an_event_refused_ahead_is_named(self, scenario: Scenario) -> None:
        """As it would be otherwise; nothing is said before it is delivered."""
        target, bad = scenario.harness.refusing(scenario.name())
        flow = scenario.flow(target=target)
        owner = await scenario.owner(flow)
        batches = (
            batch_of_events(0, 300),
            batch_of(300, [*events(300, 250), bad, *events(551, 49)]),
        )
        for batch in batches:
            owner.encode_ahead(flow, batch)
        outcome = await owner.deliver([Delivery(flow, batches)])
        assert getattr(outcome.rejected[flow.key], "index", None) == 550

    async def test_an_unreachable_server_is_unavailable(self, scenario: Scenario) -> None:
        """It says so, as something that may pass, and closing is quiet."""
        connection = scenario.harness.unreachable()
        with pytest.raises(DestinationUnavailableError) as caught:
            await connection.open()
        assert caught.value.transient
        await connection.close()

    async def test_closing_is_quiet(self, scenario: Scenario) -> None:
        """Never opened, or closed already."""
        await scenario.harness.connection(scenario.cluster).close()
        owner = await scenario.owner()
        await owner.close()
        await owner.close()

    @pytest.mark.parametrize("seed", range(3))
    async def test_random_histories_deliver_every_event_once(
        self, scenario: Scenario, seed: int
    ) -> None:
        """Deliveries of random sizes, owners that close or are followed while still open."""
        rng = random.Random(seed)  # noqa: S311 - makes test cases
        flows = [scenario.flow(generator) for generator in range(1, 4)]
        expected: dict[PositionKey, int] = {}
        owner = await scenario.owner(*flows)
        for _ in range(12):
            if rng.random() < 0.25:
                owner = await self._successor(scenario, owner, flows, rng)
            due = rng.sample(flows, rng.randint(1, len(flows)))
            deliveries = [_next_of(flow, expected, rng) for flow in due]
            for flow, batch in ((d.flow, batch) for d in deliveries for batch in d.batches):
                if rng.random() < 0.5:
                    owner.encode_ahead(flow, batch)
            await owner.deliver(deliveries)
        await self._check(scenario, owner, flows, expected)

    async def _successor(
        self, scenario: Scenario, owner: ShardConnection, flows: Sequence[Flow], rng: random.Random
    ) -> ShardConnection:
        if rng.random() < 0.5:
            await owner.close()
        return await scenario.owner(*flows)

    async def _check(
        self,
        scenario: Scenario,
        owner: ShardConnection,
        flows: Sequence[Flow],
        expected: Mapping[PositionKey, int],
    ) -> None:
        found = await owner.positions([flow.key for flow in flows])
        assert {key: at.next for key, at in found.items()} == dict(expected)
        for flow in flows:
            assert await scenario.shows(flow, 0, expected.get(flow.key, 0))


def _next_of(flow: Flow, expected: dict[PositionKey, int], rng: random.Random) -> Delivery:
    """The next events of a flow, in one to three batches; takes note of how far they go."""
    batches = []
    for _ in range(rng.randint(1, 3)):
        first = expected.get(flow.key, 0)
        batches.append(batch_of_events(first, rng.randint(1, 300)))
        expected[flow.key] = batches[-1].next
    return Delivery(flow, tuple(batches))
