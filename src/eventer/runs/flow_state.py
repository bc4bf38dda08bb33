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
from eventer.runs.pacing import END
from eventer.runs.shard_messages import (
    Assignment,
    EventSkipped,
    GenerationRequest,
    GenerationResult,
    Timetable,
)

MAX_REQUEST_EVENTS: Final = 16 * MAX_EVENTS
"""Events of one work: as many as a slice has time for."""


class Phase(Enum):
    """How far a generator is on its way to delivery, anew with every connection."""

    POSITION_UNREAD = auto()
    """Its position is to be read."""
    AWAITING_PACE = auto()
    """Its position is reported, and it waits to be let go on."""
    TARGET_UNPREPARED = auto()
    """Its target is to be prepared."""
    READY = auto()
    """Its events flow."""


@dataclass(eq=False, slots=True)
class FlowState:
    """The changing state of one assigned generator.

    `generated` is the next index to make: all from the position up to it are in flight or in `batches`.
    `stop_at` is an index that is never passed, and the error that the generator fails with when
    all before it is committed. `version` changes whenever `generated` goes back.

    A *suspect* is delivered alone, and not before `retry_not_before`: its last delivery failed, and the
    fault was its own. It makes no more at a time than it delivers, and less after each try.
    """

    assignment: Assignment
    version: int
    phase: Phase = Phase.POSITION_UNREAD
    position: Position | None = None
    timetable: Timetable | None = None
    limit: int = END
    generated: int = 0
    batches: list[Batch] = field(default_factory=list)
    batch_bytes: list[int] = field(default_factory=list)
    in_flight: tuple[Batch, ...] = ()
    skip: set[int] = field(default_factory=set)
    stop_at: tuple[int, EventerError] | None = None
    queued: bool = False
    timer_at: int | None = None
    finishing: bool = False
    removed: bool = False
    withdrawing: bool = False
    outcome_unknown: bool = False
    accepted: Position | None = None
    prepare_at: int = 0
    prepare_tries: int = 0
    quarantined: bool = False
    retry_not_before: int = 0
    delivery_tries: int = 0

    def __post_init__(self) -> None:
        self.skip.update(self.assignment.skip)
        self.outcome_unknown = self.assignment.outcome_unknown

    @property
    def key(self) -> PositionKey:
        """Whose position it is."""
        return self.assignment.key

    @property
    def active(self) -> bool:
        """Whether events are to be made."""
        is_waiting = self.quarantined and (self.batches or self.in_flight)
        return self.phase is Phase.READY and not (self.withdrawing or self.removed or is_waiting)

    @property
    def retained_bytes(self) -> int:
        """Bytes of memory that it holds on to while it waits to be delivered."""
        return sum(self.batch_bytes)

    def quarantine(self, until: int, version: int) -> None:
        """Its delivery failed, by its own fault: it is tried again alone, not before `until`."""
        self.in_flight = ()
        self.rewind(version)
        self.quarantined, self.retry_not_before = True, until
        self.prepare_at = max(self.prepare_at, until)
        self.delivery_tries += 1

    def clear(self) -> bool:
        """Its delivery went well; says whether it was suspected."""
        quarantined, self.quarantined = self.quarantined, False
        self.retry_not_before = self.delivery_tries = 0
        return quarantined

    def reset(self, version: int) -> None:
        """Forgets everything that is not committed, and the position with it."""
        self.phase = Phase.POSITION_UNREAD
        self.in_flight = ()
        self._drop(version)

    def set_position(self, position: Position) -> None:
        """The destination's word about where to resume, unless another was accepted."""
        accepted = self.assignment.accepted
        ahead = accepted is not None and accepted.next > position.next
        self.accepted = accepted if ahead else None
        self.position = self.accepted or position
        self.generated = self.position.next
        self.outcome_unknown = False
        self.phase = Phase.AWAITING_PACE

    def rewind(self, version: int) -> None:
        """Goes back to the committed position."""
        self._drop(version)
        self.generated = self.committed

    def _drop(self, version: int) -> None:
        self.version = version
        self.batches.clear()
        self.batch_bytes.clear()
        self.stop_at = None

    @property
    def committed(self) -> int:
        """The next index to commit, as far as is known."""
        return self.position.next if self.position is not None else 0

    @property
    def end(self) -> int:
        """The index that is not to be reached now, due or not."""
        ends = [self.limit]
        if self.stop_at is not None:
            ends.append(self.stop_at[0])
        poison_index = self.assignment.poison_index
        if poison_index is not None and self.committed < poison_index:
            ends.append(poison_index)
        return min(ends)

    def generation_end(self, now: int) -> int:
        """Up to which index events are to be made now."""
        assert self.timetable is not None
        return min(self.timetable.due_end(now), self.end)

    def next_due(self) -> int | None:
        """When the next index to make is due; None where there is none."""
        assert self.timetable is not None
        return self.timetable.due_at(self.generated) if self.generated < self.end else None

    def request(self, now: int, max_events: int = MAX_REQUEST_EVENTS) -> GenerationRequest | None:
        """What is to be made next; None where nothing is due, or a suspect is to deliver first.

        What emits nothing is passed over on the way.
        """
        assert self.timetable is not None
        generation_end = self.generation_end(now)
        while self.generated < generation_end and self.generated in self.skip:
            self.skip_next()
        if self.generated >= generation_end or not self.active:
            return None
        if self.quarantined:
            max_events = max(1, min(max_events, MAX_EVENTS >> 2 * self.delivery_tries))
        end = min(
            [
                generation_end,
                self.generated + min(MAX_REQUEST_EVENTS, max_events),
                *(i for i in self.skip if i > self.generated),
            ]
        )
        return GenerationRequest(
            self.assignment, self.timetable, self.generated, end - self.generated, self.version
        )

    def accept(self, generated: GenerationResult) -> EventSkipped | None:
        """Takes what became of its work, which began where the last one ended."""
        if generated.batch is not None:
            assert generated.batch.first == self.generated
            self.batches.append(generated.batch)
            self.batch_bytes.append(generated.retained_bytes)
            self.generated = generated.batch.next
            return None
        assert generated.error is not None
        of_event = (
            isinstance(generated.error, TemplateError) and _event_index(generated.error) is not None
        )
        if not self._skip_or_stop(self.generated, generated.error, lasting=not of_event):
            return None
        self.skip_next()
        return EventSkipped(self.key, self.generated - 1, generated.error)

    def skip_next(self) -> None:
        """Lets the next index emit nothing."""
        if self.batches:
            self.batches[-1] = replace(self.batches[-1], count=self.batches[-1].count + 1)
        else:
            self.batches.append(_empty_batch(self.generated))
            self.batch_bytes.append(0)
        self.generated += 1

    def _skip_or_stop(self, index: int, error: EventerError, *, lasting: bool) -> bool:
        """An event cannot be made or delivered: says whether it is passed over.

        `lasting` where no single event is to blame.
        """
        if self.assignment.on_error is OnError.SKIP and not lasting:
            return True
        self.stop_at = (index, error)
        return False

    def take(self, events: int) -> Delivery:
        """Its oldest batches, to be delivered: as many as have that many events, at least one."""
        number = 1
        total = self.batches[0].count
        while number < len(self.batches) and total + self.batches[number].count <= events:
            total += self.batches[number].count
            number += 1
        self.in_flight = tuple(self.batches[:number])
        del self.batches[:number], self.batch_bytes[:number]
        return Delivery(self.assignment.flow, self.in_flight, self.accepted)

    def mark_committed(self, position: Position, version: int) -> None:
        """What was in flight is committed."""
        self.in_flight = ()
        expected = self.batches[0].first if self.batches else self.generated
        self.position, self.accepted = position, None
        self.skip = {index for index in self.skip if index >= position.next}
        if position.next != expected:
            self.rewind(version)

    def reject_in_flight(
        self, error: EventerError | None, end: int, version: int
    ) -> EventSkipped | None:
        """What was in flight, up to the index `end`, is not committed; `error` says why."""
        self.in_flight = ()
        self.rewind(version)
        if error is None:
            return None
        index = _event_index(error)
        if index is None or not self.committed <= index < end:
            self._skip_or_stop(self.committed, error, lasting=True)
        elif self._skip_or_stop(index, error, lasting=False):
            self.skip.add(index)
            return EventSkipped(self.key, index, error)
        return None

    @property
    def failure(self) -> EventerError | None:
        """What it fails with now, if all before its barrier is committed."""
        if self.stop_at is not None and self.committed >= self.stop_at[0]:
            return self.stop_at[1]
        return None

    @property
    def finished(self) -> bool:
        """Whether all that was ever to be delivered is committed."""
        return self.position is not None and self.committed >= self.limit


def _event_index(error: EventerError) -> int | None:
    """Which event an error is about, where it says so."""
    index: int | None = getattr(error, "index", None)
    return index


def _empty_batch(index: int) -> Batch:
    none = np.empty(0, dtype=np.int64)
    return Batch(
        first=index,
        count=1,
        index=none,
        scheduled=none,
        text=pa.array([], type=pa.large_binary()),
        fields=JsonFields([], none),
    )
