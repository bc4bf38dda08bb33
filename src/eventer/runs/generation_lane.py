"""The lane of a shard that generates batches: one slice of requests at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from eventer.runs.due_queue import DueQueue
from eventer.runs.shard_flow import ShardFlow
from eventer.runs.shard_messages import Generate, GenerationRequest, GenerationResult
from eventer.runs.shard_state import ShardState

MAX_REQUESTS: Final = 32
"""Requests of one slice."""
GATHER_NS: Final = 100_000_000
"""How long due flows wait while others are prepared, to share the fixed cost of a slice."""


class GenerationLane:
    """Which flows generate next, and the slice that is being generated."""

    def __init__(self, state: ShardState) -> None:
        self._state = state
        self._due = DueQueue()
        self._requests: tuple[GenerationRequest, ...] = ()
        self._started_at = 0
        self._spent_ns = 0
        self._gather_until: int | None = None

    @property
    def generating(self) -> bool:
        """Whether a slice is being generated."""
        return bool(self._requests)

    @property
    def idle(self) -> bool:
        """Whether no event is due or being generated."""
        return not self._due and not self._requests

    def schedule(self, flow: ShardFlow, now: int) -> None:
        """Lets an active flow generate when its next events are due."""
        self._due.schedule(flow, now)

    def wake_due(self, now: int, *, busy: bool) -> None:
        """Queues flows that have become due; `busy` says whether the connection is in use."""
        throttle = self._state.throttle
        if now >= throttle.generate_at(busy=busy) and self._due.wake_due(now):
            throttle.generated(now)

    def wake_at(self, *, busy: bool) -> int | None:
        """When `wake_due` has flows to queue, or a slice no longer waits for more flows."""
        instants = [] if self._gather_until is None else [self._gather_until]
        if (at := self._due.next_at) is not None:
            instants.append(max(at, self._state.throttle.generate_at(busy=busy)))
        return min(instants, default=None)

    def take_spent_ns(self) -> int:
        """Nanoseconds spent on slices since the last call."""
        spent, self._spent_ns = self._spent_ns, 0
        return spent

    def start(self, now: int, *, preparing: bool) -> list[Generate]:
        """Starts a slice, unless one is being generated, nothing is due, or memory is full.

        While other flows are `preparing`, it waits for them up to `GATHER_NS`.
        """
        state, gather_until = self._state, self._gather_until
        self._gather_until = None
        available = state.max_buffered_bytes - state.flows.retained_bytes
        if self._requests or state.stopping or available <= 0:
            return []
        if preparing and 0 < len(self._due) < MAX_REQUESTS:
            gather_until = now + GATHER_NS if gather_until is None else gather_until
            if now < gather_until:
                self._gather_until = gather_until
                return []
        self._requests = self._next_requests(now)
        if not self._requests:
            return []
        self._started_at = now
        # A quarter, so that one half can be filled while the other half is delivered.
        return [Generate(self._requests, min(state.max_buffered_bytes // 4, available))]

    def _next_requests(self, now: int) -> tuple[GenerationRequest, ...]:
        requests: list[GenerationRequest] = []
        while self._due and len(requests) < MAX_REQUESTS:
            flow = self._due.pop()
            if not flow.active:
                continue
            held = now < flow.quarantine.until
            request = None if held else flow.request(now, self._state.limiter.events)
            if request is not None:
                requests.append(request)
                continue
            self._state.flows.update(flow)
            self._due.schedule(flow, now)
        return tuple(requests)

    def generated(self, results: Sequence[GenerationResult], now: int) -> None:
        """The slice ended with these results; requests without a result were not begun."""
        requests, self._requests = self._requests, ()
        self._spent_ns += max(0, now - self._started_at)
        begun = {result.request.version for result in results}
        for request in reversed(requests):
            if request.version not in begun and (flow := self._state.flows.for_request(request)):
                self._due.queue(flow, first=True)
        for result in results:
            if flow := self._state.flows.for_request(result.request):
                self._take_result(flow, result, now)

    def _take_result(self, flow: ShardFlow, result: GenerationResult, now: int) -> None:
        if skipped := flow.accept(result):
            self._state.reports.append(skipped)
        self._state.flows.update(flow)
        if not self._state.end_if_done(flow):
            self._due.schedule(flow, now)
