"""Messages between a service and its worker processes: frozen values, pickled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from eventer.core.bindings import Binding
from eventer.core.cursor import Cursor
from eventer.core.errors import EventerError
from eventer.core.fault_rules import FaultKind
from eventer.core.model import Position, PositionKey, Segment
from eventer.destinations.audit import AuditReport
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.connector import Connector
from eventer.destinations.inspection import ConnectionReport
from eventer.registry.base import GeneratorRecord
from eventer.runs.assignment import Assignment
from eventer.runs.lateness import count_lateness, live_events
from eventer.runs.pacing import END
from eventer.runs.shard_messages import (
    CheckCompleted,
    EventsSkipped,
    FlowFailed,
    FlowFinished,
    FlowRunning,
    FlowSuspended,
    FlowsWaiting,
    FlowWithdrawn,
    PositionRead,
    ShardConnected,
    StageTimes,
    TransactionCommitted,
)


@dataclass(frozen=True, slots=True, order=True)
class ShardId:
    """A numbered unit of ownership within one named connection."""

    connection: str
    number: int


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """The first message to a process: its role and configuration.

    `memory` is how many bytes the process may take beyond its size after loading. `row_files` is
    the folder with the copies of files of rows. With `traces`, deliveries become traces.
    """

    role: Literal["delivery", "inspector", "auditor", "tester"]
    cluster: int
    connectors: Mapping[str, Connector]
    library: Path | None
    memory: int
    row_files: Path | None = None
    traces: bool = False


# --- to a delivery worker -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AssignFlow:
    """Add a generator; its position will be reported."""

    shard: ShardId
    assignment: Assignment


@dataclass(frozen=True, slots=True)
class ResumeFlow:
    """Let a generator whose position was reported continue at this pace.

    The lateness of events scheduled before `live_from` (ns since 1970) is not counted. For
    `bindings` and `gate` see `Assignment` and `GateFlow`. Steps of timelines begin at `cursor`,
    without timelines before `first_timeline`; without a cursor they begin at the first one.
    """

    shard: ShardId
    key: PositionKey
    segments: tuple[Segment, ...]
    live_from: int = 0
    bindings: tuple[Binding, ...] = ()
    gate: int = END
    cursor: Cursor | None = None
    first_timeline: int = 0


@dataclass(frozen=True, slots=True)
class GateFlow:
    """Events of a generator that are due at the instant `gate` or later must wait.

    They wait for events of other generators, to which they may refer.
    """

    shard: ShardId
    key: PositionKey
    gate: int


@dataclass(frozen=True, slots=True)
class WithdrawFlow:
    """Withdraw a generator; after the answer, no more events of it appear."""

    shard: ShardId
    key: PositionKey


@dataclass(frozen=True, slots=True)
class CheckTarget:
    """Ask the destination whether it accepts a flow."""

    shard: ShardId
    token: int
    flow: Flow


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer with `Pong`."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Finish the work in flight and exit."""


DeliveryCommand: TypeAlias = (
    AssignFlow | ResumeFlow | GateFlow | WithdrawFlow | CheckTarget | Ping | Stop
)


# --- from a delivery worker -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ready:
    """The process takes messages; the fingerprint is that of its events."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class Pong:
    """The process is alive."""


@dataclass(frozen=True, slots=True)
class StepBacklog:
    """Steps of timelines that are known to be due and not committed, and when the next is due."""

    lag: int
    next_due: int


@dataclass(frozen=True, slots=True)
class CommitSummary:
    """A committed transaction: its positions, size, lateness and times by stage.

    `backlogs` are those of generators of timelines: only the worker knows when steps are due.
    `faults` count the events with faults by kind.
    """

    positions: Mapping[PositionKey, Position]
    events: int
    bytes: int
    lateness: tuple[int, ...]
    lateness_sum: float
    at: int
    stage_times: StageTimes
    backlogs: Mapping[PositionKey, StepBacklog] = field(default_factory=dict)
    faults: Mapping[PositionKey, Counter[FaultKind]] = field(default_factory=dict)


def summarize_commit(
    report: TransactionCommitted,
    late_at: int | None,
    live_from: Mapping[PositionKey, int],
    backlogs: Mapping[PositionKey, StepBacklog] | None = None,
) -> CommitSummary:
    """The summary of a transaction; lateness is that at `late_at`, or not counted.

    Lateness counts for events that were scheduled from the `live_from` of their generator on.
    """
    batches = [batch for delivery in report.deliveries for batch in delivery.batches]
    late = () if late_at is None else live_events(report.deliveries, live_from)
    counts, total = count_lateness(late, late_at or 0)
    return CommitSummary(
        positions=report.positions,
        events=sum(batch.rows for batch in batches),
        bytes=sum(batch.nbytes for batch in batches),
        lateness=counts,
        lateness_sum=total,
        at=report.at,
        stage_times=report.stage_times,
        backlogs=backlogs or {},
        faults=_faults(report.deliveries),
    )


def _faults(deliveries: Iterable[Delivery]) -> Mapping[PositionKey, Counter[FaultKind]]:
    """The faults of the deliveries that have some."""
    faults: dict[PositionKey, Counter[FaultKind]] = {}
    for delivery in deliveries:
        for batch in delivery.batches:
            if batch.fault_drops or batch.fault_kinds is not None:
                faults.setdefault(delivery.flow.key, Counter()).update(batch.fault_counts)
    return faults


ShardUpdate: TypeAlias = (
    ShardConnected
    | PositionRead
    | FlowRunning
    | FlowsWaiting
    | FlowSuspended
    | CommitSummary
    | EventsSkipped
    | FlowFailed
    | FlowWithdrawn
    | FlowFinished
    | CheckCompleted
)


@dataclass(frozen=True, slots=True)
class ShardEvent:
    """A report of a shard."""

    shard: ShardId
    update: ShardUpdate


# --- to and from an auditor -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """Verify what a generator delivered; `others` deliver to the same target."""

    shard: ShardId
    flow: Flow
    others: tuple[Flow, ...] = ()


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """The audit covers the events before these positions."""

    positions: Mapping[PositionKey, Position]


@dataclass(frozen=True, slots=True)
class ReplaySpecs:
    """The records to recompute events from, read after the snapshot so that they cover it."""

    by_key: Mapping[PositionKey, GeneratorRecord]


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The report, or the error that prevented it."""

    outcome: AuditReport | EventerError


@dataclass(frozen=True, slots=True)
class AuditProgress:
    """How many events were generated again, of about `total`."""

    recomputed: int
    total: int


AuditorMessage: TypeAlias = Ready | SnapshotTaken | AuditProgress | AuditResult


# --- to and from a tester -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """Test a connection, and read the sizes of these topics, tables or folders."""

    connection: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConnectionTested:
    """The report, or the error that prevented it."""

    outcome: ConnectionReport | EventerError
