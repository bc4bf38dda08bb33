"""The shapes of answers, for the documentation; `service/answers.py` writes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from eventer.api.wire.faults import FaultOut
from eventer.api.wire.targets import TargetBody

Id = Annotated[str, Field(description="Decimal text of an unsigned 64-bit number.")]
InstantText = Annotated[str, Field(examples=["2026-01-01T00:00:00.000000Z"])]


class ResponseModel(BaseModel):
    """A JSON object with exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class EventOut(ResponseModel):
    """What a generator makes, and how often."""

    dataset: str | None
    stream: str | None
    count: int
    interval: str = Field(examples=["10s"])


class ErrorOut(FaultOut):
    """The last thing that went wrong, and when."""

    at: InstantText


class GeneratorOut(ResponseModel):
    """A generator, in every answer the same."""

    id: Id
    state: Literal["running", "paused", "waiting", "failed"]
    destination: TargetBody
    event: EventOut
    seed: Id
    engine: Literal["plan", "interpreter"]
    engine_reason: str | None = Field(description="Why it is not on the plan, if it is not.")
    position: int = Field(description="Index of the next event to commit.")
    skipped: int = Field(description="Events that raised and were passed over.")
    bytes: int = Field(description="JSON text delivered.")
    requested_rate: float = Field(description="Events a second.")
    delivered_rate: float = Field(description="Events a second, of late.")
    lag: int = Field(description="Events that are due and not committed.")
    limited_by: Literal["template", "encode", "destination"] | None = Field(
        description="The stage that takes most of the time, where the generator is behind."
    )
    retries: int = Field(description="How often it had to wait for its destination since start.")
    next_tick: InstantText | None
    last_error: ErrorOut | None
    delivery: Literal["exactly-once", "at-least-once"]
    created_at: InstantText
    updated_at: InstantText


class AddedOut(GeneratorOut):
    """A generator in the answer to `add`."""

    created: bool = Field(description="It was not there before.")
    updated: bool = Field(description="It was there and was changed, such as its pace.")
    related: list[Id] = Field(description="Others of the same stream and destination.")


class GeneratorsOut(ResponseModel):
    """All generators, oldest first."""

    generators: list[GeneratorOut]


class AddOut(ResponseModel):
    """One generator for each schedule, in their order."""

    generators: list[AddedOut]


class RemoveOut(ResponseModel):
    """What was removed, and what was not there."""

    removed: list[Id]
    unknown: list[str]


class WarningOut(ResponseModel):
    """Legal but surprising."""

    message: str
    template: str | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    source_line: str | None = None


class EventsOut(ResponseModel):
    """Events made again, from index `first` on."""

    first: int
    events: list[Any]


class PreviewOut(ResponseModel):
    """Events of a template, and how they were made."""

    events: list[Any]
    seed: Id
    engine: Literal["plan", "interpreter"]
    reason: str | None
    warnings: list[WarningOut]
    traces: list[str] = Field(description="What `std.trace` said.")


class ColumnOut(ResponseModel):
    """A top-level field, and the type of a column made for it."""

    name: str
    type: str = Field(examples=["bigint"])


class ShapeOut(ResponseModel):
    """What is known of a template's events before they are made."""

    is_object: bool | None = Field(description="`null` where only the events can tell.")
    columns: list[ColumnOut]
    open: bool = Field(description="Whether there may be more columns.")


class ValidateOut(ResponseModel):
    """A template that holds. One that does not is a 422."""

    valid: Literal[True] = True
    engine: Literal["plan", "interpreter"]
    reason: str | None
    shape: ShapeOut
    warnings: list[WarningOut]
    traces: list[str]
    failing: FaultOut | None = Field(description="An event of the first 100 that raises.")


class UncheckedOut(ResponseModel):
    """Events [first, end) that could not be compared."""

    first: int
    end: int
    reason: str


class FindingOut(ResponseModel):
    """Something wrong, of which event and where."""

    kind: Literal["missing", "duplicated", "changed", "reordered", "foreign"]
    index: int | None = Field(description="`null` where it is nobody's event.")
    place: dict[str, Any] = Field(
        description="Where it lies: partition and offset, or key and address of a row.",
        examples=[{"partition": 0, "offset": 41}],
    )
    detail: str | None


class TotalsOut(ResponseModel):
    """How many of each kind."""

    missing: int
    duplicated: int
    changed: int
    reordered: int
    foreign: int


class VerifyOut(ResponseModel):
    """What was found of a generator's events in its destination."""

    id: Id
    clean: bool = Field(description="Nothing is wrong; foreign events count unless allowed.")
    until: int = Field(description="The position when it began: events before it were looked for.")
    checked: int = Field(description="Events compared.")
    skipped: int = Field(description="Indices that emit nothing.")
    read: int = Field(description="Records or rows looked at.")
    others: int = Field(description="Of those, how many are other generators'.")
    totals: TotalsOut
    findings: list[FindingOut] = Field(description="The first 100 of each kind.")
    unchecked: list[UncheckedOut]
    notes: list[str] = Field(description="What the comparison cannot tell.")


class HealthOut(ResponseModel):
    """The process answers."""

    status: Literal["ok"]


class ReadyOut(ResponseModel):
    """Registry and workers can do their work."""

    ready: Literal[True]
