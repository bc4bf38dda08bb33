"""The steps of a timeline as a JSON value, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from eventer.core.duration import format_duration
from eventer.core.errors import EvaluationError
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.core.source import Span
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


PlaceOf: TypeAlias = Callable[[int, str | None], Span | None]
"""The place in the template of a step, by its number, or of one of its fields."""


def read_steps(value: JsonValue, index: int, horizon: int, place_of: PlaceOf) -> list[StepValue]:
    """The steps of timeline `index`, of which none may be later than the horizon (ns).

    Raises:
        EvaluationError: the value is not an array of steps, with the index, the step and its place.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _error(index, "", f" is not an array of steps: {_shown(value)}", _FORM)
    if len(value) > MAX_STEPS:
        message = f" has {len(value):,} steps, more than {MAX_STEPS:,}"
        raise _error(index, "", message, "split it into several timelines")
    return [
        _StepReader(index, number, horizon, place_of).read(each)
        for number, each in enumerate(value)
    ]


@dataclass(frozen=True, slots=True)
class _StepReader:
    """Reads step `number` of timeline `index`."""

    index: int
    number: int
    horizon: int
    place_of: PlaceOf

    def read(self, value: JsonValue) -> StepValue:
        if not isinstance(value, Mapping):
            raise self._error(f" is not an object: {_shown(value)}")
        for name in sorted(value):
            if name not in STEP_FIELDS:
                hint = did_you_mean(name, STEP_FIELDS) or _FORM
                raise self._error(f": unknown field {name!r}", hint, name)
        for name in ("after", "event"):
            if name not in value:
                raise self._error(f" has no field {name!r}")
        to = value.get("to")
        if to is not None and not isinstance(to, str):
            raise self._error(f": 'to' must be text, not {_shown(to)}", field="to")
        return StepValue(self._after(value["after"]), to, value["event"])

    def _after(self, value: JsonValue) -> int:
        try:
            after = int(nanoseconds("", "after", value))
        except EvaluationError as error:
            raise self._error(error.message, error.hint, "after") from None
        shown = f": 'after' is {format_duration(after)}"
        if after < 0:
            hint = "steps are due at the start or later"
            raise self._error(f"{shown}, before the start of the timeline", hint, "after")
        if after > self.horizon:
            beyond = f", beyond the horizon of {format_duration(self.horizon)}"
            hint = "shorten it, or give the timeline a longer horizon"
            raise self._error(shown + beyond, hint, "after")
        return after

    def _error(
        self, problem: str, hint: str | None = _FORM, field: str | None = None
    ) -> EvaluationError:
        error = _error(self.index, f", step {self.number}", problem, hint)
        place = self.place_of(self.number, field)
        return error if place is None else error.at(place)


def _error(index: int, step: str, problem: str, hint: str | None) -> EvaluationError:
    error = EvaluationError(f"timeline {index}{step}{problem}", hint=hint)
    error.index = index
    return error


def _shown(value: JsonValue) -> str:
    text = json_text(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
