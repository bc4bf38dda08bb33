"""The answers of the service: frozen values that the API and the command line format."""

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
from eventer.registry.base import GeneratorFailure as GeneratorFailure  # noqa: PLC0414  for the API
from eventer.registry.base import GeneratorRecord
from eventer.workers.messages import TemplateWarning

Stage: TypeAlias = Literal["template", "encode", "destination"]
STAGES: Final[tuple[Stage, ...]] = ("template", "encode", "destination")
"""The stages that an event passes."""


@dataclass(frozen=True, slots=True)
class GeneratorView:
    """A generator at an instant. Instants are ns since 1970; rates are events per second.

    `record` is the registry's, whose state and position may be older. `lag` is the number of due
    events that are not committed; `limited_by`, the stage that causes the backlog. `related` are
    the ids of other generators with the same stream and destination. Only the answer to `add` sets
    `created`, `updated` and `related`.
    """

    record: GeneratorRecord
    state: GeneratorState
    position: int
    skipped: int
    bytes: int
    requested_rate: float
    delivered_rate: float
    lag: int
    next_tick: int | None
    last_error: GeneratorFailure | None
    delivery: Guarantee
    created: bool = False
    updated: bool = False
    related: tuple[int, ...] = ()
    retries: int = 0
    limited_by: Stage | None = None

    @property
    def id(self) -> int:
        """The generator's id."""
        return self.record.id

    @property
    def target(self) -> Target:
        """Where its events go."""
        return self.record.spec.target

    @property
    def stream(self) -> Stream:
        """The stream that its events are drawn from."""
        return self.record.spec.stream

    @property
    def pace(self) -> Segment:
        """The current pace."""
        return self.record.pace

    @property
    def created_at(self) -> int:
        """When it was added (ns since 1970)."""
        return self.record.created_at


@dataclass(frozen=True, slots=True)
class Removal:
    """The ids of removed generators, and unknown ids."""

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
    """The number of recomputed events, and about how many there are in total."""

    made: int
    total: int


@dataclass(frozen=True, slots=True)
class Verification:
    """The report on a generator's events in its destination; `clean` means without findings."""

    id: int
    report: AuditReport
    clean: bool


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the service can work; `problems` says in sentences why not."""

    ready: bool
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lateness:
    """A histogram of how late events were committed.

    `counts[i]` events were at most `bounds[i]` seconds late and later than the bound before. The
    last count, beyond all bounds, is the rest. `total` is the sum in seconds.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


@dataclass(frozen=True, slots=True)
class ShardView:
    """One shard: its connection, and totals since the service started."""

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
    """One worker process. `pid` is None while it restarts."""

    name: str
    pid: int | None
    restarts: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The values of the metrics at one instant. Totals start with the service."""

    generators: tuple[GeneratorView, ...]
    shards: tuple[ShardView, ...]
    workers: tuple[WorkerView, ...]
