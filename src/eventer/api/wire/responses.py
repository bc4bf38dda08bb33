"""The answers of the service: shapes that document and serialise its values."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from eventer.api.wire.faults import FaultOut, WarningOut
from eventer.api.wire.pace_responses import PaceOut
from eventer.api.wire.response_model import (
    DurationText,
    EventsModel,
    InstantText,
    Json,
    ResponseModel,
    attribute,
    within,
)
from eventer.api.wire.targets import TargetBody
from eventer.core.errors import EventerError
from eventer.core.model import EngineName, Guarantee, ServiceTarget
from eventer.core.pace import PaceSpec, Ticks
from eventer.core.pace_json import pace_json
from eventer.service.destination_kinds import request_options
from eventer.service.views import GeneratorFailure, GeneratorRecord, Stage


def target_json(target: ServiceTarget) -> Json:
    """A target as in a request, without the options that are not set."""
    return {"type": target.kind, target.kind: request_options(target)}


@lru_cache(maxsize=1_000)
def _target_body(target: ServiceTarget) -> TargetBody:
    """A target as in a request. Statuses show the same ones again and again."""
    return TargetBody.model_validate(target_json(target))


def _shown_target(value: object) -> object:
    return _target_body(value) if isinstance(value, ServiceTarget) else value


def _event_json(value: object) -> object:
    if not isinstance(value, GeneratorRecord):
        return value
    pace, stream = value.pace, value.spec.stream.name
    event: Json = {"dataset": value.spec.event_source.context.dataset, "stream": stream}
    if (timeline := value.spec.timeline) is not None:
        event["timeline"] = {"horizon": timeline.horizon}
        event |= {} if timeline.only is None else {"only": timeline.only}
    given = pace_json(pace)
    if isinstance(pace.shape, Ticks) and pace == PaceSpec(pace.shape):
        return event | given
    return event | {"pace": given}


def _fault_json(value: object) -> object:
    return FaultOut.json_of(value) if isinstance(value, EventerError) else value


def _last_error_json(value: object) -> object:
    if not isinstance(value, GeneratorFailure):
        return value
    return FaultOut.json_of(value.error) | {"at": value.at}


Id = Annotated[
    str, BeforeValidator(str), Field(description="Decimal text of an unsigned 64-bit number.")
]
Scalar: TypeAlias = str | bool | int | float | None
AlwaysTrue: TypeAlias = Annotated[bool, WithJsonSchema({"type": "boolean", "const": True})]


class TimelineOut(ResponseModel):
    """How long after its start a timeline can have steps."""

    horizon: DurationText


class EventOut(ResponseModel):
    """The events of a generator, and when they are due."""

    dataset: str | None
    stream: str | None
    count: int | None = Field(default=None, description="See `interval`.")
    interval: str | None = Field(
        default=None,
        examples=["10s"],
        description="`count` events are due every `interval`; omitted if there is a `pace`.",
    )
    pace: PaceOut | None = Field(default=None, description="Any other pace, as in a request.")
    timeline: TimelineOut | None = Field(
        default=None, description="The template gives timelines, which start at the pace."
    )
    only: str | None = Field(default=None, description="Only steps of timelines with this `to`.")


class ErrorOut(FaultOut):
    """The last error, and when it occurred."""

    at: InstantText


class GeneratorOut(ResponseModel):
    """A generator."""

    id: Id
    name: str = Field(description="Accepted wherever an id is.", examples=["kafka:orders/e1"])
    state: Literal["running", "paused", "waiting", "failed", "finished"]
    destination: Annotated[TargetBody, BeforeValidator(_shown_target)] = Field(
        validation_alias="target"
    )
    event: Annotated[EventOut, BeforeValidator(_event_json)] = Field(validation_alias="record")
    seed: Id = Field(validation_alias=attribute("record", "spec", "stream", "seed"))
    engine: EngineName = Field(validation_alias=attribute("record", "spec", "engine"))
    engine_reason: str | None = Field(
        description="Why the plan does not run the template; `null` if it does.",
        validation_alias=attribute("record", "spec", "engine_reason"),
    )
    position: int = Field(
        description="Index of the next event to commit; of steps of timelines, and with late "
        "events or copies, its number in the order of delivery."
    )
    timelines: int | None = Field(
        default=None,
        description="How many timelines have begun; with late events or copies, how many events.",
    )
    skipped: int = Field(description="Failed events that were skipped.")
    dropped: int = Field(
        description="Null events and those with the fault `drop`, which were not emitted."
    )
    bytes: int = Field(description="Delivered bytes of JSON text.")
    requested_rate: float = Field(description="Events or timelines per second.")
    delivered_rate: float = Field(description="Recent events per second.")
    lag: int = Field(description="Due events that are not committed.")
    limited_by: Stage | None = Field(
        description="The slowest stage; `null` if the generator has no backlog."
    )
    waits_for: list[str] = Field(
        default_factory=list,
        description="Names of generators that must deliver first, because it refers to their "
        "events.",
    )
    retries: int = Field(description="Retries since the service started.")
    next_tick: InstantText | None
    last_error: Annotated[ErrorOut | None, BeforeValidator(_last_error_json)]
    warnings: list[WarningOut] = Field(description="Warnings about what is legal but may surprise.")
    delivery: Guarantee | None = Field(
        description="`null` until the connected server has decided it."
    )
    created_at: InstantText
    updated_at: InstantText = Field(validation_alias=attribute("record", "updated_at"))


class AddedOut(GeneratorOut):
    """A generator in the answer to `add`."""

    created: bool = Field(description="The request created it.")
    updated: bool = Field(description="The request changed it, such as its pace.")
    related: list[Id] = Field(description="Other generators of the same stream and destination.")


class GeneratorsOut(ResponseModel):
    """All generators, oldest first."""

    generators: list[GeneratorOut]


class AddOut(ResponseModel):
    """One generator for each schedule, in their order."""

    generators: list[AddedOut]


class RemoveOut(ResponseModel):
    """The ids of removed generators, and what no generator has as id or name."""

    removed: list[Id]
    unknown: list[str]


class StepOut(ResponseModel):
    """A step: the index of its timeline, its number in it, and when it is due."""

    index: int
    step: int
    due: InstantText
    to: str | None


class EventsOut(EventsModel):
    """Recomputed events, from index `first` on."""

    first: int
    events: list[Any]
    provisional_from: int | None = Field(
        default=None,
        description="Index from which on the events are provisional: those that they refer to may "
        "change. `null` if none is.",
    )


class StepEventsOut(EventsOut):
    """The events of the steps of timelines, from the timeline `first` on."""

    steps: list[StepOut] = Field(description="The step of each event.")


class PreviewOut(EventsModel):
    """Events of a template."""

    events: list[Any]
    seed: Id
    engine: EngineName
    reason: str | None
    warnings: list[WarningOut]
    traces: list[str] = Field(description="Output of `std.trace`.")
    steps: list[StepOut] = Field(description="With `timeline`: the step of each event.")


class ColumnOut(ResponseModel):
    """A top-level field and the type of its column."""

    name: str
    type: str = Field(examples=["bigint"])


class ShapeOut(ResponseModel):
    """What static inference knows about a template's events."""

    is_object: bool | None = Field(description="`null` if not known in advance.")
    columns: list[ColumnOut]
    open: bool = Field(description="Whether events may have more columns.")


class ValidateOut(ResponseModel):
    """A valid template. An invalid one is answered with a 422."""

    valid: AlwaysTrue
    engine: EngineName
    reason: str | None
    shape: ShapeOut
    warnings: list[WarningOut]
    traces: list[str]
    failing: Annotated[FaultOut | None, BeforeValidator(_fault_json)] = Field(
        description="The first error, if some of the first 100 events fail."
    )
    schemas: Annotated[dict[str, str], BeforeValidator(dict)] = Field(
        validation_alias="schema_texts",
        description="The schemas of the records by subject, if their formats have one.",
    )


class FrequencyOut(ResponseModel):
    """A value, and how many events have it. Arrays and objects are their JSON text."""

    value: Scalar
    count: int


class HistogramOut(ResponseModel):
    """Events in bins of equal width; the last bin includes `most`. Instants are Unix times."""

    least: float
    most: float
    counts: list[int]


class FieldProfileOut(ResponseModel):
    """A field over all profiled events. Elements of arrays are not fields."""

    pointer: str = Field(examples=["/customer/name"])
    types: list[str] = Field(
        description="JSON types of its values except null, most frequent first."
    )
    nulls: int = Field(description="Events with null.")
    absent: int = Field(description="Events without the field.")
    distinct: int = Field(description="Different values, without null.")
    least: Scalar = Field(description="The least number, array length or text.")
    most: Scalar = Field(description="The greatest number, array length or text.")
    mean: float | None = Field(description="The mean of the numbers or array lengths.")
    frequent: list[FrequencyOut] = Field(description="The ten most frequent values.")
    histogram: HistogramOut | None = Field(description="Of numbers, array lengths, or instants.")


class ProfileOut(ResponseModel):
    """The profile of the events of a template."""

    model_config = ConfigDict(alias_generator=within("profiles"))

    events: int = Field(description="Profiled events; fewer than `count` if they are costly.")
    seed: Id
    engine: EngineName
    reason: str | None
    failing: Annotated[FaultOut | None, BeforeValidator(_fault_json)] = Field(
        description="The first error, if some of the events fail."
    )
    fields: list[FieldProfileOut] = Field(description="At most 500.")
    omitted: int = Field(description="Fields beyond those.")


class SuggestionOut(ResponseModel):
    """Text that can stand at the place, and what it means."""

    label: str = Field(description="The name.", examples=["get_integer"])
    insert: str = Field(
        description="The text that replaces the code from `start` to the offset.",
        examples=["std.native('get_integer')"],
    )
    kind: Literal["function", "variable", "field", "keyword"]
    detail: str = Field(description="The signature or the type.", examples=["(min, max)"])
    description: str


class CompleteOut(ResponseModel):
    """Suggestions, and the offset of the word that they complete."""

    start: int
    suggestions: list[SuggestionOut]


class FormatOut(ResponseModel):
    """A formatted template, and whether it differs from the request's."""

    template: str
    changed: bool


class UncheckedOut(ResponseModel):
    """Events [first, end) that could not be compared."""

    first: int
    end: int
    reason: str


class FindingOut(ResponseModel):
    """A difference: its event and its place."""

    kind: Literal["missing", "duplicated", "changed", "reordered", "foreign"] = Field(
        validation_alias="flaw"
    )
    index: int | None = Field(description="`null` for foreign events.")
    place: dict[str, Any] = Field(
        description="Partition and offset, or key and address of a row.",
        examples=[{"partition": 0, "offset": 41}],
    )
    detail: str | None


class TotalsOut(ResponseModel):
    """Number of findings of each kind."""

    missing: int
    duplicated: int
    changed: int
    reordered: int
    foreign: int


class VerifyOut(ResponseModel):
    """The result of a verification."""

    model_config = ConfigDict(alias_generator=within("report"))

    id: Id
    clean: bool = Field(description="No findings, except for allowed foreign events.")
    until: int = Field(description="The position at the start: earlier events are compared.")
    checked: int = Field(description="Compared events.")
    skipped: int = Field(description="Indices without an event.")
    read: int = Field(description="Records or rows read.")
    others: int = Field(description="Records or rows of other generators.")
    totals: TotalsOut
    findings: list[FindingOut] = Field(description="The first 100 of each kind.")
    unchecked: list[UncheckedOut]
    notes: list[str] = Field(description="Limits of the comparison.")


class HealthOut(ResponseModel):
    """The process responds."""

    status: Literal["ok"]


class ReadyOut(ResponseModel):
    """The registry and the workers are available."""

    ready: Literal[True]


class ParameterOut(ResponseModel):
    """A parameter; optional ones may have a `default`."""

    name: str
    type: str
    description: str
    optional: bool
    default: Any = None


class FieldOut(ResponseModel):
    """A field of the object that a function returns."""

    name: str
    type: str
    description: str


class FunctionOut(ResponseModel):
    """A function. Unless it is `random`, it returns the same value for all events."""

    name: str
    signature: str
    description: str
    parameters: list[ParameterOut]
    returns: str
    random: bool
    examples: list[str]
    fields: list[FieldOut] | None = None


class FunctionsOut(ResponseModel):
    """All functions, in the order of the documentation."""

    functions: list[FunctionOut]
