"""A delivery worker: runs shards of several connections and reports to its service."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from eventer.core.clock import NS_PER_SECOND, SystemClock
from eventer.core.logs import event
from eventer.core.model import Position, PositionKey
from eventer.destinations.base import ShardConnection
from eventer.functions.fingerprint import fingerprint
from eventer.functions.row_files import ROW_FILES
from eventer.kernels.support.numba_loading import LOADING
from eventer.plan.engine import Engine
from eventer.plan.prefetch_group import PrefetchGroups
from eventer.plan.prepare import prepare_stored
from eventer.runs.assignment import Assignment
from eventer.runs.gc_freezer import GcFreezer
from eventer.runs.generation_thread import GenerationThread
from eventer.runs.pacing import Pace
from eventer.runs.populations import bound_populations
from eventer.runs.process_memory import CompilerPageReleaser, use_system_allocator
from eventer.runs.runner import ShardRunner
from eventer.runs.shard_messages import (
    FlowFailed,
    FlowFinished,
    FlowWithdrawn,
    GenerationRequest,
    ShardReport,
    TransactionCommitted,
)
from eventer.runs.timelines.flow_steps import FlowSteps
from eventer.workers.channel import Channel
from eventer.workers.crash_marker import CrashMarker
from eventer.workers.delivered_steps import earliest_step, open_steps, timeline_starts
from eventer.workers.messages import (
    AssignFlow,
    CheckTarget,
    CommitSummary,
    DeliveryCommand,
    GateFlow,
    Ping,
    Pong,
    Ready,
    ResumeFlow,
    ShardEvent,
    ShardId,
    StepBacklog,
    Stop,
    WithdrawFlow,
    WorkerConfig,
    summarize_commit,
)

if TYPE_CHECKING:
    from eventer.workers.otlp_exporter import OtlpTraces

STUCK_EVENT_LIMIT_S: Final = 20.0
"""Engines keep to slices of 20 ms and budgets of 1 s; after this time the process ends itself.

CPU time, since the machine may be busy. Time to load or compile code does not count.
"""
WALL_TIME_FACTOR: Final = 15
"""Wall time, as a multiple of the limit, that an engine may take without computing."""
POLL_S: Final = 1.0
"""Seconds between checks whether an event takes too long."""
_EXIT_BROKEN: Final = 70
_EXIT_STUCK: Final = 71

_log = logging.getLogger(__name__)


async def serve_delivery(channel: Channel, config: WorkerConfig, crash_marker: CrashMarker) -> None:
    """Serves until `Stop`; `crash_marker` holds the work in flight.

    Raises:
        EOFError: the service closed the channel.
    """
    await DeliveryWorker(channel, config, crash_marker).serve()


class DeliveryWorker:
    """The shards of one process."""

    def __init__(self, channel: Channel, config: WorkerConfig, crash_marker: CrashMarker) -> None:
        self._channel = channel
        self._config = config
        self._clock = SystemClock()
        self._crash_marker = crash_marker
        self._gc_freezer = GcFreezer()
        self._prefetch_groups = PrefetchGroups()
        self._traces = _otlp_traces() if config.traces else None
        self._generation_thread = GenerationThread(
            self._build, on_request=self._on_request, on_slice_end=self._on_slice_end
        )
        self._live_from: dict[PositionKey, int] = {}
        self._steps: dict[PositionKey, FlowSteps] = {}
        self._runners: dict[ShardId, ShardRunner] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Handles messages until `Stop`."""
        use_system_allocator()
        with ExitStack() as ends:
            ends.callback(CompilerPageReleaser().watch())
            ends.callback(self._gc_freezer.watch())
            ends.callback(LOADING.watch(self._crash_marker.suspend_while))
            ROW_FILES.loading = lambda: LOADING
            watch = asyncio.create_task(self._watch())
            self._channel.send(Ready(fingerprint()))
            while not isinstance(message := await self._channel.receive(), Stop):
                self._take(message)
            watch.cancel()
            await self._stop()

    def _build(self, assignment: Assignment) -> Engine:
        engine = build_engine(assignment, self._prefetch_groups)
        self._gc_freezer.engine_created()
        return engine

    def _on_request(self, request: GenerationRequest) -> None:
        self._crash_marker.mark(request.assignment.key, request.first)
        if self._traces is not None:
            self._traces.generation_times.begin(request)

    def _on_slice_end(self) -> None:
        self._crash_marker.clear()
        if self._traces is not None:
            self._traces.generation_times.end()

    def _take(self, message: DeliveryCommand) -> None:
        match message:
            case AssignFlow(shard=shard, assignment=assignment):
                self._runner(shard).shard.assign(assignment)
            case ResumeFlow():
                self._resume(message)
            case GateFlow(shard=shard, key=key, gate=gate):
                self._runner(shard).shard.set_gate(key, gate, self._clock.now_ns())
            case WithdrawFlow(shard=shard, key=key):
                self._runner(shard).shard.withdraw(key, self._clock.now_ns())
            case CheckTarget(shard=shard, token=token, flow=flow):
                self._runner(shard).shard.check(token, flow)
            case Ping():
                self._channel.send(Pong())
                return
            case Stop():
                return
        self._runner(message.shard).wake()

    def _resume(self, message: ResumeFlow) -> None:
        key, shard = message.key, self._runner(message.shard).shard
        self._live_from[key] = message.live_from
        reported = shard.reported(key)
        if reported is None:
            return
        assignment, position = reported
        if assignment.spec.steps is None:
            pace = Pace(message.segments)
            shard.resume(key, pace, pace.limit, message.bindings, message.gate)
            return
        mark = self._crash_marker.mark_timeline
        self._steps[key] = flow_steps(assignment, position, message, mark)
        shard.resume(key, self._steps[key])

    def _runner(self, shard: ShardId) -> ShardRunner:
        if shard not in self._runners:
            policy = self._config.connectors[shard.connection].policy
            runner = ShardRunner(
                lambda: self._connect(shard),
                self._generation_thread,
                lambda report: self._on_report(shard, report),
                self._clock,
                policy=policy,
            )
            self._runners[shard] = runner
            task = asyncio.create_task(self._run(shard, runner))
            self._tasks.add(task)
        return self._runners[shard]

    def _connect(self, shard: ShardId) -> ShardConnection:
        connector = self._config.connectors[shard.connection]
        connection = connector.connect(self._config.cluster, shard.number)
        return connection if self._traces is None else self._traces.trace(connection, shard.number)

    async def _run(self, shard: ShardId, runner: ShardRunner) -> None:
        try:
            await runner.run()
        except Exception:  # noqa: BLE001  ends the process
            # The shard's state is lost. A new process reads it from the destination.
            _log.exception(
                "shard %d of %s failed",
                shard.number,
                shard.connection,
                extra=event("shard_failed", connection=shard.connection, shard=shard.number),
            )
            os._exit(_EXIT_BROKEN)

    def _on_report(self, shard: ShardId, report: ShardReport | CommitSummary) -> None:
        if isinstance(report, FlowWithdrawn | FlowFailed | FlowFinished):
            self._live_from.pop(report.key, None)
            self._steps.pop(report.key, None)
            task = asyncio.create_task(self._forget(report.key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if isinstance(report, TransactionCommitted):
            backlogs = self._backlogs(report.positions, report.at) if self._steps else {}
            report = summarize_commit(report, report.at, self._live_from, backlogs)
        self._channel.send(ShardEvent(shard, report))

    def _backlogs(
        self, positions: Mapping[PositionKey, Position], now: int
    ) -> dict[PositionKey, StepBacklog]:
        """What is due of steps of timelines after a commit, which are not asked for again."""
        backlogs: dict[PositionKey, StepBacklog] = {}
        for key, position in positions.items():
            if steps := self._steps.get(key):
                steps.release(position.next)
                backlogs[key] = StepBacklog(*steps.backlog(position.next, now))
        return backlogs

    async def _forget(self, key: PositionKey) -> None:
        self._gc_freezer.engine_released(await self._generation_thread.forget(key))

    async def _watch(self) -> None:
        """Ends this process if an event takes too long; the crash marker names the event."""
        seen, began = None, 0
        while True:
            await asyncio.sleep(POLL_S)
            in_flight, spent = self._crash_marker.read(), self._generation_thread.processor_ns()
            if in_flight != seen:
                seen, began = in_flight, spent
            now = time.monotonic_ns()
            if in_flight is not None and _over_limit(spent - began, in_flight.elapsed_ns(now)):
                _log.error(
                    "generating events from %d on takes over %.0f s: the worker ends",
                    in_flight.first,
                    STUCK_EVENT_LIMIT_S,
                    extra=event("event_stuck", index=in_flight.first),
                )
                os._exit(_EXIT_STUCK)

    async def _stop(self) -> None:
        for runner in self._runners.values():
            runner.stop()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._generation_thread.close()
        if self._traces is not None:
            await self._traces.close()
        await self._channel.flush()


def _otlp_traces() -> OtlpTraces:
    """Loads the packages of OpenTelemetry, which are an extra."""
    from eventer.workers.otlp_exporter import OtlpTraces

    return OtlpTraces()


def _over_limit(spent_ns: int, elapsed_ns: int) -> bool:
    limit = STUCK_EVENT_LIMIT_S * NS_PER_SECOND
    return elapsed_ns >= 0 and (spent_ns >= limit or elapsed_ns >= WALL_TIME_FACTOR * limit)


# Many generators have the same template, and start together.
_prepared = functools.lru_cache(maxsize=16)(prepare_stored)


def build_engine(assignment: Assignment, groups: PrefetchGroups | None = None) -> Engine:
    """The engine of a generator, from its stored template; `groups` are those of the thread.

    Raises:
        TemplateError: this version of Eventer rejects a template that an earlier one accepted.
    """
    prepared = _prepared(assignment.event_source.template)
    return prepared.generator_engine(
        assignment.spec,
        match_hints=assignment.match_hints,
        populations=bound_populations(assignment.bindings),
        groups=groups,
    )


def flow_steps(
    assignment: Assignment,
    position: Position,
    message: ResumeFlow,
    mark: Callable[[int], object],
) -> FlowSteps:
    """The steps of a generator of timelines from a position on; for `mark` see `open_steps`."""
    starts = timeline_starts(message.segments)
    cursor, first_timeline = message.cursor, message.first_timeline
    return FlowSteps(
        lambda: open_steps(
            _prepared(assignment.event_source.template),
            assignment.spec,
            starts,
            number=position.next,
            cursor=cursor,
            first_timeline=first_timeline,
            mark=mark,
        ),
        position.next,
        earliest_step(starts, cursor, first_timeline),
    )
