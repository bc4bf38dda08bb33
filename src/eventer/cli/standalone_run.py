"""One template to one destination in this process: what `eventer run` runs."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from eventer.cli.run_schedule import RunSchedule
from eventer.cli.run_stats import RunStats
from eventer.core.clock import NS_PER_SECOND, SystemClock
from eventer.core.errors import ConfigError, EventerError
from eventer.core.large_stack import STACK_BYTES
from eventer.core.model import (
    ConsoleTarget,
    GeneratorSpec,
    Guarantee,
    OnError,
    Position,
    PositionKey,
    Recipe,
    Target,
    Template,
)
from eventer.core.suggestions import did_you_mean
from eventer.destinations.base import Delivery, DeliveryOutcome, ShardConnection
from eventer.destinations.console import ConsoleConnection
from eventer.jsonnet.importer import FolderImporter, NoLibrary
from eventer.jsonnet.load import collect_imports
from eventer.plan.engine import Engine
from eventer.plan.prepare import PreparedTemplate, prepare
from eventer.runs.generation_thread import GenerationThread
from eventer.runs.process_memory import CompilerPageReleaser, use_system_allocator
from eventer.runs.runner import ShardRunner
from eventer.runs.shard import MAX_BUFFERED_BYTES
from eventer.runs.shard_messages import (
    Assignment,
    EventSkipped,
    FlowFailed,
    FlowFinished,
    FlowSuspended,
    FlowsWaiting,
    PositionRead,
    ShardConnected,
    ShardReport,
    TransactionCommitted,
)
from eventer.service.connections import environment_name, known_connections
from eventer.settings import Settings

_MAX_OUTAGE_NS: Final = 60 * NS_PER_SECOND
"""How long a destination that was there may be away before the run gives up."""
_CONSOLE_BUFFER_BYTES: Final = 4 << 20
"""Bytes that wait to be printed, where a transaction costs nothing: the processor still has them at
hand, and their memory is used again."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RunJob:
    """Everything one run is asked for. The recipe's template has its imports in it."""

    recipe: Recipe
    prepared: PreparedTemplate
    target: Target
    schedule: RunSchedule
    on_error: OnError
    connect: Callable[[int], ShardConnection]


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: the error that stopped it, or the signal, or neither."""

    error: EventerError | None = None
    position: Position | None = None
    signal: signal.Signals | None = None


def load(template: Template, library: Path | None) -> tuple[Template, PreparedTemplate]:
    """The template with its imports, and prepared; on a stack that deep templates need.

    Raises:
        TemplateError: it does not hold.
    """
    importer = NoLibrary() if library is None else FolderImporter(library)

    def work() -> tuple[Template, PreparedTemplate]:
        stored = collect_imports(template, importer)
        return stored, prepare(stored)

    return _on_large_stack(work)


def _on_large_stack(work: Callable[[], _T]) -> _T:
    result: Future[_T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001  raised again by the caller
            result.set_exception(error)

    before = threading.stack_size(STACK_BYTES)
    try:
        threading.Thread(target=run, daemon=True).start()
    finally:
        threading.stack_size(before)
    return result.result()


def connector(target: Target, settings: Settings) -> Callable[[int], ShardConnection]:
    """Makes connections for the target, of the only shard of a cluster.

    Raises:
        ConfigError: the connection that the target names is not configured, or of another kind.
    """
    if isinstance(target, ConsoleTarget):
        return lambda _: ConsoleConnection(sys.stdout.buffer)
    known, name = known_connections(settings, shards=1), target.connection
    if name not in known:
        hint = did_you_mean(name, known) or f"add [connections.{name}] to eventer.toml"
        raise ConfigError(f"there is no connection {name!r}", key=name, hint=hint)
    found = known[name]
    if found.kind != target.kind:
        raise ConfigError(f"the connection {name!r} is one to {found.kind}", key=name)
    connecting = found.connector
    if connecting is None:
        hint = f"set {environment_name(found.setting)}, or {found.setting} in eventer.toml"
        raise ConfigError(f"it is not configured where {name!r} is", key=found.setting, hint=hint)
    return lambda cluster: connecting.connect(cluster, 0)


class StandaloneRun:
    """A run under way; `notify` is told what a person may want to know."""

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
        self._signal: signal.Signals | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._generation_thread = GenerationThread(self._build)
        self._runner = ShardRunner(
            self._connect,
            self._generation_thread,
            self._on_report,
            self._clock,
            max_buffered_bytes=_CONSOLE_BUFFER_BYTES
            if isinstance(job.target, ConsoleTarget)
            else MAX_BUFFERED_BYTES,
        )

    async def run(self) -> RunResult:
        """Runs to its end. All that it counted is committed then.

        Raises:
            BrokenPipeError: the reader of standard output has gone.
        """
        use_system_allocator()
        end_pages = CompilerPageReleaser().watch()
        job = self._job
        spec = GeneratorSpec(job.recipe, job.target, job.prepared.shape, job.on_error)
        self._runner.shard.assign(Assignment(self._key, spec))
        try:
            await self._runner.run()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._generation_thread.close()
            end_pages()
        assert self._result is not None
        return self._result

    @property
    def received_signal(self) -> signal.Signals | None:
        """The signal that came, if one did."""
        return self._signal

    def interrupt(self, number: signal.Signals) -> None:
        """Ends the run because of a signal, after what is made is committed."""
        self._signal = number
        self.finish()

    def finish(self) -> None:
        """Makes no more; the run ends when what is made is committed."""
        if self._positioned and self._unavailable_since is None:
            self._runner.shard.finish(self._key)
            self._runner.wake()
        else:
            self._end(RunResult())

    def _build(self, assignment: Assignment) -> Engine:
        recipe = assignment.recipe
        return self._job.prepared.engine(
            recipe.stream, recipe.context, match_hints=assignment.match_hints
        )

    def _connect(self) -> ShardConnection:
        return _TimedConnection(self._job.connect(self._key.cluster), self.run_stats)

    def _on_report(self, report: ShardReport) -> None:
        match report:
            case ShardConnected(guarantee=guarantee):
                self._on_connected(guarantee)
            case PositionRead(key=key):
                self._positioned = True
                schedule = self._job.schedule
                self._runner.shard.resume(key, schedule.timetable, schedule.limit)
                self._runner.wake()
            case TransactionCommitted():
                self._start_duration_timer()
                self.run_stats.committed(report)
            case EventSkipped(index=index, error=error):
                self._start_duration_timer()
                self.run_stats.skipped += 1
                self._notify(f"warning: event {index} is skipped: {error.message}")
            case FlowsWaiting(error=error) | FlowSuspended(error=error):
                self._on_unavailable(error)
            case FlowFailed(error=error, position=position):
                self._end(RunResult(error, position))
            case FlowFinished(position=position):
                self._end(RunResult(None, position))
            case _:
                pass

    def _start_duration_timer(self) -> None:
        """What has no pace lasts from its first events on: until then it only gets ready."""
        duration_ns = self._job.schedule.duration_ns
        if self._timer is None and duration_ns is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(duration_ns / NS_PER_SECOND, self.finish)

    def _on_connected(self, guarantee: Guarantee) -> None:
        is_kafka = self._job.target.kind == "kafka"
        if not self._connected and is_kafka and guarantee == "at-least-once":
            self._notify("warning: delivery is at-least-once: no transactions with this broker")
        self._connected, self._unavailable_since = True, None

    def _on_unavailable(self, error: EventerError) -> None:
        now = self._clock.now_ns()
        if self._unavailable_since is None:
            self._unavailable_since = now
            if self._connected:
                self._notify(f"warning: {error.message}; trying again")
        self.run_stats.retries += 1
        if not self._connected or now - self._unavailable_since > _MAX_OUTAGE_NS:
            self._end(RunResult(error))

    def _end(self, result: RunResult) -> None:
        if self._result is None:
            self._result = result
        self._runner.stop()


class _TimedConnection:
    """A connection that tells how long each transaction took."""

    def __init__(self, connection: ShardConnection, run_stats: RunStats) -> None:
        self._connection = connection
        self._run_stats = run_stats
        self.open = connection.open
        self.positions = connection.positions
        self.check = connection.check
        self.prepare = connection.prepare
        self.encode_ahead = connection.encode_ahead
        self.close = connection.close

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        """See `ShardConnection`."""
        began = time.monotonic()
        outcome = await self._connection.deliver(deliveries)
        self._run_stats.record_commit_seconds(time.monotonic() - began)
        return outcome
