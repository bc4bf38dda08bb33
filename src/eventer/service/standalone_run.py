"""Delivers one template to one destination in this process: what `eventer run` does."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol

from eventer.core.clock import NS_PER_SECOND, SystemClock
from eventer.core.errors import EventerError
from eventer.core.fault_rules import FaultRule, delay_rules
from eventer.core.large_stack import run_with_large_stack
from eventer.core.model import (
    ConsoleTarget,
    EventSource,
    GeneratorSpec,
    OnError,
    OnNull,
    Position,
    PositionKey,
    Stream,
    Target,
    Template,
)
from eventer.core.timelines import TimelineSpec
from eventer.destinations.base import ShardConnection
from eventer.destinations.commit_policy import CommitPolicy
from eventer.destinations.console import ConsoleConnection
from eventer.jsonnet.importer import FolderImporter, Importer, NoLibrary
from eventer.plan.engine import Engine, EventContext
from eventer.plan.prepare import PreparedTemplate, dropping_nulls, prepare
from eventer.runs.assignment import Assignment
from eventer.runs.generation_thread import GenerationThread
from eventer.runs.pace.arrivals import arrivals_key
from eventer.runs.populations import own_populations
from eventer.runs.process_memory import CompilerPageReleaser, use_system_allocator
from eventer.runs.runner import ShardRunner
from eventer.runs.shard_messages import (
    EventsSkipped,
    FlowFailed,
    FlowFinished,
    FlowRunning,
    FlowSuspended,
    FlowsWaiting,
    PositionRead,
    ShardConnected,
    ShardReport,
    TransactionCommitted,
)
from eventer.runs.timelines.step_engine import StepEngine
from eventer.runs.timelines.step_timetable import StepTimetable
from eventer.service.connections import known_connections
from eventer.service.request_faults import connection_faults, raise_faults, unsupported_faults
from eventer.service.run_schedule import (
    RunSchedule,
    ScheduleOptions,
    schedule,
    step_schedule,
)
from eventer.service.run_stats import RunStats
from eventer.settings import Settings
from eventer.workers.evaluated_steps import only_warnings
from eventer.workers.inspect_template import (
    check_fault_rules,
    check_options,
    option_field_warnings,
)
from eventer.workers.inspector_messages import TemplateWarning

_MAX_OUTAGE_NS: Final = 60 * NS_PER_SECOND
"""How long a destination may be unavailable, after it was available, before the run fails."""
_END_POLL_SECONDS: Final = 0.1
_CONSOLE_BUFFER_BYTES: Final = 4 << 20
"""Bytes that wait to be printed. Printing has no fixed cost per transaction, and a small buffer
stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What one run delivers, where and when."""

    stream: Stream
    dataset: str | None
    target: Target
    schedule: ScheduleOptions
    on_error: OnError
    on_null: OnNull = OnNull.EMIT
    faults: tuple[FaultRule, ...] = ()
    timeline: TimelineSpec | None = None


@dataclass(frozen=True, slots=True)
class RunJob:
    """A run that is ready to start; `steps` generates the steps of timelines."""

    event_source: EventSource
    prepared: PreparedTemplate
    target: Target
    schedule: RunSchedule
    on_error: OnError
    on_null: OnNull
    connector: RunConnector
    warnings: tuple[TemplateWarning, ...] = ()
    """What is legal but surprising about the options."""
    faults: tuple[FaultRule, ...] = ()
    steps: StepEngine | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: with an error, or complete."""

    error: EventerError | None = None
    position: Position | None = None


def prepare_run(template: Template, request: RunRequest, settings: Settings, now: int) -> RunJob:
    """Prepares a run of a template, still without its imports, that starts now (ns since 1970).

    Raises:
        RequestError: a schedule option is invalid; the target cannot take the faults; the
            connection of the target is unknown, has no address or is of another kind.
        TemplateError: the template is invalid.
    """
    schedule(request.schedule, now)
    raise_faults(list(unsupported_faults(request.faults, request.timeline, "--faults")))
    connector = _connector(request.target, settings)
    importer = NoLibrary() if settings.library is None else FolderImporter(settings.library)
    prepared = run_with_large_stack(lambda: _checked_template(template, request, importer))
    context = EventContext(request.dataset, settings.instance_id)
    pace_key = arrivals_key(request.stream, prepared.program.digest.hex())
    job = RunJob(
        EventSource(prepared.template, request.stream, context),
        prepared,
        request.target,
        schedule(request.schedule, now, pace_key),
        request.on_error,
        request.on_null,
        connector,
        faults=request.faults,
    )
    if request.timeline is not None:
        return run_with_large_stack(partial(_with_steps, job, request.timeline))
    if delay_rules(request.faults):
        job = run_with_large_stack(partial(_with_delays, job))
    return run_with_large_stack(partial(_with_warnings, job, now, settings.limits.inspect_seconds))


def _checked_template(
    template: Template, request: RunRequest, importer: Importer
) -> PreparedTemplate:
    """The template of a run, whose events or steps the target can take.

    Raises:
        RequestError: the target cannot take the faults.
        DestinationRejectedError: an option of the target names a field that no event has.
        TemplateError: the template is invalid.
    """
    prepared = prepare(template, importer)
    if request.timeline is not None:
        prepared = prepared.of_steps(request.timeline.only)
    check_options(prepared, request.target)
    check_fault_rules(prepared, request.target, request.faults)
    return prepared


def _with_warnings(job: RunJob, now: int, seconds: float) -> RunJob:
    """The job with warnings about its options; see `option_field_warnings`."""
    warnings = option_field_warnings(
        job.prepared, job.event_source, job.target, rules=job.faults, at=now, seconds=seconds
    )
    return replace(job, warnings=warnings)


def _with_steps(job: RunJob, spec: TimelineSpec) -> RunJob:
    """The job that delivers the steps of timelines.

    Raises:
        RequestError: see `step_schedule`.
    """
    source, part = job.event_source, job.target.part
    timelines = job.prepared.timelines(source.stream, source.context, spec.horizon, part=part)
    steps = step_schedule(job.schedule, timelines, spec)
    assert isinstance(steps.timetable, StepTimetable)
    return replace(
        job,
        schedule=steps,
        steps=StepEngine(timelines, steps.timetable),
        warnings=only_warnings(timelines, spec.only),
    )


def _with_delays(job: RunJob) -> RunJob:
    """The job that delivers late events and copies of events.

    Raises:
        RequestError: see `step_schedule`.
    """
    spec, rules = _spec(job), delay_rules(job.faults)
    assert spec.steps is not None
    delayed = job.prepared.step_timelines(spec)
    waiting = min(1.0, sum(rule.probability for rule in rules))
    steps = step_schedule(job.schedule, delayed, spec.steps, "--faults", waiting)
    assert isinstance(steps.timetable, StepTimetable)
    return replace(job, schedule=steps, steps=StepEngine(delayed, steps.timetable))


def _spec(job: RunJob) -> GeneratorSpec:
    return GeneratorSpec(
        job.event_source,
        job.target,
        job.prepared.shape_for(job.target, job.faults),
        job.on_error,
        on_null=job.on_null,
        faults=job.faults,
    )


class RunConnector(Protocol):
    """Connects to the destination of a run."""

    @property
    def policy(self) -> CommitPolicy:
        """When a run commits."""

    def connect(self, cluster: int, shard: int) -> ShardConnection:
        """A connection, not yet open."""


class _ConsoleConnector:
    policy = CommitPolicy(max_buffered_bytes=_CONSOLE_BUFFER_BYTES)

    def connect(self, cluster: int, shard: int) -> ConsoleConnection:
        del cluster, shard
        return ConsoleConnection(sys.stdout.buffer)


def _connector(target: Target, settings: Settings) -> RunConnector:
    """The connector of the target, for the only shard of a cluster."""
    if isinstance(target, ConsoleTarget):
        return _ConsoleConnector()
    connections = known_connections(settings, shards=1, keeps_state=False)
    raise_faults(list(connection_faults(target, connections, "--connection")))
    connector = connections[target.connection].connector
    assert connector is not None
    return connector


class StandaloneRun:
    """One run. It calls `notify` with warnings for the user."""

    def __init__(self, job: RunJob, run_stats: RunStats, notify: Callable[[str], None]) -> None:
        self.run_stats = run_stats
        self._job = job
        self._notify = notify
        self._clock = SystemClock()
        self._key = PositionKey(secrets.randbits(64), 0, 1)
        self._connected = False
        self._positioned = False
        self._unavailable_since: int | None = None
        self._result: RunResult | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._end_timer: asyncio.TimerHandle | None = None
        self._generation_thread = GenerationThread(self._build, quick_start=True)
        self._runner = ShardRunner(
            lambda: job.connector.connect(self._key.cluster, 0),
            self._generation_thread,
            self._on_report,
            self._clock,
            policy=job.connector.policy,
        )

    async def run(self) -> RunResult:
        """Runs to the end. Then `run_stats` counts committed events only.

        Raises:
            BrokenPipeError: the reader of standard output closed it.
        """
        for warning in self._job.warnings:
            self._notify(f"warning: {warning.text}")
        use_system_allocator()
        end_pages = CompilerPageReleaser().watch()
        spec = _spec(self._job)
        self._runner.shard.assign(Assignment(self._key, spec))
        try:
            await self._runner.run()
        finally:
            for timer in (self._timer, self._end_timer):
                if timer is not None:
                    timer.cancel()
            self._generation_thread.close()
            end_pages()
        assert self._result is not None
        return self._result

    def finish(self) -> None:
        """Generates no more events; the run ends when those in flight are committed."""
        if self._positioned and self._unavailable_since is None:
            self._runner.shard.finish(self._key)
            self._runner.wake()
        else:
            self._end(RunResult())

    def _build(self, assignment: Assignment) -> Engine:
        prepared, steps = self._job.prepared, self._job.steps
        if steps is not None:
            # Late events and copies are those of an engine that drops null events.
            is_timeline = steps.timelines.unit == "timeline"
            return dropping_nulls(steps, assignment.spec) if is_timeline else steps
        scheduled = self._job.schedule.timetable.scheduled
        return prepared.generator_engine(
            assignment.spec,
            match_hints=assignment.match_hints,
            populations=own_populations(prepared.template.own_name, scheduled),
        )

    def _on_report(self, report: ShardReport) -> None:
        match report:
            case ShardConnected():
                self._connected, self._unavailable_since = True, None
            case PositionRead(key=key):
                self._positioned = True
                schedule = self._job.schedule
                self._runner.shard.resume(key, schedule.timetable, schedule.limit)
                self._runner.wake()
                if self._job.steps is not None:
                    self._finish_after_last_step(self._job.steps.timetable)
            case TransactionCommitted():
                self._start_duration_timer()
                self.run_stats.committed(report)
                if self._job.steps is not None:
                    self._job.steps.timetable.release(self.run_stats.position)
            case EventsSkipped():
                self._start_duration_timer()
                self._on_skipped(report)
            case FlowRunning():
                self._unavailable_since = None
            case FlowsWaiting(error=error) | FlowSuspended(error=error):
                self._on_unavailable(error)
            case FlowFailed(error=error, position=position):
                self._end(RunResult(error, position))
            case FlowFinished(position=position):
                self._end(RunResult(None, position))
            case _:
                pass

    def _on_skipped(self, report: EventsSkipped) -> None:
        self.run_stats.skipped += report.count
        for index, error in report.first:
            self._notify(f"warning: skipped {self._event(index, error)}")
        if more := report.count - len(report.first):
            self._notify(f"warning: skipped {more:,} more events")

    def _event(self, index: int, error: EventerError) -> str:
        """What an error is about, and its message."""
        if self._job.steps is None:
            return f"event {index}: {error.message}"
        unit = self._job.steps.timelines.unit
        if error.message.startswith(f"{unit} "):
            return error.message
        return f"{unit} {getattr(error, 'index', index)}: {error.message}"

    def _finish_after_last_step(self, timetable: StepTimetable) -> None:
        """Finishes as soon as all steps are committed: how many there are is known late."""
        if self.run_stats.position == timetable.total:
            self.finish()
            return
        loop = asyncio.get_running_loop()
        self._end_timer = loop.call_later(
            _END_POLL_SECONDS, self._finish_after_last_step, timetable
        )

    def _start_duration_timer(self) -> None:
        """Starts to count the duration of an unpaced run at its first commit, after preparation."""
        duration_ns = self._job.schedule.duration_ns
        if self._timer is None and duration_ns is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(duration_ns / NS_PER_SECOND, self.finish)

    def _on_unavailable(self, error: EventerError) -> None:
        now = self._clock.now_ns()
        if self._unavailable_since is None:
            self._unavailable_since = now
            if self._connected:
                self._notify(f"warning: {error.message}; retrying")
        self.run_stats.totals.retries += 1
        if not self._connected or now - self._unavailable_since > _MAX_OUTAGE_NS:
            self._end(RunResult(error))

    def _end(self, result: RunResult) -> None:
        if self._result is None:
            self._result = result
        self._runner.stop()
