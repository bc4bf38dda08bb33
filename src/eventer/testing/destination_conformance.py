"""The tests that every destination must pass: subclass `DestinationConformance`.

    class TestKafka(DestinationConformance):
        @pytest.fixture
        def harness(self, kafka) -> DestinationHarness:
            return KafkaHarness(kafka)

The tests run against the real server. A subclass removes a test that its server cannot pass:
`test_… = None`.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from itertools import chain

import pytest

from eventer.core.errors import DestinationUnavailableError, FencedError
from eventer.core.model import Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.testing.batches import batch_of
from eventer.testing.destination_scenario import (
    DeliveryScenario,
    DestinationHarness,
    batch_of_events,
    delivery_of,
    event,
    events,
    next_indices,
    position_of,
)
from eventer.testing.operation_conformance import OperationConformance
from eventer.testing.rejection_conformance import RejectionConformance


class DestinationConformance(OperationConformance, RejectionConformance):
    """The contract of `ShardConnection` as tests."""

    @pytest.fixture
    async def scenario(self, harness: DestinationHarness) -> AsyncIterator[DeliveryScenario]:
        """The scope of a test."""
        scenario = DeliveryScenario(harness)
        yield scenario
        await scenario.close()

    async def test_open_returns_the_guarantee(self, scenario: DeliveryScenario) -> None:
        """Also for the next owner of the shard."""
        for _ in range(2):
            connection = scenario.harness.connection(scenario.cluster)
            assert await connection.open() == scenario.harness.guarantee
            await connection.close()

    async def test_a_flow_without_deliveries_has_no_position(
        self, scenario: DeliveryScenario
    ) -> None:
        """A destination does not know a new generator."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        assert await owner.positions([flow.key]) == {}
        assert await owner.positions([]) == {}

    async def test_events_arrive_complete_and_in_order(self, scenario: DeliveryScenario) -> None:
        """Several batches in one commit, then another commit."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        total = 0
        for delivery in (delivery_of(flow, 0, 3, 1, 6), delivery_of(flow, 10, 5)):
            outcome = await owner.deliver([delivery])
            assert outcome.rejected == {}
            total += sum(batch.nbytes for batch in delivery.batches)
            position, end = outcome.committed[flow.key], delivery.batches[-1].next
            assert (position.next, position.skipped, position.bytes) == (end, 0, total)
            assert await scenario.shows(flow, 0, end)

    async def test_the_next_owner_continues_at_the_position(
        self, scenario: DeliveryScenario
    ) -> None:
        """The position outlives the connection."""
        flow = scenario.flow()
        first = await scenario.owner(flow)
        committed = (await first.deliver([delivery_of(flow, 0, 7)])).committed[flow.key]
        await first.close()

        second = await scenario.owner(flow)
        assert await position_of(second, flow) == committed
        await second.deliver([delivery_of(flow, 7, 3)])
        assert await scenario.shows(flow, 0, 10)

    async def test_flows_commit_together(self, scenario: DeliveryScenario) -> None:
        """Several generators of one shard; two of them share a target."""
        flows = [scenario.flow(generator) for generator in range(1, 6)]
        shared = scenario.flow(99, target=flows[0].target)
        owner = await scenario.owner(*flows, shared)
        outcome = await owner.deliver([delivery_of(flow, 0, 4) for flow in [*flows, shared]])
        assert next_indices(outcome.committed) == {flow.key: 4 for flow in [*flows, shared]}
        for flow in flows[1:]:
            assert await scenario.shows(flow, 0, 4)
        both = await scenario.harness.read(shared.target)
        assert sorted(map(str, both)) == sorted(map(str, events(0, 4) * 2))

    async def test_skipped_indices_have_no_event(self, scenario: DeliveryScenario) -> None:
        """The position counts them; a batch may consist of them."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        batches = (
            batch_of(0, events(0, 5), skipped={0, 3}),
            batch_of(5, events(5, 3), skipped={5, 6, 7}),
        )
        position = (await owner.deliver([Delivery(flow, batches)])).committed[flow.key]
        assert (position.next, position.skipped, position.bytes) == (8, 5, batches[0].nbytes)
        assert list(await scenario.harness.read(flow.target)) == [event(1), event(2), event(4)]

    async def test_positions_are_separate(self, scenario: DeliveryScenario) -> None:
        """Other incarnations and clusters have positions of their own."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        await owner.deliver([delivery_of(flow, 0, 2)])
        again = scenario.flow(incarnation=1, target=flow.target)
        keys = [flow.key, again.key, flow.key._replace(cluster=scenario.cluster ^ 1)]
        assert set(await owner.positions(keys)) == {flow.key}

        await owner.deliver([delivery_of(again, 0, 1)])
        assert next_indices(await owner.positions(keys)) == {flow.key: 2, again.key: 1}

    async def test_shards_are_independent(self, scenario: DeliveryScenario) -> None:
        """The owners of two shards deliver in turn."""
        one, two = scenario.flow(1), scenario.flow(2)
        left = await scenario.owner(one, shard=0)
        right = await scenario.owner(two, shard=1)
        for first in (0, 5, 10):
            await left.deliver([delivery_of(one, first, 5)])
            await right.deliver([delivery_of(two, first, 5)])
        assert await scenario.shows(one, 0, 15)
        assert await scenario.shows(two, 0, 15)

    async def test_an_accepted_position_replaces_the_committed_one(
        self, scenario: DeliveryScenario
    ) -> None:
        """After a position was lost, the caller says where delivery continues."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        await owner.deliver([delivery_of(flow, 0, 3)])
        accepted, batch = Position(next=100, skipped=7, bytes=1_000), batch_of_events(100, 2)
        position = (await owner.deliver([Delivery(flow, (batch,), accepted)])).committed[flow.key]
        assert (position.next, position.skipped) == (102, 7)
        assert position.bytes == 1_000 + batch.nbytes
        await owner.deliver([delivery_of(flow, 102, 2)])
        await owner.close()
        later = await scenario.owner(flow)
        assert next_indices(await later.positions([flow.key])) == {flow.key: 104}

    async def test_a_second_owner_fences_the_first(self, scenario: DeliveryScenario) -> None:
        """The first raises `FencedError`, and its last attempt is not visible."""
        flow = scenario.flow()
        first = await scenario.owner(flow)
        await first.deliver([delivery_of(flow, 0, 3)])

        second = await scenario.owner(flow)
        with pytest.raises(FencedError):
            await first.deliver([delivery_of(flow, 3, 3)])
        assert next_indices(await second.positions([flow.key])) == {flow.key: 3}
        await second.deliver([delivery_of(flow, 3, 2)])
        assert await scenario.shows(flow, 0, 5)

    async def test_prepare_is_idempotent(self, scenario: DeliveryScenario) -> None:
        """Preparing again changes nothing, by this owner and by the next one."""
        flow = scenario.flow()
        owner = await scenario.owner(flow, flow)
        await owner.deliver([delivery_of(flow, 0, 2)])
        await owner.prepare(flow)
        await owner.close()
        await scenario.owner(flow)
        assert await scenario.shows(flow, 0, 2)

    async def test_a_dropped_target_is_created_again(self, scenario: DeliveryScenario) -> None:
        """Delivery continues at the position."""
        flow, other = scenario.flow(1), scenario.flow(2)
        owner = await scenario.owner(flow, other)
        await owner.deliver([delivery_of(flow, 0, 2), delivery_of(other, 0, 2)])
        await scenario.harness.drop(flow.target)
        _, outcome = await scenario.deliver(
            owner, [delivery_of(flow, 2, 3), delivery_of(other, 2, 3)]
        )
        assert next_indices(outcome.committed) == {flow.key: 5, other.key: 5}
        assert await scenario.shows(flow, 2, 3)
        assert await scenario.shows(other, 0, 5)

    async def test_large_batches_arrive_complete(self, scenario: DeliveryScenario) -> None:
        """Two batches of the maximum size in one commit."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        await owner.deliver([delivery_of(flow, 0, 10_000, 10_000)])
        assert await scenario.shows(flow, 0, 20_000)

    async def test_batches_may_be_encoded_ahead(self, scenario: DeliveryScenario) -> None:
        """Whether they are delivered next, later or never, and beside batches that are not."""
        flow, other = scenario.flow(1), scenario.flow(2)
        owner = await scenario.owner(flow)
        batches = tuple(batch_of_events(first, 300) for first in range(0, 1_500, 300))
        owner.encode_ahead(other, batch_of_events(0, 300))
        owner.encode_ahead(flow, batch_of(0, events(7_000, 300)))
        for batch in (batches[0], batches[1], batches[3], batches[4]):
            owner.encode_ahead(flow, batch)
        for part in (batches[:4], batches[4:]):
            assert not (await owner.deliver([Delivery(flow, part)])).rejected
        assert await scenario.shows(flow, 0, 1_500)

    async def test_an_event_rejected_ahead_is_reported_at_delivery(
        self, scenario: DeliveryScenario
    ) -> None:
        """`encode_ahead` raises nothing."""
        target, bad = scenario.harness.rejecting(scenario.name())
        flow = scenario.flow(target=target)
        owner = await scenario.owner(flow)
        values = [*events(300, 250), bad, *events(551, 49)]
        batches = (batch_of_events(0, 300), batch_of(300, values))
        for batch in batches:
            owner.encode_ahead(flow, batch)
        outcome = await owner.deliver([Delivery(flow, batches)])
        assert getattr(outcome.rejected[flow.key], "index", None) == 550

    async def test_an_unreachable_server_is_unavailable(self, scenario: DeliveryScenario) -> None:
        """The error is transient, and `close` raises nothing."""
        connection = scenario.harness.unreachable()
        with pytest.raises(DestinationUnavailableError) as caught:
            await connection.open()
        assert caught.value.transient
        await connection.close()

    async def test_closing_raises_nothing(self, scenario: DeliveryScenario) -> None:
        """Before `open`, and after `close`."""
        await scenario.harness.connection(scenario.cluster).close()
        owner = await scenario.owner()
        await owner.close()
        await owner.close()

    @pytest.mark.parametrize("seed", range(3))
    async def test_random_histories_deliver_every_event_once(
        self, scenario: DeliveryScenario, seed: int
    ) -> None:
        """Deliveries of random sizes; a new owner follows one that is closed or still open."""
        rng = random.Random(seed)  # noqa: S311 - makes test cases
        flows = [scenario.flow(generator) for generator in range(1, 4)]
        expected: dict[PositionKey, int] = {}
        owner = await scenario.owner(*flows)
        for _ in range(12):
            if rng.random() < 0.25:
                if rng.random() < 0.5:
                    await owner.close()
                owner = await scenario.owner(*flows)
            due = rng.sample(flows, rng.randint(1, len(flows)))
            deliveries = [_next_delivery(flow, expected, rng) for flow in due]
            for delivery, batch in chain(*([(d, b) for b in d.batches] for d in deliveries)):
                if rng.random() < 0.5:
                    owner.encode_ahead(delivery.flow, batch)
            await owner.deliver(deliveries)
        assert next_indices(await owner.positions([flow.key for flow in flows])) == expected
        for flow in flows:
            assert await scenario.shows(flow, 0, expected.get(flow.key, 0))


def _next_delivery(flow: Flow, expected: dict[PositionKey, int], rng: random.Random) -> Delivery:
    """The next events of a flow, in one to three batches; adds them to `expected`."""
    first, counts = (
        expected.get(flow.key, 0),
        [rng.randint(1, 300) for _ in range(rng.randint(1, 3))],
    )
    expected[flow.key] = first + sum(counts)
    return delivery_of(flow, first, *counts)
