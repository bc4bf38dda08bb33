"""Runs into tables that reject events: how late the others are, and what is delivered again."""

import asyncio
import random
from collections.abc import Callable
from functools import partial
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.clock import NS_PER_SECOND, SystemClock
from eventer.core.model import (
    EngineName,
    EventContext,
    EventSource,
    GeneratorSpec,
    JsonValue,
    OnError,
    PositionKey,
    PostgresTarget,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import ticks
from eventer.destinations.postgres.connection import PostgresConnection
from eventer.plan.engine import ScheduledTimes
from eventer.runs.assignment import Assignment
from eventer.runs.generation_thread import GenerationThread
from eventer.runs.pacing import Pace
from eventer.runs.runner import ShardRunner
from eventer.runs.shard_messages import (
    FlowRunning,
    FlowSuspended,
    PositionRead,
    ShardReport,
    TransactionCommitted,
)
from eventer.testing.batches import batch_of
from tests.integration.postgres.harness import Writer, flow, patient, shape
from tests.postgres_server.databases import Database
from tests.waiting import wait_until_async

KEY = PositionKey(1, 1, 0)
_SECONDS = 10


class _Engine:
    """Generates the events of a function of the index."""

    name: EngineName = "plan"
    reason: str | None = None

    def __init__(self, event: Callable[[int], JsonValue]) -> None:
        self._event = event

    def generate(
        self,
        first: int,
        scheduled: NDArray[np.int64],
        deadline_ns: int | None = None,
        later: ScheduledTimes | None = None,
    ) -> Batch:
        del later
        values = [self._event(n) for n in range(first, first + len(scheduled))]
        return batch_of(first, values, scheduled=scheduled.tolist())


class Run:
    """A generator that delivers to the table `t`, ten times a second."""

    def __init__(
        self, database: Database, event: Callable[[int], JsonValue], rate: int, on_error: OnError
    ) -> None:
        self.reports: list[ShardReport] = []
        self.position = 0
        self.lag = 0.0
        clock = SystemClock()
        self._pace = Pace([Segment(clock.now_ns(), 0, ticks(rate // 10, NS_PER_SECOND // 10))])
        self._runner = ShardRunner(
            lambda: PostgresConnection(patient(database.dsn), cluster=1, shard=0),
            GenerationThread(lambda _: _Engine(event)),
            self._on_report,
            clock,
        )
        source = EventSource(Template(""), Stream(0), EventContext())
        to = shape(n="bigint", word="text")
        spec = GeneratorSpec(source, PostgresTarget("t"), to, on_error)
        self._runner.shard.assign(Assignment(KEY, spec))

    def _on_report(self, report: ShardReport) -> None:
        self.reports.append(report)
        if isinstance(report, PositionRead):
            self._runner.shard.resume(KEY, self._pace)
            self._runner.wake()
        elif isinstance(report, TransactionCommitted):
            due = self._pace.due_at(report.deliveries[0].batches[0].first)
            self.lag = max(self.lag, (report.at - due) / NS_PER_SECOND)
            self.position = report.positions[KEY].next

    async def waits_at(self, index: int) -> bool:
        """Whether the delivery of an event is being retried."""
        return self.position == index and isinstance(self.reports[-1], FlowSuspended)

    async def has_passed(self, index: int) -> bool:
        """Whether an event is committed."""
        return self.position > index

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._runner.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._runner.stop()
        await self._task


def some_bad(share: float) -> Callable[[int], JsonValue]:
    """Events of which a share has a bad word."""
    return lambda n: {"n": n, "word": "bad" if random.Random(n).random() < share else "fine"}


@pytest.mark.timing
@pytest.mark.parametrize(("rate", "share"), [(1_000, 0.02), (1_000, 0.5), (50, 0.9)])
async def test_rejected_events_do_not_delay_the_others(
    database: Database, rate: int, share: float
) -> None:
    database.execute("CREATE TABLE t (n bigint, word text CHECK (word <> 'bad'))")
    async with Writer(database.dsn) as writer:  # loads the kernels
        await writer.send(flow("other", shape(n="bigint", word="text")), [{"n": 1, "word": ""}])
    async with Run(database, some_bad(share), rate, OnError.SKIP) as run:
        await asyncio.sleep(_SECONDS)
    reached, lag = run.position, run.lag
    print(f"\n{share:.0%} of {rate}/s rejected: {reached} indices, lag {lag:.2f} s (bound: 1 s)")
    assert reached >= rate * (_SECONDS - 1)
    assert lag < 1
    accepted = sum(some_bad(share)(n)["word"] == "fine" for n in range(reached))  # type: ignore[index,call-overload]
    assert database.value("SELECT count(*) FROM t") == accepted


async def test_an_event_whose_reference_comes_later_is_retried(database: Database) -> None:
    """The events before it are committed meanwhile; nothing is lost or repeated."""
    database.execute("CREATE TABLE parent (id bigint PRIMARY KEY)")
    database.execute("INSERT INTO parent SELECT generate_series(0, 6)")
    database.execute("CREATE TABLE t (n bigint REFERENCES parent, word text)")
    async with Run(database, lambda n: {"n": n, "word": ""}, 100, OnError.RETRY) as run:
        await wait_until_async(partial(run.waits_at, 7))
        database.execute("INSERT INTO parent SELECT generate_series(7, 30)")
        await wait_until_async(partial(run.waits_at, 31))
        waiting = len(run.reports)
        database.execute("INSERT INTO parent SELECT generate_series(31, 5000)")
        await wait_until_async(partial(run.has_passed, 60))
    assert any(isinstance(report, FlowRunning) for report in run.reports[waiting:])
    rows = [n for (n,) in database.rows("SELECT n FROM t ORDER BY n")]
    assert rows == list(range(run.position))
