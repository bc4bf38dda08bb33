"""A delivery worker, driven by messages without a service."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

import pytest

from eventer.core.clock import SystemClock
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import (
    EventSource,
    GeneratorSpec,
    KafkaTarget,
    Position,
    PositionKey,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import ticks
from eventer.destinations.base import Flow
from eventer.plan.engine import EventContext
from eventer.runs.assignment import Assignment
from eventer.runs.shard_messages import CheckCompleted, FlowFailed, FlowWithdrawn, PositionRead
from eventer.workers import worker_main
from eventer.workers.channel import Channel
from eventer.workers.crash_marker import CrashMarker
from eventer.workers.messages import (
    AssignFlow,
    CheckTarget,
    CommitSummary,
    Ping,
    Pong,
    Ready,
    ResumeFlow,
    ShardEvent,
    ShardId,
    Stop,
    WithdrawFlow,
    WorkerConfig,
)
from tests.forkserver import forkserver
from tests.sqlite_destination import SqliteConnector, read_events
from tests.waiting import DEADLINE_S

STUCK = """
import time
from eventer.workers import delivery_worker

class Stuck:
    name, reason = "plan", None
    def generate(self, first, scheduled, deadline_ns=None, later=None):
        {does}

delivery_worker.STUCK_EVENT_LIMIT_S, delivery_worker.POLL_S = 0.5, 0.1
delivery_worker.WALL_TIME_FACTOR = {blocked}
delivery_worker.build_engine = lambda *_: Stuck()
"""
SHARD = ShardId("kafka", 0)
KEY = PositionKey(1, 5, 1)
FLOW = Flow(KEY, KafkaTarget("boo"))
SPEC = GeneratorSpec(EventSource(Template("{ a: 1 }"), Stream(1), EventContext()), FLOW.target)
ASSIGNMENT = Assignment(KEY, SPEC)


class Worker:
    """The parent's end of a worker process."""

    def __init__(
        self, channel: Channel, process: ForkServerProcess, crash_marker: CrashMarker
    ) -> None:
        self.crash_marker = crash_marker
        self.channel = channel
        self._process = process

    async def exit_code(self) -> int | None:
        """Waits for the end of the process."""
        await asyncio.to_thread(self._process.join, DEADLINE_S)
        return self._process.exitcode

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                message = await self.channel.receive()
                if isinstance(message, ShardEvent):
                    message = message.update
                if wanted(message):
                    return message

    async def until_a(self, kind: type) -> Any:
        return await self.until(lambda message: isinstance(message, kind))


def _work(end: DupFd, crash_marker: DupFd, changes: str) -> None:
    """Runs a worker in a process of the fork server, after changes to its modules."""
    exec(changes, {})
    worker_main.main(end.detach(), crash_marker.detach())


@asynccontextmanager
async def worker(folder: Path, changes: str = "", *, traces: bool = False) -> AsyncIterator[Worker]:
    ours, theirs = socket.socketpair()
    crash_marker, shared = CrashMarker.create()
    process = forkserver().Process(
        target=_work, args=(DupFd(theirs.fileno()), DupFd(shared), changes)
    )
    process.start()
    theirs.close()
    os.close(shared)
    channel = await Channel.over(ours)
    connectors = {"kafka": SqliteConnector(folder)}
    channel.send(WorkerConfig("delivery", 1, connectors, None, 1 << 30, traces=traces))
    running = Worker(channel, process, crash_marker)
    try:
        await running.until_a(Ready)
        yield running
    finally:
        channel.close()
        await running.exit_code()


async def test_assign_deliver_withdraw_and_stop(tmp_path: Path) -> None:
    async with worker(tmp_path) as running:
        send = running.channel.send
        send(Ping())
        await running.until_a(Pong)
        send(CheckTarget(SHARD, 7, Flow(KEY, KafkaTarget("refused"))))
        checked = await running.until_a(CheckCompleted)
        assert checked.token == 7
        assert isinstance(checked.error, DestinationRejectedError)
        send(AssignFlow(SHARD, ASSIGNMENT))
        assert (await running.until_a(PositionRead)).position == Position()
        send(ResumeFlow(SHARD, KEY, (Segment(SystemClock().now_ns(), 0, ticks(10, 50_000_000)),)))
        summary = await running.until_a(CommitSummary)
        assert summary.events == summary.positions[KEY].next
        assert sum(summary.lateness) == summary.events
        send(WithdrawFlow(SHARD, KEY))
        withdrawn = await running.until_a(FlowWithdrawn)
        send(Stop())
        assert await running.exit_code() == 0
        assert running.crash_marker.read() is None
    events = read_events(tmp_path, "boo")
    assert [number for number, _, _ in events] == list(range(withdrawn.position.next))


@pytest.mark.parametrize("does", ["while True: pass", "time.sleep(3600)"])
async def test_a_hung_event_ends_the_process_and_is_in_the_crash_marker(
    tmp_path: Path, does: str
) -> None:
    async with worker(tmp_path, STUCK.format(does=does, blocked=1)) as running:
        running.channel.send(AssignFlow(SHARD, ASSIGNMENT))
        await running.until_a(PositionRead)
        running.channel.send(
            ResumeFlow(SHARD, KEY, (Segment(SystemClock().now_ns(), 0, ticks(1, 10**9)),))
        )
        assert await running.exit_code() != 0
        assert running.crash_marker.read() is not None
        assert (running.crash_marker.read().key, running.crash_marker.read().first) == (KEY, 0)


COMPILING = """
        from eventer.kernels.support.numba_loading import LOADING
        with LOADING:
            while time.thread_time() < 1: pass
        1 / 0
"""


@pytest.mark.parametrize("does", ["time.sleep(1); 1 / 0", COMPILING.strip()])
async def test_loading_time_does_not_count_as_time_of_an_event(tmp_path: Path, does: str) -> None:
    """Time on a busy machine and compilations do not count towards the limit."""
    async with worker(tmp_path, STUCK.format(does=does, blocked=10**6)) as running:
        running.channel.send(AssignFlow(SHARD, ASSIGNMENT))
        await running.until_a(PositionRead)
        running.channel.send(
            ResumeFlow(SHARD, KEY, (Segment(SystemClock().now_ns(), 0, ticks(1, 10**9)),))
        )
        failed = await running.until_a(FlowFailed)
        assert "an internal error" in failed.error.message
        running.channel.send(Stop())
        assert await running.exit_code() == 0
