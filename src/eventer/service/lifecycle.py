"""Assigns generators to workers, handles their reports, and keeps the registry up to date.

Reports of workers are handled one by one, without waiting. One task, the registry writer, writes
everything that must be on disk: all pending changes in one transaction. Generators resume only
after that, so a pace is durable before its first event is delivered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, starmap
from typing import Any, Final

from eventer.core.clock import NS_PER_SECOND, Clock
from eventer.core.errors import (
    DestinationRejectedError,
    EventerError,
    FencedError,
    RegistryError,
    WorkerLostError,
)
from eventer.core.logs import event
from eventer.core.model import CatchUp, GeneratorState, Guarantee, Position, PositionKey
from eventer.registry.base import (
    BeginBindings,
    BeginFingerprint,
    BeginIncarnation,
    BeginSegment,
    Change,
    GeneratorFailure,
    GeneratorRecord,
    Registry,
    SetPosition,
    SetState,
)
from eventer.runs.pacing import tick_interval
from eventer.runs.shard_messages import (
    EventsSkipped,
    FlowFailed,
    FlowFinished,
    FlowRunning,
    FlowSuspended,
    FlowsWaiting,
    PositionRead,
    ShardConnected,
)
from eventer.service.event_references import referenced_by_name
from eventer.service.generator import Generator, position_lost
from eventer.service.generator_index import GeneratorIndex
from eventer.service.reference_gates import ReferenceGates
from eventer.service.reference_histories import bindings_from
from eventer.service.shard_totals import ShardTotals
from eventer.service.start_progress import log_start
from eventer.service.upgrade_warning import upgrade_warnings
from eventer.workers.messages import CommitSummary, ShardId, ShardUpdate
from eventer.workers.worker_pool import WorkerPool

SAVE_S: Final = 1.0
"""How often positions are saved. They are only a check, so they may be behind."""
WITHDRAW_S: Final = 30.0
"""How long a withdrawal waits for an unavailable destination to learn the outcome of a commit."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Finished:
    """A generator has delivered its last event."""

    position: Position


@dataclass(frozen=True, slots=True)
class _PendingWrite:
    """A generator's position was read, or it failed or finished, in this epoch.

    `unsaved` are the changes of an end that the service has recorded but could not write.
    """

    generator: Generator
    epoch: int
    outcome: Position | GeneratorFailure | _Finished
    unsaved: tuple[Change, ...] = ()


class Lifecycle:
    """The generators of a running service."""

    def __init__(
        self, registry: Registry, worker_pool: WorkerPool, clock: Clock, embedded: Collection[str]
    ) -> None:
        self._registry = registry
        self._worker_pool = worker_pool
        self._clock = clock
        self.embedded = frozenset(embedded)
        self._connections = frozenset[str]()
        self.generators = GeneratorIndex()
        self.gates = ReferenceGates(self.generators, worker_pool)
        self.totals: dict[ShardId, ShardTotals] = {}
        self._by_key: dict[PositionKey, Generator] = {}
        self._pending_writes: list[_PendingWrite] = []
        self._woken = asyncio.Event()
        self._writing = asyncio.Lock()
        """Held while changes are written: the writer must not be stopped then."""
        self._registry_writer: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._positions_saved_at = clock.monotonic_ns()

    # --- the service's side -------------------------------------------------------------------

    async def start(self, connections: Collection[str]) -> None:
        """Loads all generators from the registry and launches the running ones.

        `connections` are the configured names; generators of other connections wait.

        Raises:
            RegistryError: the registry cannot be read.
        """
        now, self._connections = self._clock.now_ns(), frozenset(connections)
        for record in await self._registry.all():
            generator = Generator.of(record, self._registry.cluster.id)
            self.generators.add(generator)
            if generator.active:
                self.launch(generator, new_segment_at=now)
        self._registry_writer = asyncio.create_task(self._write_changes())
        started = [id_ for id_, each in self.generators.items() if each.active]
        self._start_task(log_start(started, self.generators, self._clock))

    async def stop(self) -> None:
        """Saves positions. Call it after the workers have stopped."""
        async with self._writing:
            for task in (self._registry_writer, *self._tasks):
                if task is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
        try:
            await self._registry.apply([save for _, save in self._unsaved_positions()])
        except RegistryError as error:
            _log.warning(
                "positions were not saved: %s", error.message, extra=event("positions_not_saved")
            )

    def launch(self, generator: Generator, *, new_segment_at: int | None = None) -> None:
        """Assigns a generator to its worker; a new segment begins at `new_segment_at`, if given."""
        replay = generator.record.spec.catch_up is CatchUp.REPLAY
        generator.new_segment_at = None if replay else new_segment_at
        generator.epoch += 1
        self.gates.close(generator)
        now, connection = self._clock.now_ns(), generator.record.spec.target.connection
        if connection not in self._connections:
            generator.waiting = True
            generator.record_error(_no_connection(connection), now)
            return
        generator.meter.reset(now, generator.position.next)
        self._by_key[generator.key] = generator
        self._worker_pool.assign(generator.shard, generator.assignment())

    def relaunch(self, generator: Generator, epoch: int) -> None:
        """Launches a withdrawn generator, unless it ended or was launched since that `epoch`."""
        if generator.active and generator.epoch == epoch:
            self.launch(generator)

    async def withdraw(self, generator: Generator) -> int:
        """Withdraws a generator from its worker. When it returns, no further event is delivered.

        If the destination stays unavailable, it returns after `WITHDRAW_S` without that guarantee.
        Returns its epoch, for `relaunch`.
        """
        try:
            async with asyncio.timeout(WITHDRAW_S):
                position = await self._worker_pool.withdraw(generator.key)
        except (TimeoutError, WorkerLostError):
            _log.warning(
                "generator %s was withdrawn, but the outcome of its last commit is unknown",
                generator.record.label,
                extra=event("commit_unknown", **_named(generator.record)),
            )
            position = None
        self._by_key.pop(generator.key, None)
        self.gates.close(generator)
        generator.epoch += 1
        generator.waiting = False
        if position is not None and position.next > generator.position.next:
            generator.position = position
        return generator.epoch

    def forget(self, generator: Generator) -> None:
        """Drops a removed generator."""
        self.generators.remove(generator)

    # --- the workers' side --------------------------------------------------------------------

    def on_shard_update(self, shard: ShardId, update: ShardUpdate) -> None:
        """Handles a report of a shard."""
        totals = self.totals.setdefault(shard, ShardTotals())
        match update:
            case CommitSummary():
                totals.add(update)
                self._on_committed(update)
            case ShardConnected(guarantee=guarantee):
                if not totals.connected:
                    _log.info(
                        "shard %d of %s delivers %s",
                        shard.number,
                        shard.connection,
                        guarantee,
                        extra=event("shard_connected", guarantee=guarantee, **_of_shard(shard)),
                    )
                totals.connected, totals.guarantee, totals.logged_error = True, guarantee, None
            case FlowsWaiting(keys=keys, error=error):
                totals.retries += 1
                totals.connected = False
                if totals.logged_error != error.message:  # log each change once, not each retry
                    totals.logged_error = error.message
                    _log.warning(
                        "shard %d of %s is waiting: %s",
                        shard.number,
                        shard.connection,
                        error.message,
                        extra=event("shard_waiting", error=error.message, **_of_shard(shard)),
                    )
                self._mark_waiting(keys, error)
            case FlowSuspended(key=key, error=error):
                totals.retries += 1
                self._mark_waiting((key,), error)
            case PositionRead() | FlowRunning() | EventsSkipped() | FlowFailed() | FlowFinished():
                if generator := self._by_key.get(update.key):
                    self._on_flow_update(generator, update, totals.guarantee)

    def _on_flow_update(
        self,
        generator: Generator,
        update: PositionRead | FlowRunning | EventsSkipped | FlowFailed | FlowFinished,
        guarantee: Guarantee | None,
    ) -> None:
        now = self._clock.now_ns()
        match update:
            case PositionRead(position=position):
                self._queue_write(generator, position)
            case FlowRunning():
                generator.record_running(guarantee)
            case EventsSkipped(count=count, first=first):
                generator.record_error(first[-1][1], now)
                if isinstance(first[-1][1], DestinationRejectedError):
                    generator.rejections += count
            case FlowFailed(error=error, position=position):
                if position is not None and position.next > generator.position.next:
                    generator.position = position
                self._queue_write(generator, GeneratorFailure(error, now))
            case FlowFinished(position=position):
                self._queue_write(generator, _Finished(position))

    def _on_committed(self, update: CommitSummary) -> None:
        for key, position in update.positions.items():
            if generator := self._by_key.get(key):
                generator.position = position
                generator.backlog = update.backlogs.get(key)
                generator.faults.update(update.faults.get(key, ()))
                generator.meter.record(
                    update.at, position.next, tick_interval(generator.record.pace)
                )
                self.gates.moved(generator)

    def _mark_waiting(self, keys: Sequence[PositionKey], error: EventerError) -> None:
        if isinstance(error, FencedError):
            _log.warning(
                "another process has taken over a shard: %s",
                error.message,
                extra=event("shard_fenced"),
            )
        for key in keys:
            if generator := self._by_key.get(key):
                generator.waiting = True
                generator.retries += 1
                generator.record_error(error, self._clock.now_ns())

    # --- the registry writer ------------------------------------------------------------------

    def _queue_write(
        self, generator: Generator, outcome: Position | GeneratorFailure | _Finished
    ) -> None:
        self._pending_writes.append(_PendingWrite(generator, generator.epoch, outcome))
        self._woken.set()

    async def _write_changes(self) -> None:
        """Writes pending changes in one transaction; retries after a failure."""
        while True:
            try:
                async with asyncio.timeout(SAVE_S):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            try:
                async with self._writing:
                    await self._write_pending()
            except RegistryError as error:
                _log.error(
                    "cannot write the registry: %s",
                    error.message,
                    extra=event("registry_write_failed", error=error.message),
                )
                await asyncio.sleep(SAVE_S)
            except Exception:  # noqa: BLE001  later changes must still be written
                _log.exception("cannot write pending changes", extra=event("registry_write_failed"))

    async def _write_pending(self) -> None:
        pending, self._pending_writes = _readers_last(self._pending_writes)
        if self._pending_writes:
            self._woken.set()
        written = [
            (item, item.unsaved or self._changes(item))
            for item in pending
            if item.generator.epoch == item.epoch
        ]
        unsaved = self._unsaved_positions_if_due()
        changes = [*chain.from_iterable(own for _, own in written), *(save for _, save in unsaved)]
        try:
            if changes:
                await self._registry.apply(changes)
        except RegistryError:
            self._pending_writes = [*starmap(_unwritten, written), *self._pending_writes]
            raise
        for generator, save in unsaved:
            generator.saved_position = save.position
        for item, own in written:
            if not isinstance(item.outcome, Position):
                continue
            if item.generator.epoch == item.epoch:
                self._resume(item.generator, item.outcome, own)
            else:
                item.generator.apply_stored(own)

    def _changes(self, item: _PendingWrite) -> tuple[Change, ...]:
        """The changes of an outcome; an end is recorded at once, also if it cannot be written."""
        match item.outcome:
            case GeneratorFailure():
                return (self._fail(item.generator, item.outcome),)
            case _Finished(position=position):
                return self._finish(item.generator, position)
            case position:
                return tuple(self._changes_before_start(item.generator, position))

    def _fail(self, generator: Generator, failure: GeneratorFailure) -> Change:
        record, at = generator.record, failure.at
        _log.warning(
            "generator %s failed: %s",
            record.label,
            failure.error.message,
            extra=event("generator_failed", error=failure.error.message, **_named(record)),
        )
        generator.update_record(state=GeneratorState.FAILED, failure=failure, updated_at=at)
        generator.record_error(failure.error, at)
        generator.waiting = False
        self._by_key.pop(generator.key, None)
        self.gates.close(generator)
        return SetState(record.id, record.incarnation, GeneratorState.FAILED, failure, at)

    def _finish(self, generator: Generator, position: Position) -> tuple[Change, ...]:
        record, now = generator.record, self._clock.now_ns()
        _log.info(
            "generator %s has delivered its last event",
            record.label,
            extra=event("generator_finished", position=position.next, **_named(record)),
        )
        generator.position = generator.saved_position = position
        generator.update_record(state=GeneratorState.FINISHED, failure=None, updated_at=now)
        generator.waiting = False
        self._by_key.pop(generator.key, None)
        self.gates.close(generator)
        self.gates.moved(generator)
        return (
            SetPosition(record.id, record.incarnation, position),
            SetState(record.id, record.incarnation, GeneratorState.FINISHED, None, now),
        )

    def _changes_before_start(self, generator: Generator, position: Position) -> Iterator[Change]:
        """The changes that must be on disk before a generator continues from a position."""
        if position.next < generator.position.next:
            return iter([self._handle_lost_position(generator, position.next)])
        now = self._clock.now_ns()
        return chain(
            generator.changes_at(position, self._worker_pool.fingerprint, now),
            self.gates.changes(generator, position.next),
        )

    def _handle_lost_position(self, generator: Generator, index: int) -> Change:
        record, now = generator.record, self._clock.now_ns()
        if record.spec.target.connection in self.embedded:
            # The past that `start` asks for was lost with the other events.
            t0 = now if record.pace.start is None else record.segments[0].t0
            segment = replace(record.segments[-1], t0=t0, n0=0, u0=0)
            return BeginIncarnation(record.id, record.incarnation, segment, now)
        error = position_lost(record.id, index, generator.position.next)
        return self._fail(generator, GeneratorFailure(error, now))

    def _resume(self, generator: Generator, position: Position, changes: Sequence[Change]) -> None:
        """Resumes or stops a generator after its changes were written."""
        for change in changes:
            match change:
                case BeginSegment() | BeginBindings():
                    generator.apply(change)
                case BeginFingerprint():
                    generator.apply(change)
                    for warning in [*upgrade_warnings(generator.record)][-1:]:
                        _log.warning(
                            "generator %s: %s",
                            generator.record.label,
                            warning.message,
                            extra=event("events_changed", **_named(generator.record)),
                        )
                case BeginIncarnation():
                    self._start_task(self._begin_incarnation(generator))
                    return
                case SetState():
                    self._start_task(self.withdraw(generator))
                    return
        generator.new_segment_at = None
        generator.position = position
        generator.backlog = None
        self._worker_pool.resume(
            generator.key,
            generator.segments_from(position),
            generator.live_from,
            bindings_from(generator, self.generators, position.next),
            self.gates.open(generator),
            cursor=generator.start_cursor(position),
            first_timeline=generator.first_timeline,
        )
        self.gates.moved(generator)

    async def _begin_incarnation(self, generator: Generator) -> None:
        """Restarts a generator whose new incarnation is in the registry."""
        await self.withdraw(generator)
        record = (await self._registry.get([generator.record.id])).get(generator.record.id)
        if record is None:
            return
        _log.info(
            "generator %s restarts at event 0",
            record.label,
            extra=event("generator_restarted", **_named(record)),
        )
        generator.record = record
        generator.position = generator.saved_position = record.position
        generator.last_error = None
        self.launch(generator)

    def _start_task(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _unsaved_positions_if_due(self) -> list[tuple[Generator, SetPosition]]:
        """The unsaved positions, at most once in `SAVE_S`: the search visits all generators."""
        now = self._clock.monotonic_ns()
        if now - self._positions_saved_at < SAVE_S * NS_PER_SECOND:
            return []
        self._positions_saved_at = now
        return self._unsaved_positions()

    def _unsaved_positions(self) -> list[tuple[Generator, SetPosition]]:
        """Generators whose position the registry does not have, and the changes that save it."""
        return [
            (each, SetPosition(each.record.id, each.record.incarnation, each.position))
            for each in self.generators.values()
            if each.position != each.saved_position
        ]


def _unwritten(item: _PendingWrite, changes: tuple[Change, ...]) -> _PendingWrite:
    """A write to try again: an end with its changes, another outcome from the beginning."""
    ended = any(isinstance(change, SetState) for change in changes)
    return replace(item, unsaved=changes) if ended else item


def _readers_last(
    pending: Sequence[_PendingWrite],
) -> tuple[list[_PendingWrite], list[_PendingWrite]]:
    """The writes to begin with, and those of generators that refer to the others, for later."""
    ids = {each.generator.record.id for each in pending}
    readers: list[_PendingWrite] = []
    others: list[_PendingWrite] = []
    for each in pending:
        referenced = referenced_by_name(each.generator.record.spec).values()
        (others if ids.isdisjoint(referenced) else readers).append(each)
    return others, readers


def _named(record: GeneratorRecord) -> dict[str, str]:
    """The fields of log events about a generator."""
    return {"generator": record.name, "generator_id": str(record.id)}


def _of_shard(shard: ShardId) -> dict[str, object]:
    """The fields of log events about a shard."""
    return {"connection": shard.connection, "shard": shard.number}


def _no_connection(name: str) -> EventerError:
    hint = "configure it again, or remove the generator"
    return EventerError(f"connection {name!r} is not configured any more", hint=hint)
