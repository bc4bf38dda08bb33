"""The answers of the service: shapes that document and serialise its values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field

from eventer.api.wire.faults import FaultOut
from eventer.api.wire.targets import TargetBody
from eventer.core.duration import format_duration
from eventer.core.instant import format_instant
from eventer.core.model import KafkaTarget, PostgresTarget
from eventer.service.answers import Json, error_fields, target_json
from eventer.service.views import GeneratorFailure


def _instant_text(value: object) -> object:
    return format_instant(value) if isinstance(value, int) else value


def _duration_text(value: object) -> object:
    return format_duration(value) if isinstance(value, int) else value


def _destination(value: object) -> object:
    return target_json(value) if isinstance(value, KafkaTarget | PostgresTarget) else value


def _last_error(value: object) -> object:
    if not isinstance(value, GeneratorFailure):
        return value
    return error_fields(value.error) | {"at": value.at}


Id = Annotated[
    str, BeforeValidator(str), Field(description="Decimal text of an unsigned 64-bit number.")
]
InstantText = Annotated[
    str, BeforeValidator(_instant_text), Field(examples=["2026-01-01T00:00:00.000000Z"])
]


def _of(*path: str) -> AliasPath:
    """Where a field's value is in the service's answer, if not at the field's own name."""
    return AliasPath(path[0], *path[1:])


class ResponseModel(BaseModel):
    """A JSON object with exactly these fields. Aliases say where the service has their values."""

    model_config = ConfigDict(
        extra="forbid", from_attributes=True, validate_by_alias=True, validate_by_name=True
    )

    @classmethod
    def json_of(cls, value: object) -> Json:
        """A value of the service as a JSON value."""
        return cls.model_validate(value).model_dump(mode="json", exclude_unset=True)


class EventOut(ResponseModel):
    """The events of a generator, and how many are due how often."""

    dataset: str | None = Field(validation_alias=_of("spec", "event_source", "context", "dataset"))
    stream: str | None = Field(validation_alias=_of("spec", "stream", "name"))
    count: int = Field(validation_alias=_of("pace", "count"))
    interval: Annotated[str, BeforeValidator(_duration_text)] = Field(
        examples=["10s"], validation_alias=_of("pace", "interval")
    )


class ErrorOut(FaultOut):
    """The last error, and when it occurred."""

    at: InstantText


class GeneratorOut(ResponseModel):
    """A generator."""

    id: Id
    state: Literal["running", "paused", "waiting", "failed"]
    destination: Annotated[TargetBody, BeforeValidator(_destination)] = Field(
        validation_alias="target"
    )
    event: EventOut = Field(validation_alias="record")
    seed: Id = Field(validation_alias=_of("record", "spec", "stream", "seed"))
    engine: Literal["plan", "interpreter"] = Field(validation_alias=_of("record", "spec", "engine"))
    engine_reason: str | None = Field(
        description="Why the plan does not run the template; `null` if it does.",
        validation_alias=_of("record", "spec", "engine_reason"),
    )
    position: int = Field(description="Index of the next event to commit.")
    skipped: int = Field(description="Failed events that were skipped.")
    bytes: int = Field(description="Delivered bytes of JSON text.")
    requested_rate: float = Field(description="Events per second.")
    delivered_rate: float = Field(description="Recent events per second.")
    lag: int = Field(description="Due events that are not committed.")
    limited_by: Literal["template", "encode", "destination"] | None = Field(
        description="The slowest stage; `null` if the generator has no backlog."
    )
    retries: int = Field(description="Retries since the service started.")
    next_tick: InstantText | None
    last_error: Annotated[ErrorOut | None, BeforeValidator(_last_error)]
    delivery: Literal["exactly-once", "at-least-once"]
    created_at: InstantText
    updated_at: InstantText = Field(validation_alias=_of("record", "updated_at"))


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
    """The removed and the unknown ids."""

    removed: list[Id]
    unknown: list[str]


class WarningOut(ResponseModel):
    """A warning about a template."""

    message: str
    template: str | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    source_line: str | None = None


class EventsOut(ResponseModel):
    """Recomputed events, from index `first` on."""

    first: int
    events: list[Any]


class PreviewOut(ResponseModel):
    """Events of a template."""

    events: list[Any]
    seed: Id
    engine: Literal["plan", "interpreter"]
    reason: str | None
    warnings: list[WarningOut]
    traces: list[str] = Field(description="Output of `std.trace`.")


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

    valid: Literal[True] = True
    engine: Literal["plan", "interpreter"]
    reason: str | None
    shape: ShapeOut
    warnings: list[WarningOut]
    traces: list[str]
    failing: FaultOut | None = Field(
        description="The first error, if some of the first 100 events fail."
    )


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

    id: Id
    clean: bool = Field(description="No findings, except for allowed foreign events.")
    until: int = Field(
        description="The position at the start: earlier events are compared.",
        validation_alias=_of("report", "until"),
    )
    checked: int = Field(description="Compared events.", validation_alias=_of("report", "checked"))
    skipped: int = Field(
        description="Indices without an event.", validation_alias=_of("report", "skipped")
    )
    read: int = Field(description="Records or rows read.", validation_alias=_of("report", "read"))
    others: int = Field(
        description="Records or rows of other generators.",
        validation_alias=_of("report", "others"),
    )
    totals: TotalsOut = Field(validation_alias=_of("report", "totals"))
    findings: list[FindingOut] = Field(
        description="The first 100 of each kind.", validation_alias=_of("report", "findings")
    )
    unchecked: list[UncheckedOut] = Field(validation_alias=_of("report", "unchecked"))
    notes: list[str] = Field(
        description="Limits of the comparison.", validation_alias=_of("report", "notes")
    )


class HealthOut(ResponseModel):
    """The process responds."""

    status: Literal["ok"]


class ReadyOut(ResponseModel):
    """The registry and the workers are available."""

    ready: Literal[True]
