"""Which flows of a shard have due events, and when the others will."""

from __future__ import annotations

import heapq
from collections import deque
from typing import Final

from eventer.runs.shard_flow import ShardFlow

COALESCE_NS: Final = 5_000_000
"""Ticks that are closer together are generated together."""


class DueQueue:
    """Flows with due events in the order of their turns, and a timer for each of the others."""

    def __init__(self) -> None:
        self._due: deque[ShardFlow] = deque()
        self._queued: set[ShardFlow] = set()
        self._timers: list[tuple[int, int, ShardFlow]] = []
        self._timer_at: dict[ShardFlow, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._due)

    def schedule(self, flow: ShardFlow, now: int) -> None:
        """Queues a flow with due events, or sets a timer for its next one."""
        if not flow.active:
            return
        if now < flow.quarantine.until:
            self._set_timer(flow, flow.quarantine.until)
        elif flow.delivering.generated < flow.generation_end(now):
            self.queue(flow)
        elif (due := flow.next_due()) is not None:
            self._set_timer(flow, max(due, now + COALESCE_NS))

    def queue(self, flow: ShardFlow, *, first: bool = False) -> None:
        """Gives a flow the last turn, or the first; a queued flow keeps its turn."""
        if flow in self._queued:
            return
        self._queued.add(flow)
        if first:
            self._due.appendleft(flow)
        else:
            self._due.append(flow)

    def pop(self) -> ShardFlow:
        """The flow whose turn it is."""
        flow = self._due.popleft()
        self._queued.discard(flow)
        return flow

    def wake_due(self, now: int) -> bool:
        """Queues the flows whose timer has expired. Returns whether any was queued."""
        before = len(self._due)
        while self._timers and self._timers[0][0] <= now:
            at, _, flow = heapq.heappop(self._timers)
            if self._timer_at.get(flow) == at:
                del self._timer_at[flow]
                self.schedule(flow, now)
        return len(self._due) > before

    @property
    def next_at(self) -> int | None:
        """When the next timer expires."""
        return self._timers[0][0] if self._timers else None

    def _set_timer(self, flow: ShardFlow, at: int) -> None:
        if at < self._timer_at.get(flow, at + 1):
            self._timer_at[flow] = at
            self._count += 1
            heapq.heappush(self._timers, (at, self._count, flow))
