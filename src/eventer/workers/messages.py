"""What a service and its worker processes say to each other: frozen values, pickled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from eventer.core.errors import DestinationRejectedError, EventerError
from eventer.core.model import (
    EngineChoice,
    EngineName,
    EventShape,
    OnError,
    Position,
    PositionKey,
    Recipe,
    Segment,
    Target,
    Template,
)
from eventer.core.source import Place
from eventer.destinations.audit import AuditReport, TargetAuditor
from eventer.destinations.base import Flow, ShardConnection
from eventer.plan.explain_template import TemplateExplanation
from eventer.registry.base import GeneratorRecord
from eventer.runs.shard_messages import (
    Assignment,
    CheckCompleted,
    EventSkipped,
    FlowFailed,
    FlowFinished,
    FlowRunning,
    FlowSuspended,
    FlowsWaiting,
    FlowWithdrawn,
    PositionRead,
    ShardConnected,
    StageTimes,
)


class Connector(Protocol):
    """Makes the connections of one named broker or database; it is picklable."""

    def connect(self, cluster: int, shard: int) -> ShardConnection:
        """A connection of an owner of that shard, not yet opened."""

    def target_auditor(self, cluster: int, shard: int) -> TargetAuditor:
        """A look at what the generators of that shard delivered, not yet opened."""


@dataclass(frozen=True, slots=True, order=True)
class ShardId:
    """A numbered unit of ownership within one named connection."""

    connection: str
    number: int


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """The first message to a process: what it is and all it needs to know.

    `memory` is how many bytes it may take beyond what it has once it is loaded.
    """

    role: Literal["delivery", "inspector", "auditor"]
    cluster: int
    connectors: Mapping[str, Connector]
    library: Path | None
    memory: int


# --- to a delivery worker -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AssignFlow:
    """Take a generator over; its position will be reported."""

    shard: ShardId
    assignment: Assignment


@dataclass(frozen=True, slots=True)
class ResumeFlow:
    """Let a positioned generator go on at this pace."""

    shard: ShardId
    key: PositionKey
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class WithdrawFlow:
    """Let go of a generator; the answer says that nothing more of it appears."""

    shard: ShardId
    key: PositionKey


@dataclass(frozen=True, slots=True)
class CheckTarget:
    """Ask the destination whether it would take a flow."""

    shard: ShardId
    token: int
    flow: Flow


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer with `Pong`."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End what is under way, begin nothing else, and exit."""


DeliveryCommand: TypeAlias = AssignFlow | ResumeFlow | WithdrawFlow | CheckTarget | Ping | Stop


# --- from a delivery worker -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ready:
    """The process is loaded and takes messages; its events depend on this fingerprint."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class Pong:
    """The process is alive."""


@dataclass(frozen=True, slots=True)
class CommitSummary:
    """A committed transaction: positions after it, what it held, how late, where time went."""

    positions: Mapping[PositionKey, Position]
    events: int
    bytes: int
    lateness: tuple[int, ...]
    lateness_sum: float
    at: int
    stage_times: StageTimes


ShardUpdate: TypeAlias = (
    ShardConnected
    | PositionRead
    | FlowRunning
    | FlowsWaiting
    | FlowSuspended
    | CommitSummary
    | EventSkipped
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


# --- to and from an inspector ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InspectTemplate:
    """Read a template and make its first events, as `add` and `validate` do.

    `recipe.template` holds no imports yet: they are looked up in the library. `at` is when all
    the events are taken to be due. Making events ends after `seconds`
    of processor time, if there is one by then.
    """

    recipe: Recipe
    at: int
    count: int
    seconds: float
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateWarning:
    """Legal but surprising: what, where, and what was probably meant."""

    message: str
    place: Place | None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of a template that holds. `template` has its imports in it.

    `rejections` are the targets that its events cannot go into. `failing` is the first error where
    some, but not all, of the events raise.
    """

    template: Template
    digest: str
    fingerprint: str
    engine: EngineName
    reason: str | None
    shape: EventShape
    warnings: tuple[TemplateWarning, ...]
    rejections: tuple[tuple[Target, DestinationRejectedError], ...] = ()
    traces: tuple[str, ...] = ()
    failing: EventerError | None = None


@dataclass(frozen=True, slots=True)
class PreviewEvents:
    """Make events [first, first + count) of a template, all due at `at`."""

    recipe: Recipe
    at: int
    first: int
    count: int
    engine: EngineChoice = "auto"


@dataclass(frozen=True, slots=True)
class PreviewedEvents:
    """Events as compact JSON text, and what is known of their template."""

    events: tuple[bytes, ...]
    engine: EngineName
    reason: str | None
    warnings: tuple[TemplateWarning, ...]
    traces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecomputeEvents:
    """Make events again, as a generator with these segments makes them.

    Those that raise are left out where they are skipped, and before the generator's position: it
    has passed them.
    """

    recipe: Recipe
    segments: tuple[Segment, ...]
    first: int
    count: int
    on_error: OnError
    position: int = 0


@dataclass(frozen=True, slots=True)
class RecomputedEvents:
    """Events as compact JSON text."""

    events: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ExplainTemplate:
    """Say how a template's events are made; `measured`, also what they cost, due at `at`."""

    recipe: Recipe
    at: int
    measured: bool


InspectorRequest: TypeAlias = InspectTemplate | PreviewEvents | RecomputeEvents | ExplainTemplate
InspectorAnswer: TypeAlias = Inspection | PreviewedEvents | RecomputedEvents | TemplateExplanation


@dataclass(frozen=True, slots=True)
class InspectorReply:
    """What came of a question."""

    answer: InspectorAnswer | EventerError


# --- to and from an auditor -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """Verify what a generator delivered; `others` deliver to the same place."""

    shard: ShardId
    flow: Flow
    others: tuple[Flow, ...] = ()


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """It is fixed how far is looked: how far each of the generators is."""

    positions: Mapping[PositionKey, Position]


@dataclass(frozen=True, slots=True)
class ReplaySpecs:
    """The records to recompute events from, read after the snapshot so that they cover it."""

    by_key: Mapping[PositionKey, GeneratorRecord]


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What was found, or why nothing could be."""

    outcome: AuditReport | EventerError


@dataclass(frozen=True, slots=True)
class AuditProgress:
    """How many events were made again so far, of about how many."""

    made: int
    total: int


AuditorMessage: TypeAlias = Ready | SnapshotTaken | AuditProgress | AuditResult
