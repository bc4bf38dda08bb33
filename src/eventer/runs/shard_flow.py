"""One flow in a shard: its committed position, its state and the transitions between states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from eventer.core.batch import MAX_EVENTS
from eventer.core.bindings import Binding
from eventer.core.errors import EventerError, TemplateError
from eventer.core.model import OnError, Position, PositionKey
from eventer.destinations.base import Delivery
from eventer.runs.assignment import Assignment
from eventer.runs.backoff import RETRY_NS
from eventer.runs.flow_state import (
    NO_QUARANTINE,
    Delivering,
    FlowState,
    PositionReported,
    PositionUnknown,
    Quarantine,
    Removed,
    TargetUnprepared,
    Withdrawing,
)
from eventer.runs.pacing import END
from eventer.runs.shard_messages import (
    EventsSkipped,
    FlowFailed,
    FlowFinished,
    GenerationRequest,
    GenerationResult,
    Timetable,
    events_skipped,
)

MAX_REQUEST_EVENTS: Final = 16 * MAX_EVENTS
"""Events of one request: as many as a slice has time for."""

_S = TypeVar("_S")


@dataclass(eq=False, slots=True)
class ShardFlow:
    """A flow in one named state, and the facts that outlive its connections.

    Events that are due at the instant `gate` or later wait for events that they may refer to.
    `version` changes whenever generation goes back to an earlier index: results of older requests
    are dropped. `accepted` is the position to resume at where the destination has lost its own.
    `skip` are indices from the position on that emit nothing. `retry_index` is an event that the
    destination has rejected and that is retried, since `retry_since`: all events before it are
    committed before it is delivered again.
    """

    assignment: Assignment
    version: int
    state: FlowState = field(init=False)
    position: Position | None = None
    accepted: Position | None = None
    skip: set[int] = field(init=False)
    finishing: bool = False
    prepare_at: int = 0
    prepare_tries: int = 0
    quarantine: Quarantine = NO_QUARANTINE
    retry_index: int | None = None
    retry_since: int = 0
    gate: int = END

    def __post_init__(self) -> None:
        self.skip = set(self.assignment.skip)
        self.state = PositionUnknown(self.assignment.outcome_unknown)

    @property
    def key(self) -> PositionKey:
        """The key of its position."""
        return self.assignment.key

    @property
    def committed(self) -> int:
        """The next index to commit, as far as is known."""
        return self.position.next if self.position is not None else 0

    @property
    def delivering(self) -> Delivering:
        """The state of a flow that must be delivering."""
        return self._expect(Delivering)

    @property
    def active(self) -> bool:
        """Whether events may be generated now."""
        state = self.state
        return isinstance(state, Delivering) and (not self.quarantine or state.idle)

    @property
    def in_flight(self) -> bool:
        """Whether a transaction that holds its events has not ended."""
        return isinstance(self.state, Delivering | Withdrawing) and bool(self.state.in_flight)

    @property
    def batch_bytes(self) -> Sequence[int]:
        """Bytes of memory that each of its batches holds while it waits for delivery."""
        return self.state.batch_bytes if isinstance(self.state, Delivering) else ()

    @property
    def position_unread(self) -> bool:
        """Whether its position must be read from the connection."""
        state = self.state
        return isinstance(state, PositionUnknown) or (
            isinstance(state, Withdrawing) and not state.in_flight
        )

    def _expect(self, kind: type[_S]) -> _S:
        """The state, which must be of one kind: each transition names those it is legal from."""
        state = self.state
        assert isinstance(state, kind), f"{self.key} is in state {state}"
        return state

    # --- towards delivery ---------------------------------------------------------------------

    def set_position(self, position: Position) -> None:
        """From `PositionUnknown`: resumes at the destination's position, or the accepted one.

        From `Withdrawing`: nothing more can appear.
        """
        assert self.position_unread
        accepted = self.assignment.accepted
        ahead = accepted is not None and accepted.next > position.next
        self.accepted = accepted if ahead else None
        self.position = self.accepted or position
        withdrawing = isinstance(self.state, Withdrawing)
        self.state = Removed() if withdrawing else PositionReported()

    def resume(
        self, timetable: Timetable, limit: int, bindings: tuple[Binding, ...] = (), gate: int = END
    ) -> None:
        """From `PositionReported`: events from the position up to `limit` are to be delivered."""
        self._expect(PositionReported)
        self.gate = gate
        if bindings != self.assignment.bindings:
            self.assignment = replace(self.assignment, bindings=bindings)
        self.state = TargetUnprepared(timetable, self.committed if self.finishing else limit)

    def target_prepared(self) -> None:
        """From `TargetUnprepared`: events can be delivered."""
        state = self._expect(TargetUnprepared)
        self.state = Delivering(state.timetable, state.limit, self.committed)
        self.prepare_tries = 0

    def lose_connection(self, version: int, *, outcome_unknown: bool) -> None:
        """From any state: drops everything that is not committed, and the position with it."""
        self.version = version
        match self.state:
            case Withdrawing(in_flight=in_flight):
                known = in_flight and not outcome_unknown
                self.state = Removed() if known else Withdrawing(in_flight=False)
            case PositionUnknown() as state:
                unknown = state.outcome_unknown or outcome_unknown
                self.state = PositionUnknown(unknown, state.dropped)
            case Delivering(generated=generated):
                self.state = PositionUnknown(outcome_unknown, generated > self.committed)
            case _:
                self.state = PositionUnknown(outcome_unknown)

    # --- the end ------------------------------------------------------------------------------

    def withdraw(self) -> None:
        """From any state: `Removed` if no event can appear any more, else `Withdrawing`."""
        match self.state:
            case Withdrawing():
                return
            case PositionUnknown(outcome_unknown=True):
                self.state = Withdrawing(in_flight=False)
            case _:
                self.state = Withdrawing(in_flight=True) if self.in_flight else Removed()

    def finish(self) -> None:
        """From any state: generates no more events."""
        self.finishing = True
        match self.state:
            case Delivering() as state:
                state.limit = state.generated
            case TargetUnprepared(timetable=timetable):
                self.state = TargetUnprepared(timetable, self.committed)

    def ending(self) -> FlowFailed | FlowFinished | None:
        """The report of a flow that has failed, or delivered everything."""
        state = self.state
        if isinstance(state, Delivering) and state.stop_at is not None:
            index, error = state.stop_at
            if self.committed >= index:
                return FlowFailed(self.key, error, self.position)
        if self.position is None or not self._finished:
            return None
        return FlowFinished(self.key, self.position)

    @property
    def _finished(self) -> bool:
        match self.state:
            case Delivering(limit=limit, timetable=timetable):
                total = timetable.total
                return self.committed >= (limit if total is None else min(limit, total))
            case TargetUnprepared(limit=limit):
                return self.committed >= limit
            case PositionReported():
                return self.finishing
            case PositionUnknown(dropped=dropped):
                return self.finishing and not dropped
            case _:
                return False

    # --- generating, in `Delivering` ----------------------------------------------------------

    def _end(self) -> int:
        """The first index that must not be generated now, due or not."""
        end = self.delivering.end
        for barrier in (self.assignment.poison_index, self.retry_index):
            if barrier is not None and self.committed < barrier:
                end = min(end, barrier)
        return end

    @property
    def generates_more(self) -> bool:
        """Whether it will generate more events before those that wait are committed."""
        return self.delivering.generated < self._end()

    def generation_end(self, now: int) -> int:
        """The first index that is not to be generated now."""
        return min(self.delivering.timetable.due_end(min(now, self.gate - 1)), self._end())

    def next_due(self) -> int | None:
        """When the next index to generate is due; None if there is none, or if it waits."""
        state = self.delivering
        if state.generated >= self._end():
            return None
        due = state.timetable.due_at(state.generated)
        return due if due < self.gate else None

    def request(self, now: int, max_events: int) -> GenerationRequest | None:
        """The events to generate next; None if none are due or a delivery must come first.

        Indices to skip that lie before them are covered on the way. A step to skip is generated
        alone, which finds its place.
        """
        state = self.delivering
        generation_end = self.generation_end(now)
        of_steps = self.assignment.spec.steps is not None
        while state.generated < generation_end and state.generated in self.skip and not of_steps:
            state.skip_next()
        if state.generated >= generation_end or not self.active:
            return None
        if self.quarantine:
            max_events = min(max_events, self.quarantine.max_events)
        first = state.generated
        if first in self.skip:
            max_events = 1
        end = min(
            [
                generation_end,
                first + min(MAX_REQUEST_EVENTS, max_events),
                *(index for index in self.skip if index > first),
            ]
        )
        return GenerationRequest(self.assignment, state.timetable, first, end - first, self.version)

    def accept(self, result: GenerationResult) -> EventsSkipped | None:
        """Takes the result of a request, which began where the last one ended."""
        state, error = self.delivering, result.error
        index = state.generated
        if index in self.skip and self._skips(result):
            return None
        if error is None:
            if result.batch is not None:
                state.append(result)
            return None
        of_event = isinstance(error, TemplateError) and getattr(error, "index", None) is not None
        if not (of_event and self.assignment.on_error is OnError.SKIP):
            state.stop_at = (index, error)
            return None
        state.skip_next(result.cursors)
        return events_skipped(self.key, [(index, error)])

    def _skips(self, result: GenerationResult) -> bool:
        """Covers the next index, a step to skip, without an event; False if it is not known."""
        cursors = result.cursors if result.batch is None else result.batch.cursors
        if cursors is not None:
            self.delivering.skip_next(cursors)
        return cursors is not None

    # --- delivering, in `Delivering`, or in `Withdrawing` where it ends the state -------------

    def take(self, events: int) -> Delivery:
        """Its oldest batches, now in flight: at least one, and no more than `events` events."""
        batches = self.delivering.take(events)
        skip = self.assignment.on_error is OnError.SKIP
        return Delivery(self.assignment.flow, batches, self.accepted, skip_rejected=skip)

    def mark_committed(self, position: Position, version: int) -> bool:
        """The batches in flight are committed. Returns whether this ends a quarantine."""
        self.position, self.accepted = position, None
        self.skip = {index for index in self.skip if index >= position.next}
        released, self.quarantine = bool(self.quarantine), NO_QUARANTINE
        state = self._end_transaction()
        if state is not None and position.next != state.delivered:
            self._rewind(version)
        return released

    def set_quarantine(self, until: int, version: int) -> None:
        """The batches in flight failed by the flow's own fault: retries alone, after `until`."""
        self.quarantine = Quarantine(self.quarantine.tries + 1, until)
        self.prepare_at = max(self.prepare_at, until)
        self._rewind(version)

    def retries(self, error: EventerError, now: int) -> bool:
        """Whether the next event, which is rejected, is to be delivered again."""
        index = getattr(error, "index", None)
        if self.assignment.on_error is not OnError.RETRY or index != self.committed:
            return False
        if self.retry_index != index:
            self.retry_index, self.retry_since = index, now
        return now - self.retry_since < RETRY_NS

    def reject_in_flight(
        self, error: EventerError | None, end: int, version: int, now: int
    ) -> EventsSkipped | None:
        """The batches in flight, up to the index `end`, are not committed; `error` says why."""
        state = self._rewind(version)
        if error is None:
            return None
        index: int | None = getattr(error, "index", None)
        if index is None or not self.committed <= index < end:
            stop_at = self.committed
        elif self.assignment.on_error is OnError.SKIP:
            self.skip.add(index)
            return events_skipped(self.key, [(index, error)])
        elif self.assignment.on_error is OnError.RETRY and index > self.committed:
            self.retry_index, self.retry_since = index, now
            return None
        else:
            stop_at = index
        if state is not None:
            state.stop_at = (stop_at, error)
        return None

    def _end_transaction(self) -> Delivering | None:
        """Nothing is in flight any more; the state, unless this completes a withdrawal."""
        if isinstance(self.state, Withdrawing):
            self.state = Removed()
            return None
        state = self.delivering
        state.in_flight = ()
        return state

    def _rewind(self, version: int) -> Delivering | None:
        """Ends the transaction; generation continues at the committed position."""
        if (state := self._end_transaction()) is not None:
            self.version = version
            state.rewind(self.committed)
        return state
