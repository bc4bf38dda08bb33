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

from eventer.cli.schedule import Schedule
from eventer.cli.tally import Tally
from eventer.core.clock import NS_PER_SECOND, SystemClock
from eventer.core.errors import ConfigError, EventerError
from eventer.core.model import (
    ConsoleTarget,
    Guarantee,
    OnError,
    Position,
    PositionKey,
    Target,
    Template,
)
from eventer.core.near import did_you_mean
from eventer.destinations.base import Delivery, Flow, Outcome, ShardConnection
from eventer.destinations.console import ConsoleConnection
from eventer.jsonnet.importer import FolderImporter, NoLibrary
from eventer.jsonnet.load import collect_imports
from eventer.plan.engine import Engine
from eventer.plan.prepare import Prepared, prepare
from eventer.runs.instructions import (
    Assignment,
    Committed,
    Connected,
    Failed,
    Finished,
    Positioned,
    Recipe,
    Report,
    Skipped,
    Suspended,
    Waiting,
)
from eventer.runs.maker import STACK_BYTES, Maker
from eventer.runs.memory import CompilerPages, share_memory
from eventer.runs.runner import ShardRunner
from eventer.runs.shard import WEIGHT
from eventer.service.connections import environment_name, known_connections
from eventer.settings import Settings

_PATIENCE_NS: Final = 60 * NS_PER_SECOND
"""How long a destination that was there may be away before the run gives up."""
_NEAR: Final = 4 << 20
"""Bytes that wait to be printed, where a transaction costs nothing: the processor still has them at
hand, and their memory is used again."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Job:
    """Everything one run is asked for. The recipe's template has its imports in it."""

    recipe: Recipe
    prepared: Prepared
    target: Target
    schedule: Schedule
    on_error: OnError
    connect: Callable[[int], ShardConnection]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: the error that stopped it, or the signal, or neither."""

    error: EventerError | None = None
    position: Position | None = None
    signal: signal.Signals | None = None


def load(template: Template, library: Path | None) -> tuple[Template, Prepared]:
    """The template with its imports, and prepared; on a stack that deep templates need.

    Raises:
        TemplateError: it does not hold.
    """
    importer = NoLibrary() if library is None else FolderImporter(library)

    def work() -> tuple[Template, Prepared]:
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


class OneRun:
    """A run under way; `narrate` is told what a person may want to know."""

    def __init__(self, job: Job, tally: Tally, narrate: Callable[[str], None]) -> None:
        self.tally = tally
        self._job = job
        self._narrate = narrate
        self._clock = SystemClock()
        self._key = PositionKey(secrets.randbits(64), 0, 1)
        self._connected = False
        self._positioned = False
        self._away_since: int | None = None
        self._ended: Ended | None = None
        self._signal: signal.Signals | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._maker = Maker(self._build)
        self._runner = ShardRunner(
            self._connect,
            self._maker,
            self._hear,
            self._clock,
            weight=_NEAR if isinstance(job.target, ConsoleTarget) else WEIGHT,
        )

    async def run(self) -> Ended:
        """Runs to its end. All that it counted is committed then.

        Raises:
            BrokenPipeError: the reader of standard output has gone.
        """
        share_memory()
        end_pages = CompilerPages().watch()
        job = self._job
        flow = Flow(self._key, job.target, job.prepared.shape)
        self._runner.shard.assign(Assignment(flow, job.recipe, job.on_error))
        try:
            await self._runner.run()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._maker.close()
            end_pages()
        assert self._ended is not None
        return self._ended

    @property
    def ended_by(self) -> signal.Signals | None:
        """The signal that came, if one did."""
        return self._signal

    def interrupt(self, number: signal.Signals) -> None:
        """Ends the run because of a signal, after what is made is committed."""
        self._signal = number
        self.finish()

    def finish(self) -> None:
        """Makes no more; the run ends when what is made is committed."""
        if self._positioned and self._away_since is None:
            self._runner.shard.finish(self._key)
            self._runner.wake()
        else:
            self._end(Ended())

    def _build(self, assignment: Assignment) -> Engine:
        recipe = assignment.recipe
        return self._job.prepared.engine(recipe.stream, recipe.context, repeats=assignment.repeats)

    def _connect(self) -> ShardConnection:
        return _Timed(self._job.connect(self._key.cluster), self.tally)

    def _hear(self, report: Report) -> None:
        match report:
            case Connected(guarantee=guarantee):
                self._is_back(guarantee)
            case Positioned(key=key):
                self._positioned = True
                schedule = self._job.schedule
                self._runner.shard.go(key, schedule.timetable, schedule.limit)
                self._runner.wake()
            case Committed():
                self._begin_time()
                self.tally.committed(report)
            case Skipped(index=index, error=error):
                self._begin_time()
                self.tally.skipped += 1
                self._narrate(f"warning: event {index} is skipped: {error.message}")
            case Waiting(error=error) | Suspended(error=error):
                self._is_away(error)
            case Failed(error=error, position=position):
                self._end(Ended(error, position))
            case Finished(position=position):
                self._end(Ended(None, position))
            case _:
                pass

    def _begin_time(self) -> None:
        """What has no pace lasts from its first events on: until then it only gets ready."""
        lasts = self._job.schedule.lasts
        if self._timer is None and lasts is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(lasts / NS_PER_SECOND, self.finish)

    def _is_back(self, guarantee: Guarantee) -> None:
        is_kafka = self._job.target.kind == "kafka"
        if not self._connected and is_kafka and guarantee == "at-least-once":
            self._narrate("warning: delivery is at-least-once: no transactions with this broker")
        self._connected, self._away_since = True, None

    def _is_away(self, error: EventerError) -> None:
        now = self._clock.now_ns()
        if self._away_since is None:
            self._away_since = now
            if self._connected:
                self._narrate(f"warning: {error.message}; trying again")
        self.tally.retries += 1
        if not self._connected or now - self._away_since > _PATIENCE_NS:
            self._end(Ended(error))

    def _end(self, ended: Ended) -> None:
        if self._ended is None:
            self._ended = ended
        self._runner.stop()


class _Timed:
    """A connection that tells how long each transaction took."""

    def __init__(self, connection: ShardConnection, tally: Tally) -> None:
        self._connection = connection
        self._tally = tally
        self.open = connection.open
        self.positions = connection.positions
        self.check = connection.check
        self.prepare = connection.prepare
        self.encode_ahead = connection.encode_ahead
        self.close = connection.close

    async def deliver(self, deliveries: Sequence[Delivery]) -> Outcome:
        """See `ShardConnection`."""
        began = time.monotonic()
        outcome = await self._connection.deliver(deliveries)
        self._tally.took(time.monotonic() - began)
        return outcome
