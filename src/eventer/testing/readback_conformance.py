"""What every `ReadBack` must find: subclass `ReadBackConformance` and give it a `harness`.

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
from eventer.destinations.base import Delivery, Flow, ShardConnection
from eventer.destinations.readback import Finding, Flaw, ReadBack, Report
from eventer.testing.batches import RecordedEvents, batch_of
from eventer.testing.destination_conformance import SHAPE, event


class Order(enum.Enum):
    """What a destination knows of the order and identity of events."""

    PLACES = enum.auto()
    """Each event has its place: a topic."""
    NONE = enum.auto()
    """Rows are what they are: a table that is only appended to."""


class ReadBackHarness(Protocol):
    """One server, with ways to spoil what landed; `word` is the new word of the event."""

    order: Order

    def connection(self, cluster: int, shard: int = 0) -> ShardConnection:
        """A new owner of a shard, not yet opened."""

    def read_back(self, cluster: int, shard: int = 0) -> ReadBack:
        """A look at the same server, not yet opened."""

    def target(self, name: str) -> Target:
        """A target that does not exist yet and takes `event(n)`."""

    async def lose(self, target: Target, n: int) -> None:
        """Takes the event with that `n` away."""

    async def alter(self, target: Target, n: int, word: str) -> None:
        """Gives it another word."""

    async def add(self, target: Target, value: dict[str, Any], like: int | None = None) -> None:
        """Adds an event from nowhere; `like` the one with that `n` in all else."""


def of(generator: int, first: int, count: int, skipped: Sequence[int] = ()) -> Batch:
    """Events that no other generator makes."""
    values = [event(generator * 1_000_000 + n) for n in range(first, first + count)]
    return batch_of(first, values, skipped=skipped)


class Corner:
    """A test's own corner: a cluster, an owner, and what was delivered."""

    def __init__(self, harness: ReadBackHarness) -> None:
        self.harness = harness
        self.cluster = uuid.uuid4().int >> 64
        self.target = harness.target(f"target_{uuid.uuid4().hex[:12]}")
        self.delivered: dict[PositionKey, list[Batch]] = {}
        self._open: list[ShardConnection | ReadBack] = []

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

    async def look(self, flow: Flow, *others: Flow, shard: int = 0) -> ReadBack:
        """A look at the target, opened."""
        looking = self.harness.read_back(self.cluster, shard)
        self._open.append(looking)
        await looking.open(flow, others)
        return looking

    async def verify(self, flow: Flow, *others: Flow, since: int = 0, shard: int = 0) -> Report:
        """What is found of a generator."""
        looking = await self.look(flow, *others, shard=shard)
        return await self.audit(looking, since=since)

    async def audit(self, looking: ReadBack, *, since: int = 0) -> Report:
        """What a look finds, with the events that were delivered."""
        return await looking.audit(RecordedEvents(self.delivered, since))

    async def close(self) -> None:
        """Lets go of everything."""
        for each in self._open:
            await each.close()


def told(report: Report) -> list[tuple[str, int | None]]:
    """The flaws and their events."""
    assert sum(report.totals.values()) == len(report.findings)
    return [(finding.flaw.value, finding.index) for finding in report.findings]


def at(report: Report, flaw: Flaw) -> Finding:
    """The one finding of that kind."""
    (finding,) = [finding for finding in report.findings if finding.flaw is flaw]
    return finding


class ReadBackConformance:
    """The promises of `ReadBack`, as tests."""

    @pytest.fixture
    async def corner(self, harness: ReadBackHarness) -> AsyncIterator[Corner]:
        """The test's own corner of the server."""
        corner = Corner(harness)
        yield corner
        await corner.close()

    @pytest.fixture
    async def flow(self, corner: Corner) -> Flow:
        """A generator that has delivered 1,250 events in three transactions."""
        flow = corner.flow(1)
        owner = await corner.owner(flow)
        for first, count in ((0, 1_000), (1_000, 1), (1_001, 249)):
            await corner.deliver(owner, (flow, of(1, first, count, skipped=[7, 1_100, 1_101])))
        return flow

    async def test_all_is_well(self, corner: Corner, flow: Flow) -> None:
        """What was delivered is found, and what was skipped is not missed."""
        report = await corner.verify(flow)
        assert told(report) == []
        assert report.clean()
        assert (report.until, report.checked, report.skipped) == (1_250, 1_247, 3)
        assert (report.read, report.others, report.unchecked) == (1_247, 0, ())

    async def test_a_generator_that_delivered_nothing(self, corner: Corner) -> None:
        """There is nothing to find."""
        flow = corner.flow(1)
        await corner.owner()
        report = await corner.verify(flow)
        assert report.clean()
        assert (report.until, report.checked) == (0, 0)

    async def test_generators_that_share_a_target(self, corner: Corner) -> None:
        """Of whatever shard, in one transaction or several, each verifies exactly."""
        one, two, three = flows = [corner.flow(n) for n in (1, 2, 3)]
        owner, other = await corner.owner(one, two), await corner.owner(three, shard=1)
        for first in (0, 300, 600):
            mine = [(flow, of(flow.key.generator, first, 300)) for flow in (one, two)]
            await corner.deliver(owner, *mine)
            await corner.deliver(other, (three, of(3, first, 300)))
        for flow, shard in ((one, 0), (two, 0), (three, 1)):
            rest = [each for each in flows if each is not flow]
            report = await corner.verify(flow, *rest, shard=shard)
            assert told(report) == []
            assert (report.until, report.checked) == (900, 900)
            assert 1_200 <= report.others <= 1_800, "a log's look may begin at its first event"

    async def test_what_is_lost_is_missing(self, corner: Corner, flow: Flow) -> None:
        """By its index."""
        await corner.harness.lose(corner.target, 1_000_123)
        assert told(await corner.verify(flow)) == [("missing", 123)]

    async def test_what_is_altered_is_found(self, corner: Corner, flow: Flow) -> None:
        """Where rows have no place, an altered one is one missing and one from nowhere."""
        await corner.harness.alter(corner.target, 1_000_005, "other")
        report = await corner.verify(flow)
        if corner.harness.order is Order.PLACES:
            assert told(report) == [("changed", 5)]
        else:
            assert told(report) == [("missing", 5), ("foreign", None)]
        assert not report.clean(allow_foreign=True)

    async def test_what_is_there_again_is_a_duplicate(self, corner: Corner, flow: Flow) -> None:
        """By its index, and where the other one lies."""
        await corner.harness.add(corner.target, event(1_001_000), like=1_001_000)
        report = await corner.verify(flow)
        assert told(report) == [("duplicated", 1_000)]
        assert at(report, Flaw.DUPLICATED).place

    async def test_what_nobody_made_is_foreign(self, corner: Corner, flow: Flow) -> None:
        """It may be allowed."""
        await corner.harness.add(corner.target, {"n": -1, "word": "foreign"})
        report = await corner.verify(flow)
        assert told(report) == [("foreign", None)]
        assert at(report, Flaw.FOREIGN).place
        assert not report.clean()
        assert report.clean(allow_foreign=True)

    async def test_events_that_an_upgrade_changed_are_not_compared(
        self, corner: Corner, flow: Flow
    ) -> None:
        """It says which."""
        report = await corner.verify(flow, since=1_001)
        assert told(report) == []
        ((first, end),) = [(each.first, each.end) for each in report.unchecked]
        assert (first, end, report.checked) == (0, 1_001, 247)

    async def test_a_look_is_at_one_moment(self, corner: Corner) -> None:
        """What is delivered after `open`, by an owner that nobody fences, is not looked at."""
        flow = corner.flow(1)
        owner = await corner.owner(flow)
        await corner.deliver(owner, (flow, of(1, 0, 400)))
        looking = await corner.look(flow)
        for first in (400, 500):
            await corner.deliver(owner, (flow, of(1, first, 100)))
        report = await corner.audit(looking)
        assert told(report) == []
        assert (report.until, report.checked) == (400, 400)
        assert (await corner.verify(flow)).checked == 600

    async def test_lists_are_bounded(self, corner: Corner, flow: Flow) -> None:
        """Totals count all."""
        for n in range(5):
            await corner.harness.add(corner.target, {"n": -n, "word": "foreign"})
        looking = await corner.look(flow)
        report = await looking.audit(RecordedEvents(corner.delivered), listed=2)
        assert report.totals[Flaw.FOREIGN] == 5
        assert len(report.findings) == 2
