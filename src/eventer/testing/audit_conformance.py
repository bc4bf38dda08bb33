"""The tests that every `TargetAuditor` must pass: subclass `AuditConformance`.

The tests run against the real server. A subclass removes a test that needs what its destination
does not permit, such as changing a record: `test_… = None`.
"""

from __future__ import annotations

import enum
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

import pytest

from eventer.core.batch import Batch
from eventer.core.model import JsonValue, PositionKey, Target
from eventer.destinations.audit import AuditReport, Finding, Flaw, TargetAuditor
from eventer.destinations.base import Delivery, Flow, ShardConnection
from eventer.testing.batches import RecordedEvents, batch_of
from eventer.testing.destination_scenario import Harness, Scenario, batches_with, event
from eventer.testing.operation_conformance import (
    deletion,
    operation,
    random_operations,
    steered_batch,
)


class EventIdentity(enum.Enum):
    """How a destination identifies a delivered event."""

    BY_LOCATION = enum.auto()
    """By its location: the offset in a topic, the key of a row."""
    BY_CONTENT = enum.auto()
    """By its values: the rows of a table without a key."""


class AuditHarness(Harness, Protocol):
    """A server under test, and changes to what was delivered."""

    event_identity: EventIdentity

    def rejecting(self, name: str) -> tuple[Target, JsonValue]:
        """A target that accepts `event(n)`, and an event with `n` = 0 that it rejects."""

    def steered(self, name: str) -> Target:
        """See `DestinationHarness.steered`."""

    def target_auditor(self, cluster: int, shard: int = 0) -> TargetAuditor:
        """A new auditor of the same server, not yet opened."""

    async def lose(self, target: Target, n: int) -> None:
        """Removes the event with that `n`."""

    async def alter(self, target: Target, n: int, word: str) -> None:
        """Changes the word of the event with that `n`."""

    async def add(self, target: Target, value: dict[str, Any], like: int | None = None) -> None:
        """Adds an event that no generator delivered; its other parts are those of `like`."""


def batch_for(generator: int, first: int, count: int, skipped: Sequence[int] = ()) -> Batch:
    """Events that no other generator makes."""
    values = [event(generator * 1_000_000 + n) for n in range(first, first + count)]
    return batch_of(first, values, skipped=skipped)


class AuditScenario(Scenario[AuditHarness]):
    """Generators that share one target, and the batches that they delivered."""

    def __init__(self, harness: AuditHarness) -> None:
        super().__init__(harness)
        self.target = harness.target(self.name())
        self.delivered: dict[PositionKey, list[Batch]] = {}
        self._auditors: list[TargetAuditor] = []

    async def deliver(self, owner: ShardConnection, *batches: tuple[Flow, Batch]) -> None:
        """Delivers all batches in one transaction."""
        outcome = await owner.deliver([Delivery(flow, (batch,)) for flow, batch in batches])
        assert not outcome.rejected
        for flow, batch in batches:
            self.delivered.setdefault(flow.key, []).append(batch)

    async def open_auditor(self, flow: Flow, *others: Flow, shard: int = 0) -> TargetAuditor:
        """An auditor with its snapshot."""
        auditor = self.harness.target_auditor(self.cluster, shard)
        self._auditors.append(auditor)
        await auditor.open(flow, others)
        return auditor

    async def verify(
        self, flow: Flow, *others: Flow, since: int = 0, shard: int = 0
    ) -> AuditReport:
        """Takes a snapshot and audits it."""
        auditor = await self.open_auditor(flow, *others, shard=shard)
        return await self.audit(auditor, since=since)

    async def audit(self, auditor: TargetAuditor, *, since: int = 0) -> AuditReport:
        """Compares a snapshot with the delivered events."""
        return await auditor.audit(RecordedEvents(self.delivered, since))

    async def close(self) -> None:
        """Closes all connections and auditors."""
        for auditor in self._auditors:
            await auditor.close()
        await super().close()


def _operations(first: int, count: int) -> list[dict[str, JsonValue]]:
    """A last operation of each key from `first` on: those of even keys delete."""
    keys = range(first, first + count)
    return [operation(n, "last") if n % 2 else deletion(n) for n in keys]


def found_flaws(report: AuditReport) -> list[tuple[str, int | None]]:
    """The flaws and the indices of their events."""
    assert sum(report.totals.values()) == len(report.findings)
    return [(finding.flaw.value, finding.index) for finding in report.findings]


def at(report: AuditReport, flaw: Flaw) -> Finding:
    """The only finding of that flaw."""
    (finding,) = [finding for finding in report.findings if finding.flaw is flaw]
    return finding


class AuditConformance:
    """The contract of `TargetAuditor` as tests."""

    @pytest.fixture
    async def scenario(self, harness: AuditHarness) -> AsyncIterator[AuditScenario]:
        """The scope of a test."""
        scenario = AuditScenario(harness)
        yield scenario
        await scenario.close()

    @pytest.fixture
    async def flow(self, scenario: AuditScenario) -> Flow:
        """A generator that has delivered 1,250 events in three transactions."""
        flow = scenario.flow(target=scenario.target)
        owner = await scenario.owner(flow)
        for first, count in ((0, 1_000), (1_000, 1), (1_001, 249)):
            await scenario.deliver(
                owner, (flow, batch_for(1, first, count, skipped=[7, 1_100, 1_101]))
            )
        return flow

    async def test_a_complete_target_is_clean(self, scenario: AuditScenario, flow: Flow) -> None:
        """All events are found, and skipped indices are not missed."""
        report = await scenario.verify(flow)
        assert found_flaws(report) == []
        assert report.clean()
        assert (report.until, report.checked, report.skipped) == (1_250, 1_247, 3)
        assert (report.read, report.others, report.unchecked) == (1_247, 0, ())

    async def test_events_that_the_target_rejected_are_not_missed(
        self, scenario: AuditScenario
    ) -> None:
        """They were skipped."""
        flow = await self._skip_rejected_events(scenario)
        assert (await scenario.verify(flow)).clean()

    async def test_another_event_than_those_rejected_is_missing(
        self, scenario: AuditScenario
    ) -> None:
        """An event that is lost is still found."""
        flow = await self._skip_rejected_events(scenario)
        await scenario.harness.lose(flow.target, 6)
        report = await scenario.verify(flow)
        assert ("missing", 6) in found_flaws(report)
        assert not report.clean()

    async def _skip_rejected_events(self, scenario: AuditScenario) -> Flow:
        """A flow that has delivered ten events except for three that its target rejects."""
        target, bad = scenario.harness.rejecting(scenario.name())
        flow = scenario.flow(target=target)
        owner = await scenario.owner(flow)
        batches = batches_with(bad, {2, 3, 7}, (0, 5), (5, 5))
        outcome = await owner.deliver([Delivery(flow, batches, skip_rejected=True)])
        assert len(outcome.skipped[flow.key]) == 3
        scenario.delivered[flow.key] = list(batches)
        return flow

    async def test_operations_are_verified(self, scenario: AuditScenario) -> None:
        """Deleted rows must be absent, unless they come again; dropped events are not missed."""
        flow, _ = await self._deliver_operations(scenario)
        report = await scenario.verify(flow)
        assert found_flaws(report) == []
        assert report.clean()
        assert (report.until, report.checked, report.skipped) == (240, 237, 3)

    @pytest.mark.parametrize("n", [230, 231])
    async def test_another_operation_is_found(self, scenario: AuditScenario, n: int) -> None:
        """A row that its last event deletes, and an absent one that its last event writes."""
        flow, batches = await self._deliver_operations(scenario)
        was = operation(n, "last") if n % 2 else deletion(n)
        now = deletion(n) if n % 2 else operation(n, "last")
        values = _operations(200, 40)
        assert values[n - 200] == was
        values[n - 200] = now
        wrong = steered_batch(flow, 200, values)
        scenario.delivered[flow.key] = [batches[0], wrong.drop(wrong.index < 203)]
        report = await scenario.verify(flow)
        ((flaw, index),) = found_flaws(report)
        absent = {"changed", "missing"}  # a log has a record, a table has no row
        assert index == n
        assert flaw in (absent if n % 2 == 0 else {"changed"})

    async def _deliver_operations(self, scenario: AuditScenario) -> tuple[Flow, list[Batch]]:
        """A flow whose events delete every even row in the end, in two transactions."""
        flow = scenario.flow(target=scenario.harness.steered(scenario.name()))
        owner = await scenario.owner(flow)
        rng = random.Random(5)  # noqa: S311 - makes test cases
        last = steered_batch(flow, 200, _operations(200, 40))
        batches = [
            steered_batch(flow, 0, random_operations(rng, 200, 300)),
            last.drop(last.index < 203),
        ]
        for batch in batches:
            await scenario.deliver(owner, (flow, batch))
        return flow, batches

    async def test_a_generator_that_delivered_nothing(self, scenario: AuditScenario) -> None:
        """The report is clean."""
        flow = scenario.flow(target=scenario.target)
        await scenario.owner()
        report = await scenario.verify(flow)
        assert report.clean()
        assert (report.until, report.checked) == (0, 0)

    async def test_generators_that_share_a_target(self, scenario: AuditScenario) -> None:
        """Each is verified separately, whatever their shards and transactions."""
        one, two, three = flows = [scenario.flow(n, target=scenario.target) for n in (1, 2, 3)]
        owner, other = await scenario.owner(one, two), await scenario.owner(three, shard=1)
        for first in (0, 300, 600):
            mine = [(flow, batch_for(flow.key.generator, first, 300)) for flow in (one, two)]
            await scenario.deliver(owner, *mine)
            await scenario.deliver(other, (three, batch_for(3, first, 300)))
        for flow, shard in ((one, 0), (two, 0), (three, 1)):
            rest = [each for each in flows if each is not flow]
            report = await scenario.verify(flow, *rest, shard=shard)
            assert found_flaws(report) == []
            assert (report.until, report.checked) == (900, 900)
            assert 1_200 <= report.others <= 1_800, (
                "the audit of a log may begin at the first event"
            )

    async def test_a_lost_event_is_missing(self, scenario: AuditScenario, flow: Flow) -> None:
        """The finding names its index."""
        await scenario.harness.lose(scenario.target, 1_000_123)
        assert found_flaws(await scenario.verify(flow)) == [("missing", 123)]

    async def test_an_altered_event_is_found(self, scenario: AuditScenario, flow: Flow) -> None:
        """A table without a key has a missing row and a foreign one instead."""
        await scenario.harness.alter(scenario.target, 1_000_005, "other")
        report = await scenario.verify(flow)
        if scenario.harness.event_identity is EventIdentity.BY_LOCATION:
            assert found_flaws(report) == [("changed", 5)]
        else:
            assert found_flaws(report) == [("missing", 5), ("foreign", None)]
        assert not report.clean(allow_foreign=True)

    async def test_a_repeated_event_is_a_duplicate(
        self, scenario: AuditScenario, flow: Flow
    ) -> None:
        """The finding names its index and the location of the copy."""
        await scenario.harness.add(scenario.target, event(1_001_000), like=1_001_000)
        report = await scenario.verify(flow)
        assert found_flaws(report) == [("duplicated", 1_000)]
        assert at(report, Flaw.DUPLICATED).place

    async def test_an_unknown_event_is_foreign(self, scenario: AuditScenario, flow: Flow) -> None:
        """The caller may allow foreign events."""
        await scenario.harness.add(scenario.target, {"n": -1, "word": "foreign"})
        report = await scenario.verify(flow)
        assert found_flaws(report) == [("foreign", None)]
        assert at(report, Flaw.FOREIGN).place
        assert not report.clean()
        assert report.clean(allow_foreign=True)

    async def test_events_that_an_upgrade_changed_are_not_compared(
        self, scenario: AuditScenario, flow: Flow
    ) -> None:
        """The report names them."""
        report = await scenario.verify(flow, since=1_001)
        assert found_flaws(report) == []
        ((first, end),) = [(each.first, each.end) for each in report.unchecked]
        assert (first, end, report.checked) == (0, 1_001, 247)

    async def test_an_audit_reads_one_snapshot(self, scenario: AuditScenario) -> None:
        """It ignores events that are delivered after `open`, and does not fence their owner."""
        flow = scenario.flow(target=scenario.target)
        owner = await scenario.owner(flow)
        await scenario.deliver(owner, (flow, batch_for(1, 0, 400)))
        auditor = await scenario.open_auditor(flow)
        for first in (400, 500):
            await scenario.deliver(owner, (flow, batch_for(1, first, 100)))
        report = await scenario.audit(auditor)
        assert found_flaws(report) == []
        assert (report.until, report.checked) == (400, 400)
        assert (await scenario.verify(flow)).checked == 600

    async def test_the_list_of_findings_is_limited(
        self, scenario: AuditScenario, flow: Flow
    ) -> None:
        """The totals count all findings."""
        for n in range(5):
            await scenario.harness.add(scenario.target, {"n": -n, "word": "foreign"})
        auditor = await scenario.open_auditor(flow)
        report = await auditor.audit(RecordedEvents(scenario.delivered), listed=2)
        assert report.totals[Flaw.FOREIGN] == 5
        assert len(report.findings) == 2
