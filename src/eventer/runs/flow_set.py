"""The flows that a shard holds: all, those that must be prepared, those with pending batches."""

from __future__ import annotations

from collections.abc import Iterator

from eventer.core.model import PositionKey
from eventer.destinations.base import Delivery
from eventer.runs.assignment import Assignment
from eventer.runs.batch_limiter import NO_LIMIT, BatchLimiter
from eventer.runs.flow_state import Removed
from eventer.runs.prepare_queue import PrepareQueue
from eventer.runs.shard_flow import ShardFlow
from eventer.runs.shard_messages import GenerationRequest


class FlowSet:
    """Flows by key, in the order in which they were assigned."""

    def __init__(self) -> None:
        self._all: dict[PositionKey, ShardFlow] = {}
        self._unread: dict[PositionKey, ShardFlow] = {}
        """The flows whose position may be unread."""
        self._unprepared = PrepareQueue()
        self._pending: dict[PositionKey, ShardFlow] = {}
        self._versions = 0
        self._quarantined_last = True
        self._pending_bytes_by_key: dict[PositionKey, int] = {}
        self._pending_bytes = 0
        """Kept as a sum: it is needed several times a tick."""
        self._in_flight_bytes = 0

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[ShardFlow]:
        return iter(tuple(self._all.values()))

    def get(self, key: PositionKey) -> ShardFlow | None:
        """The flow of a key."""
        return self._all.get(key)

    def for_request(self, request: GenerationRequest) -> ShardFlow | None:
        """The flow of a request, unless the request is outdated."""
        flow = self._all.get(request.assignment.key)
        return flow if flow and flow.version == request.version and flow.active else None

    def version(self) -> int:
        """A number that no flow had before."""
        self._versions += 1
        return self._versions

    def add(self, assignment: Assignment) -> None:
        """Adds the flow of an assignment."""
        assert assignment.key not in self._all
        flow = ShardFlow(assignment, self.version())
        self._all[flow.key] = self._unread[flow.key] = flow

    def remove(self, flow: ShardFlow) -> None:
        """Removes a flow."""
        flow.state = Removed()
        self.drop_pending(flow)
        self._all.pop(flow.key, None)
        self._unread.pop(flow.key, None)

    # --- towards delivery ---------------------------------------------------------------------

    def lose_connection(self, flow: ShardFlow, *, outcome_unknown: bool) -> None:
        """Drops everything uncommitted of a flow whose connection was lost."""
        flow.lose_connection(self.version(), outcome_unknown=outcome_unknown)
        self.drop_pending(flow)
        self._unread[flow.key] = flow

    def unread_positions(self) -> tuple[PositionKey, ...]:
        """The flows whose position must be read."""
        if self._unread:
            self._unread = {key: flow for key, flow in self._unread.items() if flow.position_unread}
        return tuple(self._unread)

    def await_preparation(self, flow: ShardFlow) -> None:
        """A flow has resumed: its target must be prepared."""
        self._unprepared.add(flow)

    @property
    def to_prepare(self) -> ShardFlow | None:
        """The flow whose target must be prepared first, at its `prepare_at`."""
        return self._unprepared.first

    # --- pending batches ----------------------------------------------------------------------

    @property
    def has_pending(self) -> bool:
        """Whether any flow has batches to deliver."""
        return bool(self._pending)

    @property
    def pending_grows(self) -> bool:
        """Whether a flow with batches to deliver will generate more before these are committed."""
        return any(flow.generates_more for flow in self._pending.values())

    @property
    def retained_bytes(self) -> int:
        """Bytes of memory of batches that are pending or in flight."""
        return self._in_flight_bytes + self._pending_bytes

    def delivery_ended(self) -> None:
        """No batch is in flight any more."""
        self._in_flight_bytes = 0

    def update(self, flow: ShardFlow) -> None:
        """The pending batches of a flow have changed."""
        if not flow.batch_bytes:
            self.drop_pending(flow)
            return
        retained_bytes = sum(flow.batch_bytes)
        self._pending[flow.key] = flow
        self._pending_bytes += retained_bytes - self._pending_bytes_by_key.get(flow.key, 0)
        self._pending_bytes_by_key[flow.key] = retained_bytes

    def drop_pending(self, flow: ShardFlow) -> None:
        """A flow has no batches to deliver."""
        if self._pending.pop(flow.key, None) is not None:
            self._pending_bytes -= self._pending_bytes_by_key.pop(flow.key)

    def can_fill(self, limiter: BatchLimiter) -> bool:
        """Whether the pending events reach a limit of the next transaction."""
        if limiter.events >= NO_LIMIT:
            return False
        return sum(_pending_events(flow) for flow in self._pending.values()) >= limiter.events

    def take(self, limiter: BatchLimiter) -> tuple[Delivery, ...]:
        """The next transaction: one quarantined flow, or as many others as the limits allow.

        Quarantined flows and the others take turns.
        """
        quarantined = [flow for flow in self._pending.values() if flow.quarantine]
        others = [flow for flow in self._pending.values() if not flow.quarantine]
        if quarantined and (not others or not self._quarantined_last):
            self._quarantined_last = True
            return (self._take_from(quarantined[0], limiter.events),)
        self._quarantined_last = False
        deliveries: list[Delivery] = []
        left = limiter.events
        for flow in others[: limiter.flows]:
            if left > 0:
                deliveries.append(self._take_from(flow, left))
                left -= deliveries[-1].batches[-1].next - deliveries[-1].batches[0].first
        return tuple(deliveries)

    def _take_from(self, flow: ShardFlow, events: int) -> Delivery:
        """Puts batches of a flow in flight; the rest of them become the last in the order."""
        self.drop_pending(flow)
        before = sum(flow.batch_bytes)
        delivery = flow.take(events)
        self._in_flight_bytes += before - sum(flow.batch_bytes)
        self.update(flow)
        return delivery


def _pending_events(flow: ShardFlow) -> int:
    return flow.delivering.generated - flow.delivering.delivered
