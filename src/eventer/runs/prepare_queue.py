"""The flows of a shard whose targets must be prepared, in the order of their next tries."""

from __future__ import annotations

import heapq

from eventer.runs.flow_state import TargetUnprepared
from eventer.runs.shard_flow import ShardFlow


class PrepareQueue:
    """A look at it takes the same time however many flows it has.

    It notices by itself when a flow leaves `TargetUnprepared` or is to be prepared later.
    """

    def __init__(self) -> None:
        self._entries: list[tuple[int, int, ShardFlow]] = []
        self._count = 0

    def add(self, flow: ShardFlow) -> None:
        """Adds a flow that has come to `TargetUnprepared`."""
        heapq.heappush(self._entries, self._entry(flow))

    @property
    def first(self) -> ShardFlow | None:
        """The flow with the earliest try; of several, the one that was added first."""
        while self._entries:
            at, _, flow = self._entries[0]
            if not isinstance(flow.state, TargetUnprepared):
                heapq.heappop(self._entries)
            elif at < flow.prepare_at:
                heapq.heapreplace(self._entries, self._entry(flow))
            else:
                return flow
        return None

    def _entry(self, flow: ShardFlow) -> tuple[int, int, ShardFlow]:
        self._count += 1
        return flow.prepare_at, self._count, flow
