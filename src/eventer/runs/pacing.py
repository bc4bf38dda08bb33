"""Pace: which indices are due, and when. Exact integers; time is an argument.

A pace is a list of segments in the order in which they began. Index i belongs to the last segment
in the list whose n0 is at most i. Instants are ns since 1970-01-01T00:00:00Z; a rate is events/s.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import RequestError
from eventer.core.model import Segment

END: Final = 1 << 63
"""Greater than all indices and instants: both are stored as signed 64-bit integers."""

_MAX_RATE_LENGTH: Final = 100
_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kKM]?)(?:/(s|m|h))?")
_SCALES: Final = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000}
_PERIODS: Final = {None: 1, "s": 1, "m": 60, "h": 3_600}


@dataclass(frozen=True, slots=True)
class _Range:
    """The indices [first, end) of a segment that no later segment replaces."""

    segment: Segment
    first: int
    end: int

    def due_at(self, index: int) -> int:
        return self.segment.t0 + (index - self.segment.n0) // self.segment.count * (
            self.segment.interval
        )

    def due_end(self, now: int) -> int:
        """The first index of the range that is not due yet, or its end."""
        if now < self.segment.t0:
            return self.first
        ticks = (now - self.segment.t0) // self.segment.interval + 1
        return max(self.first, min(self.end, self.segment.n0 + ticks * self.segment.count))


class Pace:
    """The pace of one generator, from its segments in the order they were begun."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self._ranges = _ranges(self.segments)

    def due_end(self, now: int) -> int:
        """The first index that is not due yet."""
        for piece in self._ranges:
            end = piece.due_end(now)
            if end < piece.end:
                return end
        return END

    def due_at(self, index: int) -> int:
        """When an index is due: the scheduled time of its event."""
        return self._range_of(index).due_at(index)

    def scheduled(self, first: int, count: int) -> NDArray[np.int64]:
        """The scheduled times of the indices [first, first + count).

        Raises:
            RequestError: an index is due after the year 2262.
        """
        times = np.empty(count, dtype=np.int64)
        done = 0
        while done < count:
            piece = self._range_of(first + done)
            until = min(count, piece.end - first)
            times[done:until] = _times(piece, first + done, until - done)
            done = until
        return times

    def last_tick(self, now: int) -> int | None:
        """When the last tick up to `now` was due; None before the first tick."""
        end = self.due_end(now)
        return self.due_at(end - 1) if end > self._ranges[0].first else None

    @property
    def rate(self) -> float:
        """Events a second of the last segment."""
        return rate(self.segments[-1])

    def relevant(self, position: int) -> tuple[Segment, ...]:
        """The segments that pace the indices from a position on."""
        return tuple(piece.segment for piece in self._ranges if piece.end > position)

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
            ranges.append(_Range(segment, segment.n0, end))
            end = segment.n0
    if not ranges:
        raise ValueError("a pace needs a segment")
    return tuple(reversed(ranges))


def _times(piece: _Range, first: int, count: int) -> NDArray[np.int64]:
    segment = piece.segment
    base, into = divmod(first - segment.n0, segment.count)
    start = segment.t0 + base * segment.interval
    if into + count <= segment.count:
        ticks = np.zeros(count, dtype=np.int64)
    else:
        ticks = np.arange(into, into + count, dtype=np.int64) // segment.count
    if start + int(ticks[-1]) * segment.interval >= END:
        raise RequestError(f"event {first + count - 1} is due after the year 2262")
    return start + ticks * np.int64(segment.interval)


def rate(segment: Segment) -> float:
    """Events a second."""
    return segment.count * NS_PER_SECOND / segment.interval


def begin(now: int, position: int, *, count: int, interval: int) -> Segment:
    """The segment of an added, resumed or restarted generator; its first tick is due at once."""
    return Segment(t0=now, n0=position, count=count, interval=interval)


def repace(pace: Pace, now: int, *, count: int, interval: int) -> Segment:
    """The segment of a new count or interval. No index is skipped or due twice.

    It begins with the first index not yet due, one new interval after the last due tick (at once
    if there was no tick yet), but no later than the last instant.
    """
    last = pace.last_tick(now)
    return Segment(
        t0=now if last is None else min(last + interval, END - 1),
        n0=pace.due_end(now),
        count=count,
        interval=interval,
    )


def parse_rate(text: str) -> tuple[int, int]:
    """Exact count and interval (ns) of a rate such as `5k/s`, `100/m` or `0.5`, in small ticks.

    Raises:
        RequestError: the text is not a rate, or the rate is zero or out of range.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None or len(text) > _MAX_RATE_LENGTH:
        text = text[:_MAX_RATE_LENGTH]
        raise RequestError(f"{text!r} is not a rate: write it like 5k/s, 100/m or 0.5/s")
    number, scale, period = match.groups()
    whole, _, fraction = number.partition(".")
    events = int(whole + fraction) * _SCALES[scale]
    duration = _PERIODS[period] * NS_PER_SECOND * 10 ** len(fraction)
    if events == 0:
        raise RequestError(f"the rate {text!r} must be greater than zero")
    common = gcd(events, duration)
    count, interval = events // common, duration // common
    if interval >= END or count >= END:
        raise RequestError(f"the rate {text!r} is out of range")
    return count, interval
