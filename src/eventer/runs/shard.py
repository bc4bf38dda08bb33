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
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow
from eventer.runs.backoff import costly_delay_ns, delay_ns
from eventer.runs.batch_limiter import BatchLimiter
from eventer.runs.commit_throttle import CommitThrottle
from eventer.runs.connection_state import ConnectionState
from eventer.runs.due_queue import DueQueue
from eventer.runs.flow_set import FlowSet
from eventer.runs.flow_state import FlowState, Phase
from eventer.runs.pacing import END
from eventer.runs.shard_messages import (
    Assignment,
    Check,
    CheckCompleted,
    Close,
    Deliver,
    FlowFailed,
    FlowFinished,
    FlowRunning,
    FlowSuspended,
    FlowsWaiting,
    FlowWithdrawn,
    Generate,
    GenerationRequest,
    GenerationResult,
    Instruction,
    IoInstruction,
    Open,
    PositionRead,
    Prepare,
    ReadPositions,
    ShardConnected,
    ShardReport,
    StageTimes,
    Timetable,
    TransactionCommitted,
)

COMMIT_WINDOW_NS: Final = 250_000_000
"""How long a transaction may stay open under load."""
MAX_BUFFERED_BYTES: Final = 24 << 20
"""Bytes of memory that batches may hold on to while they wait for a transaction."""
OTHER_IO_NS: Final = 100_000_000
"""How long everything else may go before the next transaction, where both wait."""
MAX_REQUESTS: Final = 32
"""Works of one slice."""
_DELIVERY_TRIES: Final = 2


class Shard:
    """One shard of one connection: its generators, its connection, what is made and under way.

    `retained_bytes` is how many bytes of memory may wait for a transaction.
    """

    def __init__(self, retained_bytes: int = MAX_BUFFERED_BYTES) -> None:
        self._max_buffered_bytes = retained_bytes
        self._flows = FlowSet()
        self._due = DueQueue()
        self._connection = ConnectionState()
        self._checks: deque[Check] = deque()
        self._reports: list[ShardReport] = []
        self._stopping = False
        self._io: IoInstruction | None = None
        self._generating: tuple[GenerationRequest, ...] = ()
        self._other_io_until = 0
        self._throttle = CommitThrottle()
        self._window_opened_at: int | None = None
        self._limiter = BatchLimiter()
        self._delivering_since = 0
        self._generating_since = 0
        self._generation_ns = 0

    # --- what it is asked for -----------------------------------------------------------------

    def assign(self, assignment: Assignment) -> None:
        """Takes a generator over; its position will be reported, and waits for `resume`."""
        self._flows.add(assignment)

    def resume(self, key: PositionKey, timetable: Timetable, limit: int = END) -> None:
        """Lets a generator whose position was reported go on from there, up to `limit`."""
        flow = self._flows.get(key)
        if flow is None or flow.phase is not Phase.AWAITING_PACE:
            return
        flow.timetable = timetable
        flow.limit = flow.committed if flow.finishing else limit
        flow.phase = Phase.TARGET_UNPREPARED
        self._finish_if_done(flow)

    def withdraw(self, key: PositionKey, now: int) -> None:
        """Lets go of a generator; `FlowWithdrawn` is reported when nothing more of it can appear."""
        flow = self._flows.get(key)
        if flow is None:
            self._reports.append(FlowWithdrawn(key, None))
            return
        flow.withdrawing = True
        self._complete_withdrawal(flow, now)

    def finish(self, key: PositionKey) -> None:
        """Lets a generator make no more; `FlowFinished` is reported when what is made is committed."""
        if flow := self._flows.get(key):
            flow.finishing, flow.limit = True, max(flow.generated, flow.committed)
            self._finish_if_done(flow)

    def check(self, token: int, flow: Flow) -> None:
        """Asks the destination whether it would take a flow; `CheckCompleted` is reported."""
        self._checks.append(Check(token, flow))

    def stop(self) -> None:
        """Ends: what is made is delivered, the connection is closed, nothing else is begun."""
        self._stopping = True

    @property
    def stopped(self) -> bool:
        """Whether `stop` was asked for and everything has ended."""
        idle = self._io is None and not self._connection.opened and not self._connection.unusable
        return self._stopping and idle and not self._generating

    @property
    def keys(self) -> tuple[PositionKey, ...]:
        """The generators it holds."""
        return tuple(flow.key for flow in self._flows)

    # --- what happened ------------------------------------------------------------------------

    def opened(self, guarantee: Guarantee) -> None:
        """The connection is open, and every earlier owner is fenced."""
        self._io, self._connection.opened = None, True
        self._reports.append(ShardConnected(guarantee))

    def closed(self) -> None:
        """The connection is closed."""
        self._io = None
        self._connection.close()

    def positions_read(self, positions: Mapping[PositionKey, Position], now: int) -> None:
        """The positions that were asked for; a generator without one begins at 0."""
        assert isinstance(self._io, ReadPositions)
        asked, self._io = self._io.keys, None
        for key in asked:
            flow = self._flows.get(key)
            if flow is None or flow.phase is not Phase.POSITION_UNREAD:
                continue
            flow.set_position(positions.get(key, Position()))
            if flow.withdrawing:
                self._complete_withdrawal(flow, now)
            else:
                assert flow.position is not None
                self._reports.append(PositionRead(key, flow.position))

    def checked(self, now: int) -> None:
        """The target takes the flow."""
        self._connection.idle_since = now
        assert isinstance(self._io, Check)
        self._reports.append(CheckCompleted(self._io.token, None))
        self._io = None

    def prepared(self, now: int) -> None:
        """The target is ready."""
        assert isinstance(self._io, Prepare)
        flow, self._io = self._flows.get(self._io.flow.key), None
        if flow is None or flow.phase is not Phase.TARGET_UNPREPARED:
            return
        self._flows.mark_ready(flow)
        self._reports.append(FlowRunning(flow.key))
        self._due.schedule(flow, now)

    def delivered(self, outcome: DeliveryOutcome, now: int, jitter: float = 0.0) -> None:
        """A transaction was committed, perhaps without some of its generators."""
        assert isinstance(self._io, Deliver)
        deliveries, self._io = self._io.deliveries, None
        self._other_io_until = now + OTHER_IO_NS
        self._throttle.record_commit(self._delivering_since, now)
        self._connection.record_success()
        self._flows.delivery_ended()
        self._limiter.committed(deliveries, now - self._delivering_since, now)
        committed = tuple(d for d in deliveries if d.flow.key in outcome.committed)
        if committed:
            self._reports.append(
                TransactionCommitted(
                    outcome.committed, committed, now, self._stage_times(outcome, now)
                )
            )
        for delivery in deliveries:
            if flow := self._flows.get(delivery.flow.key):
                self._apply_outcome(flow, delivery, outcome, now, jitter)

    def _stage_times(self, outcome: DeliveryOutcome, now: int) -> StageTimes:
        generation_ns, self._generation_ns = self._generation_ns, 0
        took = max(0, now - self._delivering_since)
        return StageTimes(generation_ns, outcome.encoding_ns, max(0, took - outcome.waiting_ns))

    def failed(self, error: EventerError, now: int, jitter: float) -> None:
        """The instruction under way in the connection lane failed. `jitter` is in [0, 1)."""
        io, self._io = self._io, None
        alone = isinstance(error, DestinationRejectedError | TargetUnavailableError)
        at_fault: frozenset[PositionKey] = frozenset()
        match io:
            case Check(token=token):
                self._reports.append(CheckCompleted(token, error))
            case Prepare(flow=target):
                self._prepare_failed(target.key, error, now, jitter)
            case Deliver(deliveries=deliveries):
                alone, at_fault = False, self._flows_at_fault(deliveries, error, now)
            case _:
                alone = False
        if not alone:
            self._lose_connection(error, now, jitter, at_fault)

    def generated(self, results: Sequence[GenerationResult], now: int) -> None:
        """A slice of making ended with these results; works without one were not begun."""
        requests, self._generating = self._generating, ()
        self._generation_ns += max(0, now - self._generating_since)
        begun = {generated.request.version for generated in results}
        for request in reversed(requests):
            if (
                request.version not in begun
                and (flow := self._flows.for_request(request)) is not None
            ):
                self._due.queue(flow, first=True)
        for generated in results:
            if (flow := self._flows.for_request(generated.request)) is not None:
                self._take_result(flow, generated, now)

    # --- what to do ---------------------------------------------------------------------------

    def decide(self, now: int) -> list[Instruction]:
        """What to begin now. Each instruction is answered by one of the methods above."""
        if now >= self._throttle.generate_at(busy=self._io is not None) and self._due.wake_due(now):
            self._throttle.generated(now)
        if not self._due and not self._generating and not self._flows.has_pending:
            self._window_opened_at = None
        elif self._window_opened_at is None:
            self._window_opened_at = now
        instructions: list[Instruction] = [*self._start_generation(now)]
        if (io := self._next_io(now)) is not None:
            self._io = io
            instructions.append(io)
            instructions += self._start_generation(now)
        return instructions

    def take_reports(self) -> list[ShardReport]:
        """What has to be told since the last time."""
        reports, self._reports = self._reports, []
        return reports

    def wake_at(self) -> int | None:
        """When `decide` has something new to say, even if nothing happens; None for never."""
        instants = [] if self._io is not None else list(self._io_instants())
        if self._due.next_at is not None:
            generate_at = self._throttle.generate_at(busy=self._io is not None)
            instants.append(max(self._due.next_at, generate_at))
        return min(instants, default=None)

    def _io_instants(self) -> Iterator[int]:
        if not self._connection.opened:
            if (self._flows or self._checks) and not self._stopping:
                yield self._connection.retry_at
            return
        if self._flows.has_pending and self._window_opened_at is not None:
            yield self._window_opened_at + COMMIT_WINDOW_NS
            if not self._due and not self._generating:
                yield self._throttle.until
        if not self._flows:
            yield self._connection.idle_until
        for flow in self._flows.unprepared():
            yield flow.prepare_at

    # --- the connection lane ------------------------------------------------------------------

    def _next_io(self, now: int) -> IoInstruction | None:
        if self._io is not None:
            return None
        if self._connection.unusable:
            return Close()
        if self._connection.opened and self._stopping:
            return self._next_stopping_io(now)
        if not self._connection.opened:
            needed = bool(self._flows or self._checks) and not self._stopping
            return Open() if needed and now >= self._connection.retry_at else None
        return self._next_connected_io(now)

    def _next_stopping_io(self, now: int) -> IoInstruction | None:
        """What is made is delivered before the connection is closed."""
        if self._generating:
            return None
        if self._flows.has_pending:
            return self._deliver(now)
        return Close()

    def _deliver(self, now: int) -> Deliver:
        self._delivering_since = now
        deliveries = self._flows.take(self._limiter)
        flow = self._flows.get(deliveries[0].flow.key)
        quarantine_probe = flow is not None and flow.quarantined and len(self.keys) > 1
        return Deliver(deliveries, quarantine_probe=quarantine_probe)

    def _next_connected_io(self, now: int) -> IoInstruction | None:
        """Deliveries and everything else take turns, so that neither starves.

        A turn of everything else is many small things: each would else wait for a transaction.
        """
        deliverable = self._is_deliverable(now)
        others_turn = not deliverable or now < self._other_io_until
        if others_turn and (other := self._next_other_io(now)) is not None:
            return other
        if deliverable:
            self._window_opened_at = None
            return self._deliver(now)
        if not self._flows and now >= self._connection.idle_until:
            return Close()
        return None

    def _next_other_io(self, now: int) -> IoInstruction | None:
        if unread := self._flows.unread_positions():
            return ReadPositions(unread)
        if self._checks:
            return self._checks.popleft()
        for flow in self._flows.unprepared():
            if now >= flow.prepare_at:
                return Prepare(flow.assignment.flow)
        return None

    def _is_deliverable(self, now: int) -> bool:
        if not self._flows.has_pending:
            return False
        nothing_else_due = not self._due and not self._generating and now >= self._throttle.until
        expired = self._window_opened_at is None or now >= self._window_opened_at + COMMIT_WINDOW_NS
        # A third of the memory: what is filled while that is delivered is then always enough.
        enough = 3 * self._flows.retained_bytes >= self._max_buffered_bytes or self._flows.can_fill(
            self._limiter
        )
        return nothing_else_due or expired or enough

    def _apply_outcome(
        self, flow: FlowState, delivery: Delivery, outcome: DeliveryOutcome, now: int, jitter: float
    ) -> None:
        error = outcome.rejected.get(flow.key)
        if flow.key in outcome.committed:
            flow.mark_committed(outcome.committed[flow.key], self._flows.version())
            if flow.clear():
                self._reports.append(FlowRunning(flow.key))
        elif error is not None and _is_retryable(error, flow):
            self._quarantine(flow, error, now + delay_ns(flow.delivery_tries, jitter))
        elif skipped := flow.reject_in_flight(
            error, delivery.batches[-1].next, self._flows.version()
        ):
            self._reports.append(skipped)
        self._flows.update(flow)
        if not self._complete_withdrawal(flow, now) and not self._finish_if_done(flow):
            self._due.schedule(flow, now)

    def _quarantine(self, flow: FlowState, error: EventerError, until: int) -> None:
        flow.quarantine(until, self._flows.version())
        self._flows.update(flow)
        if not flow.withdrawing:
            self._reports.append(FlowSuspended(flow.key, error))

    def _flows_at_fault(
        self, deliveries: Sequence[Delivery], error: EventerError, now: int
    ) -> frozenset[PositionKey]:
        """Whose fault it is that a transaction failed, where that is known."""
        keys = frozenset(delivery.flow.key for delivery in deliveries)
        if isinstance(error, FencedError):
            return frozenset()
        if isinstance(error, DestinationUnavailableError) and error.suspects & keys:
            self._limiter.lift_limits()
            return error.suspects & keys
        quarantined_keys = frozenset(
            key for key in keys if (f := self._flows.get(key)) and f.quarantined
        )
        if quarantined_keys:
            return quarantined_keys
        # The connection was opened: it is no use to wait ever longer before the next one is.
        self._connection.tries = min(self._connection.tries, _DELIVERY_TRIES)
        return keys if self._limiter.failed(deliveries, now) else frozenset()

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
            self._reports.append(FlowSuspended(flow.key, error))

    def _lose_connection(
        self,
        error: EventerError,
        now: int,
        jitter: float,
        at_fault: frozenset[PositionKey] = frozenset(),
    ) -> None:
        """The connection is of no use any more, perhaps by the fault of some generators."""
        unknown, fenced = isinstance(error, UnknownOutcomeError), isinstance(error, FencedError)
        self._connection.mark_lost(error, now, jitter, at_fault=bool(at_fault))
        self._flows.delivery_ended()
        self._reports += [CheckCompleted(check.token, error) for check in self._checks]
        self._checks.clear()
        for flow in self._flows:
            # Whoever fenced this owner delivers all of them, until it is fenced in turn.
            flow.outcome_unknown |= fenced or (unknown and bool(flow.in_flight))
            if flow.key in at_fault:
                wait = costly_delay_ns(flow.delivery_tries, jitter)
                self._quarantine(flow, error, now + wait)
            self._flows.reset(flow)
            self._complete_withdrawal(flow, now)
        waiting = tuple(
            flow.key for flow in self._flows if not (flow.withdrawing or flow.key in at_fault)
        )
        if waiting:
            self._reports.append(FlowsWaiting(waiting, error))

    # --- the making lane ----------------------------------------------------------------------

    def _start_generation(self, now: int) -> Iterator[Generate]:
        """Begins a slice, unless one is under way, nothing is due, or memory is full."""
        if (
            self._generating
            or self._stopping
            or self._flows.retained_bytes >= self._max_buffered_bytes
        ):
            return
        self._generating = self._next_requests(now)
        if self._generating:
            self._generating_since = now
            # In quarters, so that the half that is not being delivered can be filled meanwhile.
            byte_budget = min(
                self._max_buffered_bytes // 4, self._max_buffered_bytes - self._flows.retained_bytes
            )
            yield Generate(self._generating, byte_budget)

    def _next_requests(self, now: int) -> tuple[GenerationRequest, ...]:
        requests: list[GenerationRequest] = []
        while self._due and len(requests) < MAX_REQUESTS:
            flow = self._due.pop()
            if not flow.active:
                continue
            held = now < flow.retry_not_before
            request = None if held else flow.request(now, self._limiter.events)
            if request is not None:
                requests.append(request)
                continue
            self._flows.update(flow)
            self._due.schedule(flow, now)
        return tuple(requests)

    def _take_result(self, flow: FlowState, generated: GenerationResult, now: int) -> None:
        if skipped := flow.accept(generated):
            self._reports.append(skipped)
        self._flows.update(flow)
        if not self._finish_if_done(flow):
            self._due.schedule(flow, now)

    # --- generators come and go ---------------------------------------------------------------

    def _complete_withdrawal(self, flow: FlowState, now: int) -> bool:
        """Lets go of one that is being withdrawn, unless something of it may still appear."""
        if not flow.withdrawing:
            return False
        self._flows.drop_pending(flow)
        if flow.in_flight or flow.outcome_unknown:
            return True
        self._flows.forget(flow)
        self._reports.append(FlowWithdrawn(flow.key, flow.position))
        self._connection.idle_since = now
        return True

    def _finish_if_done(self, flow: FlowState) -> bool:
        """Ends a generator that failed or has delivered everything; says whether it did."""
        if (error := flow.failure) is not None:
            self._fail(flow, error)
        elif flow.finished:
            self._flows.forget(flow)
            assert flow.position is not None
            self._reports.append(FlowFinished(flow.key, flow.position))
        else:
            return False
        return True

    def _fail(self, flow: FlowState, error: EventerError) -> None:
        self._flows.forget(flow)
        self._reports.append(FlowFailed(flow.key, error, flow.position))


def _is_retryable(error: EventerError, flow: FlowState) -> bool:
    """Whether a refused delivery is worth another try as it is.

    So is one that names no event, of a generator that has delivered before: somebody has taken
    away a right or changed the target, and may change it back.
    """
    if error.transient:
        return True
    of_target = isinstance(error, DestinationRejectedError) and error.index is None
    return of_target and flow.committed > 0
