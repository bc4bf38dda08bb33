"""A generator while the service runs: its record and its live state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from eventer.core.clock import NS_PER_SECOND
from eventer.core.cursor import FAILED, Cursor
from eventer.core.errors import EventerError, PositionLostError
from eventer.core.fault_rules import FaultKind
from eventer.core.model import GeneratorState, Guarantee, Position, PositionKey, Segment
from eventer.destinations.base import Flow
from eventer.registry.base import (
    BeginBindings,
    BeginFingerprint,
    BeginSegment,
    BegunFingerprint,
    Change,
    GeneratorFailure,
    GeneratorRecord,
)
from eventer.runs.assignment import Assignment
from eventer.runs.pacing import END, Pace, tick_events, tick_interval
from eventer.service.rate_meter import RateMeter
from eventer.service.recent_errors import RecentErrors
from eventer.service.views import GeneratorView, Stage
from eventer.workers.messages import ShardId, StepBacklog


@dataclass(eq=False, slots=True)
class Generator:
    """One generator of the service.

    `new_segment_at` is when a new segment begins once the position is known; None keeps the
    current one. `epoch` counts assignments to a worker: reports about earlier ones are ignored.
    `waiting` says that its destination is unavailable; `awaiting_answer`, that `last_error` only
    says that the destination did not answer in time. `saved_position` is the registry's. `accepted`
    is the position where it continues although the destination has another one. `backlog` is that
    of the last commit of steps of timelines.
    """

    record: GeneratorRecord
    cluster: int
    position: Position
    last_error: GeneratorFailure | None = None
    new_segment_at: int | None = None
    epoch: int = 0
    waiting: bool = False
    awaiting_answer: bool = False
    skip: frozenset[int] = frozenset()
    accepted: Position | None = None
    guarantee: Guarantee | None = None
    saved_position: Position | None = None
    meter: RateMeter = field(default_factory=RateMeter)
    recent_errors: RecentErrors = field(default_factory=RecentErrors)
    retries: int = 0
    rejections: int = 0
    faults: Counter[FaultKind] = field(default_factory=Counter)
    backlog: StepBacklog | None = None
    _history: Pace | None = None

    @classmethod
    def of(cls, record: GeneratorRecord, cluster: int) -> Generator:
        """A generator from its record."""
        failure = record.failure
        generator = cls(record, cluster, record.position, failure, saved_position=record.position)
        if failure is not None:
            generator.recent_errors.add(failure.error, failure.at)
        return generator

    @property
    def key(self) -> PositionKey:
        """The key of its position."""
        return PositionKey(self.cluster, self.record.id, self.record.incarnation)

    @property
    def shard(self) -> ShardId:
        """The shard that it belongs to."""
        return ShardId(self.record.spec.target.connection, self.record.shard)

    @property
    def flow(self) -> Flow:
        """The generator as its destination sees it."""
        return Flow.of(self.key, self.record.spec)

    @property
    def active(self) -> bool:
        """Whether a worker should run it."""
        return self.record.state is GeneratorState.RUNNING

    @property
    def pace(self) -> Pace:
        """The due times of its events, from the segment on that begins once its position is known.

        That segment drops the events that were due earlier.
        """
        segment = self._new_segment(self.position)
        return self.history if segment is None else Pace((segment,))

    @property
    def history(self) -> Pace:
        """The pace of the record's segments."""
        if self._history is None or self._history.segments != self.record.segments:
            self._history = Pace(self.record.segments)
        return self._history

    @property
    def live_from(self) -> int:
        """Events that were due earlier are the past that its `start` asks for."""
        return 0 if self.record.segments[0].pace.start is None else self.record.created_at

    def _new_segment(self, position: Position) -> Segment | None:
        """The segment that begins when it continues at a position, if one does."""
        at, index = self.new_segment_at, self.next_index(position)
        if at is None or self.history.keeps(at, index, self.record.created_at):
            return None
        if position.cursor is not None:
            at = max(at, position.cursor.due)
        return self.history.resumed(at, index)

    def next_index(self, position: Position) -> int:
        """The first index of its pace that has not begun at a position.

        It is that of the next event. A timeline has begun if it starts before the next step.
        """
        if self.record.spec.steps is None:
            return position.next
        cursor = self.start_cursor(position)
        return 0 if cursor is None else max(self.first_timeline, self.history.due_end(cursor.due))

    @property
    def begun_timelines(self) -> int:
        """How many timelines may have committed steps; 0 without timelines."""
        return 0 if self.record.spec.steps is None else self.next_index(self.position)

    def start_cursor(self, position: Position) -> Cursor | None:
        """The place where steps of timelines go on at a position; None at the first step."""
        begun = self.record.fingerprints[-1].cursor if self.record.fingerprints else None
        if begun is None or position.cursor is None:
            return position.cursor or begun
        return max(position.cursor, begun)

    @property
    def first_timeline(self) -> int:
        """The first timeline of the current fingerprint: those before it are given up."""
        fingerprints = self.record.fingerprints
        return fingerprints[-1].first_timeline if fingerprints else 0

    def segments_from(self, position: Position) -> tuple[Segment, ...]:
        """The segments that pace what follows a position, also the steps of begun timelines."""
        timeline, cursor = self.record.spec.steps, self.start_cursor(position)
        if timeline is None:
            return self.pace.relevant(position.next)
        since = 0 if cursor is None else self.history.due_end(cursor.due - timeline.horizon - 1)
        return self.history.relevant(since)

    def assignment(self, *, outcome_unknown: bool = False) -> Assignment:
        """The generator as a worker gets it."""
        return Assignment(
            self.key,
            self.record.spec,
            skip=self.skip,
            accepted=self.accepted,
            outcome_unknown=outcome_unknown,
            name=self.record.name,
        )

    @property
    def fault_totals(self) -> Mapping[FaultKind, int]:
        """How many committed events have faults, by the kinds of its rules."""
        return {rule.kind: self.faults[rule.kind] for rule in self.record.spec.faults}

    def record_error(self, error: EventerError, at: int) -> None:
        """Sets the last error, and adds it to the recent ones."""
        self.last_error = GeneratorFailure(error, at)
        self.recent_errors.add(error, at)
        self.awaiting_answer = False

    def record_running(self, guarantee: Guarantee | None) -> None:
        """Notes that its events are being delivered."""
        self.guarantee = guarantee
        self.waiting = False
        if self.awaiting_answer and self.last_error is not None:
            self.recent_errors.discard(self.last_error.error)
            self.last_error, self.awaiting_answer = None, False

    def update_record(self, **fields: object) -> None:
        """Changes the record as the registry was changed."""
        self.record = replace(self.record, **fields)  # type: ignore[arg-type]  # named by callers

    def changes_at(self, position: Position, fingerprint: str | None, now: int) -> Iterator[Change]:
        """The changes of the record with which it continues at a position with this fingerprint."""
        record = self.record
        if (segment := self._new_segment(position)) is not None:
            yield BeginSegment(record.id, record.incarnation, segment, now)
        known = record.fingerprints[-1].fingerprint if record.fingerprints else None
        if fingerprint is not None and fingerprint != known:
            begun = BegunFingerprint(position.next, fingerprint, self._after_begun(position))
            yield BeginFingerprint(record.id, record.incarnation, begun)

    def _after_begun(self, position: Position) -> Cursor | None:
        """The place of a position from which on begun timelines are given up."""
        cursor = self.start_cursor(position)
        return None if cursor is None else Cursor(cursor.due, self.next_index(position), FAILED)

    def apply(self, change: BeginSegment | BeginFingerprint | BeginBindings) -> None:
        """Applies a change before its start that the registry has."""
        match change:
            case BeginSegment(segment=segment):
                self.update_record(segments=(*self.record.segments, segment))
            case BeginFingerprint(begun=begun):
                self.update_record(fingerprints=(*self.record.fingerprints, begun))
            case BeginBindings(bindings=bindings):
                first = {each.name: each.first for each in bindings}
                kept = (b for b in self.record.bindings if b.first < first.get(b.name, END))
                self.update_record(bindings=(*kept, *bindings))

    def apply_stored(self, changes: Iterable[Change]) -> None:
        """Applies changes before its start that the registry has, and perhaps not yet the record.

        The generator was withdrawn while they were written.
        """
        record = self.record
        for change in changes:
            match change:
                case BeginSegment(incarnation=record.incarnation, segment=segment):
                    if segment not in record.segments:
                        self.apply(change)
                case BeginFingerprint(incarnation=record.incarnation, begun=begun):
                    if begun not in record.fingerprints:
                        self.apply(change)
                case BeginBindings(incarnation=record.incarnation):
                    self.apply(change)

    def overdue_events(self, now: int, pace: Pace, due: int) -> tuple[int, int]:
        """How many events are due and not committed, and since when the first of them is due.

        `due` is the first index of its pace that is not due yet. Steps of timelines are at least as
        many as timelines that have not begun, and as the worker knew of at the last commit.
        """
        index, backlog = self.next_index(self.position), self.backlog
        lag = max(0, due - index)
        if self.record.spec.steps is None or backlog is None:
            return lag, pace.due_at(index)
        if not self.active or backlog.next_due > now:
            return 0, now
        return max(1, lag, backlog.lag), backlog.next_due

    @property
    def lost_position(self) -> bool:
        """Whether it failed because the destination's position is behind the last committed one."""
        failure = self.record.failure
        return failure is not None and isinstance(failure.error, PositionLostError)

    def failing_index(self) -> int:
        """The index of the event at which it failed; of steps, the delivery number."""
        index: int | None = None
        if self.record.failure is not None and self.record.spec.steps is None:
            index = getattr(self.record.failure.error, "index", None)
        return self.position.next if index is None else index


def position_lost(id_: int, current: int, committed: int) -> PositionLostError:
    """The error of a destination at event `current` that had committed up to event `committed`."""
    return PositionLostError(
        f"position lost: the destination is at event {current}, but had committed "
        f"up to {committed}",
        hint=f"`eventer resume {id_} --position registry` continues at event {committed}, "
        f"`--position destination` delivers events from {current} on again",
    )


def view(
    generator: Generator,
    now: int,
    promised: Guarantee | None,
    slowest: Stage | None = None,
    waits_for: tuple[str, ...] = (),
) -> GeneratorView:
    """A generator's view at an instant; `slowest` is the stage that takes most of the time.

    `promised` is the guarantee of its connection, if that is known before it is connected.
    """
    record, pace, partitions = generator.record, generator.pace, generator.position.partitions
    index = generator.next_index(generator.position)
    due = max(index, pace.due_end(now)) if generator.active else index
    lag, since = generator.overdue_events(now, pace, due)
    rate = pace.rate_at(now if generator.active else min(now, pace.due_at(due)))
    behind = lag > 2 * tick_events(record.pace) + rate
    return GeneratorView(
        record=record,
        state=GeneratorState.WAITING if generator.active and generator.waiting else record.state,
        position=generator.position.next,
        skipped=generator.position.skipped,
        dropped=generator.position.dropped,
        bytes=generator.position.bytes,
        requested_rate=rate,
        delivered_rate=generator.meter.rate(now, tick_interval(record.pace))
        if generator.active
        else 0.0,
        lag=lag,
        overdue=max(0, now - since) / NS_PER_SECOND if lag else 0.0,
        retries=generator.retries,
        rejections=generator.rejections,
        faults=generator.fault_totals,
        partitions=partitions[-1][1] if partitions else None,
        limited_by=slowest if generator.active and behind else None,
        next_tick=pace.next_due(due) if generator.active else None,
        last_error=generator.last_error,
        delivery=generator.guarantee or promised,
        timelines=None if record.spec.steps is None else due,
        waits_for=waits_for,
    )
