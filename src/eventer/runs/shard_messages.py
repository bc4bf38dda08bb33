"""The instructions and the reports of a shard: plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.cursor import Cursor
from eventer.core.errors import EventerError
from eventer.core.model import Guarantee, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.runs.assignment import Assignment

if TYPE_CHECKING:
    from eventer.core.batch import Batch

_REPORTED_ERRORS: Final = 10


class Timetable(Protocol):
    """When indices are due: `eventer.runs.pacing.Pace`, steps of timelines, or all at once."""

    @property
    def total(self) -> int | None:
        """The number of all indices, if that is found while events are generated."""

    def due_end(self, now: int) -> int:
        """The first index that is not due yet."""

    def due_at(self, index: int) -> int:
        """When an index is due."""

    def scheduled(self, first: int, count: int) -> NDArray[np.int64]:
        """The scheduled times of the indices [first, first + count), or of those that are due."""


# --- instructions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Open:
    """Create a connection and open it."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection."""


@dataclass(frozen=True, slots=True)
class ReadPositions:
    """Read the committed positions."""

    keys: tuple[PositionKey, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """Ask whether a flow's target accepts it; nothing is created."""

    token: int
    flow: Flow


@dataclass(frozen=True, slots=True)
class Prepare:
    """Prepare a flow's target."""

    flow: Flow


@dataclass(frozen=True, slots=True)
class Deliver:
    """Commit these batches, and the positions after them, in one transaction.

    A `quarantine_probe` delivers a quarantined flow while others wait: it gets a short time limit.
    """

    deliveries: tuple[Delivery, ...]
    quarantine_probe: bool = False


IoInstruction: TypeAlias = Open | Close | ReadPositions | Check | Prepare | Deliver


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """Generate the events [first, first + count) of a flow, in one batch or several.

    Results for an old `version` of the flow are dropped.
    """

    assignment: Assignment
    timetable: Timetable
    first: int
    count: int
    version: int


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """The first batch of a request, or the error of the event at its first index.

    It has neither if nothing is due after all. `retained_bytes` is about how many bytes of memory
    the batch holds. `cursors` are the places of a step that has an error and after it.
    """

    request: GenerationRequest
    batch: Batch | None = None
    retained_bytes: int = 0
    error: EventerError | None = None
    cursors: tuple[Cursor, Cursor] | None = None

    @property
    def remaining(self) -> GenerationRequest | None:
        """The rest of the request, if a batch was generated and some of it is left."""
        request, batch = self.request, self.batch
        if batch is None or batch.next >= request.first + request.count:
            return None
        return replace(request, first=batch.next, count=request.first + request.count - batch.next)


@dataclass(frozen=True, slots=True)
class Generate:
    """Generate batches of these requests in turn, as many as fit into one slice and at least one.

    Batches of one request are in order. Requests that were not begun have no result. The batch that
    exceeds `byte_budget`, in bytes of memory held, is the last.
    """

    requests: tuple[GenerationRequest, ...]
    byte_budget: int


Instruction: TypeAlias = IoInstruction | Generate


# --- reports --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShardConnected:
    """The shard is open and delivers with this guarantee."""

    guarantee: Guarantee


@dataclass(frozen=True, slots=True)
class PositionRead:
    """A flow's committed position was read; the flow waits for `resume`."""

    key: PositionKey
    position: Position


@dataclass(frozen=True, slots=True)
class FlowRunning:
    """A flow's target is ready, or its quarantine ended: its events are delivered."""

    key: PositionKey


@dataclass(frozen=True, slots=True)
class FlowsWaiting:
    """These flows wait for their destination, which is retried."""

    keys: tuple[PositionKey, ...]
    error: EventerError


@dataclass(frozen=True, slots=True)
class FlowSuspended:
    """This flow alone waits for its topic or table, which is retried."""

    key: PositionKey
    error: EventerError


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Time that a shard has spent since its last commit, by stage, in nanoseconds."""

    template: int
    encode: int
    destination: int


@dataclass(frozen=True, slots=True)
class TransactionCommitted:
    """A transaction with these deliveries was committed at the instant `at`."""

    positions: Mapping[PositionKey, Position]
    deliveries: tuple[Delivery, ...]
    at: int
    stage_times: StageTimes


@dataclass(frozen=True, slots=True)
class EventsSkipped:
    """Events were skipped: how many, and the first of them with their errors."""

    key: PositionKey
    count: int
    first: tuple[tuple[int, EventerError], ...]


def events_skipped(key: PositionKey, errors: Sequence[tuple[int, EventerError]]) -> EventsSkipped:
    """The report of skipped events; it carries few of the errors, however many there are."""
    return EventsSkipped(key, len(errors), tuple(errors[:_REPORTED_ERRORS]))


@dataclass(frozen=True, slots=True)
class FlowFailed:
    """A flow failed and was removed; all events before its position are committed."""

    key: PositionKey
    error: EventerError
    position: Position | None


@dataclass(frozen=True, slots=True)
class FlowWithdrawn:
    """A flow was withdrawn; no more events of it appear.

    `position` is None if it was not read since the assignment.
    """

    key: PositionKey
    position: Position | None


@dataclass(frozen=True, slots=True)
class FlowFinished:
    """A flow has delivered all its events and was removed."""

    key: PositionKey
    position: Position


@dataclass(frozen=True, slots=True)
class CheckCompleted:
    """The answer to a check: None if the target accepts the flow."""

    token: int
    error: EventerError | None


ShardReport: TypeAlias = (
    ShardConnected
    | PositionRead
    | FlowRunning
    | FlowsWaiting
    | FlowSuspended
    | TransactionCommitted
    | EventsSkipped
    | FlowFailed
    | FlowWithdrawn
    | FlowFinished
    | CheckCompleted
)
