"""Paces in answers: as in a request, and their events by time."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from eventer.api.wire.response_model import DurationText, InstantText, Json, ResponseModel
from eventer.core.duration import format_duration
from eventer.core.instant import format_instant
from eventer.core.pace import Cron, PaceSpec, Profile, Shape, Stage, Stages, Steady, Ticks
from eventer.core.rate import format_rate


class PacePreviewOut(ResponseModel):
    """The events of a pace by time."""

    begin: InstantText = Field(description="When the first bucket begins.")
    bucket: DurationText = Field(description="The length of a bucket.")
    counts: list[int] = Field(description="Events of each bucket.")
    events: int = Field(description="Events of all buckets.")
    mean_rate: float = Field(description="Events per second over all buckets.")
    peak_rate: float = Field(description="Events per second of the bucket with the most.")
    peak_at: InstantText = Field(description="When that bucket begins.")
    total: int | None = Field(description="All events of the pace; `null` if it has no end.")
    last: InstantText | None = Field(description="When the last of them is due.")


class StageOut(ResponseModel):
    """A stage of a pace."""

    model_config = ConfigDict(serialize_by_alias=True)

    rate: str | None = None
    to: str | None = None
    for_: str = Field(alias="for", examples=["5m"])


class PaceOut(ResponseModel):
    """A pace, as in a request. Fields that it does not use are omitted."""

    rate: str | None = Field(default=None, examples=["500/s"])
    stages: list[StageOut] | None = None
    repeat: bool | int | None = None
    profile: list[float] | None = None
    timezone: str | None = None
    cron: str | None = None
    interval: str | None = None
    count: int | None = None
    arrivals: Literal["random"] | None = None
    start: str | None = None
    end: str | None = None
    max_events: int | None = None


def pace_json(spec: PaceSpec) -> Json:
    """A pace as in a request."""
    shape = _shape_json(spec.shape)
    if spec.arrivals == "random":
        shape["arrivals"] = spec.arrivals
    end = None if spec.end is None else format_instant(spec.end)
    options = {"start": spec.start, "end": end, "max_events": spec.max_events}
    return shape | {name: value for name, value in options.items() if value is not None}


def _shape_json(shape: Shape) -> Json:
    match shape:
        case Ticks():
            return {"count": shape.count, "interval": format_duration(shape.interval)}
        case Steady():
            return {"rate": format_rate(shape.rate)}
        case Stages():
            repeat = True if shape.repeat is None else shape.repeat
            return {"stages": [*map(_stage_json, shape.stages)], "repeat": repeat}
        case Profile():
            multipliers = [*map(float, shape.multipliers)]
            rate = format_rate(shape.rate)
            return {"rate": rate, "profile": multipliers, "timezone": shape.timezone}
        case Cron():
            return {
                "cron": shape.expression,
                "timezone": shape.timezone,
                "count": shape.count,
            }


def _stage_json(stage: Stage) -> Json:
    field = "rate" if stage.first == stage.last else "to"
    return {field: format_rate(stage.last), "for": format_duration(stage.length)}
