"""What a shard's state machine is told, what it asks for, and what it reports: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.batch import MAX_EVENTS
from eventer.core.errors import EventerError
from eventer.core.model import (
    GeneratorSpec,
    Guarantee,
    KafkaTarget,
    OnError,
    Position,
    PositionKey,
    Recipe,
)
from eventer.destinations.base import Delivery, Flow

if TYPE_CHECKING:
    from eventer.core.batch import Batch


class Timetable(Protocol):
    """Which indices are due when: `eventer.runs.pacing.Pace`, or all at once."""

    def due_end(self, now: int) -> int:
        """The first index that is not due yet."""

    def due_at(self, index: int) -> int:
        """When an index is due."""

    def scheduled(self, first: int, count: int) -> NDArray[np.int64]:
        """The scheduled times of the indices [first, first + count)."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A generator given to a shard. Indices in `skip` emit nothing.

    `outcome_unknown` where an earlier owner of the shard may have left a transaction whose outcome is
    unknown: nothing can be said of the generator's position until the shard is opened again.
    `accepted` is the position to go on at where the destination has lost the one it had.
    `poison_index` is an index at which it has brought its process down: all before it is committed
    before that is tried again. From there on events are made `isolate`, as many as make a batch,
    where it is to be found out which of them does it.
    """

    key: PositionKey
    spec: GeneratorSpec
    skip: frozenset[int] = frozenset()
    outcome_unknown: bool = False
    accepted: Position | None = None
    poison_index: int | None = None
    isolate: bool = False
    flow: Flow = field(init=False)
    """The generator as its destination sees it: one object, as destinations compare it."""

    def __post_init__(self) -> None:
        flow = Flow(self.key, self.spec.target, self.spec.shape)
        object.__setattr__(self, "flow", flow)

    @property
    def recipe(self) -> Recipe:
        """What determines its events."""
        return self.spec.recipe

    @property
    def on_error(self) -> OnError:
        """What an event that raises does to it."""
        return self.spec.on_error

    @property
    def match_hints(self) -> bool:
        """Whether its destination compresses events: then batches say what their texts repeat."""
        return isinstance(self.spec.target, KafkaTarget)

    def max_events(self, first: int) -> int:
        """How many events from an index on may be made together."""
        if not self.isolate or self.poison_index is None:
            return MAX_EVENTS
        return 1 if self.poison_index <= first < self.poison_index + MAX_EVENTS else MAX_EVENTS


# --- instructions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Open:
    """Make a connection and open it."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection and throw it away."""


@dataclass(frozen=True, slots=True)
class ReadPositions:
    """Read the committed positions."""

    keys: tuple[PositionKey, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """Ask whether a flow's target would take it, making nothing."""

    token: int
    flow: Flow


@dataclass(frozen=True, slots=True)
class Prepare:
    """Make a flow's target ready."""

    flow: Flow


@dataclass(frozen=True, slots=True)
class Deliver:
    """Commit these batches, and the positions after them, in one transaction.

    `quarantine_probe` where they are a suspect's, and others wait: it is not to take long.
    """

    deliveries: tuple[Delivery, ...]
    quarantine_probe: bool = False


IoInstruction: TypeAlias = Open | Close | ReadPositions | Check | Prepare | Deliver


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """Make the events [first, first + count) of a generator, in one batch or several.

    `version` says for which turn of its life the work is: what comes back too late is dropped.
    """

    assignment: Assignment
    timetable: Timetable
    first: int
    count: int
    version: int


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """What became of a work: its first batch, or the error of the event at its first index.

    `retained_bytes` is about how many bytes of memory the batch holds on to.
    """

    request: GenerationRequest
    batch: Batch | None = None
    retained_bytes: int = 0
    error: EventerError | None = None

    @property
    def remaining(self) -> GenerationRequest | None:
        """What is left of the work, where a batch was made and it is not done."""
        request, batch = self.request, self.batch
        if batch is None or batch.next >= request.first + request.count:
            return None
        return replace(request, first=batch.next, count=request.first + request.count - batch.next)


@dataclass(frozen=True, slots=True)
class Generate:
    """Make batches of these works in turn, as many as fit into one slice and at least one.

    Those of one work follow each other. Works that were not begun have no result. `byte_budget` is how
    many bytes of memory the batches may hold on to: the one that goes beyond it is the last.
    """

    requests: tuple[GenerationRequest, ...]
    byte_budget: int


Instruction: TypeAlias = IoInstruction | Generate


# --- reports --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShardConnected:
    """The shard is open; delivery is as good as this."""

    guarantee: Guarantee


@dataclass(frozen=True, slots=True)
class PositionRead:
    """A generator's committed position was read; it waits to be let go on from there."""

    key: PositionKey
    position: Position


@dataclass(frozen=True, slots=True)
class FlowRunning:
    """A generator's target is ready and its events flow."""

    key: PositionKey


@dataclass(frozen=True, slots=True)
class FlowsWaiting:
    """These generators wait for their destination; it is tried again by itself."""

    keys: tuple[PositionKey, ...]
    error: EventerError


@dataclass(frozen=True, slots=True)
class FlowSuspended:
    """This generator alone waits for its topic or table; it is tried again by itself."""

    key: PositionKey
    error: EventerError


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Where a shard's time went since its last commit, in nanoseconds, by stage."""

    template: int
    encode: int
    destination: int


@dataclass(frozen=True, slots=True)
class TransactionCommitted:
    """A transaction was committed at the instant `at`: its deliveries, the positions after it."""

    positions: Mapping[PositionKey, Position]
    deliveries: tuple[Delivery, ...]
    at: int
    stage_times: StageTimes


@dataclass(frozen=True, slots=True)
class EventSkipped:
    """An event was left out because of this error, as its generator asks for."""

    key: PositionKey
    index: int
    error: EventerError


@dataclass(frozen=True, slots=True)
class FlowFailed:
    """A generator has stopped; all before its position is delivered. The shard has let go of it."""

    key: PositionKey
    error: EventerError
    position: Position | None


@dataclass(frozen=True, slots=True)
class FlowWithdrawn:
    """A generator was let go of as asked; nothing more of it appears.

    `position` is None where it was not read since the assignment.
    """

    key: PositionKey
    position: Position | None


@dataclass(frozen=True, slots=True)
class FlowFinished:
    """A generator has delivered all that it ever had to. The shard has let go of it."""

    key: PositionKey
    position: Position


@dataclass(frozen=True, slots=True)
class CheckCompleted:
    """The answer to a check: None where the target takes the flow."""

    token: int
    error: EventerError | None


ShardReport: TypeAlias = (
    ShardConnected
    | PositionRead
    | FlowRunning
    | FlowsWaiting
    | FlowSuspended
    | TransactionCommitted
    | EventSkipped
    | FlowFailed
    | FlowWithdrawn
    | FlowFinished
    | CheckCompleted
)
