"""How late events are while the table rejects many of them."""

import asyncio
import random

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
    OnError,
    PositionKey,
    PostgresTarget,
    Segment,
    Stream,
    Template,
)
from eventer.destinations.postgres.connection import PostgresConnection
from eventer.runs.assignment import Assignment
from eventer.runs.generation_thread import GenerationThread
from eventer.runs.pacing import Pace
from eventer.runs.runner import ShardRunner
from eventer.runs.shard_messages import PositionRead, ShardReport, TransactionCommitted
from eventer.testing.batches import batch_of
from tests.integration.postgres.harness import Writer, flow, patient, shape
from tests.postgres_server.databases import Database

KEY = PositionKey(1, 1, 0)
_SECONDS = 10


class SomeBad:
    """Generates events of which a share is rejected."""

    name: EngineName = "plan"
    reason: str | None = None

    def __init__(self, share: float) -> None:
        self._share = share

    def generate(
        self, first: int, scheduled: NDArray[np.int64], deadline_ns: int | None = None
    ) -> Batch:
        values = [
            {"n": n, "word": "bad" if random.Random(n).random() < self._share else "fine"}
            for n in range(first, first + len(scheduled))
        ]
        return batch_of(first, values, scheduled=scheduled.tolist())


async def run(database: Database, rate: int, share: float) -> tuple[int, float]:
    """Delivers for some seconds; returns the number of committed indices and the most lag in s."""
    clock, lags, reached = SystemClock(), [0.0], [0]
    pace = Pace([Segment(clock.now_ns(), 0, rate // 10, NS_PER_SECOND // 10)])

    def on_report(report: ShardReport) -> None:
        if isinstance(report, PositionRead):
            runner.shard.resume(KEY, pace)
            runner.wake()
        elif isinstance(report, TransactionCommitted):
            due = pace.due_at(report.deliveries[0].batches[0].first)
            lags.append((report.at - due) / NS_PER_SECOND)
            reached.append(report.positions[KEY].next)

    runner = ShardRunner(
        lambda: PostgresConnection(patient(database.dsn), cluster=1, shard=0),
        GenerationThread(lambda _: SomeBad(share)),
        on_report,
        clock,
    )
    spec = GeneratorSpec(
        EventSource(Template(""), Stream(0), EventContext()),
        PostgresTarget("t"),
        shape(n="bigint", word="text"),
        OnError.SKIP,
    )
    runner.shard.assign(Assignment(KEY, spec))
    task = asyncio.create_task(runner.run())
    await asyncio.sleep(_SECONDS)
    runner.stop()
    await task
    return reached[-1], max(lags)


@pytest.mark.timing
@pytest.mark.parametrize(("rate", "share"), [(1_000, 0.02), (1_000, 0.5), (50, 0.9)])
async def test_rejected_events_do_not_delay_the_others(
    database: Database, rate: int, share: float
) -> None:
    database.execute("CREATE TABLE t (n bigint, word text CHECK (word <> 'bad'))")
    async with Writer(database.dsn) as writer:  # loads the kernels
        await writer.send(flow("other", shape(n="bigint", word="text")), [{"n": 1, "word": ""}])
    reached, lag = await run(database, rate, share)
    print(f"\n{share:.0%} of {rate}/s rejected: {reached} indices, lag {lag:.2f} s (bound: 1 s)")
    assert reached >= rate * (_SECONDS - 1)
    assert lag < 1
    assert database.value("SELECT count(*) FROM t") == sum(
        random.Random(n).random() >= share for n in range(reached)
    )
