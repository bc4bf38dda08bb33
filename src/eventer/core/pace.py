"""What a pace can be, as frozen values. `runs/pace` computes the due times."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, NamedTuple, TypeAlias

from eventer.core.clock import NS_PER_SECOND

Arrivals: TypeAlias = Literal["even", "random"]


class EventRate(NamedTuple):
    """`events` in every `period` of nanoseconds, in lowest terms; 0 events have a period of 1."""

    events: int
    period: int

    @property
    def per_ns(self) -> Fraction:
        """Events per nanosecond."""
        return Fraction(self.events, self.period)

    @property
    def per_second(self) -> float:
        """Events per second."""
        return self.events * NS_PER_SECOND / self.period


STOPPED: Final = EventRate(0, 1)


@dataclass(frozen=True, slots=True)
class Ticks:
    """`count` events every `interval` of nanoseconds, the first of them at once."""

    count: int
    interval: int


@dataclass(frozen=True, slots=True)
class Steady:
    """A constant rate: event k is due after k periods of one event, rounded down."""

    rate: EventRate


@dataclass(frozen=True, slots=True)
class Stage:
    """A rate that changes linearly from `first` to `last` within `length` nanoseconds."""

    first: EventRate
    last: EventRate
    length: int


@dataclass(frozen=True, slots=True)
class Stages:
    """Stages one after the other, `repeat` times; None repeats them for ever."""

    stages: tuple[Stage, ...]
    repeat: int | None = 1


@dataclass(frozen=True, slots=True)
class Profile:
    """A rate times a multiplier for each hour of the day (24) or of the week from Monday (168).

    Hours are those of `timezone`.
    """

    rate: EventRate
    multipliers: tuple[Fraction, ...]
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Cron:
    """`count` events at each firing of a cron expression, in the local time of `timezone`."""

    expression: str
    timezone: str = "UTC"
    count: int = 1


Shape: TypeAlias = Ticks | Steady | Stages | Profile | Cron


@dataclass(frozen=True, slots=True)
class PaceSpec:
    """When the events of a generator are due, and where they begin and end.

    `start` is an instant or `now-7d` as the request gives it; it says when the first event of a new
    generator is due. Events due at `end` (ns since 1970) or later do not exist, nor do indices from
    `max_events` on.
    """

    shape: Shape
    arrivals: Arrivals = "even"
    start: str | None = None
    end: int | None = None
    max_events: int | None = None


def ticks(count: int, interval: int) -> PaceSpec:
    """The pace of `count` events every `interval` (ns)."""
    return PaceSpec(Ticks(count, interval))
