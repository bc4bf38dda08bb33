"""When the events 0, 1, 2, … of one segment are due, for each kind of pace.

Times are nanoseconds from the begin of the segment's pace on; `NEVER` is the time of events beyond
the end of a pace.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from eventer.core.clock import NS_PER_SECOND
from eventer.core.model import Segment
from eventer.core.pace import Cron, PaceSpec, Profile, Stages, Steady, Ticks
from eventer.runs.pace.arrivals import Arrivals, EvenArrivals, RandomArrivals
from eventer.runs.pace.curves import (
    NEVER,
    Curve,
    ProfileCurve,
    StagesCurve,
    SteadyCurve,
    passed_levels,
    passing_time,
    passing_times,
    rate_at,
)
from eventer.runs.pace.day_totals import DAY_NS, LAST_DAY, DayTotals
from eventer.runs.pace.firings import Firings
from eventer.runs.pace.pieces import Integers


class Course(Protocol):
    """The due times of a segment."""

    def due(self, number: int) -> int:
        """When an event is due."""

    def count_due(self, time: int) -> int:
        """How many events are due at a time or before."""

    def times(self, first: int, count: int) -> Integers | None:
        """The times of the events [first, first + count); None if one is due at `NEVER`."""

    def rate(self, time: int) -> float:
        """Events per second at a time."""

    def all_due(self, numbers: Integers) -> Integers | None:
        """`due` of events in any order, none at `NEVER`; None if there is no formula for it."""

    def all_counts_due(self, times: Integers) -> Integers | None:
        """`count_due` of times in any order, none negative; None if there is no formula for it."""


def course_of(segment: Segment) -> Course:
    """The course of a segment."""
    spec, first = segment.pace, segment.n0 - segment.u0
    match spec.shape:
        case Ticks() as shape:
            return _TickCourse(shape)
        case Cron() as shape:
            return _CronCourse(shape, segment.t0)
        case Steady() as shape if spec.arrivals == "even":
            return _SteadyCourse(shape)
    curve = _curve(spec, segment.t0)
    if spec.arrivals == "even":
        return _CurveCourse(curve, EvenArrivals())
    return _CurveCourse(curve, RandomArrivals(segment.draw_key, first, curve.total))


def _curve(spec: PaceSpec, begin: int) -> Curve:
    match spec.shape:
        case Steady() as shape:
            return SteadyCurve(shape)
        case Stages() as shape:
            return StagesCurve(shape)
        case Profile() as shape:
            return ProfileCurve(shape, begin)
        case _:
            raise AssertionError(spec.shape)


class _TickCourse:
    """`count` events at each tick."""

    def __init__(self, ticks: Ticks) -> None:
        self._count, self._interval = ticks.count, ticks.interval

    def due(self, number: int) -> int:
        """See `Course`."""
        return number // self._count * self._interval

    def count_due(self, time: int) -> int:
        """See `Course`."""
        return (time // self._interval + 1) * self._count if time >= 0 else 0

    def times(self, first: int, count: int) -> Integers | None:
        """See `Course`."""
        base, into = divmod(first, self._count)
        start = base * self._interval
        if into + count <= self._count:
            ticks = np.zeros(count, dtype=np.int64)
        else:
            ticks = np.arange(into, into + count, dtype=np.int64) // self._count
        if start + int(ticks[-1]) * self._interval >= NEVER:
            return None
        return start + ticks * np.int64(self._interval)

    def rate(self, time: int) -> float:
        """See `Course`."""
        del time
        return self._count * NS_PER_SECOND / self._interval

    def all_due(self, numbers: Integers) -> Integers | None:
        """See `Course`."""
        due: Integers = numbers // self._count * self._interval
        return due

    def all_counts_due(self, times: Integers) -> Integers | None:
        """See `Course`."""
        counts: Integers = (times // self._interval + 1) * self._count
        return counts


class _CurveCourse:
    """The events at the levels of `arrivals` on a curve."""

    def __init__(self, curve: Curve, arrivals: Arrivals) -> None:
        self._curve = curve
        self._arrivals = arrivals

    def due(self, number: int) -> int:
        """See `Course`."""
        return passing_time(self._curve, self._arrivals.level(number))

    def count_due(self, time: int) -> int:
        """See `Course`."""
        passed = passed_levels(self._curve, time + 1)
        return self._arrivals.count_before(passed) if passed > 0 else 0

    def times(self, first: int, count: int) -> Integers | None:
        """See `Course`."""
        level, offsets = self._arrivals.levels(first, count)
        return passing_times(self._curve, level, offsets)

    def rate(self, time: int) -> float:
        """See `Course`."""
        return rate_at(self._curve, time)

    def all_due(self, numbers: Integers) -> Integers | None:
        """See `Course`."""
        del numbers
        return None

    def all_counts_due(self, times: Integers) -> Integers | None:
        """See `Course`."""
        del times
        return None


class _SteadyCourse(_CurveCourse):
    """Even arrivals at a constant rate: the common case, in few operations."""

    def __init__(self, steady: Steady) -> None:
        super().__init__(SteadyCurve(steady), EvenArrivals())
        self._events, self._period = steady.rate

    def due(self, number: int) -> int:
        """See `Course`."""
        return number * self._period // self._events

    def count_due(self, time: int) -> int:
        """See `Course`."""
        return -(-(time + 1) * self._events // self._period) if time >= 0 else 0

    @property
    def _fits(self) -> bool:
        """Whether the products of the formulas are below 2^63."""
        return self._events * self._period < NEVER

    def all_due(self, numbers: Integers) -> Integers | None:
        """See `Course`."""
        if not self._fits:
            return None
        periods, rest = np.divmod(numbers, self._events)
        due: Integers = periods * self._period + rest * self._period // self._events
        return due

    def all_counts_due(self, times: Integers) -> Integers | None:
        """See `Course`."""
        if not self._fits:
            return None
        periods, rest = np.divmod(times + 1, self._period)
        counts: Integers = periods * self._events - -rest * self._events // self._period
        return counts


class _CronCourse:
    """`count` events at each firing from an instant on (ns since 1970)."""

    def __init__(self, cron: Cron, begin: int) -> None:
        self._count, self._begin = cron.count, begin
        firings = Firings(cron)
        self._of_day = firings.of_day
        first_day = begin // DAY_NS
        self._totals = DayTotals(first_day, firings.count)
        self._skipped = self._fired_before(begin)

    def _fired_before(self, instant: int) -> int:
        """Firings from the first day on, before an instant."""
        day = instant // DAY_NS
        if day >= LAST_DAY:
            return self._totals.before(LAST_DAY)
        second = -(-instant // NS_PER_SECOND)
        return self._totals.before(day) + int(np.searchsorted(self._of_day(day), second))

    def due(self, number: int) -> int:
        """See `Course`."""
        firing = number // self._count + self._skipped
        if (day := self._totals.day_of(firing)) is None:
            return NEVER
        second = int(self._of_day(day)[firing - self._totals.before(day)])
        return second * NS_PER_SECOND - self._begin

    def count_due(self, time: int) -> int:
        """See `Course`."""
        if time < 0:
            return 0
        return (self._fired_before(self._begin + time + 1) - self._skipped) * self._count

    def times(self, first: int, count: int) -> Integers | None:
        """See `Course`."""
        times = np.empty(count, dtype=np.int64)
        done = 0
        while done < count:
            firing = (first + done) // self._count + self._skipped
            if (day := self._totals.day_of(firing)) is None:
                return None
            before, seconds = self._totals.before(day), self._of_day(day)
            end = (before + len(seconds) - self._skipped) * self._count
            until = min(count, end - first)
            numbers = np.arange(first + done, first + until, dtype=np.int64) // self._count
            firings = seconds[numbers + (self._skipped - before)]
            times[done:until] = firings * NS_PER_SECOND - self._begin
            done = until
        return times

    def rate(self, time: int) -> float:
        """See `Course`. The mean rate between the last firing, or the begin, and the next one."""
        number = self.count_due(time)
        last = self.due(number - 1) if number > 0 else 0
        next_ = self.due(number)
        if next_ == NEVER or next_ <= last:
            return 0.0
        return self._count * NS_PER_SECOND / (next_ - last)

    def all_due(self, numbers: Integers) -> Integers | None:
        """See `Course`."""
        del numbers
        return None

    def all_counts_due(self, times: Integers) -> Integers | None:
        """See `Course`."""
        del times
        return None
