"""Cumulative counts of events over time: constant rates, stages and profiles.

A curve begins at the time 0 with the level 0. Times are nanoseconds, levels are those of
`pieces.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from math import ceil, lcm
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np

from eventer.core.clock import NS_PER_SECOND
from eventer.core.pace import Profile, Stages, Steady
from eventer.runs.pace.day_totals import DAY_NS, LAST_DAY, DayTotals
from eventer.runs.pace.pieces import LEVEL, Integers, Piece, Run
from eventer.runs.pace.zones import load_zone, offset_periods

NEVER = 1 << 63
"""Greater than all times: they are stored as signed 64-bit integers."""
_HOUR = 3_600
_MONDAY = 3 * 24
"""The hours from a Monday's midnight to that of 1970-01-01."""
_SHORT = 8
"""Up to this many levels of a piece are inverted one by one."""


class Curve(Protocol):
    """A cumulative count of events."""

    @property
    def total(self) -> Fraction | None:
        """The levels that it passes ever; None without an end."""

    def run_passing(self, level: int) -> Run | None:
        """The run that passes a level; None if none does."""

    def run_at(self, time: int) -> Run | None:
        """The run at a time; None after the end."""


def passing_time(curve: Curve, level: int) -> int:
    """The nanosecond in which a curve passes a level; `NEVER` if it does not."""
    if (run := curve.run_passing(level)) is None:
        return NEVER
    return run.time_of(level)


def passing_times(curve: Curve, first: int, offsets: Integers) -> Integers | None:
    """`passing_time` of the levels `first + offset`; None if one is `NEVER`.

    The offsets are ascending, from 0 on. There is one step per piece, not one per level.
    """
    times = np.empty(len(offsets), dtype=np.int64)
    done = 0
    while done < len(offsets):
        level = first + int(offsets[done])
        if (run := curve.run_passing(level)) is None:
            return None
        until = int(np.searchsorted(offsets, min(run.end_level - first, NEVER - 1)))
        rest = offsets[done:until] - offsets[done]
        if run.time_of(level + int(rest[-1])) >= NEVER:
            return None
        if len(rest) <= _SHORT:
            times[done:until] = [run.time_of(level + offset) for offset in rest.tolist()]
        else:
            times[done:until] = run.times_of(level, rest)
        done = until
    return times


def passed_levels(curve: Curve, time: int) -> int:
    """How many levels a curve has passed before a time."""
    if time <= 0:
        return 0
    if (run := curve.run_at(time)) is None:
        assert curve.total is not None
        return ceil(curve.total)
    return run.passed_before(time)


def rate_at(curve: Curve, time: int) -> float:
    """Events per second at a time."""
    if time < 0 or (run := curve.run_at(time)) is None:
        return 0.0
    piece = run.piece
    share = Fraction(time - run.start, piece.length)
    return float((piece.first + (piece.last - piece.first) * share) * NS_PER_SECOND)


class SteadyCurve:
    """A constant rate."""

    total = None

    def __init__(self, steady: Steady) -> None:
        piece = Piece(steady.rate.per_ns, steady.rate.per_ns, NEVER)
        self._run = Run(piece, 0, 0, ceil(piece.total), 1)

    def run_passing(self, level: int) -> Run | None:
        """See `Curve`."""
        del level
        return self._run

    def run_at(self, time: int) -> Run | None:
        """See `Curve`."""
        del time
        return self._run


class StagesCurve:
    """Stages, repeated. Fractions of an event carry over from stage to stage."""

    def __init__(self, stages: Stages) -> None:
        self._pieces = [Piece(s.first.per_ns, s.last.per_ns, s.length) for s in stages.stages]
        self._repeat = stages.repeat
        totals = [piece.total for piece in self._pieces]
        self._scale = lcm(*(total.denominator for total in totals))
        self._bases = [*accumulate((int(t * self._scale) for t in totals), initial=0)]
        self._starts = [*accumulate((p.length for p in self._pieces), initial=0)]

    @property
    def total(self) -> Fraction | None:
        """See `Curve`."""
        if self._repeat is None:
            return None
        return Fraction(self._repeat * self._bases[-1], self._scale)

    def run_passing(self, level: int) -> Run | None:
        """See `Curve`."""
        cycle, rest = divmod(level * self._scale, self._bases[-1])
        return self._run(cycle, bisect_right(self._bases, rest) - 1)

    def run_at(self, time: int) -> Run | None:
        """See `Curve`."""
        cycle, rest = divmod(time, self._starts[-1])
        return self._run(cycle, bisect_right(self._starts, rest) - 1)

    def _run(self, cycle: int, number: int) -> Run | None:
        if self._repeat is not None and cycle >= self._repeat:
            return None
        before = cycle * self._bases[-1]
        return Run(
            self._pieces[number],
            cycle * self._starts[-1] + self._starts[number],
            before + self._bases[number],
            before + self._bases[number + 1],
            self._scale,
        )


class ProfileCurve:
    """A profile from an instant on (ns since 1970). It follows the calendar of its time zone.

    Sums are integers: nanoseconds times multipliers that have a common denominator.
    """

    total = None

    def __init__(self, profile: Profile, begin: int) -> None:
        self._hours = _ProfileHours(profile)
        self._begin = begin
        self._first_day = begin // DAY_NS
        self._totals = DayTotals(self._first_day, lambda day: self._hours.of(day).sums[-1])
        self._before = self._sum(begin)

    def _sum(self, instant: int) -> int:
        """The weighted time from the first day to an instant."""
        day, time = divmod(instant, DAY_NS)
        if day >= LAST_DAY:
            return self._totals.before(LAST_DAY)
        return self._totals.before(day) + self._hours.of(day).sum(time)

    def run_passing(self, level: int) -> Run | None:
        """See `Curve`."""
        unit = self._hours.unit
        amount = level * unit.denominator // unit.numerator + self._before
        if (day := self._totals.day_of(amount)) is None:
            return None
        hours = self._hours.of(day)
        number = bisect_right(hours.sums, amount - self._totals.before(day)) - 1
        return self._run(day, number)

    def run_at(self, time: int) -> Run | None:
        """See `Curve`."""
        day, rest = divmod(self._begin + time, DAY_NS)
        if day >= LAST_DAY:
            day, rest = LAST_DAY - 1, DAY_NS - 1
        return self._run(day, bisect_right(self._hours.of(day).starts, rest) - 1)

    def _run(self, day: int, number: int) -> Run:
        hours = self._hours.of(day)
        begin = day * DAY_NS + hours.starts[number] - self._begin
        before, unit = self._totals.before(day) - self._before, self._hours.unit
        base, end = hours.sums[number], hours.sums[number + 1]
        return Run(
            hours.pieces[number],
            begin,
            (before + base) * unit.numerator,
            (before + end) * unit.numerator,
            unit.denominator,
        )


@dataclass(frozen=True, slots=True)
class _DayHours:
    """The hours of a UTC day: where each starts, its weighted time, and the sums before each."""

    starts: tuple[int, ...]
    sums: tuple[int, ...]
    pieces: tuple[Piece, ...]
    weights: tuple[int, ...]

    def sum(self, time: int) -> int:
        """The weighted time from the beginning of the day to a time."""
        number = bisect_right(self.starts, time) - 1
        return self.sums[number] + (time - self.starts[number]) * self.weights[number]


class _ProfileHours:
    """The hours of a profile's days. Most days are like others, so they are computed once."""

    def __init__(self, profile: Profile) -> None:
        self._zone: ZoneInfo = load_zone(profile.timezone)
        denominator = lcm(*(each.denominator for each in profile.multipliers))
        self._weights = [int(each * denominator) for each in profile.multipliers]
        self._rate = profile.rate.per_ns / denominator
        self.unit = self._rate * LEVEL
        """Positions of a nanosecond with the multiplier 1 / denominator."""
        self._of_periods = lru_cache(maxsize=64)(self._day_hours)
        self.of = lru_cache(maxsize=16)(self._of)

    def _of(self, day: int) -> _DayHours:
        """The hours of a day."""
        start = day * DAY_NS // NS_PER_SECOND
        return self._of_periods(
            tuple(
                (
                    period.start - start,
                    period.end - start,
                    (period.start + period.offset) % (7 * 24 * _HOUR),
                )
                for period in offset_periods(self._zone, day, day + 1)
            )
        )

    def _day_hours(self, parts: tuple[tuple[int, int, int], ...]) -> _DayHours:
        """The hours of a day whose periods start, end, and have this local time of the week."""
        starts, weights, lengths = [], [], []
        for start, end, local in parts:
            at = start
            while at < end:
                now = local + at - start
                until = min(end, at + _HOUR - now % _HOUR)
                starts.append(at * NS_PER_SECOND)
                lengths.append((until - at) * NS_PER_SECOND)
                weights.append(self._weights[(now // _HOUR + _MONDAY) % len(self._weights)])
                at = until
        totals = [weight * length for weight, length in zip(weights, lengths, strict=True)]
        pieces = [
            Piece(weight * self._rate, weight * self._rate, length)
            for weight, length in zip(weights, lengths, strict=True)
        ]
        sums = tuple(accumulate(totals, initial=0))
        return _DayHours(tuple(starts), sums, tuple(pieces), tuple(weights))
