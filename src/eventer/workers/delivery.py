"""A delivery worker: holds shards of several connections, and tells its service everything."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import ExitStack
from typing import Final

from eventer.core.clock import NS_PER_SECOND, SystemClock
from eventer.core.model import PositionKey
from eventer.functions.fingerprint import fingerprint
from eventer.kernels.loading import LOADING
from eventer.plan.engine import Engine
from eventer.plan.prepare import prepare
from eventer.runs.instructions import (
    Assignment,
    Committed,
    Failed,
    Finished,
    Report,
    Withdrawn,
)
from eventer.runs.lateness import count_lateness
from eventer.runs.maker import Maker
from eventer.runs.memory import CompilerPages, share_memory
from eventer.runs.pacing import Pace
from eventer.runs.runner import ShardRunner
from eventer.runs.tenure import Tenure
from eventer.workers.channel import Channel
from eventer.workers.messages import (
    Assign,
    CheckTarget,
    CommitSummary,
    Configure,
    Go,
    Heard,
    Ping,
    Pong,
    Ready,
    ShardId,
    ShardNews,
    Stop,
    ToDelivery,
    Withdraw,
)
from eventer.workers.slate import Slate

SLICE_LIMIT_S: Final = 20.0
"""Engines keep to slices of 20 ms and budgets of a second; one that does not is given up.

Of its processor time: a busy machine is not its fault. Nor is the compiled code that it comes to
need, which takes its time to come into being where it has not been needed before.
"""
LOADING_LIMIT_S: Final = 60.0
"""How long code may be loaded or compiled until time counts again."""
_BLOCKED: Final = 15
"""How many times as long what computes nothing may take by the clock on the wall."""
_BROKEN: Final = 70
_STUCK: Final = 71

_log = logging.getLogger(__name__)


async def serve_delivery(channel: Channel, configure: Configure, slate: Slate) -> None:
    """Serves until it is told to stop; what it makes is on the slate while it is being made.

    Raises:
        EOFError: the service has gone.
    """
    await DeliveryWorker(channel, configure, slate).serve()


class DeliveryWorker:
    """The shards of one process."""

    def __init__(self, channel: Channel, configure: Configure, slate: Slate) -> None:
        self._channel = channel
        self._configure = configure
        self._clock = SystemClock()
        self._slate = slate
        self._tenure = Tenure()
        self._maker = Maker(
            self._build,
            begins=lambda work: slate.mark(work.assignment.key, work.first),
            ends=slate.wipe,
        )
        self._runners: dict[ShardId, ShardRunner] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Takes messages until `Stop`."""
        share_memory()
        with ExitStack() as ends:
            ends.callback(CompilerPages().watch())
            ends.callback(self._tenure.watch())
            ends.callback(LOADING.watch(self._hold_time_while))
            watch = asyncio.create_task(self._watch())
            self._channel.send(Ready(fingerprint()))
            while not isinstance(message := await self._channel.receive(), Stop):
                self._take(message)
            watch.cancel()
            await self._stop()

    def _build(self, assignment: Assignment) -> Engine:
        engine = build_engine(assignment)
        self._tenure.came()
        return engine

    def _take(self, message: ToDelivery) -> None:
        match message:
            case Assign(shard=shard, assignment=assignment):
                self._runner(shard).shard.assign(assignment)
            case Go(shard=shard, key=key, segments=segments):
                self._runner(shard).shard.go(key, Pace(segments))
            case Withdraw(shard=shard, key=key):
                self._runner(shard).shard.withdraw(key, self._clock.now_ns())
            case CheckTarget(shard=shard, token=token, flow=flow):
                self._runner(shard).shard.check(token, flow)
            case Ping():
                self._channel.send(Pong())
                return
            case Stop():
                return
        self._runner(message.shard).wake()

    def _runner(self, shard: ShardId) -> ShardRunner:
        if shard not in self._runners:
            connector = self._configure.connectors[shard.connection]
            runner = ShardRunner(
                lambda: connector.connect(self._configure.cluster, shard.number),
                self._maker,
                lambda report: self._hear(shard, report),
                self._clock,
            )
            self._runners[shard] = runner
            task = asyncio.create_task(self._run(shard, runner))
            self._tasks.add(task)
        return self._runners[shard]

    async def _run(self, shard: ShardId, runner: ShardRunner) -> None:
        try:
            await runner.run()
        except Exception:  # noqa: BLE001  the process ends of it
            # Nothing is known of the shard any more. A new process finds out from its destination.
            _log.exception("shard %d of %s broke", shard.number, shard.connection)
            os._exit(_BROKEN)

    def _hear(self, shard: ShardId, report: Report) -> None:
        if isinstance(report, Withdrawn | Failed | Finished):
            task = asyncio.create_task(self._forget(report.key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        news = _summary(report) if isinstance(report, Committed) else report
        self._tell(shard, news)

    async def _forget(self, key: PositionKey) -> None:
        self._tenure.went(await self._maker.forget(key))

    def _tell(self, shard: ShardId, news: ShardNews) -> None:
        self._channel.send(Heard(shard, news))

    def _hold_time_while(self, loading: bool) -> None:  # noqa: FBT001
        seconds = LOADING_LIMIT_S if loading else 0
        self._slate.hold(time.monotonic_ns() + round(seconds * NS_PER_SECOND))

    async def _watch(self) -> None:
        """Ends this process if an event is never made; the slate says which.

        How often that may happen at one place, its service knows.
        """
        seen, began = None, 0
        while True:
            await asyncio.sleep(1)
            making, spent = self._slate.read(), self._maker.processor_ns()
            if making != seen:
                seen, began = making, spent
            if making is not None and _over_limit(spent - began, making.passed_ns()):
                _log.error(
                    "making events from %d on takes over %.0f s", making.first, SLICE_LIMIT_S
                )
                os._exit(_STUCK)

    async def _stop(self) -> None:
        for runner in self._runners.values():
            runner.stop()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._maker.close()
        await self._channel.flush()


def _over_limit(spent_ns: int, passed_ns: int) -> bool:
    limit = SLICE_LIMIT_S * NS_PER_SECOND
    return passed_ns >= 0 and (spent_ns >= limit or passed_ns >= _BLOCKED * limit)


def build_engine(assignment: Assignment) -> Engine:
    """The engine of a generator, from what is stored of its template.

    Raises:
        TemplateError: what was accepted once is refused now, after an upgrade.
    """
    recipe = assignment.recipe
    prepared = prepare(recipe.template)
    return prepared.engine(recipe.stream, recipe.context, repeats=assignment.repeats)


def _summary(report: Committed) -> CommitSummary:
    batches = [batch for delivery in report.deliveries for batch in delivery.batches]
    counts, total = count_lateness(batches, report.at)
    return CommitSummary(
        positions=report.positions,
        events=sum(batch.rows for batch in batches),
        bytes=sum(batch.nbytes for batch in batches),
        lateness=counts,
        lateness_sum=total,
        at=report.at,
        spent=report.spent,
    )
