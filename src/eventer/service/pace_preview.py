"""Shows a pace before it runs: how many events are due when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Final

from eventer.core.clock import NS_PER_SECOND
from eventer.core.instant import parse_moment
from eventer.core.model import Segment
from eventer.core.pace import Cron, EventRate, PaceSpec, Profile, Stages, Steady, Ticks
from eventer.runs.pacing import END, Pace, begin, peak_rate

MAX_LENGTH_NS: Final = 10 * 366 * 86_400 * NS_PER_SECOND
_HOUR_NS: Final = 3_600 * NS_PER_SECOND
_EVENTS_SHOWN: Final = 64
"""Events of a bucket in which one more or less cannot be seen."""
_STAGE_EVENTS_SHOWN: Final = 8
"""Events of a bucket in which a rate that changes can be seen."""


@dataclass(frozen=True, slots=True)
class PacePreview:
    """The events of a pace by time. Instants are ns since 1970.

    `counts[i]` events are due in the `bucket` nanoseconds from `begin + i * bucket` on; the last
    bucket ends at `begin + length`. `peak_rate` are events per second where the pace is fastest, or
    in the bucket with the most if many events are due together. `total` is the number of all
    events; None without an end. `last` is when the last of them is due.
    """

    begin: int
    length: int
    bucket: int
    peak_rate: float
    counts: tuple[int, ...]
    total: int | None
    last: int | None

    @property
    def events(self) -> int:
        """The events of all buckets."""
        return sum(self.counts)

    @property
    def mean_rate(self) -> float:
        """Events per second over all buckets. The event at the begin does not exceed the peak."""
        return min(self.peak_rate, self.events * NS_PER_SECOND / self.length)

    @property
    def peak_at(self) -> int:
        """When the bucket with the most events begins."""
        return self.begin + self.counts.index(max(self.counts)) * self.bucket


def preview_pace(
    spec: PaceSpec, now: int, *, length: int | None = None, buckets: int = 60
) -> PacePreview:
    """The events of a pace that begins now, or at its `start`.

    `length` are the nanoseconds to show: if None, all of a pace that ends, else a day or a week of
    a profile, a day of a cron expression, one round of stages, or `buckets` buckets of another
    pace. `buckets` is the most that are shown: those of an even pace are whole periods if they can
    be, and long enough that each has events.

    Raises:
        RequestError: `start` is out of range.
    """
    t0 = now if spec.start is None else parse_moment(spec.start, now)
    # Random arrivals change no count by more than 63 events: any draw key is as good.
    return _preview((begin(t0, 0, spec),), t0, length, buckets)


def preview_segments(
    segments: Sequence[Segment], now: int, *, length: int | None = None, buckets: int = 60
) -> PacePreview:
    """The events of a generator that are due from now on; otherwise as `preview_pace`.

    If its pace has ended, there are none, and `length` is a nanosecond.
    """
    return _preview(segments, now, length, buckets)


def _preview(segments: Sequence[Segment], t0: int, length: int | None, buckets: int) -> PacePreview:
    pace, spec = Pace(segments), segments[-1].pace
    end = pace.limit
    last = pace.due_at(end - 1) if 0 < end < END else None
    is_steady = isinstance(spec.shape, Steady)
    shortest = _shortest_bucket(spec) if length is None or is_steady else 1
    if length is None:
        length = (
            _typical_length(spec, buckets)
            if last is None
            else _whole(spec, last + 1 - t0, end - pace.due_end(t0 - 1))
        )
    length = max(1, min(length, MAX_LENGTH_NS))
    bucket = _whole_periods(spec, max(shortest, -(-length // buckets)))
    starts = [*range(0, length, bucket), length]
    edges = [pace.due_end(t0 + start - 1) for start in starts]
    counts = tuple(after - before for before, after in pairwise(edges))
    together = isinstance(spec.shape, Cron | Ticks)
    peak = max(counts) * NS_PER_SECOND / bucket if together else peak_rate(spec)
    return PacePreview(t0, length, bucket, peak, counts, end if end < END else None, last)


def _typical_length(spec: PaceSpec, buckets: int) -> int:
    match spec.shape:
        case Profile(multipliers=multipliers):
            return len(multipliers) * _HOUR_NS
        case Cron():
            return 24 * _HOUR_NS
        case Stages(stages=stages):
            return sum(stage.length for stage in stages)
        case Steady() | Ticks():
            second = NS_PER_SECOND if peak_rate(spec) >= 1 else 1
            return buckets * _whole_periods(spec, max(second, _shortest_bucket(spec)))


def _whole(spec: PaceSpec, length: int, events: int) -> int:
    """The nanoseconds of a pace that ends: the time of its last event, too, or whole seconds."""
    match spec.shape:
        case Steady(rate=rate):
            return max(length, -(-events * rate.period // rate.events))
        case Ticks(interval=interval):
            return -(-length // interval) * interval
        case _:
            return -(-length // NS_PER_SECOND) * NS_PER_SECOND


def _shortest_bucket(spec: PaceSpec) -> int:
    """The nanoseconds of a bucket whose number of events shows the rate."""
    match spec.shape:
        case Ticks(interval=interval):
            return interval
        case Steady(rate=rate) if rate.events <= _EVENTS_SHOWN:
            return rate.period
        case Steady():
            return ceil(_EVENTS_SHOWN * NS_PER_SECOND / peak_rate(spec))
        case Cron():
            return 1
        case Stages():
            return ceil(_STAGE_EVENTS_SHOWN * NS_PER_SECOND / peak_rate(spec))
        case Profile():
            return min(_HOUR_NS, ceil(_STAGE_EVENTS_SHOWN * NS_PER_SECOND / peak_rate(spec)))


def _whole_periods(spec: PaceSpec, bucket: int) -> int:
    """A bucket of whole periods of an even pace, so that all have equally many events.

    A bucket shorter than a period stays as it is.
    """
    match spec.shape:
        case Ticks(interval=period) | Steady(rate=EventRate(period=period)) if period <= bucket:
            return -(-bucket // period) * period
        case _:
            return bucket
