"""An auditor: a process that verifies the delivered events of one generator, once, and ends."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from eventer.core.batch import MAX_EVENTS, Batch
from eventer.core.cursor import Cursor
from eventer.core.errors import BudgetError, EventerError, TemplateError
from eventer.core.large_stack import large_stack_executor
from eventer.core.logs import event
from eventer.core.model import PositionKey
from eventer.destinations.audit import TargetAuditor
from eventer.functions.fingerprint import fingerprint
from eventer.plan.engine import Engine
from eventer.plan.interpreter_engine import empty_batch
from eventer.plan.prepare import prepare_stored
from eventer.registry.base import BegunFingerprint, GeneratorRecord
from eventer.runs.pacing import Pace
from eventer.runs.populations import bound_populations
from eventer.workers.channel import Channel
from eventer.workers.messages import (
    AuditProgress,
    AuditRequest,
    AuditResult,
    Ready,
    ReplaySpecs,
    SnapshotTaken,
    WorkerConfig,
)
from eventer.workers.replayed_steps import StepReplay, step_ranges

_SLICE_NS: Final = 500_000_000
"""How long generating a batch may take: slow templates must still report progress."""
_PROGRESS_INTERVAL_S: Final = 0.5

_log = logging.getLogger(__name__)


async def serve_auditor(channel: Channel, config: WorkerConfig) -> None:
    """Answers one request.

    Raises:
        EOFError: the service closed the channel.
    """
    channel.send(Ready(fingerprint()))
    request: AuditRequest = await channel.receive()
    connector = config.connectors[request.shard.connection]
    readback = connector.target_auditor(config.cluster, request.shard.number)
    replay_specs: asyncio.Future[ReplaySpecs] = asyncio.get_running_loop().create_future()
    answer = asyncio.create_task(_answer(channel, request, readback, replay_specs))
    listener = asyncio.create_task(_listen(channel, replay_specs))
    await asyncio.wait({answer, listener}, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        listener.result()
    channel.send(answer.result())
    await channel.flush()
    await listener


async def _listen(channel: Channel, replay_specs: asyncio.Future[ReplaySpecs]) -> None:
    """Receives the service's one message, then waits until the channel is closed."""
    replay_specs.set_result(await channel.receive())
    await channel.receive()


async def _answer(
    channel: Channel,
    request: AuditRequest,
    readback: TargetAuditor,
    replay_specs: asyncio.Future[ReplaySpecs],
) -> AuditResult:
    """The audit's report, or an error in its place. Never raises."""
    try:
        positions = await readback.open(request.flow, request.others)
        channel.send(SnapshotTaken(positions))
        total = positions[request.flow.key].next
        events = ReplayedEvents((await replay_specs).by_key)
        progress = asyncio.create_task(_send_progress(channel, events, total))
        try:
            return AuditResult(await readback.audit(events))
        finally:
            progress.cancel()
    except EventerError as error:
        return AuditResult(error)
    except MemoryError:
        return AuditResult(BudgetError("verifying exceeds the memory limit of a worker"))
    except Exception:  # noqa: BLE001  the service must get an answer
        _log.exception("an auditor failed unexpectedly", extra=event("auditor_failed"))
        return AuditResult(
            EventerError(
                "an internal error of Eventer prevents the verification",
                hint="the log has the details; please report them",
            )
        )
    finally:
        await readback.close()


async def _send_progress(channel: Channel, events: ReplayedEvents, total: int) -> None:
    """Reports progress at intervals, even if there is none: it shows that the process is alive."""
    while True:
        await asyncio.sleep(_PROGRESS_INTERVAL_S)
        channel.send(AuditProgress(min(events.recomputed, total), total))


class ReplayedEvents:
    """`EventReplayer` with the generators' engines; `recomputed` counts the events."""

    def __init__(self, replay_specs: Mapping[PositionKey, GeneratorRecord]) -> None:
        self.recomputed = 0
        self._replay_specs = replay_specs
        self._engines: dict[PositionKey, Engine] = {}
        self._replays: dict[int, StepReplay] = {}
        self._executor = large_stack_executor()

    def recomputable(self, key: PositionKey, end: int) -> Sequence[tuple[int, int]]:
        """See `EventReplayer.recomputable`."""
        return recomputable(self._replay_specs[key].fingerprints, fingerprint(), end)

    async def batches(
        self, key: PositionKey, first: int, end: int, cursor: Cursor | None = None
    ) -> AsyncIterator[Batch]:
        """See `EventReplayer.batches`. The next batch is generated while the last one is used."""
        record = self._replay_specs[key]
        if record.spec.steps is not None:
            async for batch in self._steps_of(record, first, end, cursor):
                yield batch
            return
        loop = asyncio.get_running_loop()
        at, pace = first, Pace(record.segments)
        ahead = None
        try:
            while at < end:
                if ahead is None:
                    ahead = loop.run_in_executor(self._executor, self._make, key, pace, at, end)
                batch = await ahead
                at = batch.next
                ahead = None
                if at < end:
                    ahead = loop.run_in_executor(self._executor, self._make, key, pace, at, end)
                self.recomputed += batch.count
                yield batch
        finally:
            if ahead is not None:
                await asyncio.wait({ahead})
                ahead.exception()

    async def _steps_of(
        self, record: GeneratorRecord, first: int, end: int, cursor: Cursor | None
    ) -> AsyncIterator[Batch]:
        """The steps [first, end) of timelines, from a known place on."""
        loop = asyncio.get_running_loop()
        for start, stop in step_ranges(record.fingerprints, first, end):
            at, known = start, cursor if start == first else None
            while at < stop:
                batch = await loop.run_in_executor(
                    self._executor, self._make_steps, record, at, stop, known
                )
                if batch is None:
                    return
                at, known = batch.next, None
                self.recomputed += batch.count
                yield batch

    def _make_steps(
        self, record: GeneratorRecord, first: int, end: int, cursor: Cursor | None
    ) -> Batch | None:
        replay = self._replays.get(record.id)
        if replay is None or not replay.reaches(record, first):
            replay = self._replays[record.id] = StepReplay(record, first, cursor)
        return replay.batch(first, end)

    def _make(self, key: PositionKey, pace: Pace, first: int, end: int) -> Batch:
        engine = self._engines.get(key)
        if engine is None:
            record = self._replay_specs[key]
            engine = prepare_stored(record.spec.event_source.template).generator_engine(
                record.spec, populations=bound_populations(record.bindings)
            )
            self._engines[key] = engine
        times = pace.scheduled(first, min(MAX_EVENTS, end - first))
        try:
            return engine.generate(first, times, time.monotonic_ns() + _SLICE_NS)
        except TemplateError as error:
            if getattr(error, "index", None) is None:
                raise
            return empty_batch(first)


def recomputable(
    fingerprints: Sequence[BegunFingerprint], current: str, end: int
) -> list[tuple[int, int]]:
    """The ranges of indices below `end` whose events the current versions generated."""
    ranges: list[tuple[int, int]] = []
    starts = [each.first for each in fingerprints] or [0]
    names = [each.fingerprint for each in fingerprints] or [current]
    for start, stop, name in zip(starts, [*starts[1:], end], names, strict=True):
        first, after = (0 if start == starts[0] else start), min(stop, end)
        if name != current or first >= after:
            continue
        if ranges and ranges[-1][1] == first:
            ranges[-1] = (ranges[-1][0], after)
        else:
            ranges.append((first, after))
    return ranges
