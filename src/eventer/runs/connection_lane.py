"""The lane of a shard that uses its connection: one instruction at a time.

When the connection is lost, everything uncommitted is dropped, and each flow starts again from the
position that the next connection reads. A flow whose delivery fails by its own fault is put into
quarantine: it is retried alone, at growing intervals, and does not hold up the others.
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
from eventer.runs.connection_state import ConnectionState
from eventer.runs.flow_state import (
    Delivering,
    PositionUnknown,
    Removed,
    TargetUnprepared,
    Withdrawing,
)
from eventer.runs.generation_lane import GenerationLane
from eventer.runs.shard_flow import ShardFlow
from eventer.runs.shard_messages import (
    Check,
    CheckCompleted,
    Close,
    Deliver,
    FlowRunning,
    FlowsWaiting,
    FlowWithdrawn,
    IoInstruction,
    Open,
    PositionRead,
    Prepare,
    ReadPositions,
    ShardConnected,
    StageTimes,
    TransactionCommitted,
    events_skipped,
)
from eventer.runs.shard_state import ShardState, is_retryable

_DELIVERY_TRIES: Final = 2


class ConnectionLane:
    """The connection of a shard and the instruction that is being carried out over it."""

    def __init__(self, state: ShardState, generation: GenerationLane) -> None:
        self._state = state
        self._flows = state.flows
        self._reports = state.reports
        self._generation = generation
        self._connection = ConnectionState()
        self._checks: deque[Check] = deque()
        self.instruction: IoInstruction | None = None

    @property
    def busy(self) -> bool:
        """Whether an instruction is being carried out."""
        return self.instruction is not None

    @property
    def disconnected(self) -> bool:
        """Whether there is no connection, and no instruction under way."""
        return not (self.busy or self._connection.opened or self._connection.unusable)

    def check(self, token: int, flow: Flow) -> None:
        """Asks the destination whether it accepts a flow."""
        self._checks.append(Check(token, flow))

    def complete_withdrawal(self, flow: ShardFlow, now: int) -> bool:
        """Removes a withdrawn flow. Returns whether its withdrawal is complete or under way."""
        if isinstance(flow.state, Withdrawing):
            self._flows.drop_pending(flow)
            return True
        if not isinstance(flow.state, Removed):
            return False
        self._flows.remove(flow)
        self._reports.append(FlowWithdrawn(flow.key, flow.position))
        self._connection.idle_since = now
        return True

    def preparing(self, now: int) -> bool:
        """Whether targets of flows are being prepared, or will be next."""
        if not self._connection.opened or isinstance(self.instruction, Deliver):
            return False
        flow = self._flows.to_prepare
        return flow is not None and now >= flow.prepare_at

    # --- what to begin ------------------------------------------------------------------------

    def update_window(self, now: int) -> None:
        """Updates the commit window: open while events are due or wait for a commit."""
        has_events = self._flows.has_pending or not self._generation.idle
        self._state.throttle.update_window(now, has_events=has_events)

    def start(self, now: int) -> list[IoInstruction]:
        """Starts the next instruction, if there is one and none is being carried out."""
        if self.busy or (instruction := self._next(now)) is None:
            return []
        self.instruction = instruction
        return [instruction]

    def wake_instants(self) -> Iterator[int]:
        """When `start` may have an instruction, even if nothing happens."""
        if self.busy:
            return
        if not self._connection.opened:
            if self._needed:
                yield self._connection.retry_at
            return
        if self._flows.has_pending:
            yield from self._state.throttle.wake_instants(idle=self._generation.idle)
        if not self._flows:
            yield self._connection.idle_until
        if (flow := self._flows.to_prepare) is not None:
            yield flow.prepare_at

    @property
    def _needed(self) -> bool:
        return bool(self._flows or self._checks) and not self._state.stopping

    def _next(self, now: int) -> IoInstruction | None:
        if self._connection.unusable:
            return Close()
        if not self._connection.opened:
            return Open() if self._needed and now >= self._connection.retry_at else None
        if self._state.stopping:
            return self._next_stopping(now)
        return self._next_connected(now)

    def _next_stopping(self, now: int) -> IoInstruction | None:
        """Generated events are delivered before the connection is closed."""
        if self._generation.generating:
            return None
        return self._deliver(now) if self._flows.has_pending else Close()

    def _next_connected(self, now: int) -> IoInstruction | None:
        """Deliveries and other instructions take turns, so that neither starves.

        A turn of the others is many of them: each would wait for a transaction otherwise.
        """
        deliverable = self._is_deliverable(now)
        others_turn = not deliverable or now < self._state.throttle.other_io_until
        if others_turn and (other := self._next_other(now)) is not None:
            return other
        if deliverable:
            return self._deliver(now)
        if not self._flows and now >= self._connection.idle_until:
            return Close()
        return None

    def _next_other(self, now: int) -> IoInstruction | None:
        if unread := self._flows.unread_positions():
            return ReadPositions(unread)
        if self._checks:
            return self._checks.popleft()
        flow = self._flows.to_prepare
        if flow is None or now < flow.prepare_at:
            return None
        return Prepare(flow.assignment.flow)

    def _is_deliverable(self, now: int) -> bool:
        if not self._flows.has_pending:
            return False
        state = self._state
        idle, throttle = self._generation.idle, state.throttle
        may_commit = throttle.may_commit(now, idle=idle)
        if throttle.interval and idle and not may_commit:
            may_commit = not self._flows.pending_grows
        # A third of the memory: the rest can always be filled while that is delivered.
        full = 3 * self._flows.retained_bytes >= state.max_buffered_bytes
        return may_commit or full or self._flows.can_fill(state.limiter)

    def _deliver(self, now: int) -> Deliver:
        self._state.throttle.begin_commit(now)
        deliveries = self._flows.take(self._state.limiter)
        flow = self._flows.get(deliveries[0].flow.key)
        quarantined = flow is not None and bool(flow.quarantine)
        return Deliver(deliveries, quarantine_probe=quarantined and len(self._flows) > 1)

    # --- what happened ------------------------------------------------------------------------

    def opened(self, guarantee: Guarantee) -> None:
        """The connection is open, and every earlier owner is fenced."""
        self.instruction, self._connection.opened = None, True
        self._reports.append(ShardConnected(guarantee))

    def closed(self) -> None:
        """The connection is closed."""
        self.instruction = None
        self._connection.close()

    def positions_read(self, positions: Mapping[PositionKey, Position], now: int) -> None:
        """The positions were read; a flow without one begins at 0."""
        assert isinstance(self.instruction, ReadPositions)
        keys, self.instruction = self.instruction.keys, None
        for key in keys:
            flow = self._flows.get(key)
            if flow is None or not flow.position_unread:
                continue
            flow.set_position(positions.get(key, Position()))
            if not self.complete_withdrawal(flow, now):
                assert flow.position is not None
                self._reports.append(PositionRead(key, flow.position))

    def checked(self, now: int) -> None:
        """The target takes the flow."""
        assert isinstance(self.instruction, Check)
        self._connection.idle_since = now
        self._reports.append(CheckCompleted(self.instruction.token, None))
        self.instruction = None

    def prepared(self, now: int) -> None:
        """The target is ready."""
        assert isinstance(self.instruction, Prepare)
        flow, self.instruction = self._flows.get(self.instruction.flow.key), None
        if flow is None or not isinstance(flow.state, TargetUnprepared):
            return
        flow.target_prepared()
        self._reports.append(FlowRunning(flow.key))
        self._generation.schedule(flow, now)

    def delivered(self, outcome: DeliveryOutcome, now: int, jitter: float = 0.0) -> None:
        """A transaction was committed, perhaps without some of its flows."""
        assert isinstance(self.instruction, Deliver)
        deliveries, self.instruction = self.instruction.deliveries, None
        took = self._state.throttle.end_commit(now)
        self._connection.record_success()
        self._flows.delivery_ended()
        self._state.limiter.committed(deliveries, took, now)
        if committed := _committed(deliveries, outcome):
            times = StageTimes(
                self._generation.take_spent_ns(),
                outcome.encoding_ns,
                max(0, max(0, took) - outcome.waiting_ns),
            )
            self._reports.append(TransactionCommitted(outcome.committed, committed, now, times))
        for delivery in deliveries:
            if flow := self._flows.get(delivery.flow.key):
                self._apply_outcome(flow, delivery, outcome, now, jitter)

    def _apply_outcome(
        self, flow: ShardFlow, delivery: Delivery, outcome: DeliveryOutcome, now: int, jitter: float
    ) -> None:
        error, version = outcome.rejected.get(flow.key), self._flows.version()
        if flow.key in outcome.committed:
            if skipped := _skipped(flow.key, outcome):
                self._reports.append(events_skipped(flow.key, skipped))
            if flow.mark_committed(outcome.committed[flow.key], version):
                self._reports.append(FlowRunning(flow.key))
        elif error is not None and (is_retryable(error, flow) or flow.retries(error, now)):
            self._state.quarantine(flow, error, now + delay_ns(flow.quarantine.tries, jitter))
        elif report := flow.reject_in_flight(error, delivery.batches[-1].next, version, now):
            self._reports.append(report)
        self._flows.update(flow)
        if not self.complete_withdrawal(flow, now) and not self._state.end_if_done(flow):
            self._generation.schedule(flow, now)

    # --- failures -----------------------------------------------------------------------------

    def failed(self, error: EventerError, now: int, jitter: float) -> None:
        """The instruction failed. `jitter` is in [0, 1)."""
        instruction, self.instruction = self.instruction, None
        of_target = isinstance(error, DestinationRejectedError | TargetUnavailableError)
        at_fault: frozenset[PositionKey] = frozenset()
        match instruction:
            case Check(token=token):
                self._reports.append(CheckCompleted(token, error))
            case Prepare(flow=target):
                self._state.prepare_failed(target.key, error, now, jitter)
            case Deliver(deliveries=deliveries):
                of_target, at_fault = False, self._flows_at_fault(deliveries, error, now)
            case _:
                of_target = False
        if not of_target:
            self._lose_connection(error, now, jitter, at_fault)

    def _flows_at_fault(
        self, deliveries: Sequence[Delivery], error: EventerError, now: int
    ) -> frozenset[PositionKey]:
        """The flows that caused a failed transaction, if known."""
        keys = frozenset(delivery.flow.key for delivery in deliveries)
        if isinstance(error, FencedError):
            return frozenset()
        if isinstance(error, DestinationUnavailableError) and error.suspects & keys:
            self._state.limiter.lift_limits()
            return error.suspects & keys
        quarantined = frozenset(
            key for key in keys if (flow := self._flows.get(key)) and flow.quarantine
        )
        if quarantined:
            return quarantined
        # Opening succeeded: longer and longer waits before the next opening would not help.
        self._connection.tries = min(self._connection.tries, _DELIVERY_TRIES)
        return keys if self._state.limiter.failed(deliveries, now) else frozenset()

    def _lose_connection(
        self, error: EventerError, now: int, jitter: float, at_fault: frozenset[PositionKey]
    ) -> None:
        """The connection must be closed, perhaps because of the flows `at_fault`."""
        unknown, fenced = isinstance(error, UnknownOutcomeError), isinstance(error, FencedError)
        self._connection.mark_lost(error, now, jitter, at_fault=bool(at_fault))
        self._flows.delivery_ended()
        self._reports += [CheckCompleted(check.token, error) for check in self._checks]
        self._checks.clear()
        waiting: list[PositionKey] = []
        for flow in self._flows:
            # A newer owner delivers all flows of the shard until it is fenced in turn.
            outcome_unknown = fenced or (unknown and flow.in_flight)
            if flow.key in at_fault and isinstance(flow.state, Delivering):
                wait = costly_delay_ns(flow.quarantine.tries, jitter)
                self._state.quarantine(flow, error, now + wait)
            self._flows.lose_connection(flow, outcome_unknown=outcome_unknown)
            self.complete_withdrawal(flow, now)
            if isinstance(flow.state, PositionUnknown) and flow.key not in at_fault:
                waiting.append(flow.key)
        if waiting:
            self._reports.append(FlowsWaiting(tuple(waiting), error))


def _skipped(key: PositionKey, outcome: DeliveryOutcome) -> list[tuple[int, EventerError]]:
    """The rejected events that a committed flow left out, by index."""
    errors = outcome.skipped.get(key, ())
    return [(error.index, error) for error in errors if error.index is not None]


def _committed(deliveries: Sequence[Delivery], outcome: DeliveryOutcome) -> tuple[Delivery, ...]:
    """The committed deliveries, with the events that were committed."""
    return tuple(
        delivery.without([index for index, _ in _skipped(delivery.flow.key, outcome)])
        for delivery in deliveries
        if delivery.flow.key in outcome.committed
    )
