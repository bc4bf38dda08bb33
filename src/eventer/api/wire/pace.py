"""Paces in requests."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from eventer.api.wire.field_types import Count, Interval, fail_validation
from eventer.api.wire.pace_types import (
    CronText,
    FixedInstant,
    Multipliers,
    RateText,
    Repeat,
    StageRate,
    StartText,
    TimeZone,
)
from eventer.core.limits import MAX_BUCKETS, MAX_INDEX, MAX_TICK_EVENTS
from eventer.core.pace import (
    STOPPED,
    Arrivals,
    Cron,
    EventRate,
    PaceSpec,
    Profile,
    Shape,
    Stage,
    Stages,
    Steady,
    Ticks,
    ticks,
)
from eventer.core.request_fields import RequestModel

MAX_STAGES: Final = 1_000


def _given(given: str, *absent: str) -> dict[str, JsonValue]:
    properties: dict[str, JsonValue] = {name: {"type": "null"} for name in absent}
    return {"required": [given], "properties": {given: {"not": {"type": "null"}}, **properties}}


class StageBody(RequestModel):
    """A stage: a constant `rate`, or a linear ramp from the last rate `to` another one."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [_given("rate", "to"), _given("to", "rate")]}
    )

    rate: StageRate | None = Field(default=None, description="A constant rate; `0` is a pause.")
    to: StageRate | None = Field(
        default=None, description="The rate at the end of a linear ramp from the rate before."
    )
    for_: Interval = Field(alias="for", description="How long the stage lasts.")

    @model_validator(mode="after")
    def _one_rate(self) -> StageBody:
        if (self.rate is None) == (self.to is None):
            fail_validation("must have either `rate` or `to`", "`to` is the end of a linear ramp")
        return self

    @property
    def last_rate(self) -> EventRate:
        """The rate at the end of the stage."""
        rate = self.to if self.rate is None else self.rate
        assert rate is not None
        return rate


_KINDS: Final = ("cron", "stages", "profile", "interval", "rate")
"""A pace is of the first kind that it has: `profile` has a `rate`, too."""
_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "interval": ("count",),
    "rate": ("arrivals",),
    "stages": ("repeat", "arrivals"),
    "profile": ("rate", "timezone", "arrivals"),
    "cron": ("count", "timezone"),
}
"""The fields that each kind of pace may have, apart from itself."""
_ALL_OPTIONS: Final = ("count", "repeat", "timezone")


def _kind_schema(kind: str) -> dict[str, JsonValue]:
    allowed = (kind, *_OPTIONS[kind])
    schema = _given(kind, *(name for name in (*_KINDS, *_ALL_OPTIONS) if name not in allowed))
    properties: Any = schema["properties"]
    if "arrivals" not in allowed:
        properties["arrivals"] = {"const": "even"}
    if kind == "profile":
        properties["rate"] = {"not": {"type": "null"}}
        schema["required"] = ["profile", "rate"]
    return schema


class PaceBody(RequestModel):
    """When events are due: `rate`, `stages`, `profile`, `cron` or `interval`, and options."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [*map(_kind_schema, _KINDS)]})

    rate: RateText | None = Field(default=None, description="Events per `s`, `m` or `h`, evenly.")
    stages: Annotated[list[StageBody], Field(min_length=1, max_length=MAX_STAGES)] | None = Field(
        default=None, description="Rates one after the other."
    )
    repeat: Repeat | None = Field(
        default=None, description="How often the stages are run; `true` for ever."
    )
    profile: Multipliers | None = Field(
        default=None,
        description="Multipliers of `rate` for the 24 hours of a day, or the 168 of a week from "
        "Monday on.",
    )
    timezone: TimeZone | None = Field(
        default=None, description="The time zone of `profile` and `cron`; if omitted, UTC."
    )
    cron: CronText | None = Field(
        default=None, description="Minute, hour, day of month, month, day of week."
    )
    interval: Interval | None = Field(default=None, description="Time between ticks.")
    count: Count | None = Field(
        default=None, description="Events per firing or `interval`; if omitted, 1."
    )
    arrivals: Arrivals = Field(
        default="even", description="`random` draws the times within each 64 events."
    )
    start: StartText | None = Field(
        default=None,
        description="When the first event of a new generator is due: an instant, or `now-7d`.",
    )
    end: FixedInstant | None = Field(
        default=None, description="No event is due from this instant on."
    )
    max_events: Annotated[int, Field(strict=True, ge=1, le=MAX_INDEX)] | None = Field(
        default=None, description="The total number of events."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> PaceBody:
        kind = self._kind()
        allowed = {kind, *_OPTIONS[kind]}
        for name in (*_KINDS, *_ALL_OPTIONS):
            if getattr(self, name) is not None and name not in allowed:
                fail_validation(f"cannot be combined with `{kind}`", field=name)
        if self.arrivals == "random" and "arrivals" not in allowed:
            fail_validation(f"cannot be random with `{kind}`", field="arrivals")
        if kind == "profile" and self.rate is None:
            fail_validation("is missing", "`profile` multiplies it", field="rate")
        if kind == "stages" and all(each.last_rate == STOPPED for each in self.stages or ()):
            fail_validation("must have a rate greater than zero", field="stages")
        return self

    def _kind(self) -> str:
        given = [name for name in _KINDS if getattr(self, name) is not None]
        if not given:
            kinds = "`rate`, `stages`, `profile`, `cron` or `interval`"
            fail_validation(f"must have {kinds}", 'for example {"rate": "500/s"}')
        return given[0]

    def spec(self) -> PaceSpec:
        """The pace as the service takes it."""
        return PaceSpec(self._shape(), self.arrivals, self.start, self.end, self.max_events)

    def _shape(self) -> Shape:
        if self.cron is not None:
            return Cron(self.cron, self.timezone or "UTC", self.count or 1)
        if self.stages is not None:
            repeat = None if self.repeat is True else self.repeat or 1
            return Stages(stages_of(self.stages), repeat)
        if self.interval is not None:
            return Ticks(self.count or 1, self.interval)
        assert self.rate is not None
        if self.profile is not None:
            return Profile(self.rate, self.profile, self.timezone or "UTC")
        return Steady(self.rate)


def stages_of(bodies: list[StageBody]) -> tuple[Stage, ...]:
    """The stages; the first ramp begins at zero."""
    stages: list[Stage] = []
    for body in bodies:
        before = stages[-1].last if stages else STOPPED
        last = body.last_rate
        stages.append(Stage(before if body.rate is None else last, last, body.for_))
    return tuple(stages)


PACE_FIELDS: Final[list[JsonValue]] = [
    {
        "required": ["interval"],
        "properties": {
            "interval": {"type": "string"},
            "pace": {"type": "null"},
            "count": {"maximum": MAX_TICK_EVENTS},
        },
    },
    {
        "required": ["pace"],
        "properties": {
            "pace": {"type": "object"},
            "interval": {"type": "null"},
            "count": {"type": "null"},
        },
    },
]
"""Either `count` events every `interval`, or a `pace`."""


MISSING_INTERVAL: Final = ("is missing", 'write it as "10s", or give a `pace`')
"""The message and the hint of a fault."""
NO_PACE: Final[JsonValue] = {"properties": {"interval": {"type": "null"}, "pace": {"type": "null"}}}
"""None of these fields."""


class PacedBody(RequestModel):
    """`count` events every `interval`, or a `pace`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": PACE_FIELDS})

    interval: Interval | None = Field(
        default=None, description="A number with a unit: `ns us µs ms s m h`."
    )
    count: Count | None = Field(
        default=None, description="Number of events per interval; if omitted, 1."
    )
    pace: PaceBody | None = Field(
        default=None, description="In place of `count` and `interval`: any other pace."
    )

    @model_validator(mode="after")
    def _one_pace(self) -> Self:
        if self.pace is None and self.interval is None:
            self.fail_without_pace()
        if self.pace is not None and (self.interval is not None or self.count is not None):
            fail_validation("cannot be combined with `count` or `interval`", field="pace")
        return self

    def fail_without_pace(self) -> None:
        """Fails if a pace is required."""
        fail_validation(*MISSING_INTERVAL, field="interval")

    def pace_spec(self) -> PaceSpec:
        """The pace as the service takes it."""
        if self.pace is not None:
            return self.pace.spec()
        assert self.interval is not None
        return ticks(self.count or 1, self.interval)


class PacePreviewBody(PacedBody):
    """A pace to show."""

    for_: Interval | None = Field(
        default=None,
        alias="for",
        description="The time to show; if omitted, all of a pace that ends, else a typical part.",
    )
    buckets: Annotated[int, Field(strict=True, ge=1, le=MAX_BUCKETS)] = Field(
        default=60, description="The most parts that events are counted in."
    )
