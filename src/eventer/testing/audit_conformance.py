"""What every `TargetAuditor` must find: subclass `AuditConformance` and give it a `harness`.

The tests run against the real server. What cannot be done to a destination behind its back is
declared by `test_… = None` in the subclass.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

import pytest

from eventer.core.batch import Batch
from eventer.core.model import PositionKey, Target
from eventer.destinations.audit import AuditReport, Finding, Flaw, TargetAuditor
from eventer.destinations.base import Delivery, Flow, ShardConnection
from eventer.testing.batches import RecordedEvents, batch_of
from eventer.testing.destination_conformance import SHAPE, event


class EventIdentity(enum.Enum):
    """What a destination knows of the order and identity of events."""

    BY_LOCATION = enum.auto()
    """Each event has its place: a topic."""
    BY_CONTENT = enum.auto()
    """Rows are what they are: a table that is only appended to."""


class AuditHarness(Protocol):
    """One server, with ways to spoil what landed; `word` is the new word of the event."""

    event_identity: EventIdentity

    def connection(self, cluster: int, shard: int = 0) -> ShardConnection:
        """A new owner of a shard, not yet opened."""

    def target_auditor(self, cluster: int, shard: int = 0) -> TargetAuditor:
        """A look at the same server, not yet opened."""

    def target(self, name: str) -> Target:
        """A target that does not exist yet and takes `event(n)`."""

    async def lose(self, target: Target, n: int) -> None:
        """Takes the event with that `n` away."""

    async def alter(self, target: Target, n: int, word: str) -> None:
        """Gives it another word."""

    async def add(self, target: Target, value: dict[str, Any], like: int | None = None) -> None:
        """Adds an event from nowhere; `like` the one with that `n` in all else."""


def batch_for(generator: int, first: int, count: int, skipped: Sequence[int] = ()) -> Batch:
    """Events that no other generator makes."""
    values = [event(generator * 1_000_000 + n) for n in range(first, first + count)]
    return batch_of(first, values, skipped=skipped)


class AuditScenario:
    """A test's own corner: a cluster, an owner, and what was delivered."""

    def __init__(self, harness: AuditHarness) -> None:
        self.harness = harness
        self.cluster = uuid.uuid4().int >> 64
        self.target = harness.target(f"target_{uuid.uuid4().hex[:12]}")
        self.delivered: dict[PositionKey, list[Batch]] = {}
        self._open: list[ShardConnection | TargetAuditor] = []

    def flow(self, generator: int) -> Flow:
        """A generator that delivers to the target."""
        return Flow(PositionKey(self.cluster, generator, 1), self.target, SHAPE)

    async def owner(self, *flows: Flow, shard: int = 0) -> ShardConnection:
        """An owner of a shard with the flows prepared."""
        owner = self.harness.connection(self.cluster, shard)
        self._open.append(owner)
        await owner.open()
        for flow in flows:
            await owner.prepare(flow)
        return owner

    async def deliver(self, owner: ShardConnection, *batches: tuple[Flow, Batch]) -> None:
        """Delivers all in one transaction."""
        outcome = await owner.deliver([Delivery(flow, (batch,)) for flow, batch in batches])
        assert not outcome.rejected
        for flow, batch in batches:
            self.delivered.setdefault(flow.key, []).append(batch)

    async def open_auditor(self, flow: Flow, *others: Flow, shard: int = 0) -> TargetAuditor:
        """A look at the target, opened."""
        auditor = self.harness.target_auditor(self.cluster, shard)
        self._open.append(auditor)
        await auditor.open(flow, others)
        return auditor

    async def verify(
        self, flow: Flow, *others: Flow, since: int = 0, shard: int = 0
    ) -> AuditReport:
        """What is found of a generator."""
        auditor = await self.open_auditor(flow, *others, shard=shard)
        return await self.audit(auditor, since=since)

    async def audit(self, auditor: TargetAuditor, *, since: int = 0) -> AuditReport:
        """What a look finds, with the events that were delivered."""
        return await auditor.audit(RecordedEvents(self.delivered, since))

    async def close(self) -> None:
        """Lets go of everything."""
        for each in self._open:
            await each.close()


def found_flaws(report: AuditReport) -> list[tuple[str, int | None]]:
    """The flaws and their events."""
    assert sum(report.totals.values()) == len(report.findings)
    return [(finding.flaw.value, finding.index) for finding in report.findings]


def at(report: AuditReport, flaw: Flaw) -> Finding:
    """The one finding of that kind."""
    (finding,) = [finding for finding in report.findings if finding.flaw is flaw]
    return finding


class AuditConformance:
    """The promises of `TargetAuditor`, as tests."""

    @pytest.fixture
    async def scenario(self, harness: AuditHarness) -> AsyncIterator[AuditScenario]:
        """The test's own corner of the server."""
        scenario = AuditScenario(harness)
        yield scenario
        await scenario.close()

    @pytest.fixture
    async def flow(self, scenario: AuditScenario) -> Flow:
        """A generator that has delivered 1,250 events in three transactions."""
        flow = scenario.flow(1)
        owner = await scenario.owner(flow)
        for first, count in ((0, 1_000), (1_000, 1), (1_001, 249)):
            await scenario.deliver(
                owner, (flow, batch_for(1, first, count, skipped=[7, 1_100, 1_101]))
            )
        return flow

    async def test_a_complete_target_is_clean(self, scenario: AuditScenario, flow: Flow) -> None:
        """What was delivered is found, and what was skipped is not missed."""
        report = await scenario.verify(flow)
        assert found_flaws(report) == []
        assert report.clean()
        assert (report.until, report.checked, report.skipped) == (1_250, 1_247, 3)
        assert (report.read, report.others, report.unchecked) == (1_247, 0, ())

    async def test_a_generator_that_delivered_nothing(self, scenario: AuditScenario) -> None:
        """There is nothing to find."""
        flow = scenario.flow(1)
        await scenario.owner()
        report = await scenario.verify(flow)
        assert report.clean()
        assert (report.until, report.checked) == (0, 0)

    async def test_generators_that_share_a_target(self, scenario: AuditScenario) -> None:
        """Of whatever shard, in one transaction or several, each verifies exactly."""
        one, two, three = flows = [scenario.flow(n) for n in (1, 2, 3)]
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
            assert 1_200 <= report.others <= 1_800, "a log's look may begin at its first event"

    async def test_a_lost_event_is_missing(self, scenario: AuditScenario, flow: Flow) -> None:
        """By its index."""
        await scenario.harness.lose(scenario.target, 1_000_123)
        assert found_flaws(await scenario.verify(flow)) == [("missing", 123)]

    async def test_an_altered_event_is_found(self, scenario: AuditScenario, flow: Flow) -> None:
        """Where rows have no place, an altered one is one missing and one from nowhere."""
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
        """By its index, and where the other one lies."""
        await scenario.harness.add(scenario.target, event(1_001_000), like=1_001_000)
        report = await scenario.verify(flow)
        assert found_flaws(report) == [("duplicated", 1_000)]
        assert at(report, Flaw.DUPLICATED).place

    async def test_an_unknown_event_is_foreign(self, scenario: AuditScenario, flow: Flow) -> None:
        """It may be allowed."""
        await scenario.harness.add(scenario.target, {"n": -1, "word": "foreign"})
        report = await scenario.verify(flow)
        assert found_flaws(report) == [("foreign", None)]
        assert at(report, Flaw.FOREIGN).place
        assert not report.clean()
        assert report.clean(allow_foreign=True)

    async def test_events_that_an_upgrade_changed_are_not_compared(
        self, scenario: AuditScenario, flow: Flow
    ) -> None:
        """It says which."""
        report = await scenario.verify(flow, since=1_001)
        assert found_flaws(report) == []
        ((first, end),) = [(each.first, each.end) for each in report.unchecked]
        assert (first, end, report.checked) == (0, 1_001, 247)

    async def test_an_audit_reads_one_snapshot(self, scenario: AuditScenario) -> None:
        """What is delivered after `open`, by an owner that nobody fences, is not looked at."""
        flow = scenario.flow(1)
        owner = await scenario.owner(flow)
        await scenario.deliver(owner, (flow, batch_for(1, 0, 400)))
        auditor = await scenario.open_auditor(flow)
        for first in (400, 500):
            await scenario.deliver(owner, (flow, batch_for(1, first, 100)))
        report = await scenario.audit(auditor)
        assert found_flaws(report) == []
        assert (report.until, report.checked) == (400, 400)
        assert (await scenario.verify(flow)).checked == 600

    async def test_lists_are_bounded(self, scenario: AuditScenario, flow: Flow) -> None:
        """Totals count all."""
        for n in range(5):
            await scenario.harness.add(scenario.target, {"n": -n, "word": "foreign"})
        auditor = await scenario.open_auditor(flow)
        report = await auditor.audit(RecordedEvents(scenario.delivered), listed=2)
        assert report.totals[Flaw.FOREIGN] == 5
        assert len(report.findings) == 2
