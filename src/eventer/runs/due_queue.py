"""Which generators of a shard have something due, and when the others will."""

from __future__ import annotations

import heapq
from collections import deque
from typing import Final

from eventer.runs.flow_state import FlowState

COALESCE_NS: Final = 5_000_000
"""Ticks that are closer together than this are made together."""


class DueQueue:
    """Generators in the order of their turns, and a timer for each that has nothing due."""

    def __init__(self) -> None:
        self._due: deque[FlowState] = deque()
        self._timers: list[tuple[int, int, FlowState]] = []
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._due)

    def schedule(self, flow: FlowState, now: int) -> None:
        """Queues a generator that has something due, or wakes it when it will have."""
        if not flow.active:
            return
        if now < flow.retry_not_before:
            self._set_timer(flow, flow.retry_not_before)
        elif flow.generated < flow.generation_end(now):
            self.queue(flow)
        elif (due := flow.next_due()) is not None:
            self._set_timer(flow, max(due, now + COALESCE_NS))

    def queue(self, flow: FlowState, *, first: bool = False) -> None:
        """Gives a generator the last turn, or the first; one that has a turn already keeps it."""
        if flow.queued:
            return
        flow.queued = True
        if first:
            self._due.appendleft(flow)
        else:
            self._due.append(flow)

    def pop(self) -> FlowState:
        """The generator whose turn it is."""
        flow = self._due.popleft()
        flow.queued = False
        return flow

    def wake_due(self, now: int) -> bool:
        """Queues those whose time has come; says whether there were any."""
        before = len(self._due)
        while self._timers and self._timers[0][0] <= now:
            at, _, flow = heapq.heappop(self._timers)
            if flow.timer_at == at:
                flow.timer_at = None
                self.schedule(flow, now)
        return len(self._due) > before

    @property
    def next_at(self) -> int | None:
        """When the next one's time comes."""
        return self._timers[0][0] if self._timers else None

    def _set_timer(self, flow: FlowState, at: int) -> None:
        if flow.timer_at is None or at < flow.timer_at:
            flow.timer_at = at
            self._count += 1
            heapq.heappush(self._timers, (at, self._count, flow))
