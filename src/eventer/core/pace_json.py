"""Paces as JSON values, as in requests, and in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventer.core.duration import format_duration
from eventer.core.instant import format_instant
from eventer.core.pace import Cron, PaceSpec, Profile, Shape, Stage, Stages, Steady, Ticks
from eventer.core.rate import format_rate


def pace_json(spec: PaceSpec) -> dict[str, Any]:
    """A pace as in a request."""
    shape = _shape_json(spec.shape)
    if spec.arrivals == "random":
        shape["arrivals"] = spec.arrivals
    end = None if spec.end is None else format_instant(spec.end)
    options = {"start": spec.start, "end": end, "max_events": spec.max_events}
    return shape | {name: value for name, value in options.items() if value is not None}


def _shape_json(shape: Shape) -> dict[str, Any]:
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


def _stage_json(stage: Stage) -> dict[str, Any]:
    field = "rate" if stage.first == stage.last else "to"
    return {field: format_rate(stage.last), "for": format_duration(stage.length)}


def pace_label(pace: Mapping[str, Any]) -> str:
    """When events are due, in a few words, from the JSON value of a pace."""
    if "stages" in pace:
        return f"{len(pace['stages'])} stages"
    if "profile" in pace:
        return f"{pace['rate']} by {len(pace['profile'])} h"
    if "cron" in pace:
        return f"{pace['count']} at {pace['cron']}"
    return str(pace.get("rate") or f"{pace['count']} every {pace['interval']}")
