"""A generator while the service runs: its record and its live state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import EventerError, PositionLostError
from eventer.core.model import GeneratorState, Guarantee, Position, PositionKey, Segment
from eventer.destinations.base import Flow
from eventer.registry.base import (
    BeginBindings,
    BeginFingerprint,
    BeginSegment,
    Change,
    GeneratorFailure,
    GeneratorRecord,
)
from eventer.runs.assignment import Assignment
from eventer.runs.pacing import Pace, tick_events, tick_interval
from eventer.service.rate_meter import RateMeter
from eventer.service.views import GeneratorView, Stage
from eventer.workers.messages import ShardId


@dataclass(eq=False, slots=True)
class Generator:
    """One generator of the service.

    `new_segment_at` is when a new segment begins once the position is known; None keeps the
    current one. `epoch` counts assignments to a worker: reports about earlier ones are ignored.
    `waiting` says that its destination is unavailable; `awaiting_answer`, that `last_error` only
    says that the destination did not answer in time. `saved_position` is the registry's. `accepted`
    is the position where it continues although the destination has another one.
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
    retries: int = 0
    _history: Pace | None = None

    @classmethod
    def of(cls, record: GeneratorRecord, cluster: int) -> Generator:
        """A generator from its record."""
        return cls(record, cluster, record.position, record.failure, saved_position=record.position)

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
        return Flow(self.key, self.record.spec.target, self.record.spec.shape)

    @property
    def active(self) -> bool:
        """Whether a worker should run it."""
        return self.record.state is GeneratorState.RUNNING

    @property
    def pace(self) -> Pace:
        """The due times of its events, from the segment on that begins once its position is known.

        That segment drops the events that were due earlier.
        """
        segment = self._new_segment(self.position.next)
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

    def _new_segment(self, index: int) -> Segment | None:
        """The segment that begins when it continues at `index`, if one does."""
        at = self.new_segment_at
        if at is None or self.history.keeps(at, index, self.record.created_at):
            return None
        return self.history.resumed(at, index)

    def assignment(self, *, outcome_unknown: bool = False) -> Assignment:
        """The generator as a worker gets it."""
        return Assignment(
            self.key,
            self.record.spec,
            skip=self.skip,
            accepted=self.accepted,
            outcome_unknown=outcome_unknown,
        )

    def record_error(self, error: EventerError, at: int) -> None:
        """Sets the last error."""
        self.last_error = GeneratorFailure(error, at)
        self.awaiting_answer = False

    def record_running(self, guarantee: Guarantee | None) -> None:
        """Notes that its events are being delivered."""
        self.guarantee = guarantee
        self.waiting = False
        if self.awaiting_answer:
            self.last_error, self.awaiting_answer = None, False

    def update_record(self, **fields: object) -> None:
        """Changes the record as the registry was changed."""
        self.record = replace(self.record, **fields)  # type: ignore[arg-type]  # named by callers

    def changes_at(self, index: int, fingerprint: str | None, now: int) -> Iterator[Change]:
        """The changes of the record with which it continues at `index` with this fingerprint."""
        record = self.record
        if (segment := self._new_segment(index)) is not None:
            yield BeginSegment(record.id, record.incarnation, segment, now)
        known = record.fingerprints[-1][1] if record.fingerprints else None
        if fingerprint is not None and fingerprint != known:
            yield BeginFingerprint(record.id, record.incarnation, index, fingerprint)

    def apply(self, change: BeginSegment | BeginFingerprint | BeginBindings) -> None:
        """Applies a change before its start that the registry has."""
        match change:
            case BeginSegment(segment=segment):
                self.update_record(segments=(*self.record.segments, segment))
            case BeginFingerprint(index=index, fingerprint=fingerprint):
                known = self.record.fingerprints
                self.update_record(fingerprints=(*known, (index, fingerprint)))
            case BeginBindings(bindings=bindings):
                self.update_record(bindings=(*self.record.bindings, *bindings))

    @property
    def lost_position(self) -> bool:
        """Whether it failed because the destination's position is behind the last committed one."""
        failure = self.record.failure
        return failure is not None and isinstance(failure.error, PositionLostError)

    def failing_index(self) -> int:
        """The index of the event at which it failed."""
        index: int | None = None
        if self.record.failure is not None:
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
    generator: Generator, now: int, promised: Guarantee | None, slowest: Stage | None = None
) -> GeneratorView:
    """A generator's view at an instant; `slowest` is the stage that takes most of the time.

    `promised` is the guarantee of its connection, if that is known before it is connected.
    """
    record, pace, partitions = generator.record, generator.pace, generator.position.partitions
    due = pace.due_end(now) if generator.active else generator.position.next
    lag = max(0, due - generator.position.next)
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
        overdue=max(0, now - pace.due_at(generator.position.next)) / NS_PER_SECOND if lag else 0.0,
        retries=generator.retries,
        partitions=partitions[-1][1] if partitions else None,
        limited_by=slowest if generator.active and behind else None,
        next_tick=pace.next_due(due) if generator.active else None,
        last_error=generator.last_error,
        delivery=generator.guarantee or promised,
    )
