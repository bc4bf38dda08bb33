"""What the service answers: frozen values that the API and the command line only format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from eventer.core.errors import DestinationRejectedError, EventerError
from eventer.core.model import (
    EngineName,
    EventShape,
    GeneratorState,
    Guarantee,
    Segment,
    Stream,
    Target,
)
from eventer.destinations.audit import AuditReport
from eventer.workers.messages import TemplateWarning

Stage: TypeAlias = Literal["template", "encode", "destination"]
STAGES: Final[tuple[Stage, ...]] = ("template", "encode", "destination")
"""What an event goes through; one of them is the slowest."""


@dataclass(frozen=True, slots=True)
class LastError:
    """The last thing that went wrong with a generator, and when (ns since 1970)."""

    error: EventerError
    at: int


@dataclass(frozen=True, slots=True)
class GeneratorView:
    """A generator as everyone sees it (CONTRACT §3). Instants are ns since 1970; rates a second.

    `lag` is how many events are due and not committed, `limited_by` the stage that keeps it behind.
    `related` are ids of generators of the same stream and destination. `created` and `updated` are
    set in the answer to `add` only.
    """

    id: int
    state: GeneratorState
    target: Target
    dataset: str | None
    stream: Stream
    pace: Segment
    engine: EngineName
    engine_reason: str | None
    position: int
    skipped: int
    bytes: int
    requested_rate: float
    delivered_rate: float
    lag: int
    next_tick: int | None
    last_error: LastError | None
    delivery: Guarantee
    created_at: int
    updated_at: int
    created: bool = False
    updated: bool = False
    related: tuple[int, ...] = ()
    retries: int = 0
    limited_by: Stage | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """Which ids were removed, and which were unknown."""

    removed: tuple[int, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventPage:
    """Recomputed events from index `first` on, each as compact JSON text."""

    first: int
    events: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """Events of a template, the engine that made them and why, what surprises, what it traced."""

    events: tuple[bytes, ...]
    seed: int
    engine: EngineName
    reason: str | None
    warnings: tuple[TemplateWarning, ...]
    traces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Validation:
    """A template that holds: which engine runs it and why, its events' shape, what surprises.

    `failing` is set where some, but not all, of the first 100 events raise. `rejections` say why
    the target cannot take the events.
    """

    engine: EngineName
    reason: str | None
    shape: EventShape
    warnings: tuple[TemplateWarning, ...]
    traces: tuple[str, ...] = ()
    failing: EventerError | None = None
    rejections: tuple[DestinationRejectedError, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyProgress:
    """How many events were made again so far, of about how many."""

    made: int
    total: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found of a generator's events in its destination; `clean` where nothing is wrong."""

    id: int
    report: AuditReport
    clean: bool


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the service can do its work; `problems` says in sentences why it cannot."""

    ready: bool
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late events were committed, counted in buckets.

    `counts[i]` is how many were at most `bounds[i]` seconds late and more than the bound before;
    the last count, one more than there are bounds, is the rest. `total` is the sum in seconds.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


@dataclass(frozen=True, slots=True)
class ShardView:
    """One shard since its worker began: its connection, and totals for the metrics."""

    connection: str
    shard: int
    worker: int
    connected: bool
    delivery: Guarantee | None
    generators: int
    events: int
    bytes: int
    commits: int
    retries: int
    lateness: Lateness
    stages: Mapping[Stage, float]


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker process. `pid` is None while it is being started again."""

    name: str
    pid: int | None
    restarts: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that metrics are made of, at one instant. Totals begin with the service."""

    generators: tuple[GeneratorView, ...]
    shards: tuple[ShardView, ...]
    workers: tuple[WorkerView, ...]
