"""The tests of rejected events, a part of `DestinationConformance`."""

from __future__ import annotations

from eventer.core.model import Position
from eventer.destinations.base import Delivery
from eventer.testing.batches import batch_of
from eventer.testing.destination_scenario import (
    DeliveryScenario,
    batch_of_events,
    batches_with,
    delivery_of,
    event,
    events,
    next_indices,
    position_of,
)


class RejectionConformance:
    """What `eventer.destinations.base` says of rejected events, as tests."""

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
