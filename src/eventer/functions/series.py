"""`get_signal`, `get_walk` and `get_season`: values of series at the scheduled time.

A series of an entity `by` has the key H(key of the call, word of the entity).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions import arguments as args
from eventer.functions.arguments import Numbers
from eventer.functions.calendar import NS_PER_SECOND, SECONDS_PER_DAY
from eventer.functions.columns import Column, FloatColumn
from eventer.functions.distributions import end_parameter, in_range, number_parameter
from eventer.functions.durations import Nanoseconds, nanoseconds
from eventer.functions.scheduled_time import OFFSET, offset_argument
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    ColumnKind,
    FunctionSpec,
    Parameter,
    ReturnType,
)
from eventer.functions.time_points import parse_instant
from eventer.functions.time_zones import TimeZone, zone_argument
from eventer.kernels import draw
from eventer.kernels.draw import series_columns
from eventer.kernels.draw.series import MOST_STEPS

_SHORTEST: Final = 1_000
_LONGEST: Final = 1 << 59
_LAST_TIME: Final = (1 << 63) - 2 * _LONGEST
"""Later times and a period are more than 64 bits hold."""
_MOST: Final = 1e250
"""No sum of such numbers exceeds a double."""
_DAYS: Final = {"day": 1, "week": 7}
_MONDAY: Final = 3
"""1970-01-01 was a Thursday: days since the Monday before it."""
_MOST_POINTS: Final = 10_080
"""Minutes of a week."""


@dataclass(frozen=True, slots=True)
class Signal(BoundCall):
    """A smooth value within mean ± amplitude for an entity."""

    time_dependent: ClassVar[bool] = True
    may_raise: ClassVar[bool] = True
    entity: draw.Words | int
    mean: Numbers
    amplitude: Numbers
    period: int
    noise: Numbers
    offset: Nanoseconds

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        times = moved_times("get_signal", context.scheduled, self.offset)
        keys = series_columns.entity_keys(key, self.entity, context.rows)
        values = series_columns.signals(keys, context.index, times, self.period, self.noise)
        return FloatColumn(self.mean + self.amplitude * values)


@dataclass(frozen=True, slots=True)
class Walk(BoundCall):
    """A random walk of an entity, in steps of `every` nanoseconds since an instant."""

    time_dependent: ClassVar[bool] = True
    may_raise: ClassVar[bool] = True
    entity: draw.Words | int
    start: Numbers
    step: Numbers
    every: int
    since: int
    low: Numbers
    high: Numbers
    offset: Nanoseconds

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`. Before `since` it is at the start."""
        times = moved_times("get_walk", context.scheduled, self.offset)
        steps = (np.maximum(times, self.since) - self.since) // self.every
        args.require(steps < MOST_STEPS, lambda _: _too_many_steps())
        keys = series_columns.entity_keys(key, self.entity, context.rows)
        values = self.start + self.step * series_columns.walks(keys, steps)
        return FloatColumn(reflected(values, self.low, self.high))


@dataclass(frozen=True, slots=True)
class Season(BoundCall):
    """A curve that repeats, between whose points values lie on straight lines."""

    time_dependent: ClassVar[bool] = True
    may_raise: ClassVar[bool] = True
    curve: NDArray[np.float64]
    days: int
    zone: TimeZone
    offset: Nanoseconds

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        del key
        times = moved_times("get_season", context.scheduled, self.offset)
        seconds, rest = np.divmod(times, NS_PER_SECOND)
        local = self.zone.local_seconds(seconds) + _MONDAY * SECONDS_PER_DAY
        of_unit = local % (self.days * SECONDS_PER_DAY)
        unit = self.days * SECONDS_PER_DAY * NS_PER_SECOND
        place, part = np.divmod((of_unit * NS_PER_SECOND + rest) * len(self.curve), unit)
        before, after = self.curve[place], self.curve[(place + 1) % len(self.curve)]
        return FloatColumn(before + (after - before) * (part / float(unit)))


def moved_times(
    function: str, scheduled: NDArray[np.int64], offset: Nanoseconds
) -> NDArray[np.int64]:
    """The scheduled times and an offset.

    Raises:
        InvalidRowsError: 64 bits of nanoseconds do not hold a time.
    """
    near = scheduled.astype(np.float64) + offset
    args.require(
        np.abs(near) <= _LAST_TIME,
        lambda _: EvaluationError(
            f"{function}: 'offset' is too far from the event's time",
            hint="stay within the years 1735 to 2220",
        ),
    )
    return scheduled + offset


def reflected(values: NDArray[np.float64], low: Numbers, high: Numbers) -> NDArray[np.float64]:
    """Values that turn back at each end; an end may be infinite."""
    if np.isneginf(low).all() and np.isposinf(high).all():
        return values
    lows, highs = np.broadcast_to(low, values.shape), np.broadcast_to(high, values.shape)
    with np.errstate(all="ignore"):
        width = highs - lows
        turns = values - lows
        turns = turns - 2.0 * width * np.floor(turns / (2.0 * width))
        folded = lows + np.where(turns > width, 2.0 * width - turns, turns)
        above, below = lows + np.abs(values - lows), highs - np.abs(highs - values)
    one_end = np.where(np.isinf(highs), above, below)
    no_end = np.isinf(lows) & np.isinf(highs)
    inside = np.where(np.isfinite(width), folded, np.where(no_end, values, one_end))
    within: NDArray[np.float64] = np.minimum(np.maximum(inside, lows), highs)
    return within


def _too_many_steps() -> EvaluationError:
    return EvaluationError(
        "get_walk: the event's time is more than 2^40 steps after 'since'",
        hint="take longer steps, or a later 'since'",
    )


def _signal(arguments: Sequence[Any]) -> BoundCall:
    name = "get_signal"
    return Signal(
        args.entity(name, "by", arguments[0]),
        in_range(name, "mean", arguments[1], -_MOST, _MOST),
        in_range(name, "amplitude", arguments[2], 0, _MOST),
        _duration(name, "period", arguments[3]),
        in_range(name, "noise", arguments[4], 0, 1),
        offset_argument(name, arguments[5]),
    )


def _walk(arguments: Sequence[Any]) -> BoundCall:
    name = "get_walk"
    start = in_range(name, "start", arguments[1], -_MOST, _MOST)
    low = -math.inf if arguments[5] is None else args.number(name, "min", arguments[5])
    high = math.inf if arguments[6] is None else args.number(name, "max", arguments[6])
    args.require(
        np.less(low, high),
        lambda row: EvaluationError(
            f"{name}: 'min', {args.shown(args.at(low, row))}, must be below 'max', "
            f"{args.shown(args.at(high, row))}",
            hint="leave both out for a walk without ends",
        ),
    )
    args.require(
        np.less_equal(low, start) & np.less_equal(start, high),
        lambda row: EvaluationError(
            f"{name}: 'start' is {args.shown(args.at(start, row))}, which is not between 'min' and "
            "'max'",
            hint="start within the ends",
        ),
    )
    step = in_range(name, "step", arguments[2], 0, _MOST)
    every = _duration(name, "every", arguments[3])
    since = _since(name, arguments[4])
    entity, offset = args.entity(name, "by", arguments[0]), offset_argument(name, arguments[7])
    return Walk(entity, start, step, every, since, low, high, offset)


def _season(arguments: Sequence[Any]) -> BoundCall:
    name = "get_season"
    curve = arguments[0]
    if not isinstance(curve, list) or not 2 <= len(curve) <= _MOST_POINTS:
        raise EvaluationError(
            f"{name}: 'curve' must be an array of 2 to {_MOST_POINTS:,} numbers, not "
            f"{args.shown(curve)}",
            hint="give a number for each hour of a day, or for each day of a week",
        )
    points = [args.constant_number(name, f"curve[{n}]", each) for n, each in enumerate(curve)]
    unit = arguments[1]
    if not isinstance(unit, str) or unit not in _DAYS:
        raise EvaluationError(
            f'{name}: \'unit\' must be "day" or "week", not {args.shown(unit)}',
            hint='with "day" the curve begins at midnight, with "week" on Monday at midnight',
        )
    zone = zone_argument(name, "timezone", arguments[2])
    return Season(np.array(points), _DAYS[unit], zone, offset_argument(name, arguments[3]))


def _duration(function: str, name: str, value: JsonValue) -> int:
    """A constant duration in nanoseconds."""
    found = nanoseconds(function, name, value)
    if isinstance(found, int) and _SHORTEST <= found <= _LONGEST:
        return found
    raise EvaluationError(
        f"{function}: {name!r} must be from 1 µs to 18 years, not {args.shown(value)}",
        hint='write text such as "250ms", "1h30m" or "7d", or a number of seconds',
    )


def _since(function: str, value: JsonValue) -> int:
    ns = parse_instant(function, "since", value)
    if 0 <= ns <= _LAST_TIME:
        return ns
    raise EvaluationError(
        f"{function}: 'since' is {args.shown(value)}, outside the years 1970 to 2220",
        hint='write a date within them, such as "2026-01-01"',
    )


_BY: Final = Parameter(
    "by",
    "text or a number",
    "the entity whose series it is, such as the id of a device",
    column=ColumnKind.ENTITY,
)
_SERIES: Final = (
    "The value is a pure function of the call, the entity and the event's scheduled time: all "
    "events of an entity are on one curve, in any order and after any restart. Another call has "
    "another curve."
)

GET_SIGNAL: Final = FunctionSpec(
    name="get_signal",
    parameters=(
        _BY,
        number_parameter("mean", "the middle, from -1e250 to 1e250"),
        number_parameter("amplitude", "the greatest distance from the mean, from 0 to 1e250"),
        Parameter("period", "a duration", "the duration of one rise and fall, 1 µs to 18 years"),
        Parameter(
            "noise",
            "a number",
            "the part of the amplitude that is measurement noise, from 0 to 1",
            0.0,
            column=ColumnKind.NUMBER,
        ),
        OFFSET,
    ),
    return_type=ReturnType.NUMBER,
    doc="A value that drifts smoothly around `mean`, such as the temperature of a room or the load "
    f"of a server, and never leaves `mean` ± `amplitude`. {_SERIES}",
    examples=(
        'get_signal("room 7", 21, 3, "6h")',
        'get_signal(get_integer(1, 100), 0.5, 0.4, "15m", 0.1)',
    ),
    bind=_signal,
    time_dependent=True,
)

GET_WALK: Final = FunctionSpec(
    name="get_walk",
    parameters=(
        _BY,
        number_parameter("start", "the value at `since`, and before; from -1e250 to 1e250"),
        number_parameter("step", "the standard deviation of a step, from 0 to 1e250"),
        Parameter("every", "a duration", "the time between two steps, 1 µs to 18 years"),
        Parameter(
            "since",
            "a point in time",
            "when the walk starts, in the years 1970 to 2220, at most 2^40 steps ago",
        ),
        end_parameter("min", "the walk is reflected here; below `max`"),
        end_parameter("max", "the walk is reflected here"),
        OFFSET,
    ),
    return_type=ReturnType.NUMBER,
    doc="A random walk, such as a price or a counter's drift: after each `every` a normal step is "
    "added, whose mean is 0. After *n* steps the standard deviation is `step` times √*n*. "
    f"{_SERIES}",
    examples=(
        'get_walk("ACME", 100, 0.2, "1s", "2026-01-01", 1)',
        'get_walk(get_one_of("a, b"), 50, 1, "1m", "2026-01-01T06:00:00Z", 0, 100)',
    ),
    bind=_walk,
    time_dependent=True,
)

GET_SEASON: Final = FunctionSpec(
    name="get_season",
    parameters=(
        Parameter("curve", "an array of numbers", "the values at equal distances over the unit"),
        Parameter("unit", '`"day"` or `"week"`', "the time after which it repeats", "day"),
        Parameter(
            "timezone",
            "a time zone",
            "whose local time the curve follows, such as Europe/Berlin",
            "UTC",
        ),
        OFFSET,
    ),
    return_type=ReturnType.NUMBER,
    doc="The value of a repeating curve at the event's scheduled time: 24 numbers over a day are "
    "the values at the full hours, 7 numbers over a week those at midnight from Monday on. Between "
    "them, and from the last to the first, the value changes evenly. The clock of the time zone "
    "counts, also when it changes to and from daylight saving time.",
    examples=(
        "get_season([2, 1, 1, 4, 9, 8, 7, 3])",
        'get_season([9, 9, 9, 9, 8, 4, 3], "week", "Europe/Berlin")',
    ),
    bind=_season,
    is_random=False,
    time_dependent=True,
)

SERIES: Final = (GET_SIGNAL, GET_WALK, GET_SEASON)
