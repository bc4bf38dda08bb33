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
    batches_with,
    delivery_of,
    event,
    events,
    next_indices,
    position_of,
)


class DestinationConformance:
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

    async def test_a_rejected_flow_does_not_affect_others(self, scenario: DeliveryScenario) -> None:
        """The outcome names the rejected event, and only its flow keeps its position."""
        target, bad = scenario.harness.rejecting(scenario.name())
        rejected, fine = scenario.flow(1, target=target), scenario.flow(2)
        owner = await scenario.owner(rejected, fine)
        await owner.deliver([delivery_of(rejected, 0, 2)])

        batches = (batch_of_events(2, 2), batch_of(4, [event(4), bad, event(6)]))
        outcome = await owner.deliver([Delivery(rejected, batches), delivery_of(fine, 0, 2, 2)])
        assert set(outcome.rejected) == {rejected.key}
        assert getattr(outcome.rejected[rejected.key], "index", None) == 5
        assert not outcome.rejected[rejected.key].transient
        assert next_indices(outcome.committed) == {fine.key: 4}
        assert await scenario.shows(fine, 0, 4)
        if scenario.harness.rolls_back:
            assert await scenario.shows(rejected, 0, 2)
        assert next_indices(await owner.positions([rejected.key])) == {rejected.key: 2}

    async def test_a_rejected_small_delivery_does_not_affect_others(
        self, scenario: DeliveryScenario
    ) -> None:
        """Small deliveries may share one write; each has its own result."""
        target, bad = scenario.harness.rejecting(scenario.name())
        firsts = {scenario.flow(n, target=target): 5 * n - 5 for n in range(1, 7)}
        owner = await scenario.owner(*firsts)
        for flow, first in firsts.items():
            accepted = Position(next=first)
            await owner.deliver([Delivery(flow, (batch_of_events(first, 2),), accepted)])
        deliveries = [delivery_of(flow, first + 2, 1, 2) for flow, first in firsts.items()]
        rejected = deliveries[3].flow
        batches = (batch_of_events(17, 1), batch_of(18, [bad, event(19)]))
        deliveries[3] = Delivery(rejected, batches)
        outcome = await owner.deliver(deliveries)
        assert set(outcome.rejected) == {rejected.key}
        assert getattr(outcome.rejected[rejected.key], "index", None) == 18
        assert next_indices(outcome.committed) == {
            flow.key: first + 5 for flow, first in firsts.items() if flow is not rejected
        }
        if scenario.harness.rolls_back:
            await owner.deliver([delivery_of(rejected, 17, 3)])
            found = await scenario.harness.read(target)
            assert sorted(map(str, found)) == sorted(map(str, events(0, 30)))

    async def test_delivery_continues_after_a_rejection(self, scenario: DeliveryScenario) -> None:
        """The connection stays usable, also for the rejected flow."""
        target, bad = scenario.harness.rejecting(scenario.name())
        flow = scenario.flow(target=target)
        owner = await scenario.owner(flow)
        outcome = await owner.deliver([Delivery(flow, (batch_of(0, [event(0), bad]),))])
        assert set(outcome.rejected) == {flow.key}
        assert outcome.committed == {}
        await owner.deliver([delivery_of(flow, 0, 4)])
        assert await scenario.shows(flow, 0, 4)

    async def test_rejected_events_are_skipped_if_the_delivery_says_so(
        self, scenario: DeliveryScenario
    ) -> None:
        """One call finds all of them and commits the others; the position counts them."""
        target, bad = scenario.harness.rejecting(scenario.name())
        flow = scenario.flow(target=target)
        owner = await scenario.owner(flow)
        await owner.deliver([delivery_of(flow, 0, 3)])
        batches = batches_with(bad, {3, 4, 8, 14}, (3, 6), (9, 6))
        outcome = await owner.deliver([Delivery(flow, batches, skip_rejected=True)])
        assert outcome.rejected == {}
        assert [error.index for error in outcome.skipped[flow.key]] == [3, 4, 8, 14]
        kept = [event(n) for n in range(15) if n not in {3, 4, 8, 14}]
        position = outcome.committed[flow.key]
        assert (position.next, position.skipped) == (15, 4)
        assert position.bytes == batch_of(0, kept).nbytes
        assert list(await scenario.harness.read(target)) == kept
        await owner.close()

        successor = await scenario.owner(flow)
        assert await position_of(successor, flow) == position
        await successor.deliver([delivery_of(flow, 15, 2)])
        assert list(await scenario.harness.read(target)) == [*kept, event(15), event(16)]

    async def test_a_delivery_of_rejected_events_moves_the_position(
        self, scenario: DeliveryScenario
    ) -> None:
        """Nothing of it is committed but the position."""
        target, bad = scenario.harness.rejecting(scenario.name())
        flow = scenario.flow(target=target)
        owner = await scenario.owner(flow)
        batches = batches_with(bad, range(4), (0, 4))
        outcome = await owner.deliver([Delivery(flow, batches, skip_rejected=True)])
        assert len(outcome.skipped[flow.key]) == 4
        position = outcome.committed[flow.key]
        assert (position.next, position.skipped, position.bytes) == (4, 4, 0)
        await owner.deliver([delivery_of(flow, 4, 2)])
        assert await scenario.shows(flow, 4, 2)

    async def test_most_events_of_large_batches_may_be_skipped(
        self, scenario: DeliveryScenario
    ) -> None:
        """Also if the batches were announced."""
        target, bad = scenario.harness.rejecting(scenario.name())
        flow = scenario.flow(target=target)
        owner = await scenario.owner(flow)
        rejected = [n for n in range(600) if n % 10]
        batches = batches_with(bad, rejected, (0, 300), (300, 300))
        for batch in batches:
            owner.encode_ahead(flow, batch)
        outcome = await owner.deliver([Delivery(flow, batches, skip_rejected=True)])
        assert [error.index for error in outcome.skipped[flow.key]] == rejected
        assert list(await scenario.harness.read(target)) == [event(n) for n in range(0, 600, 10)]

    async def test_each_flow_says_whether_events_are_skipped(
        self, scenario: DeliveryScenario
    ) -> None:
        """Flows of one target in one call: one skips, one is rejected, one has no such event."""
        target, bad = scenario.harness.rejecting(scenario.name())
        skipping, stopping, fine = flows = [scenario.flow(n, target=target) for n in (1, 2, 3)]
        owner = await scenario.owner(*flows)
        outcome = await owner.deliver(
            [
                Delivery(skipping, batches_with(bad, {1, 2}, (0, 4)), skip_rejected=True),
                Delivery(stopping, batches_with(bad, {1, 2}, (0, 4))),
                Delivery(fine, batches_with(bad, (), (0, 4)), skip_rejected=True),
            ]
        )
        assert next_indices(outcome.committed) == {skipping.key: 4, fine.key: 4}
        assert {key: len(errors) for key, errors in outcome.skipped.items() if errors} == {
            skipping.key: 2
        }
        assert getattr(outcome.rejected[stopping.key], "index", None) == 1
        if scenario.harness.rolls_back:
            found = await scenario.harness.read(target)
            assert sorted(map(str, found)) == sorted(map(str, [*events(0, 4), event(0), event(3)]))

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
