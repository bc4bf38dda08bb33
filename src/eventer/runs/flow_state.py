"""One generator inside a shard: how far it is made and committed, and what stands in its way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

import numpy as np
import pyarrow as pa

from eventer.core.batch import MAX_EVENTS, Batch
from eventer.core.errors import EventerError, TemplateError
from eventer.core.model import OnError, Position, PositionKey
from eventer.destinations.base import Delivery
from eventer.plan.json_fields import JsonFields
from eventer.runs.instructions import Assignment, Made, Skipped, Timetable, Work
from eventer.runs.pacing import END

MOST: Final = 16 * MAX_EVENTS
"""Events of one work: as many as a slice has time for."""


class Phase(Enum):
    """How far a generator is on its way to delivery, anew with every connection."""

    PLACED = auto()
    """Its position is to be read."""
    ASKING = auto()
    """Its position is reported, and it waits to be let go on."""
    UNPREPARED = auto()
    """Its target is to be prepared."""
    READY = auto()
    """Its events flow."""


@dataclass(eq=False, slots=True)
class FlowState:
    """The changing state of one assigned generator.

    `made` is the next index to make: all from the position up to it are in flight or in `batches`.
    `barrier` is an index that is never passed, and the error that the generator fails with when
    all before it is committed. `version` changes whenever `made` goes back.

    A *suspect* is delivered alone, and not before `held_until`: its last delivery failed, and the
    fault was its own. It makes no more at a time than it delivers, and less after each try.
    """

    assignment: Assignment
    version: int
    phase: Phase = Phase.PLACED
    position: Position | None = None
    timetable: Timetable | None = None
    limit: int = END
    made: int = 0
    batches: list[Batch] = field(default_factory=list)
    weights: list[int] = field(default_factory=list)
    in_flight: tuple[Batch, ...] = ()
    skip: set[int] = field(default_factory=set)
    barrier: tuple[int, EventerError] | None = None
    queued: bool = False
    wake: int | None = None
    finishing: bool = False
    gone: bool = False
    withdrawing: bool = False
    doubtful: bool = False
    accepted: Position | None = None
    prepare_at: int = 0
    prepare_tries: int = 0
    suspect: bool = False
    held_until: int = 0
    delivery_tries: int = 0

    def __post_init__(self) -> None:
        self.skip.update(self.assignment.skip)
        self.doubtful = self.assignment.doubtful

    @property
    def key(self) -> PositionKey:
        """Whose position it is."""
        return self.assignment.key

    @property
    def active(self) -> bool:
        """Whether events are to be made."""
        waits = self.suspect and (self.batches or self.in_flight)
        return self.phase is Phase.READY and not (self.withdrawing or self.gone or waits)

    @property
    def weight(self) -> int:
        """Bytes of memory that it holds on to while it waits to be delivered."""
        return sum(self.weights)

    def hold(self, until: int, version: int) -> None:
        """Its delivery failed, by its own fault: it is tried again alone, not before `until`."""
        self.in_flight = ()
        self.rewind(version)
        self.suspect, self.held_until = True, until
        self.prepare_at = max(self.prepare_at, until)
        self.delivery_tries += 1

    def clear(self) -> bool:
        """Its delivery went well; says whether it was suspected."""
        suspect, self.suspect = self.suspect, False
        self.held_until = self.delivery_tries = 0
        return suspect

    def place(self, version: int) -> None:
        """Forgets everything that is not committed, and the position with it."""
        self.phase = Phase.PLACED
        self.in_flight = ()
        self._drop(version)

    def found(self, position: Position) -> None:
        """The destination's word about where to resume, unless another was accepted."""
        accepted = self.assignment.accepted
        ahead = accepted is not None and accepted.next > position.next
        self.accepted = accepted if ahead else None
        self.position = self.accepted or position
        self.made = self.position.next
        self.doubtful = False
        self.phase = Phase.ASKING

    def rewind(self, version: int) -> None:
        """Goes back to the committed position."""
        self._drop(version)
        self.made = self.committed

    def _drop(self, version: int) -> None:
        self.version = version
        self.batches.clear()
        self.weights.clear()
        self.barrier = None

    @property
    def committed(self) -> int:
        """The next index to commit, as far as is known."""
        return self.position.next if self.position is not None else 0

    @property
    def end(self) -> int:
        """The index that is not to be reached now, due or not."""
        ends = [self.limit]
        if self.barrier is not None:
            ends.append(self.barrier[0])
        wary_of = self.assignment.wary_of
        if wary_of is not None and self.committed < wary_of:
            ends.append(wary_of)
        return min(ends)

    def goal(self, now: int) -> int:
        """Up to which index events are to be made now."""
        assert self.timetable is not None
        return min(self.timetable.due_end(now), self.end)

    def next_due(self) -> int | None:
        """When the next index to make is due; None where there is none."""
        assert self.timetable is not None
        return self.timetable.due_at(self.made) if self.made < self.end else None

    def work(self, now: int, most: int = MOST) -> Work | None:
        """What is to be made next; None where nothing is due, or a suspect is to deliver first.

        What emits nothing is passed over on the way.
        """
        assert self.timetable is not None
        goal = self.goal(now)
        while self.made < goal and self.made in self.skip:
            self.pass_over()
        if self.made >= goal or not self.active:
            return None
        if self.suspect:
            most = max(1, min(most, MAX_EVENTS >> 2 * self.delivery_tries))
        end = min([goal, self.made + min(MOST, most), *(i for i in self.skip if i > self.made)])
        return Work(self.assignment, self.timetable, self.made, end - self.made, self.version)

    def accept(self, made: Made) -> Skipped | None:
        """Takes what became of its work, which began where the last one ended."""
        if made.batch is not None:
            assert made.batch.first == self.made
            self.batches.append(made.batch)
            self.weights.append(made.weight)
            self.made = made.batch.next
            return None
        assert made.error is not None
        of_event = isinstance(made.error, TemplateError) and _index(made.error) is not None
        if not self._stumble(self.made, made.error, lasting=not of_event):
            return None
        self.pass_over()
        return Skipped(self.key, self.made - 1, made.error)

    def pass_over(self) -> None:
        """Lets the next index emit nothing."""
        if self.batches:
            self.batches[-1] = replace(self.batches[-1], count=self.batches[-1].count + 1)
        else:
            self.batches.append(_nothing(self.made))
            self.weights.append(0)
        self.made += 1

    def _stumble(self, index: int, error: EventerError, *, lasting: bool) -> bool:
        """An event cannot be made or delivered: says whether it is passed over.

        `lasting` where no single event is to blame.
        """
        if self.assignment.on_error is OnError.SKIP and not lasting:
            return True
        self.barrier = (index, error)
        return False

    def take(self, events: int) -> Delivery:
        """Its oldest batches, to be delivered: as many as have that many events, at least one."""
        number = 1
        total = self.batches[0].count
        while number < len(self.batches) and total + self.batches[number].count <= events:
            total += self.batches[number].count
            number += 1
        self.in_flight = tuple(self.batches[:number])
        del self.batches[:number], self.weights[:number]
        return Delivery(self.assignment.flow, self.in_flight, self.accepted)

    def settle(self, position: Position, version: int) -> None:
        """What was in flight is committed."""
        self.in_flight = ()
        expected = self.batches[0].first if self.batches else self.made
        self.position, self.accepted = position, None
        self.skip = {index for index in self.skip if index >= position.next}
        if position.next != expected:
            self.rewind(version)

    def left_out(self, error: EventerError | None, end: int, version: int) -> Skipped | None:
        """What was in flight, up to the index `end`, is not committed; `error` says why."""
        self.in_flight = ()
        self.rewind(version)
        if error is None:
            return None
        index = _index(error)
        if index is None or not self.committed <= index < end:
            self._stumble(self.committed, error, lasting=True)
        elif self._stumble(index, error, lasting=False):
            self.skip.add(index)
            return Skipped(self.key, index, error)
        return None

    @property
    def failure(self) -> EventerError | None:
        """What it fails with now, if all before its barrier is committed."""
        if self.barrier is not None and self.committed >= self.barrier[0]:
            return self.barrier[1]
        return None

    @property
    def finished(self) -> bool:
        """Whether all that was ever to be delivered is committed."""
        return self.position is not None and self.committed >= self.limit


def _index(error: EventerError) -> int | None:
    """Which event an error is about, where it says so."""
    index: int | None = getattr(error, "index", None)
    return index


def _nothing(index: int) -> Batch:
    none = np.empty(0, dtype=np.int64)
    return Batch(
        first=index,
        count=1,
        index=none,
        scheduled=none,
        text=pa.array([], type=pa.large_binary()),
        fields=JsonFields([], none),
    )
