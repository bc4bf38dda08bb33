"""The paces that a dialog offers: events per interval, and how they spread over time. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import RequestError
from eventer.core.pace import EventRate, PaceSpec, Profile, Steady, Ticks

AT_ONCE: Final = "All at once"
EVENLY: Final = "Evenly"
AT_RANDOM: Final = "At random times"
DAILY: Final = "Day and night, UTC"
SPREADS: Final = (AT_ONCE, EVENLY, AT_RANDOM, DAILY)
"""How the events of an interval are distributed over time."""
_TENTHS: Final = (
    2,
    1,
    1,
    1,
    1,
    2,
    4,
    7,
    10,
    13,
    16,
    18,
    19,
    19,
    18,
    17,
    16,
    15,
    15,
    14,
    12,
    9,
    6,
    4,
)
_DAY: Final = tuple(Fraction(tenths, 10) for tenths in _TENTHS)
"""Multipliers by hour of the day; their mean is 1."""


def pace_of(spread: str, count: int, interval: int) -> PaceSpec:
    """The pace of `count` events per `interval` (ns), spread in one of the ways of `SPREADS`.

    Raises:
        RequestError: a number is not valid.
    """
    if count < 1:
        raise RequestError("the number of events must be greater than zero")
    if interval < 1:
        raise RequestError("the interval must be greater than zero")
    if spread == AT_ONCE:
        return PaceSpec(Ticks(count, interval))
    rate = EventRate(count, interval)
    if spread == DAILY:
        return PaceSpec(Profile(rate, _DAY))
    return PaceSpec(Steady(rate), "random" if spread == AT_RANDOM else "even")


def choice_of(pace: PaceSpec) -> tuple[str, int, int]:
    """What a dialog shows for a pace: spread, events, interval (ns)."""
    match pace.shape:
        case Ticks(count, interval):
            return AT_ONCE, count, interval
        case Steady(rate):
            return (AT_RANDOM if pace.arrivals == "random" else EVENLY), *rate
        case Profile(rate, multipliers) if multipliers == _DAY:
            return DAILY, *rate
        case _:
            return AT_ONCE, 1, NS_PER_SECOND
