"""The state that the two lanes of a shard share: the flows, the reports and the limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from eventer.core.errors import DestinationRejectedError, EventerError, TargetUnavailableError
from eventer.core.model import PositionKey
from eventer.destinations.commit_policy import CommitPolicy
from eventer.runs.backoff import delay_ns
from eventer.runs.batch_limiter import BatchLimiter
from eventer.runs.commit_throttle import CommitThrottle
from eventer.runs.flow_set import FlowSet
from eventer.runs.flow_state import Removed, Withdrawing
from eventer.runs.shard_flow import ShardFlow
from eventer.runs.shard_messages import FlowFailed, FlowSuspended, ShardReport


@dataclass(slots=True)
class ShardState:
    """The flows of a shard, its reports, and what limits its transactions."""

    policy: CommitPolicy
    flows: FlowSet = field(default_factory=FlowSet)
    reports: list[ShardReport] = field(default_factory=list)
    limiter: BatchLimiter = field(default_factory=BatchLimiter)
    throttle: CommitThrottle = field(init=False)
    stopping: bool = False

    def __post_init__(self) -> None:
        self.throttle = CommitThrottle(self.policy.interval_ns)

    @property
    def max_buffered_bytes(self) -> int:
        """Bytes of memory that batches may hold while they wait for a transaction."""
        return self.policy.max_buffered_bytes

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

    def quarantine(self, flow: ShardFlow, error: EventerError, until: int) -> None:
        """Retries a flow alone, after `until`: its delivery failed by its own fault."""
        flow.set_quarantine(until, self.flows.version())
        self.flows.update(flow)
        if not isinstance(flow.state, Removed):
            self.reports.append(FlowSuspended(flow.key, error))

    def prepare_failed(
        self, key: PositionKey, error: EventerError, now: int, jitter: float
    ) -> None:
        """The target of a flow was not prepared: the flow is retried, or fails if rejected."""
        if (flow := self.flows.get(key)) is None:
            return
        if isinstance(error, DestinationRejectedError):
            self.fail(flow, error)
            return
        flow.prepare_at = now + delay_ns(flow.prepare_tries, jitter)
        flow.prepare_tries += 1
        if isinstance(error, TargetUnavailableError) and not isinstance(flow.state, Withdrawing):
            self.reports.append(FlowSuspended(flow.key, error))


def is_retryable(error: EventerError, flow: ShardFlow) -> bool:
    """Whether a rejected delivery is worth a retry as it is.

    A rejection that names no event is, if the flow has delivered before: a right was revoked or the
    target was changed, and that may be undone.
    """
    if error.transient:
        return True
    of_target = isinstance(error, DestinationRejectedError) and error.index is None
    return of_target and flow.committed > 0
