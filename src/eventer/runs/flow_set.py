"""The generators that a shard holds: all, those not ready yet, those with something to deliver."""

from __future__ import annotations

from collections.abc import Iterator

from eventer.core.model import PositionKey
from eventer.destinations.base import Delivery
from eventer.runs.batch_limiter import NO_LIMIT, BatchLimiter
from eventer.runs.flow_state import FlowState, Phase
from eventer.runs.shard_messages import Assignment, GenerationRequest


class FlowSet:
    """Generators by key, in the order in which they came."""

    def __init__(self) -> None:
        self._all: dict[PositionKey, FlowState] = {}
        self._unready: dict[PositionKey, FlowState] = {}
        self._pending: dict[PositionKey, FlowState] = {}
        self._versions = 0
        self._quarantined_last = True
        self._pending_bytes_by_key: dict[PositionKey, int] = {}
        """Of those loaded, as last noted; `_pending_bytes` is their sum, wanted several times a tick."""
        self._pending_bytes = 0
        self._in_flight_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._all)

    def __iter__(self) -> Iterator[FlowState]:
        return iter(tuple(self._all.values()))

    def get(self, key: PositionKey) -> FlowState | None:
        """The generator of that key."""
        return self._all.get(key)

    def for_request(self, request: GenerationRequest) -> FlowState | None:
        """The generator of a work, unless it has gone another way since."""
        flow = self._all.get(request.assignment.key)
        return flow if flow and flow.version == request.version and flow.active else None

    def version(self) -> int:
        """A number that no generator had before."""
        self._versions += 1
        return self._versions

    def add(self, assignment: Assignment) -> None:
        """Takes a generator over."""
        assert assignment.key not in self._all
        flow = FlowState(assignment, self.version())
        self._all[flow.key] = self._unready[flow.key] = flow

    def forget(self, flow: FlowState) -> None:
        """Lets go of a generator."""
        flow.removed = True
        self.drop_pending(flow)
        for each in (self._all, self._unready):
            each.pop(flow.key, None)

    # --- on the way to delivery ---------------------------------------------------------------

    def reset(self, flow: FlowState) -> None:
        """Begins with a generator anew: its connection was lost."""
        flow.reset(self.version())
        self.drop_pending(flow)
        self._unready[flow.key] = flow

    def mark_ready(self, flow: FlowState) -> None:
        """Its target is ready."""
        flow.phase, flow.prepare_tries = Phase.READY, 0
        self._unready.pop(flow.key, None)

    def unread_positions(self) -> tuple[PositionKey, ...]:
        """Those whose position is to be read."""
        return tuple(
            key for key, flow in self._unready.items() if flow.phase is Phase.POSITION_UNREAD
        )

    def unprepared(self) -> Iterator[FlowState]:
        """Those whose target is to be prepared."""
        for flow in self._unready.values():
            if flow.phase is Phase.TARGET_UNPREPARED and not flow.withdrawing:
                yield flow

    # --- with something to deliver ------------------------------------------------------------

    @property
    def has_pending(self) -> bool:
        """Whether any has something to deliver."""
        return bool(self._pending)

    @property
    def retained_bytes(self) -> int:
        """Bytes of memory of batches that wait to be delivered, or are being delivered."""
        return self._in_flight_bytes + self._pending_bytes

    def delivery_ended(self) -> None:
        """Nothing is being delivered any more."""
        self._in_flight_bytes = 0

    def update(self, flow: FlowState) -> None:
        """Something was made for it, or taken from it."""
        if not flow.batches:
            self.drop_pending(flow)
            return
        retained_bytes = flow.retained_bytes
        self._pending[flow.key] = flow
        self._pending_bytes += retained_bytes - self._pending_bytes_by_key.get(flow.key, 0)
        self._pending_bytes_by_key[flow.key] = retained_bytes

    def drop_pending(self, flow: FlowState) -> None:
        """What it has is not to be delivered."""
        if self._pending.pop(flow.key, None) is not None:
            self._pending_bytes -= self._pending_bytes_by_key.pop(flow.key)

    def can_fill(self, batch_limiter: BatchLimiter) -> bool:
        """Whether a limited dose is there to be delivered."""
        if batch_limiter.events >= NO_LIMIT:
            return False
        return sum(flow.generated - flow.batches[0].first for flow in self._pending.values()) >= (
            batch_limiter.events
        )

    def take(self, batch_limiter: BatchLimiter) -> tuple[Delivery, ...]:
        """What is to be delivered next: a suspect alone, or as much of the others as a dose holds.

        Suspects and the others take turns.
        """
        quarantined_flows = [flow for flow in self._pending.values() if flow.quarantined]
        others = [flow for flow in self._pending.values() if not flow.quarantined]
        if quarantined_flows and (not others or not self._quarantined_last):
            self._quarantined_last = True
            return (self._take_from(quarantined_flows[0], batch_limiter.events),)
        self._quarantined_last = False
        deliveries: list[Delivery] = []
        left = batch_limiter.events
        for flow in others[: batch_limiter.flows]:
            if left > 0:
                deliveries.append(self._take_from(flow, left))
                left -= deliveries[-1].batches[-1].next - deliveries[-1].batches[0].first
        return tuple(deliveries)

    def _take_from(self, flow: FlowState, events: int) -> Delivery:
        """Takes a generator's turn; what is left of it comes last."""
        self.drop_pending(flow)
        before = flow.retained_bytes
        delivery = flow.take(events)
        self._in_flight_bytes += before - flow.retained_bytes
        self.update(flow)
        return delivery
