"""`get_timestamp`: instants on a grid, as RFC 3339 in UTC.

The unit is the coarsest of seconds, milliseconds, microseconds and nanoseconds that divides start
and step; so all values of a call have the same number of digits. `now` is the scheduled time of the
event, truncated to the unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.calendar import FIRST_SECOND, LAST_SECOND, rfc3339, rfc3339_one
from eventer.functions.columns import Column, DictionaryColumn, TimestampColumn
from eventer.functions.spec import BatchContext, BoundCall, FunctionSpec, Parameter, ReturnType
from eventer.functions.time_points import TimePoint, parse_point, parse_step
from eventer.kernels import draw

MAX_PRECOMPUTED_POINTS: Final = 4096
"""The texts of fixed grids of at most this size are precomputed."""

_INT64: Final = 1 << 63
_ORDER_HINT: Final = "put 'start' before 'end'"


@dataclass(frozen=True)
class FixedGrid(BoundCall):
    """The points start, start + step, … (`size` of them), in units of 10^-digits seconds."""

    digits: int
    start: int
    step: int
    size: int

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        steps = draw.integer_column(key, context.index, 0, self.size - 1)
        units = steps * self.step + self.start
        if self.size <= MAX_PRECOMPUTED_POINTS:
            return TimestampColumn(units, self.digits, DictionaryColumn(steps, self._entries))
        return TimestampColumn(units, self.digits, rfc3339(units, self.digits))

    @cached_property
    def _entries(self) -> tuple[JsonValue, ...]:
        """The text of every point."""
        points = self.start + np.arange(self.size, dtype=np.int64) * self.step
        return tuple(rfc3339(points, self.digits).to_list())


@dataclass(frozen=True, slots=True)
class GridBound:
    """An end of a grid in units of 10^-digits seconds, since 1970 or since `now`."""

    units: int
    relative: bool

    def at(self, now: NDArray[np.int64]) -> NDArray[np.int64]:
        """The end for each `now`."""
        return now + self.units if self.relative else np.full_like(now, self.units)


@dataclass(frozen=True, slots=True)
class MovingGrid(BoundCall):
    """A grid with at least one end relative to `now`."""

    time_dependent: ClassVar[bool] = True
    may_raise: ClassVar[bool] = True
    digits: int
    start: GridBound
    end: GridBound
    step: int

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        now = context.scheduled // 10 ** (9 - self.digits)
        self._require_in_range(now)
        start, end = self.start.at(now), self.end.at(now)
        self._require_order(start, end)
        sizes = (end - start).view(np.uint64) // np.uint64(self.step) + np.uint64(1)
        units = draw.sized_column(key, context.index, sizes) * self.step + start
        return TimestampColumn(units, self.digits, rfc3339(units, self.digits))

    def _require_in_range(self, now: NDArray[np.int64]) -> None:
        low, high = _range(self.digits)
        for end in (self.start, self.end):
            if end.relative and np.any((now < low - end.units) | (now > high - end.units)):
                raise EvaluationError(
                    "get_timestamp: 'start' or 'end' is too far from now",
                    hint="stay within the years 1 to 9999, or 1678 to 2261 with nanoseconds",
                )

    def _require_order(self, start: NDArray[np.int64], end: NDArray[np.int64]) -> None:
        wrong = np.flatnonzero(start > end)
        if len(wrong):
            first = wrong[0]
            raise EvaluationError(
                f"get_timestamp: 'start', {rfc3339_one(int(start[first]), self.digits)}, "
                f"is after 'end', {rfc3339_one(int(end[first]), self.digits)}",
                hint=_ORDER_HINT,
            )


def _range(digits: int) -> tuple[int, int]:
    """The lowest and highest instants with a text that fit a column."""
    scale = 10**digits
    return max(FIRST_SECOND * scale, -_INT64), min((LAST_SECOND + 1) * scale, _INT64) - 1


def _timestamp(arguments: Sequence[JsonValue]) -> BoundCall:
    start, end = parse_point("start", arguments[0]), parse_point("end", arguments[1])
    step_ns = parse_step(arguments[2])
    digits = _digits(start.ns, step_ns)
    unit = 10 ** (9 - digits)
    first, last = (GridBound(point.ns // unit, point.relative) for point in (start, end))
    if start.relative == end.relative and start.ns > end.ns:
        raise EvaluationError("get_timestamp: 'start' is after 'end'", hint=_ORDER_HINT)
    _require_representable(start, end, first, last, digits)
    step = min(step_ns // unit, _INT64 - 1)
    if start.relative or end.relative:
        return MovingGrid(digits, first, last, step)
    return FixedGrid(digits, first.units, step, (last.units - first.units) // step + 1)


def _digits(start_ns: int, step_ns: int) -> int:
    """The number of decimals of a second that a grid needs: 0, 3, 6 or 9."""
    units = ((digits, 10 ** (9 - digits)) for digits in (0, 3, 6))
    return next((d for d, unit in units if not start_ns % unit and not step_ns % unit), 9)


def _require_representable(
    start: TimePoint, end: TimePoint, first: GridBound, last: GridBound, digits: int
) -> None:
    low, high = _range(digits)
    for point, units in ((start, first.units), (end, last.units)):
        if not point.relative and not low <= units <= high:
            raise EvaluationError(
                "get_timestamp: with nanoseconds, 'start' and 'end' must be from 1678 to 2261",
                hint="take a step and a start of whole microseconds",
            )


GET_TIMESTAMP: Final = FunctionSpec(
    name="get_timestamp",
    parameters=(
        Parameter("start", "a point in time", "the first instant"),
        Parameter("end", "a point in time", "no instant is after it"),
        Parameter("step", "a duration", "the distance between consecutive instants"),
    ),
    return_type=ReturnType.TIMESTAMP,
    doc="One of the instants `start`, `start` + `step`, `start` + 2 `step`, … that are not after "
    "`end`, each equally likely, in RFC 3339 and UTC (`2021-12-01T13:00:00Z`).\n\n"
    "A point in time is a date (`2021-12-01`, its midnight), a date and time with or without an "
    "offset (`2021-12-01T10:30:00+03:00`; UTC where there is none), or `now` with an offset "
    "(`now-7d`, `now+1h30m`). `now` is the time that the event is scheduled for. A duration is "
    "written as in Go (`1h30m`, `250ms`), and may begin with whole weeks and days (`1w2d12h`).\n\n"
    "There are as many decimals of a second, 0, 3, 6 or 9, as `start` and `step` need; `now` is "
    'cut to that: `get_timestamp("now", "now", "1ms")` is the event\'s own time in '
    "milliseconds.",
    examples=(
        'get_timestamp("2021-12-01", "2021-12-31", "1h")',
        'get_timestamp("now-7d", "now", "1s")',
    ),
    bind=_timestamp,
)
