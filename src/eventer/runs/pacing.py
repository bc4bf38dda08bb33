"""Pace: which indices are due, and when. Exact integers; time is an argument.

A pace is a list of segments in the order in which they began. Index i belongs to the last segment
in the list whose n0 is at most i. Instants are ns since 1970-01-01T00:00:00Z; a rate is events/s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import RequestError
from eventer.core.model import Segment
from eventer.core.pace import Cron, PaceSpec, Profile, Stages, Steady, Ticks
from eventer.runs.pace.courses import Course, course_of
from eventer.runs.pace.curves import NEVER

END: Final = 1 << 63
"""Greater than all indices and instants: both are stored as signed 64-bit integers."""


@dataclass(frozen=True, slots=True)
class _Range:
    """The indices [first, end) of a segment that no later segment replaces.

    Index i is event i - `shift` of the course, which begins at the instant `begin`.
    """

    segment: Segment
    first: int
    end: int
    course: Course
    shift: int = field(init=False)
    begin: int = field(init=False)

    def __post_init__(self) -> None:
        segment = self.segment
        passed = self.course.due(segment.u0) if segment.u0 else 0
        object.__setattr__(self, "shift", segment.n0 - segment.u0)
        object.__setattr__(self, "begin", segment.t0 - passed)

    def due_at(self, index: int) -> int:
        time = self.course.due(index - self.shift)
        return END if time == NEVER else self.begin + time

    def due_end(self, now: int) -> int:
        """The first index of the range that is not due yet, or its end."""
        if now < self.segment.t0:
            return self.first
        end = self.course.count_due(now - self.begin) + self.shift
        return max(self.first, min(self.end, end))


class Pace:
    """The pace of one generator, from its segments in the order they were begun."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self._ranges = _ranges(self.segments)

    @property
    def total(self) -> None:
        """See `Timetable`: `limit` is known in advance."""

    def due_end(self, now: int) -> int:
        """The first index that is not due yet, or never."""
        spec = self._ranges[-1].segment.pace
        if spec.end is not None:
            now = min(now, spec.end - 1)
        end = self._paced_end(now)
        return end if spec.max_events is None else min(end, spec.max_events)

    def next_due(self, index: int) -> int | None:
        """When an index is due; None if it is beyond the end of the pace."""
        spec = self._ranges[-1].segment.pace
        if spec.max_events is not None and index >= spec.max_events:
            return None
        due = self.due_at(index)
        return None if due >= (END if spec.end is None else spec.end) else due

    def _paced_end(self, now: int) -> int:
        for piece in self._ranges:
            end = piece.due_end(now)
            if end < piece.end:
                return end
        return END

    def due_at(self, index: int) -> int:
        """When an index is due: the scheduled time of its event. `END` if it never is."""
        return self._range_of(index).due_at(index)

    def scheduled(self, first: int, count: int) -> NDArray[np.int64]:
        """The scheduled times of the indices [first, first + count).

        Raises:
            RequestError: an index is due after the year 2262 or after the end of the pace.
        """
        times = np.empty(count, dtype=np.int64)
        done = 0
        while done < count:
            piece = self._range_of(first + done)
            until = min(count, piece.end - first)
            times[done:until] = _times(piece, first + done, until - done)
            done = until
        return times

    def all_due(self, index: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """`due_at` of indices in any order that are due some time; None without a formula."""
        due = np.zeros(len(index), dtype=np.int64)
        for piece in self._ranges:
            rows = slice(None) if piece is self._ranges[0] else np.flatnonzero(index >= piece.first)
            found = piece.course.all_due(index[rows] - piece.shift)
            if found is None:
                return None
            due[rows] = found + piece.begin
        return due

    def all_due_ends(self, times: NDArray[np.int64], most: int) -> NDArray[np.int64] | None:
        """`due_end` of times in any order, but at most `most`; None without a formula."""
        spec = self._ranges[-1].segment.pace
        most = most if spec.max_events is None else min(most, spec.max_events)
        times = times if spec.end is None else np.minimum(times, spec.end - 1)
        ends = np.full(len(times), most, dtype=np.int64)
        for piece in reversed(self._ranges):
            counts = piece.course.all_counts_due(np.maximum(times - piece.begin, 0))
            if counts is None:
                return None
            begun = np.where(times < piece.segment.t0, 0, counts + piece.shift)
            end = np.maximum(begun, piece.first)
            ends = np.where(end < piece.end, np.minimum(end, most), ends)
        return ends

    @cached_property
    def limit(self) -> int:
        """The first index that is never due: the end of the pace; `END` without one.

        With a calendar it takes time in proportion to the days until then.
        """
        last = self._ranges[-1]
        spec = last.segment.pace
        limit = END if spec.max_events is None else spec.max_events
        if spec.end is not None:
            limit = min(limit, self._paced_end(spec.end - 1))
        if isinstance(spec.shape, Stages) and spec.shape.repeat is not None:
            limit = min(limit, last.due_end(END - 1))
        return limit

    def keeps(self, now: int, position: int, live_from: int) -> bool:
        """Whether a generator that starts again now continues at its own times.

        It does if its first event is in the future, and while it delivers the events that were due
        when it was added, at `live_from`: the past that `start` asks for.
        """
        if self.segments[0].pace.start is None:
            return False
        return self.segments[-1].t0 > now or self.due_at(position) < live_from

    def last_tick(self, now: int) -> int | None:
        """When the last tick up to `now` was due; None before the first tick."""
        end = self.due_end(now)
        return self.due_at(end - 1) if end > self._ranges[0].first else None

    def rate_at(self, now: int) -> float:
        """Events per second at an instant; 0 before the first segment and after the end."""
        end = max(self.due_end(now), self._ranges[0].first)
        if self.next_due(end) is None:
            return 0.0
        piece = self._range_of(end)
        return piece.course.rate(now - piece.begin) if now >= piece.segment.t0 else 0.0

    def relevant(self, position: int) -> tuple[Segment, ...]:
        """The segments that pace the indices from a position on."""
        return tuple(piece.segment for piece in self._ranges if piece.end > position)

    def resumed(self, now: int, position: int) -> Segment:
        """The segment of a generator that resumes now at a position: its next event is due at once.

        Stages continue where they stopped; the down time does not count. Profile and cron follow
        the calendar.
        """
        piece = self._range_of(position)
        last = self._ranges[-1]
        if isinstance(last.segment.pace.shape, Stages) and piece is last:
            return replace(last.segment, t0=now, n0=position, u0=position - last.shift)
        return replace(last.segment, t0=now, n0=position, u0=0)

    def _range_of(self, index: int) -> _Range:
        for piece in reversed(self._ranges):
            if index >= piece.first:
                return piece
        first = self._ranges[0].first
        raise ValueError(f"index {index} is before the first segment, which begins at {first}")


def _ranges(segments: Sequence[Segment]) -> tuple[_Range, ...]:
    ranges: list[_Range] = []
    end = END
    for segment in reversed(segments):
        if segment.n0 < end:
            ranges.append(_Range(segment, segment.n0, end, course_of(segment)))
            end = segment.n0
    if not ranges:
        raise ValueError("a pace needs a segment")
    return tuple(reversed(ranges))


def _times(piece: _Range, first: int, count: int) -> NDArray[np.int64]:
    times = piece.course.times(first - piece.shift, count)
    last = None if times is None else piece.begin + int(times[-1])
    if times is None or last is None or last >= END:
        when = "the year 2262" if _endless(piece.segment.pace) else "the end of the pace"
        raise RequestError(f"event {first + count - 1} is due after {when}")
    return times + np.int64(piece.begin)


def _endless(spec: PaceSpec) -> bool:
    return not (isinstance(spec.shape, Stages) and spec.shape.repeat is not None)


def peak_rate(spec: PaceSpec) -> float:
    """The highest events per second that a pace can have; a cron expression fires each minute."""
    match spec.shape:
        case Ticks(count=count, interval=interval):
            return count * NS_PER_SECOND / interval
        case Steady(rate=rate):
            return rate.per_second
        case Stages(stages=stages):
            return max(max(each.first.per_second, each.last.per_second) for each in stages)
        case Profile(rate=rate, multipliers=multipliers):
            return rate.per_second * float(max(multipliers))
        case Cron(count=count):
            return count / 60


def tick_interval(spec: PaceSpec) -> int:
    """The time between ticks, or a typical time between events (ns)."""
    match spec.shape:
        case Ticks(interval=interval):
            return interval
        case Cron():
            return 3_600 * NS_PER_SECOND
        case _:
            return max(1, int(NS_PER_SECOND / peak_rate(spec)))


def tick_events(spec: PaceSpec) -> int:
    """How many events are due together."""
    return spec.shape.count if isinstance(spec.shape, Ticks | Cron) else 1


def begin(now: int, position: int, pace: PaceSpec, draw_key: int = 0) -> Segment:
    """The segment of a new generator: its pace begins now."""
    return Segment(t0=now, n0=position, pace=pace, draw_key=draw_key)


def repace(old: Pace, now: int, pace: PaceSpec, draw_key: int = 0) -> Segment:
    """The segment of another pace. No index is skipped or due twice.

    It begins with the first index not yet due. Another `end` or `max_events` alone changes no due
    time. Ticks begin one new interval after the last due tick (at once if there was no tick yet),
    but no later than the last instant; a rate likewise, but not before now; other paces now. A
    `start` in the future stays.
    """
    current = old.segments[-1]
    if _differ_in_end(current.pace, pace):
        return replace(current, pace=pace)
    last = old.last_tick(now)
    if last is not None:
        t0 = _next_begin(pace, last, now)
    else:
        t0 = now if pace.start is None else max(now, current.t0)
    return Segment(t0=min(t0, END - 1), n0=old.due_end(now), pace=pace, draw_key=draw_key)


def _differ_in_end(old: PaceSpec, new: PaceSpec) -> bool:
    """Whether two paces differ only in where they end."""
    return old != new and replace(old, end=new.end, max_events=new.max_events) == new


def _next_begin(pace: PaceSpec, last: int, now: int) -> int:
    match pace.shape:
        case Ticks(interval=interval):
            return last + interval
        case Steady(rate=rate):
            return max(now, last + rate.period // rate.events)
        case _:
            return max(now, last + 1)
