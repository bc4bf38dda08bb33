"""The steps of a timeline as a JSON value, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eventer.core.duration import format_duration
from eventer.core.errors import EvaluationError
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.core.suggestions import did_you_mean
from eventer.core.timelines import MAX_STEPS
from eventer.functions.durations import nanoseconds

STEP_FIELDS: Final = ("after", "event", "to")
_FORM: Final = 'write a step as { after: "5m", event: { … } }, perhaps with to: "name"'
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class StepValue:
    """A step: ns after the start, the name of where it goes, and its event."""

    after: int
    to: str | None
    event: JsonValue


def read_steps(value: JsonValue, index: int, horizon: int) -> list[StepValue]:
    """The steps of timeline `index`, of which none may be later than the horizon (ns).

    Raises:
        EvaluationError: the value is not an array of steps, with the index and the step.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _error(f"timeline {index} is not an array of steps: {_shown(value)}", index, _FORM)
    if len(value) > MAX_STEPS:
        message = f"timeline {index} has {len(value):,} steps, more than {MAX_STEPS:,}"
        raise _error(message, index, "split it into several timelines")
    return [_step(each, index, number, horizon) for number, each in enumerate(value)]


def _step(value: JsonValue, index: int, number: int, horizon: int) -> StepValue:
    where = f"timeline {index}, step {number}"
    if not isinstance(value, Mapping):
        raise _error(f"{where} is not an object: {_shown(value)}", index, _FORM)
    for name in sorted(value):
        if name not in STEP_FIELDS:
            hint = did_you_mean(name, STEP_FIELDS) or _FORM
            raise _error(f"{where}: unknown field {name!r}", index, hint)
    for name in ("after", "event"):
        if name not in value:
            raise _error(f"{where} has no field {name!r}", index, _FORM)
    to = value.get("to")
    if to is not None and not isinstance(to, str):
        raise _error(f"{where}: 'to' must be text, not {_shown(to)}", index, _FORM)
    return StepValue(_after(value["after"], where, index, horizon), to, value["event"])


def _after(value: JsonValue, where: str, index: int, horizon: int) -> int:
    try:
        after = int(nanoseconds(where, "after", value))
    except EvaluationError as error:
        error.index = index
        raise
    if after < 0:
        message = f"{where}: 'after' is {format_duration(after)}, before the start of the timeline"
        raise _error(message, index, "steps are due at the start or later")
    if after > horizon:
        message = (
            f"{where}: 'after' is {format_duration(after)}, beyond the horizon of "
            f"{format_duration(horizon)}"
        )
        raise _error(message, index, "shorten it, or give the timeline a longer horizon")
    return after


def _error(message: str, index: int, hint: str) -> EvaluationError:
    error = EvaluationError(message, hint=hint)
    error.index = index
    return error


def _shown(value: JsonValue) -> str:
    text = json_text(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
