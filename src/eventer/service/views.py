"""The answers of the service: frozen values that the API and the command line format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eventer.core.fault_rules import FaultKind
from eventer.core.model import GeneratorState, Guarantee, Target
from eventer.destinations.audit import AuditReport
from eventer.destinations.inspection import ConnectionReport, TargetSize
from eventer.registry.base import GeneratorFailure, GeneratorRecord
from eventer.runs.lateness import LATENESS_BOUNDS
from eventer.runs.lateness import quantile as lateness_quantile
from eventer.runs.pacing import peak_rate
from eventer.service.history_warning import history_warnings
from eventer.service.pace_preview import PacePreview
from eventer.service.shard_totals import STAGE_BOUNDS, ShardTotals, Stage
from eventer.service.upgrade_warning import upgrade_warnings
from eventer.workers.field_profiles import FieldProfile
from eventer.workers.inspector_messages import (
    HealthyEvent,
    Inspection,
    PreviewedEvents,
    RecomputedEvents,
    RecomputedFaults,
    TemplateProfile,
    TemplateWarning,
    absent_field_warnings,
)
from eventer.workers.messages import AuditProgress, ShardId
from eventer.workers.supervisor import ProcessStatus

__all__ = [
    "LATENESS_BOUNDS",
    "STAGE_BOUNDS",
    "AuditProgress",
    "ConnectionReport",
    "FieldProfile",
    "GeneratorFailure",
    "GeneratorRecord",
    "GeneratorView",
    "HealthyEvent",
    "Inspection",
    "PacePreview",
    "PreviewedEvents",
    "ProcessStatus",
    "RecomputedEvents",
    "RecomputedFaults",
    "Removal",
    "ShardId",
    "ShardTotals",
    "Snapshot",
    "Stage",
    "TargetSize",
    "TemplateProfile",
    "Verification",
    "lateness_quantile",
]


@dataclass(frozen=True, slots=True)
class GeneratorView:
    """A generator at an instant. Instants are ns since 1970; rates are events per second.

    `record` is the registry's, whose state and position may be older. `lag` is the number of due
    events that are not committed; `overdue`, for how many seconds the first of them has been due;
    `limited_by`, the stage that causes the backlog. `waits_for` are the names of the generators
    to whose next events its next event may refer. `related` are the ids of other generators with
    the same stream and destination. Only the answer to `add` sets `created`, `updated` and
    `related`. `delivery` is None until the destination has reported its guarantee, and
    `partitions` (of a topic) until an event is committed. `rejections` count the events
    that the destination rejected and that were skipped, and `faults` those with faults by the kinds
    of its rules, both since the service started. Of a generator of timelines, `position`
    is a delivery number, `timelines` counts those that have begun, and `requested_rate` is that of
    timelines.
    `generator.view` fills it; `api/wire/responses.py` shows it.
    """

    record: GeneratorRecord
    state: GeneratorState
    position: int
    skipped: int
    dropped: int
    bytes: int
    requested_rate: float
    delivered_rate: float
    lag: int
    next_tick: int | None
    last_error: GeneratorFailure | None
    delivery: Guarantee | None
    overdue: float = 0.0
    created: bool = False
    updated: bool = False
    related: tuple[int, ...] = ()
    retries: int = 0
    rejections: int = 0
    faults: Mapping[FaultKind, int] = field(default_factory=dict)
    partitions: int | None = None
    limited_by: Stage | None = None
    timelines: int | None = None
    waits_for: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        """The generator's id."""
        return self.record.id

    @property
    def name(self) -> str:
        """The generator's name."""
        return self.record.name

    @property
    def peak_rate(self) -> float:
        """The highest rate that its pace can have."""
        return peak_rate(self.record.pace)

    @property
    def target(self) -> Target:
        """Where its events go."""
        return self.record.spec.target

    @property
    def warnings(self) -> tuple[TemplateWarning, ...]:
        """What is legal but surprising about its destination's options, past or upgrades."""
        spec = self.record.spec
        absent = absent_field_warnings(spec.target, spec.shape, spec.faults)
        return (*absent, *history_warnings(self.record), *upgrade_warnings(self.record))

    @property
    def created_at(self) -> int:
        """When it was added (ns since 1970)."""
        return self.record.created_at


@dataclass(frozen=True, slots=True)
class Removal:
    """The ids of removed generators, and unknown ids and names."""

    removed: tuple[int, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """The report on a generator's events in its destination; `clean` means without findings."""

    id: int
    report: AuditReport
    clean: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The values of the metrics; each generator is of its own instant.

    Totals start with the service, and grow with each commit.
    """

    generators: Sequence[GeneratorView]
    shards: Mapping[ShardId, ShardTotals]
    workers: Sequence[ProcessStatus]
