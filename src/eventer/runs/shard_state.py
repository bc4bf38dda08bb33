"""What the two lanes of a shard share."""

from __future__ import annotations

from dataclasses import dataclass, field

from eventer.core.errors import EventerError
from eventer.runs.batch_limiter import BatchLimiter
from eventer.runs.commit_throttle import CommitThrottle
from eventer.runs.flow_set import FlowSet
from eventer.runs.shard_flow import ShardFlow
from eventer.runs.shard_messages import FlowFailed, ShardReport


@dataclass(slots=True)
class ShardState:
    """The flows of a shard, its reports, and what limits its transactions."""

    max_buffered_bytes: int
    flows: FlowSet = field(default_factory=FlowSet)
    reports: list[ShardReport] = field(default_factory=list)
    limiter: BatchLimiter = field(default_factory=BatchLimiter)
    throttle: CommitThrottle = field(default_factory=CommitThrottle)
    stopping: bool = False

    def end_if_done(self, flow: ShardFlow) -> bool:
        """Removes a flow that has failed or delivered everything. Returns whether it has."""
        if (report := flow.ending()) is None:
            return False
        self.flows.remove(flow)
        self.reports.append(report)
        return True

    def fail(self, flow: ShardFlow, error: EventerError) -> None:
        """Removes a flow that cannot be delivered."""
        self.flows.remove(flow)
        self.reports.append(FlowFailed(flow.key, error, flow.position))
