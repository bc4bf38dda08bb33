"""The state machine of a shard: told what happened, it says what to do next. Pure.

It has two lanes. Of the *connection* lane at most one instruction is under way: a connection is
used by one task at a time. Of the *making* lane likewise, so batches are made while the last
transaction commits. The caller tells it what happened through the methods below, asks `decide`
what to begin, takes `reports` away, and comes again at `wake_at` or when something happened.

Whatever goes wrong with the connection, everything uncommitted is dropped, the connection is thrown
away, and each generator starts over with the position that the next connection finds.

One generator never holds up the others. Whose delivery fails by its own fault is a *suspect*: it is
delivered alone, after a while, and after longer whiles, until that goes well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    EventerError,
    FencedError,
    TargetUnavailableError,
    UnknownOutcomeError,
)
from eventer.core.model import Guarantee, Position, PositionKey
from eventer.destinations.base import Delivery, Flow, Outcome
from eventer.runs.backoff import costly_delay_ns, delay_ns
from eventer.runs.dose import Dose
from eventer.runs.due_queue import DueQueue
from eventer.runs.flow_state import FlowState, Phase
from eventer.runs.flows import Flows
from eventer.runs.instructions import (
    Assignment,
    Check,
    Checked,
    Close,
    Committed,
    Connected,
    Deliver,
    Failed,
    Finished,
    Generate,
    Instruction,
    IoInstruction,
    Made,
    Open,
    Positioned,
    Prepare,
    ReadPositions,
    Report,
    Running,
    Spent,
    Suspended,
    Timetable,
    Waiting,
    Withdrawn,
    Work,
)
from eventer.runs.link import Link
from eventer.runs.pacing import END
from eventer.runs.rest import Rest

WINDOW_NS: Final = 250_000_000
"""How long a transaction may stay open under load."""
WEIGHT: Final = 24 << 20
"""Bytes of memory that batches may hold on to while they wait for a transaction."""
TURN_NS: Final = 100_000_000
"""How long everything else may go before the next transaction, where both wait."""
WORKS: Final = 32
"""Works of one slice."""
_DELIVERY_TRIES: Final = 2


class Shard:
    """One shard of one connection: its generators, its connection, what is made and under way.

    `weight` is how many bytes of memory may wait for a transaction.
    """

    def __init__(self, weight: int = WEIGHT) -> None:
        self._weight = weight
        self._flows = Flows()
        self._due = DueQueue()
        self._link = Link()
        self._checks: deque[Check] = deque()
        self._reports: list[Report] = []
        self._stopping = False
        self._io: IoInstruction | None = None
        self._making: tuple[Work, ...] = ()
        self._turn_until = 0
        self._rest = Rest()
        self._window: int | None = None
        self._dose = Dose()
        self._delivering_since = 0
        self._making_since = 0
        self._made_for = 0

    # --- what it is asked for -----------------------------------------------------------------

    def assign(self, assignment: Assignment) -> None:
        """Takes a generator over; its position will be reported, and waits for `go`."""
        self._flows.add(assignment)

    def go(self, key: PositionKey, timetable: Timetable, limit: int = END) -> None:
        """Lets a generator whose position was reported go on from there, up to `limit`."""
        flow = self._flows.get(key)
        if flow is None or flow.phase is not Phase.ASKING:
            return
        flow.timetable = timetable
        flow.limit = flow.committed if flow.finishing else limit
        flow.phase = Phase.UNPREPARED
        self._conclude(flow)

    def withdraw(self, key: PositionKey, now: int) -> None:
        """Lets go of a generator; `Withdrawn` is reported when nothing more of it can appear."""
        flow = self._flows.get(key)
        if flow is None:
            self._reports.append(Withdrawn(key, None))
            return
        flow.withdrawing = True
        self._release(flow, now)

    def finish(self, key: PositionKey) -> None:
        """Lets a generator make no more; `Finished` is reported when what is made is committed."""
        if flow := self._flows.get(key):
            flow.finishing, flow.limit = True, max(flow.made, flow.committed)
            self._conclude(flow)

    def check(self, token: int, flow: Flow) -> None:
        """Asks the destination whether it would take a flow; `Checked` is reported."""
        self._checks.append(Check(token, flow))

    def stop(self) -> None:
        """Ends: what is made is delivered, the connection is closed, nothing else is begun."""
        self._stopping = True

    @property
    def stopped(self) -> bool:
        """Whether `stop` was asked for and everything has ended."""
        idle = self._io is None and not self._link.opened and not self._link.spent
        return self._stopping and idle and not self._making

    @property
    def keys(self) -> tuple[PositionKey, ...]:
        """The generators it holds."""
        return tuple(flow.key for flow in self._flows)

    # --- what happened ------------------------------------------------------------------------

    def opened(self, guarantee: Guarantee) -> None:
        """The connection is open, and every earlier owner is fenced."""
        self._io, self._link.opened = None, True
        self._reports.append(Connected(guarantee))

    def closed(self) -> None:
        """The connection is closed."""
        self._io = None
        self._link.close()

    def positions_read(self, positions: Mapping[PositionKey, Position], now: int) -> None:
        """The positions that were asked for; a generator without one begins at 0."""
        assert isinstance(self._io, ReadPositions)
        asked, self._io = self._io.keys, None
        for key in asked:
            flow = self._flows.get(key)
            if flow is None or flow.phase is not Phase.PLACED:
                continue
            flow.found(positions.get(key, Position()))
            if flow.withdrawing:
                self._release(flow, now)
            else:
                assert flow.position is not None
                self._reports.append(Positioned(key, flow.position))

    def checked(self, now: int) -> None:
        """The target takes the flow."""
        self._link.idle_since = now
        assert isinstance(self._io, Check)
        self._reports.append(Checked(self._io.token, None))
        self._io = None

    def prepared(self, now: int) -> None:
        """The target is ready."""
        assert isinstance(self._io, Prepare)
        flow, self._io = self._flows.get(self._io.flow.key), None
        if flow is None or flow.phase is not Phase.UNPREPARED:
            return
        self._flows.ready(flow)
        self._reports.append(Running(flow.key))
        self._due.schedule(flow, now)

    def delivered(self, outcome: Outcome, now: int, jitter: float = 0.0) -> None:
        """A transaction was committed, perhaps without some of its generators."""
        assert isinstance(self._io, Deliver)
        deliveries, self._io = self._io.deliveries, None
        self._turn_until = now + TURN_NS
        self._rest.ended(self._delivering_since, now)
        self._link.worked()
        self._flows.landed()
        self._dose.committed(deliveries, now - self._delivering_since, now)
        committed = tuple(d for d in deliveries if d.flow.key in outcome.committed)
        if committed:
            self._reports.append(
                Committed(outcome.committed, committed, now, self._spent(outcome, now))
            )
        for delivery in deliveries:
            if flow := self._flows.get(delivery.flow.key):
                self._settle(flow, delivery, outcome, now, jitter)

    def _spent(self, outcome: Outcome, now: int) -> Spent:
        made_for, self._made_for = self._made_for, 0
        took = max(0, now - self._delivering_since)
        return Spent(made_for, outcome.encoding, max(0, took - outcome.waiting))

    def failed(self, error: EventerError, now: int, jitter: float) -> None:
        """The instruction under way in the connection lane failed. `jitter` is in [0, 1)."""
        io, self._io = self._io, None
        alone = isinstance(error, DestinationRejectedError | TargetUnavailableError)
        blamed: frozenset[PositionKey] = frozenset()
        match io:
            case Check(token=token):
                self._reports.append(Checked(token, error))
            case Prepare(flow=target):
                self._prepare_failed(target.key, error, now, jitter)
            case Deliver(deliveries=deliveries):
                alone, blamed = False, self._blamed(deliveries, error, now)
            case _:
                alone = False
        if not alone:
            self._lose(error, now, jitter, blamed)

    def generated(self, results: Sequence[Made], now: int) -> None:
        """A slice of making ended with these results; works without one were not begun."""
        works, self._making = self._making, ()
        self._made_for += max(0, now - self._making_since)
        begun = {made.work.version for made in results}
        for work in reversed(works):
            if work.version not in begun and (flow := self._flows.of(work)) is not None:
                self._due.queue(flow, first=True)
        for made in results:
            if (flow := self._flows.of(made.work)) is not None:
                self._take(flow, made, now)

    # --- what to do ---------------------------------------------------------------------------

    def decide(self, now: int) -> list[Instruction]:
        """What to begin now. Each instruction is answered by one of the methods above."""
        if now >= self._rest.makes_at(busy=self._io is not None) and self._due.ring(now):
            self._rest.made(now)
        if not self._due and not self._making and not self._flows.loaded:
            self._window = None
        elif self._window is None:
            self._window = now
        instructions: list[Instruction] = [*self._begin_making(now)]
        if (io := self._next_io(now)) is not None:
            self._io = io
            instructions.append(io)
            instructions += self._begin_making(now)
        return instructions

    def take_reports(self) -> list[Report]:
        """What has to be told since the last time."""
        reports, self._reports = self._reports, []
        return reports

    def wake_at(self) -> int | None:
        """When `decide` has something new to say, even if nothing happens; None for never."""
        instants = [] if self._io is not None else list(self._io_instants())
        if self._due.next_at is not None:
            makes_at = self._rest.makes_at(busy=self._io is not None)
            instants.append(max(self._due.next_at, makes_at))
        return min(instants, default=None)

    def _io_instants(self) -> Iterator[int]:
        if not self._link.opened:
            if (self._flows or self._checks) and not self._stopping:
                yield self._link.retry_at
            return
        if self._flows.loaded and self._window is not None:
            yield self._window + WINDOW_NS
            if not self._due and not self._making:
                yield self._rest.until
        if not self._flows:
            yield self._link.idle_until
        for flow in self._flows.unprepared():
            yield flow.prepare_at

    # --- the connection lane ------------------------------------------------------------------

    def _next_io(self, now: int) -> IoInstruction | None:
        if self._io is not None:
            return None
        if self._link.spent:
            return Close()
        if self._link.opened and self._stopping:
            return self._next_end(now)
        if not self._link.opened:
            wanted = bool(self._flows or self._checks) and not self._stopping
            return Open() if wanted and now >= self._link.retry_at else None
        return self._next_use(now)

    def _next_end(self, now: int) -> IoInstruction | None:
        """What is made is delivered before the connection is closed."""
        if self._making:
            return None
        if self._flows.loaded:
            return self._deliver(now)
        return Close()

    def _deliver(self, now: int) -> Deliver:
        self._delivering_since = now
        deliveries = self._flows.take(self._dose)
        flow = self._flows.get(deliveries[0].flow.key)
        on_trial = flow is not None and flow.suspect and len(self.keys) > 1
        return Deliver(deliveries, on_trial=on_trial)

    def _next_use(self, now: int) -> IoInstruction | None:
        """Deliveries and everything else take turns, so that neither starves.

        A turn of everything else is many small things: each would else wait for a transaction.
        """
        deliverable = self._is_deliverable(now)
        others_turn = not deliverable or now < self._turn_until
        if others_turn and (other := self._next_other(now)) is not None:
            return other
        if deliverable:
            self._window = None
            return self._deliver(now)
        if not self._flows and now >= self._link.idle_until:
            return Close()
        return None

    def _next_other(self, now: int) -> IoInstruction | None:
        if unread := self._flows.unread():
            return ReadPositions(unread)
        if self._checks:
            return self._checks.popleft()
        for flow in self._flows.unprepared():
            if now >= flow.prepare_at:
                return Prepare(flow.assignment.flow)
        return None

    def _is_deliverable(self, now: int) -> bool:
        if not self._flows.loaded:
            return False
        nothing_else_due = not self._due and not self._making and now >= self._rest.until
        expired = self._window is None or now >= self._window + WINDOW_NS
        # A third of the memory: what is filled while that is delivered is then always enough.
        enough = 3 * self._flows.weight >= self._weight or self._flows.holds(self._dose)
        return nothing_else_due or expired or enough

    def _settle(
        self, flow: FlowState, delivery: Delivery, outcome: Outcome, now: int, jitter: float
    ) -> None:
        error = outcome.rejected.get(flow.key)
        if flow.key in outcome.committed:
            flow.settle(outcome.committed[flow.key], self._flows.version())
            if flow.clear():
                self._reports.append(Running(flow.key))
        elif error is not None and _passes(error, flow):
            self._hold(flow, error, now + delay_ns(flow.delivery_tries, jitter))
        elif skipped := flow.left_out(error, delivery.batches[-1].next, self._flows.version()):
            self._reports.append(skipped)
        self._flows.note(flow)
        if not self._release(flow, now) and not self._conclude(flow):
            self._due.schedule(flow, now)

    def _hold(self, flow: FlowState, error: EventerError, until: int) -> None:
        flow.hold(until, self._flows.version())
        self._flows.note(flow)
        if not flow.withdrawing:
            self._reports.append(Suspended(flow.key, error))

    def _blamed(
        self, deliveries: Sequence[Delivery], error: EventerError, now: int
    ) -> frozenset[PositionKey]:
        """Whose fault it is that a transaction failed, where that is known."""
        keys = frozenset(delivery.flow.key for delivery in deliveries)
        if isinstance(error, FencedError):
            return frozenset()
        if isinstance(error, DestinationUnavailableError) and error.suspects & keys:
            self._dose.explained()
            return error.suspects & keys
        suspected = frozenset(key for key in keys if (f := self._flows.get(key)) and f.suspect)
        if suspected:
            return suspected
        # The connection was opened: it is no use to wait ever longer before the next one is.
        self._link.tries = min(self._link.tries, _DELIVERY_TRIES)
        return keys if self._dose.failed(deliveries, now) else frozenset()

    def _prepare_failed(
        self, key: PositionKey, error: EventerError, now: int, jitter: float
    ) -> None:
        if (flow := self._flows.get(key)) is None:
            return
        if isinstance(error, DestinationRejectedError):
            self._fail(flow, error)
            return
        flow.prepare_at = now + delay_ns(flow.prepare_tries, jitter)
        flow.prepare_tries += 1
        if isinstance(error, TargetUnavailableError) and not flow.withdrawing:
            self._reports.append(Suspended(flow.key, error))

    def _lose(
        self,
        error: EventerError,
        now: int,
        jitter: float,
        blamed: frozenset[PositionKey] = frozenset(),
    ) -> None:
        """The connection is of no use any more, perhaps by the fault of some generators."""
        unknown, fenced = isinstance(error, UnknownOutcomeError), isinstance(error, FencedError)
        self._link.lose(error, now, jitter, blamed=bool(blamed))
        self._flows.landed()
        self._reports += [Checked(check.token, error) for check in self._checks]
        self._checks.clear()
        for flow in self._flows:
            # Whoever fenced this owner delivers all of them, until it is fenced in turn.
            flow.doubtful |= fenced or (unknown and bool(flow.in_flight))
            if flow.key in blamed:
                wait = costly_delay_ns(flow.delivery_tries, jitter)
                self._hold(flow, error, now + wait)
            self._flows.place(flow)
            self._release(flow, now)
        waiting = tuple(
            flow.key for flow in self._flows if not (flow.withdrawing or flow.key in blamed)
        )
        if waiting:
            self._reports.append(Waiting(waiting, error))

    # --- the making lane ----------------------------------------------------------------------

    def _begin_making(self, now: int) -> Iterator[Generate]:
        """Begins a slice, unless one is under way, nothing is due, or memory is full."""
        if self._making or self._stopping or self._flows.weight >= self._weight:
            return
        self._making = self._next_works(now)
        if self._making:
            self._making_since = now
            # In quarters, so that the half that is not being delivered can be filled meanwhile.
            room = min(self._weight // 4, self._weight - self._flows.weight)
            yield Generate(self._making, room)

    def _next_works(self, now: int) -> tuple[Work, ...]:
        works: list[Work] = []
        while self._due and len(works) < WORKS:
            flow = self._due.pop()
            if not flow.active:
                continue
            held = now < flow.held_until
            work = None if held else flow.work(now, self._dose.events)
            if work is not None:
                works.append(work)
                continue
            self._flows.note(flow)
            self._due.schedule(flow, now)
        return tuple(works)

    def _take(self, flow: FlowState, made: Made, now: int) -> None:
        if skipped := flow.accept(made):
            self._reports.append(skipped)
        self._flows.note(flow)
        if not self._conclude(flow):
            self._due.schedule(flow, now)

    # --- generators come and go ---------------------------------------------------------------

    def _release(self, flow: FlowState, now: int) -> bool:
        """Lets go of one that is being withdrawn, unless something of it may still appear."""
        if not flow.withdrawing:
            return False
        self._flows.unload(flow)
        if flow.in_flight or flow.doubtful:
            return True
        self._flows.forget(flow)
        self._reports.append(Withdrawn(flow.key, flow.position))
        self._link.idle_since = now
        return True

    def _conclude(self, flow: FlowState) -> bool:
        """Ends a generator that failed or has delivered everything; says whether it did."""
        if (error := flow.failure) is not None:
            self._fail(flow, error)
        elif flow.finished:
            self._flows.forget(flow)
            assert flow.position is not None
            self._reports.append(Finished(flow.key, flow.position))
        else:
            return False
        return True

    def _fail(self, flow: FlowState, error: EventerError) -> None:
        self._flows.forget(flow)
        self._reports.append(Failed(flow.key, error, flow.position))


def _passes(error: EventerError, flow: FlowState) -> bool:
    """Whether a refused delivery is worth another try as it is.

    So is one that names no event, of a generator that has delivered before: somebody has taken
    away a right or changed the target, and may change it back.
    """
    if error.transient:
        return True
    of_target = isinstance(error, DestinationRejectedError) and error.index is None
    return of_target and flow.committed > 0
