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
    Segment,
    Target,
    Template,
)
from eventer.core.source import Place
from eventer.destinations.base import Flow, ShardConnection
from eventer.destinations.readback import ReadBack, Report
from eventer.plan.explain_template import Explained
from eventer.runs.instructions import (
    Assignment,
    Checked,
    Connected,
    Failed,
    Finished,
    Positioned,
    Recipe,
    Running,
    Skipped,
    Spent,
    Suspended,
    Waiting,
    Withdrawn,
)


class Connector(Protocol):
    """Makes the connections of one named broker or database; it is picklable."""

    def connect(self, cluster: int, shard: int) -> ShardConnection:
        """A connection of an owner of that shard, not yet opened."""

    def read_back(self, cluster: int, shard: int) -> ReadBack:
        """A look at what the generators of that shard delivered, not yet opened."""


@dataclass(frozen=True, slots=True, order=True)
class ShardId:
    """A numbered unit of ownership within one named connection."""

    connection: str
    number: int


@dataclass(frozen=True, slots=True)
class Configure:
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
class Assign:
    """Take a generator over; its position will be reported."""

    shard: ShardId
    assignment: Assignment


@dataclass(frozen=True, slots=True)
class Go:
    """Let a positioned generator go on at this pace."""

    shard: ShardId
    key: PositionKey
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Withdraw:
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


ToDelivery: TypeAlias = Assign | Go | Withdraw | CheckTarget | Ping | Stop


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
    spent: Spent


ShardNews: TypeAlias = (
    Connected
    | Positioned
    | Running
    | Waiting
    | Suspended
    | CommitSummary
    | Skipped
    | Failed
    | Withdrawn
    | Finished
    | Checked
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A report of a shard."""

    shard: ShardId
    news: ShardNews


# --- to and from an inspector ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Inspect:
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
class Notice:
    """Legal but surprising: what, where, and what was probably meant."""

    message: str
    place: Place | None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of a template that holds. `template` has its imports in it.

    `refusals` are the targets that its events cannot go into. `failing` is the first error where
    some, but not all, of the events raise.
    """

    template: Template
    digest: str
    fingerprint: str
    engine: EngineName
    reason: str | None
    shape: EventShape
    notices: tuple[Notice, ...]
    refusals: tuple[tuple[Target, DestinationRejectedError], ...] = ()
    traces: tuple[str, ...] = ()
    failing: EventerError | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """Make events [first, first + count) of a template, all due at `at`."""

    recipe: Recipe
    at: int
    first: int
    count: int
    engine: EngineChoice = "auto"


@dataclass(frozen=True, slots=True)
class Shown:
    """Events as compact JSON text, and what is known of their template."""

    events: tuple[bytes, ...]
    engine: EngineName
    reason: str | None
    notices: tuple[Notice, ...]
    traces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recompute:
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
class Recomputed:
    """Events as compact JSON text."""

    events: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Explain:
    """Say how a template's events are made; `measured`, also what they cost, due at `at`."""

    recipe: Recipe
    at: int
    measured: bool


Question: TypeAlias = Inspect | Show | Recompute | Explain
Answer: TypeAlias = Inspection | Shown | Recomputed | Explained


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a question."""

    answer: Answer | EventerError


# --- to and from an auditor -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Audit:
    """Verify what a generator delivered; `others` deliver to the same place."""

    shard: ShardId
    flow: Flow
    others: tuple[Flow, ...] = ()


@dataclass(frozen=True, slots=True)
class Looking:
    """It is fixed how far is looked: how far each of the generators is."""

    positions: Mapping[PositionKey, Position]


@dataclass(frozen=True, slots=True)
class Making:
    """How a generator's events are made: when they were due, by which versions of what draws them.

    `fingerprints` are (index, fingerprint) pairs, as the registry keeps them.
    """

    recipe: Recipe
    segments: tuple[Segment, ...]
    fingerprints: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Makings:
    """How the events of each generator are made, asked for after it was fixed how far to look."""

    by_key: Mapping[PositionKey, Making]


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found, or why nothing could be."""

    outcome: Report | EventerError


@dataclass(frozen=True, slots=True)
class AuditProgress:
    """How many events were made again so far, of about how many."""

    made: int
    total: int


FromAuditor: TypeAlias = Ready | Looking | AuditProgress | Audited
