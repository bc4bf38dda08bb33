"""Requests to an inspector process, and its answers: frozen values, pickled."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, TypeAlias

from eventer.core.bindings import Binding
from eventer.core.cursor import Cursor
from eventer.core.errors import DestinationRejectedError, EventerError, Fault
from eventer.core.fault_rules import FaultRule, InjectedFault
from eventer.core.model import (
    WHOLE_EVENT,
    ConsoleTarget,
    EngineChoice,
    EngineName,
    EventShape,
    EventSource,
    OnError,
    OnNull,
    ReferencedStream,
    Segment,
    Target,
    Template,
    TimelineSpec,
    WrittenPart,
)
from eventer.core.source import Place
from eventer.core.value_schema import RecordSchemas
from eventer.destinations.option_fields import option_warnings
from eventer.plan.explanation import TemplateExplanation
from eventer.registry.base import GeneratorRecord
from eventer.workers.field_profiles import FieldProfiles

INSPECTED_EVENTS: Final = 100
"""Events of a template that are generated to check it."""


@dataclass(frozen=True, slots=True)
class InspectTemplate:
    """Check a template and generate its first events, as `add` and `validate` do.

    With `timeline`, `count` is a number of timelines, which give the events.

    The template holds no imports yet: the library provides them. `references` has the streams that
    it may refer to, see `packed_references`. All events are due at `at`.
    Generating ends after `seconds` of CPU time, but not before the first event.
    """

    event_source: EventSource
    at: int
    count: int
    seconds: float
    targets: tuple[Target, ...] = ()
    timeline: TimelineSpec | None = None
    faults: tuple[FaultRule, ...] = ()
    references: bytes = b""

    @property
    def template(self) -> Template:
        """The template, with the streams that it may refer to."""
        template = self.event_source.template
        references = unpacked_references(self.references)
        return replace(template, references=references) if references else template


def packed_references(streams: tuple[ReferencedStream, ...]) -> bytes:
    """Streams for `InspectTemplate.references`: those of a large request are packed once."""
    return pickle.dumps(streams) if streams else b""


@lru_cache(maxsize=2)
def unpacked_references(packed: bytes) -> tuple[ReferencedStream, ...]:
    """The streams of `packed_references`."""
    streams: tuple[ReferencedStream, ...] = pickle.loads(packed) if packed else ()  # noqa: S301  from the service
    return streams


@dataclass(frozen=True, slots=True)
class TemplateWarning:
    """A legal but surprising construct, its place, and a hint."""

    message: str
    place: Place | None
    hint: str | None = None

    @property
    def text(self) -> str:
        """The message, and its hint in parentheses."""
        return self.message if self.hint is None else f"{self.message} ({self.hint})"


def absent_field_warnings(
    target: Target, shape: EventShape, rules: Sequence[FaultRule]
) -> tuple[TemplateWarning, ...]:
    """Warnings about the fields of options and faults; see `option_warnings`."""
    return tuple(
        TemplateWarning(message, None, hint)
        for message, hint in option_warnings(shape, target, rules)
    )


@dataclass(frozen=True, slots=True)
class Inspection:
    """A valid template with its imports, its engine, and facts about its events.

    `shape` is that of its events, `part_shapes` those of what targets write, if that is a part;
    `record_schemas` are those of topics whose formats have one, `schema_texts` the texts of those
    by their subjects.
    `rejections` are the targets that its events cannot go into; `fault_errors` say what is wrong
    with its faults for a target, by pointers in their list. `absent` are the fields that faults or
    options of a target name and that no event had. `timestamp_units` are those of
    `EventShape.timestamp_unit`. `step_names` are the names (`to`) that steps of timelines can have;
    None if that is not known. `failing` is the first error if some, but not all, of the events
    raise. If it `holds_for_all_streams`, other seeds, streams, datasets and
    instance ids give the same.
    """

    template: Template
    digest: str
    fingerprint: str
    engine: EngineName
    reason: str | None
    shape: EventShape
    warnings: tuple[TemplateWarning, ...]
    rejections: Mapping[Target, DestinationRejectedError] = field(default_factory=dict)
    fault_errors: Mapping[Target, tuple[Fault, ...]] = field(default_factory=dict)
    step_names: frozenset[str | None] | None = None
    absent: Mapping[Target, tuple[str, ...]] = field(default_factory=dict)
    timestamp_units: Mapping[Target, str] = field(default_factory=dict)
    part_shapes: Mapping[Target, EventShape] = field(default_factory=dict)
    record_schemas: Mapping[Target, RecordSchemas] = field(default_factory=dict)
    schema_texts: Mapping[str, str] = field(default_factory=dict)
    traces: tuple[str, ...] = ()
    failing: EventerError | None = None
    holds_for_all_streams: bool = False

    def written_shape(self, target: Target) -> EventShape:
        """The shape of what a target writes."""
        return self.part_shapes.get(target, self.shape)

    @property
    def valid(self) -> bool:
        """Whether all targets can take the events."""
        return not self.rejections


@dataclass(frozen=True, slots=True)
class PreviewEvents:
    """Generate a part of the events [first, first + count) of a template, all due at `at`.

    With `timeline`, those of the steps of these timelines, which all start at `at`.
    """

    event_source: EventSource
    at: int
    first: int
    count: int
    engine: EngineChoice = "auto"
    part: WrittenPart = WHOLE_EVENT
    faults: tuple[FaultRule, ...] = ()
    timeline: TimelineSpec | None = None


@dataclass(frozen=True, slots=True)
class PreviewedStep:
    """The step of a timeline that an event belongs to; `due` is ns since 1970."""

    index: int
    step: int
    due: int
    to: str | None


@dataclass(frozen=True, slots=True)
class PreviewedEvents:
    """Events as compact JSON text, and facts about their template.

    `steps` has the step of each event of a timeline.
    """

    events: tuple[bytes, ...]
    seed: int
    engine: EngineName
    reason: str | None
    warnings: tuple[TemplateWarning, ...]
    traces: tuple[str, ...] = ()
    steps: tuple[PreviewedStep, ...] = ()


@dataclass(frozen=True, slots=True)
class RecomputeEvents:
    """Generate what a generator with these segments writes to its target of events again.

    Events that raise are left out if errors are skipped, and before the generator's position.
    `bindings` say what its references read.
    """

    event_source: EventSource
    segments: tuple[Segment, ...]
    first: int
    count: int
    on_error: OnError
    position: int = 0
    target: Target = field(default_factory=ConsoleTarget)
    on_null: OnNull = OnNull.EMIT
    faults: tuple[FaultRule, ...] = ()
    bindings: tuple[Binding, ...] = ()


@dataclass(frozen=True, slots=True)
class RecomputedEvents:
    """Events from index `first` on as compact JSON text, and the index of each.

    Those from the index `provisional_from` on may change, because events that they refer to may.
    `steps` has the step of each event of a timeline.
    """

    first: int
    events: tuple[bytes, ...]
    indices: tuple[int, ...] = ()
    steps: tuple[PreviewedStep, ...] = ()
    provisional_from: int | None = None


@dataclass(frozen=True, slots=True)
class RecomputeTimelines:
    """Generate the steps of the timelines [first, first + count) of a generator again.

    Timelines that raise are left out if errors are skipped, and before `begun`.
    """

    record: GeneratorRecord
    first: int
    count: int
    begun: int


@dataclass(frozen=True, slots=True)
class RecomputeSteps:
    """Generate the steps [first, first + count) in the order of delivery again.

    `cursor` is the place of the step with the number `since`, which is not after `first`.
    """

    record: GeneratorRecord
    first: int
    count: int
    since: int
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class RecomputeFaults:
    """Find the events of a range that a generator gives faults."""

    events: RecomputeEvents


@dataclass(frozen=True, slots=True)
class HealthyEvent:
    """What would be written of an event without its faults, as compact JSON text."""

    index: int
    faults: tuple[InjectedFault, ...]
    text: bytes


@dataclass(frozen=True, slots=True)
class RecomputedFaults:
    """The events with faults of a range that begins at `first`."""

    first: int
    events: tuple[HealthyEvent, ...]


@dataclass(frozen=True, slots=True)
class ExplainTemplate:
    """Explain how a template's events are generated; if `measured`, also their cost at `at`.

    With `timeline`, the plan must also cover the steps.
    """

    event_source: EventSource
    at: int
    measured: bool
    timeline: TimelineSpec | None = None


@dataclass(frozen=True, slots=True)
class ProfileTemplate:
    """Profile the fields of the first `count` events of a template, all due at `at`.

    Generating ends after `seconds` of CPU time or some MiB of text, but not before the first event.
    """

    event_source: EventSource
    at: int
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TemplateProfile:
    """The profiles of a template's fields; `failing` is the first error if some events raise."""

    profiles: FieldProfiles
    seed: int
    engine: EngineName
    reason: str | None
    failing: EventerError | None = None

    @property
    def events(self) -> int:
        """The number of profiled events."""
        return self.profiles.events


@dataclass(frozen=True, slots=True)
class FormatTemplate:
    """Format a text as Jsonnet."""

    text: str


@dataclass(frozen=True, slots=True)
class FormattedTemplate:
    """A formatted text; `changed` says whether it differs from what was asked."""

    template: str
    changed: bool


@dataclass(frozen=True, slots=True)
class CpuLimit:
    """Seconds of CPU time for a request: until its first event or its plan, and for the rest."""

    first: float
    rest: float = 0.0


InspectorRequest: TypeAlias = (
    InspectTemplate
    | PreviewEvents
    | RecomputeEvents
    | RecomputeTimelines
    | RecomputeSteps
    | RecomputeFaults
    | ExplainTemplate
    | ProfileTemplate
    | FormatTemplate
)
InspectorAnswer: TypeAlias = (
    Inspection
    | PreviewedEvents
    | RecomputedEvents
    | RecomputedFaults
    | TemplateExplanation
    | TemplateProfile
    | FormattedTemplate
)


@dataclass(frozen=True, slots=True)
class LimitedRequest:
    """A request and the CPU time after which the inspector is killed."""

    request: InspectorRequest
    limit: CpuLimit


@dataclass(frozen=True, slots=True)
class InspectorReply:
    """The answer to a request, or an error."""

    answer: InspectorAnswer | EventerError
