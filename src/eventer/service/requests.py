"""Requests to the service: frozen values whose form is already checked."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Final, Literal

from eventer.core.fault_rules import FaultRule
from eventer.core.model import (
    WHOLE_EVENT,
    CatchUp,
    EngineChoice,
    EventContext,
    EventSource,
    FixedPopulation,
    OnError,
    OnNull,
    ReferencedStream,
    Stream,
    Target,
    Template,
    TimelineSpec,
    WrittenPart,
)
from eventer.core.pace import PaceSpec

REFERENCE_CALL: Final = "event_of"
"""What a text has if it refers to events, unless the call is in a file or has escapes."""


@dataclass(frozen=True, slots=True)
class DestinationRequest:
    """A destination of an add request. `id` is unique in the request."""

    id: str
    target: Target


@dataclass(frozen=True, slots=True)
class TemplateRequest:
    """A template and what its events depend on.

    `vars` is the canonical JSON text of an object. `seed` is None unless the caller chooses it.
    Under its `id` the template can refer to earlier events of its own stream.
    """

    template: str
    _: KW_ONLY
    id: str = ""
    name: str = "template"
    seed: int | None = None
    stream: str | None = None
    dataset: str | None = None
    vars: str = "{}"
    references: tuple[ReferenceRequest, ...] = ()

    def event_source(self, seed: int, instance_id: str | None) -> EventSource:
        """The source of its events with this seed. Its template does not hold imports yet.

        Events that it may refer to have the same seed, unless the caller chooses one for them.
        """
        references = tuple(each.referenced_stream(seed, instance_id) for each in self.references)
        template = Template(
            self.template,
            self.name,
            self.vars,
            references=references,
            own_name=self.id if may_refer_to(self.template, self.id) else "",
        )
        return EventSource(
            template,
            Stream(seed, self.stream),
            EventContext(self.dataset, instance_id),
        )


def may_refer_to(text: str, name: str) -> bool:
    """Whether a template with this text may refer to an event with this name itself."""
    return bool(name) and REFERENCE_CALL in text and name in text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRequest(TemplateRequest):
    """An event that a template may refer to as `id`: `count` events, if that is given."""

    id: str
    count: int | None = None

    def referenced_stream(self, seed: int, instance_id: str | None) -> ReferencedStream:
        """The stream that can be referred to; it has this seed unless the caller chose one."""
        source = self.event_source(seed if self.seed is None else self.seed, instance_id)
        return ReferencedStream(
            self.id,
            source.template,
            source.stream,
            source.context,
            FixedPopulation(self.count),
            explicit_seed=self.seed is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRequest(TemplateRequest):
    """An event of an add request, and its pace.

    An event without a schedule needs no pace: other events may refer to it, to `count` events if
    that is given. With `timeline`, the template gives timelines, which start at the pace. `field`
    is the request's field that held the template: faults of the template point at it.
    """

    id: str
    pace: PaceSpec | None
    count: int | None = None
    field: Literal["schema", "template"] = "schema"
    on_error: OnError = OnError.STOP
    catch_up: CatchUp = CatchUp.DROP
    on_null: OnNull = OnNull.EMIT
    faults: tuple[FaultRule, ...] = ()
    timeline: TimelineSpec | None = None


@dataclass(frozen=True, slots=True)
class ScheduleRequest:
    """Sends an event to a destination. Both are named by their ids in the request.

    `name` is the generator's; None keeps the name that it has, or derives one. With `only`, just
    the steps of timelines with this `to` are sent.
    """

    destination_id: str
    event_id: str
    name: str | None = None
    only: str | None = None


@dataclass(frozen=True, slots=True)
class AddRequest:
    """One `POST /generator/add`. It succeeds or fails as a whole."""

    destinations: tuple[DestinationRequest, ...]
    events: tuple[EventRequest, ...]
    schedules: tuple[ScheduleRequest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRequest(TemplateRequest):
    """Events of a template to show, not to deliver, or a part of each.

    `at` is ns since 1970; None means now. With `timeline` they are steps of timelines, which all
    start then; `count` and `first` are about timelines.
    """

    count: int = 10
    first: int = 0
    at: int | None = None
    engine: EngineChoice = "auto"
    part: WrittenPart = WHOLE_EVENT
    faults: tuple[FaultRule, ...] = ()
    timeline: TimelineSpec | None = None
