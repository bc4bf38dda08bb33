"""The named states of a flow in a shard, each with the data that exists only in it.

    PositionUnknown -> PositionReported -> TargetUnprepared -> Delivering
          ^------------------ the connection is lost -----------------'

`withdraw` leads to `Withdrawing` or at once to `Removed`. Every connection starts from
`PositionUnknown`: the destination's position alone says where to resume.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from eventer.core.batch import MAX_EVENTS, Batch
from eventer.core.cursor import Cursor
from eventer.core.errors import EventerError
from eventer.plan.interpreter_engine import empty_batch
from eventer.runs.shard_messages import GenerationResult, Timetable


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The last `tries` deliveries failed by the flow's own fault: it is retried alone at `until`.

    A quarantine lasts until a commit, over several connections. After each of the `tries` the flow
    generates less, and never more at a time than it delivers. Without `tries` there is none.
    """

    tries: int = 0
    until: int = 0

    def __bool__(self) -> bool:
        return self.tries > 0

    @property
    def max_events(self) -> int:
        """How many events the next try may hold."""
        return max(1, MAX_EVENTS >> 2 * self.tries)


NO_QUARANTINE: Final = Quarantine()


@dataclass(frozen=True, slots=True)
class PositionUnknown:
    """The committed position must be read.

    `outcome_unknown`: until the shard is opened again, an earlier transaction may be committed.
    `dropped`: the last connection was lost with events that were generated but not committed.
    """

    outcome_unknown: bool = False
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class PositionReported:
    """The committed position was reported; the shard's owner must call `resume`."""


@dataclass(frozen=True, slots=True)
class TargetUnprepared:
    """The topic or table must be prepared. `limit` is an index that is never generated."""

    timetable: Timetable
    limit: int


@dataclass(slots=True)
class Delivering:
    """Events are generated and delivered.

    `generated` is the next index to generate: all indices from the position up to it are
    `in_flight` or in `batches`. `stop_at` is an index that is never passed, and the error with
    which the flow fails when all events before it are committed.
    """

    timetable: Timetable
    limit: int
    generated: int
    batches: list[Batch] = field(default_factory=list)
    batch_bytes: list[int] = field(default_factory=list)
    in_flight: tuple[Batch, ...] = ()
    stop_at: tuple[int, EventerError] | None = None

    @property
    def end(self) -> int:
        """The first index that must not be generated, due or not."""
        total = self.timetable.total
        end = self.limit if total is None else min(self.limit, total)
        return end if self.stop_at is None else min(end, self.stop_at[0])

    @property
    def delivered(self) -> int:
        """The index up to which all events were put in flight."""
        return self.batches[0].first if self.batches else self.generated

    @property
    def idle(self) -> bool:
        """Whether no generated event waits for its commit."""
        return not (self.batches or self.in_flight)

    def rewind(self, committed: int) -> None:
        """Drops all uncommitted events; generation continues at the committed position."""
        self.generated = committed
        self.batches.clear()
        self.batch_bytes.clear()
        self.in_flight = ()
        self.stop_at = None

    def append(self, result: GenerationResult) -> None:
        """Adds a batch that begins where the last one ends."""
        assert result.batch is not None
        assert result.batch.first == self.generated
        self.batches.append(result.batch)
        self.batch_bytes.append(result.retained_bytes)
        self.generated = result.batch.next

    def skip_next(self, cursors: tuple[Cursor, Cursor] | None = None) -> None:
        """Covers the next index, that of a step at these places, without an event."""
        if self.batches:
            last = self.batches[-1]
            both = (
                None if cursors is None or last.cursors is None else last.cursors[:1] + cursors[1:]
            )
            self.batches[-1] = replace(last, count=last.count + 1, cursors=both)
        else:
            self.batches.append(replace(empty_batch(self.generated), cursors=cursors))
            self.batch_bytes.append(0)
        self.generated += 1

    def take(self, events: int) -> tuple[Batch, ...]:
        """Puts the oldest batches in flight: at least one, and no more than `events` events."""
        number = 1
        total = self.batches[0].count
        while number < len(self.batches) and total + self.batches[number].count <= events:
            total += self.batches[number].count
            number += 1
        self.in_flight = tuple(self.batches[:number])
        del self.batches[:number], self.batch_bytes[:number]
        return self.in_flight


@dataclass(frozen=True, slots=True)
class Withdrawing:
    """A withdrawn flow of which events may still appear.

    `in_flight`: its last transaction has not ended. Otherwise that transaction's outcome is
    unknown, and the flow is removed when its position has been read from a new connection.
    """

    in_flight: bool


@dataclass(frozen=True, slots=True)
class Removed:
    """The shard does not hold the flow any more."""


FlowState: TypeAlias = (
    PositionUnknown | PositionReported | TargetUnprepared | Delivering | Withdrawing | Removed
)
