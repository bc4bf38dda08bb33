"""A generator while the service runs: its record, and what is known of it beyond that."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from eventer.core.errors import EventerError, PositionLostError
from eventer.core.model import GeneratorState, Guarantee, Position, PositionKey, Segment
from eventer.destinations.base import Flow
from eventer.registry.base import GeneratorFailure, GeneratorRecord
from eventer.runs.pacing import Pace, rate
from eventer.runs.shard_messages import Assignment
from eventer.service.rate_meter import RateMeter
from eventer.service.views import GeneratorView, Stage
from eventer.workers.messages import ShardId


@dataclass(eq=False, slots=True)
class Generator:
    """One generator of the service.

    `new_segment_at` is when a pace segment is to begin, once the position is known; None where the
    segments hold as they are. `epoch` counts how often it was given to a worker: what is heard of
    an earlier turn does not count. `waiting` says that its destination cannot be used now.
    `awaiting_answer` says that `last_error` is only that it has not answered yet.
    `saved_position` is the position that the registry has. `accepted` is where it goes on although its
    destination says that it is elsewhere.
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

    @classmethod
    def of(cls, record: GeneratorRecord, cluster: int) -> Generator:
        """A generator as the registry has it."""
        return cls(record, cluster, record.position, record.failure, saved_position=record.position)

    @property
    def key(self) -> PositionKey:
        """Under which its position is kept."""
        return PositionKey(self.cluster, self.record.id, self.record.incarnation)

    @property
    def shard(self) -> ShardId:
        """The shard that holds it."""
        return ShardId(self.record.spec.target.connection, self.record.shard)

    @property
    def flow(self) -> Flow:
        """It, as its destination sees it."""
        return Flow(self.key, self.record.spec.target, self.record.spec.shape)

    @property
    def active(self) -> bool:
        """Whether a worker is to run it."""
        return self.record.state is GeneratorState.RUNNING

    @property
    def pace(self) -> Pace:
        """Its pace, from the segments that still matter."""
        return Pace(self.record.segments)

    def assignment(self, *, outcome_unknown: bool = False) -> Assignment:
        """What a worker is to know of it."""
        return Assignment(
            self.key,
            self.record.spec,
            skip=self.skip,
            accepted=self.accepted,
            outcome_unknown=outcome_unknown,
        )

    def record_error(self, error: EventerError, at: int) -> None:
        """The last thing that went wrong with it."""
        self.last_error = GeneratorFailure(error, at)
        self.awaiting_answer = False

    def runs(self, guarantee: Guarantee | None) -> None:
        """Its events flow."""
        self.guarantee = guarantee
        self.waiting = False
        if self.awaiting_answer:
            self.last_error, self.awaiting_answer = None, False

    def update_record(self, **fields: object) -> None:
        """Keeps the record as the registry has it now."""
        self.record = replace(self.record, **fields)  # type: ignore[arg-type]  # named by callers

    def add_segment(self, segment: Segment) -> None:
        """A pace was begun."""
        self.update_record(segments=(*self.record.segments, segment))

    @property
    def lost_position(self) -> bool:
        """Whether it failed because its destination is behind what was seen committed."""
        failure = self.record.failure
        return failure is not None and isinstance(failure.error, PositionLostError)

    def failing_index(self) -> int:
        """The index of the event that it failed at."""
        index: int | None = None
        if self.record.failure is not None:
            index = getattr(self.record.failure.error, "index", None)
        return self.position.next if index is None else index


def position_lost(id_: int, found: int, seen: int) -> PositionLostError:
    """The destination is at one event and had committed up to another."""
    return PositionLostError(
        f"position lost: the destination is at event {found}, but had committed up to {seen}",
        hint=f"`eventer resume {id_} --position registry` goes on at event {seen}, "
        f"`--position destination` delivers again from event {found} on",
    )


def view(
    generator: Generator, now: int, default: Guarantee, slowest: Stage | None = None
) -> GeneratorView:
    """A generator as everyone sees it at an instant; `slowest` is the stage that holds it up."""
    record, pace = generator.record, generator.pace
    current = record.segments[-1]
    due = pace.due_end(now) if generator.active else generator.position.next
    lag = max(0, due - generator.position.next)
    behind = lag > 2 * current.count + rate(current)
    return GeneratorView(
        record=record,
        state=GeneratorState.WAITING if generator.active and generator.waiting else record.state,
        position=generator.position.next,
        skipped=generator.position.skipped,
        bytes=generator.position.bytes,
        requested_rate=rate(current),
        delivered_rate=generator.meter.rate(now, current.interval) if generator.active else 0.0,
        lag=lag,
        retries=generator.retries,
        limited_by=slowest if generator.active and behind else None,
        next_tick=pace.due_at(due) if generator.active else None,
        last_error=generator.last_error,
        delivery=generator.guarantee or default,
    )
