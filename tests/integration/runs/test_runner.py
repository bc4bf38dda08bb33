"""The runner over a real transactional store, in real time, with short paces."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from eventer.core.batch import MAX_EVENTS, Batch
from eventer.core.clock import SystemClock
from eventer.core.errors import DestinationRejectedError, EvaluationError
from eventer.core.model import (
    EngineName,
    EventSource,
    GeneratorSpec,
    KafkaTarget,
    OnError,
    Position,
    PositionKey,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import ticks
from eventer.destinations.base import Flow
from eventer.plan.engine import EventContext, ScheduledTimes
from eventer.runs.assignment import Assignment
from eventer.runs.generation_thread import GenerationThread
from eventer.runs.pacing import Pace
from eventer.runs.runner import ShardRunner
from eventer.runs.shard_messages import (
    CheckCompleted,
    EventsSkipped,
    FlowFailed,
    FlowsWaiting,
    FlowWithdrawn,
    GenerationRequest,
    PositionRead,
    ShardReport,
    TransactionCommitted,
)
from eventer.testing.batches import batch_of
from tests.sqlite_destination import SqliteConnection, SqliteConnector, read_events
from tests.waiting import DEADLINE_S

MS = 1_000_000


class Numbers:
    """Generates `{"n": index}`; event `bad` raises, and the store rejects event `poison`."""

    name: EngineName = "plan"
    reason: str | None = None

    def __init__(self, template: str) -> None:
        words = template.split()
        self._bad = int(words[1]) if words and words[0] == "raise" else None
        self._poison = int(words[1]) if words and words[0] == "poison" else None

    def generate(
        self,
        first: int,
        scheduled: NDArray[np.int64],
        deadline_ns: int | None = None,
        later: ScheduledTimes | None = None,
    ) -> Batch:
        del later
        end = first + len(scheduled)
        if self._bad is not None and first <= self._bad < end:
            if self._bad == first:
                error = EvaluationError("boom")
                error.index = first
                raise error
            end = self._bad
        values = [{"n": i, "is": "poison" if i == self._poison else ""} for i in range(first, end)]
        return batch_of(first, values, scheduled=scheduled[: end - first].tolist())


class Driver:
    """A runner, and a service that resumes each generator whose position was read."""

    def __init__(self, folder: Path) -> None:
        self.clock = SystemClock()
        self.reports: list[ShardReport] = []
        self.paces: dict[PositionKey, Pace] = {}
        connector = SqliteConnector(folder)
        self.runner = ShardRunner(
            lambda: connector.connect(1, 0),
            GenerationThread(lambda assignment: Numbers(assignment.event_source.template.text)),
            self._on_report,
            self.clock,
        )
        self._reported = asyncio.Event()

    def _on_report(self, report: ShardReport) -> None:
        self.reports.append(report)
        self._reported.set()
        if isinstance(report, PositionRead):
            self.runner.shard.resume(report.key, self.paces[report.key])
            self.runner.wake()

    def add(
        self,
        number: int,
        topic: str,
        *,
        count: int = 10,
        interval: int = 20 * MS,
        template: str = "",
        on_error: OnError = OnError.STOP,
    ) -> PositionKey:
        key = PositionKey(1, number, 0)
        self.paces[key] = Pace([Segment(self.clock.now_ns(), 0, ticks(count, interval))])
        event_source = EventSource(Template(template), Stream(0), EventContext())
        spec = GeneratorSpec(event_source, KafkaTarget(topic), on_error=on_error)
        self.runner.shard.assign(Assignment(key, spec))
        self.runner.wake()
        return key

    async def until(self, condition: Callable[[ShardReport], bool]) -> ShardReport:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                for report in self.reports:
                    if condition(report):
                        return report
                self._reported.clear()
                await self._reported.wait()

    async def until_position(self, key: PositionKey, position: int) -> None:
        def reached(report: ShardReport) -> bool:
            return (
                isinstance(report, TransactionCommitted)
                and report.positions.get(key, Position()).next >= position
            )

        await self.until(reached)

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self.runner.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.runner.stop()
        await self.task


def numbers(folder: Path, topic: str) -> list[int]:
    return [number for number, _, _ in read_events(folder, topic)]


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice is complete even on a slow machine."""
    monkeypatch.setattr("eventer.runs.generation_thread.SLICE_NS", 60_000_000_000)


@pytest.mark.usefixtures("unhurried")
async def test_no_batch_is_started_beyond_the_byte_budget() -> None:
    generation_thread = GenerationThread(
        lambda assignment: Numbers(assignment.event_source.template.text)
    )
    try:
        requests = [request(generator) for generator in (1, 2, 3)]
        (only,) = await generation_thread.generate(requests, 0)
        assert only.request == requests[0]
        assert len(await generation_thread.generate(requests, only.retained_bytes + 1)) == 2
        assert len(await generation_thread.generate(requests, 1 << 30)) == 3
    finally:
        generation_thread.close()


@pytest.mark.usefixtures("unhurried")
async def test_events_from_the_poison_index_on_are_requested_one_by_one() -> None:
    requested: list[int] = []
    build = Numbers("numbers")
    generation_thread = GenerationThread(
        lambda _: build, on_request=lambda request: requested.append(request.first)
    )
    try:
        await generation_thread.generate([request(1, poison_index=3)], 1 << 30)
        assert requested == [0]
        await generation_thread.generate([request(1, poison_index=0, isolate=True)], 1 << 30)
        assert requested == [0, *range(10)]
    finally:
        generation_thread.close()


def test_events_are_made_one_by_one_for_as_long_as_a_batch() -> None:
    assigned = request(1, poison_index=3, isolate=True).assignment
    assert [assigned.max_events(first) for first in (2, 3, MAX_EVENTS + 2, MAX_EVENTS + 3)] == [
        MAX_EVENTS,
        1,
        1,
        MAX_EVENTS,
    ]


def request(
    generator: int, *, poison_index: int | None = None, isolate: bool = False
) -> GenerationRequest:
    """A request for ten due events."""
    key = PositionKey(1, generator, 1)
    event_source = EventSource(Template("numbers"), Stream(1), EventContext())
    assigned = Assignment(
        key,
        GeneratorSpec(event_source, KafkaTarget("t")),
        poison_index=poison_index,
        isolate=isolate,
    )
    return GenerationRequest(assigned, Pace([Segment(0, 0, ticks(10, 1_000))]), 0, 10, 0)


async def test_events_arrive_in_order_at_their_times(tmp_path: Path) -> None:
    async with Driver(tmp_path) as driver:
        key = driver.add(1, "boo")
        await driver.until_position(key, 100)
    events = read_events(tmp_path, "boo")
    assert [number for number, _, _ in events] == list(range(len(events)))
    assert [at for _, at, _ in events] == driver.paces[key].scheduled(0, len(events)).tolist()


async def test_it_resumes_where_the_store_says(tmp_path: Path) -> None:
    async with Driver(tmp_path) as driver:
        await driver.until_position(driver.add(1, "boo"), 50)
    async with Driver(tmp_path) as driver:
        await driver.until_position(driver.add(1, "boo"), 150)
    found = numbers(tmp_path, "boo")
    assert found == list(range(len(found)))


async def test_the_backlog_of_an_outage_is_delivered(tmp_path: Path) -> None:
    (tmp_path / "down").touch()
    async with Driver(tmp_path) as driver:
        key = driver.add(1, "boo")
        report = await driver.until(lambda r: isinstance(r, FlowsWaiting))
        assert isinstance(report, FlowsWaiting)
        assert report.keys == (key,)
        (tmp_path / "down").unlink()
        await driver.until_position(key, 50)
    assert numbers(tmp_path, "boo")[:50] == list(range(50))


async def test_after_withdrawal_nothing_more_appears(tmp_path: Path) -> None:
    async with Driver(tmp_path) as driver:
        key = driver.add(1, "boo", interval=5 * MS)
        other = driver.add(2, "moo", interval=5 * MS)
        await driver.until_position(key, 100)
        driver.runner.shard.withdraw(key, driver.clock.now_ns())
        driver.runner.wake()
        report = await driver.until(lambda r: isinstance(r, FlowWithdrawn))
        assert isinstance(report, FlowWithdrawn)
        at = len(numbers(tmp_path, "boo"))
        assert report.position is not None
        assert report.position.next == at
        await driver.until_position(other, 300)
        assert len(numbers(tmp_path, "boo")) == at


async def test_a_raising_template_fails_alone_after_what_came_before(tmp_path: Path) -> None:
    async with Driver(tmp_path) as driver:
        key = driver.add(1, "boo", template="raise 25")
        other = driver.add(2, "moo")
        report = await driver.until(lambda r: isinstance(r, FlowFailed))
        assert isinstance(report, FlowFailed)
        assert report.key == key
        assert isinstance(report.error, EvaluationError)
        assert numbers(tmp_path, "boo") == list(range(25))
        await driver.until_position(other, 100)


async def test_a_failing_event_is_skipped_with_skip(tmp_path: Path) -> None:
    async with Driver(tmp_path) as driver:
        key = driver.add(1, "boo", template="raise 25", on_error=OnError.SKIP)
        await driver.until_position(key, 50)
        skipped = [r for r in driver.reports if isinstance(r, EventsSkipped)]
    assert [report.first[0][0] for report in skipped] == [25]
    assert numbers(tmp_path, "boo")[:49] == [*range(25), *range(26, 50)]


async def test_a_refused_event_fails_alone_after_what_came_before(tmp_path: Path) -> None:
    async with Driver(tmp_path) as driver:
        key = driver.add(1, "boo", template="poison 25")
        other = driver.add(2, "moo")
        report = await driver.until(lambda r: isinstance(r, FlowFailed))
        assert isinstance(report, FlowFailed)
        assert report.key == key
        assert isinstance(report.error, DestinationRejectedError)
        assert report.error.index == 25
        assert numbers(tmp_path, "boo") == list(range(25))
        await driver.until_position(other, 100)


async def test_a_refused_target_fails_alone(tmp_path: Path) -> None:
    async with Driver(tmp_path) as driver:
        key = driver.add(1, "refused")
        other = driver.add(2, "moo")
        report = await driver.until(lambda r: isinstance(r, FlowFailed))
        assert isinstance(report, FlowFailed)
        assert report.key == key
        await driver.until_position(other, 50)


async def test_targets_are_checked_beforehand(tmp_path: Path) -> None:
    async with Driver(tmp_path) as driver:
        for token, topic in enumerate(["fine", "refused"]):
            flow = Flow(PositionKey(1, token, 0), KafkaTarget(topic))
            driver.runner.shard.check(token, flow)
        driver.runner.wake()
        fine = await driver.until(lambda r: isinstance(r, CheckCompleted) and r.token == 0)
        refused = await driver.until(lambda r: isinstance(r, CheckCompleted) and r.token == 1)
    assert isinstance(fine, CheckCompleted)
    assert fine.error is None
    assert isinstance(refused, CheckCompleted)
    assert "takes nothing" in str(refused.error)


async def test_an_internal_error_of_a_connection_is_not_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes to the log: users get no text of Python. The shard opens a new connection."""
    deliver = SqliteConnection.deliver

    def fail_once(*_: object) -> None:
        monkeypatch.setattr(SqliteConnection, "deliver", deliver)
        raise KeyError("password=x")

    monkeypatch.setattr(SqliteConnection, "deliver", fail_once)
    async with Driver(tmp_path) as driver:
        key = driver.add(1, "boo")
        waiting = await driver.until(lambda report: isinstance(report, FlowsWaiting))
        assert isinstance(waiting, FlowsWaiting)
        assert waiting.error.message == "an internal error of Eventer ended the connection"
        assert waiting.error.hint == "the log has the details; please report them"
        await driver.until_position(key, 20)


async def test_a_stop_before_an_instruction_has_begun_ends_the_shard(tmp_path: Path) -> None:
    driver = Driver(tmp_path)
    driver.add(1, "t")
    running = asyncio.create_task(driver.runner.run())
    await asyncio.sleep(0)  # the runner has created the task that opens the connection
    assert driver.runner.shard.connection.busy
    driver.runner.stop()
    await asyncio.wait_for(running, DEADLINE_S)
    assert driver.runner.shard.stopped
