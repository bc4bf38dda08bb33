"""Shows a pace before it runs: how many events are due when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from eventer.core.clock import NS_PER_SECOND
from eventer.core.instant import parse_moment
from eventer.core.pace import Cron, PaceSpec, Profile, Stages
from eventer.runs.pacing import END, Pace, begin, tick_interval

MAX_BUCKETS: Final = 1_000
MAX_LENGTH_NS: Final = 10 * 366 * 86_400 * NS_PER_SECOND
_HOUR_NS: Final = 3_600 * NS_PER_SECOND
_TICKS_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class PacePreview:
    """The events of a pace by time. Instants are ns since 1970.

    `counts[i]` events are due in the `bucket` nanoseconds from `begin + i * bucket` on. `total` is
    the number of all events; None without an end. `last` is when the last of them is due.
    """

    begin: int
    bucket: int
    counts: tuple[int, ...]
    total: int | None
    last: int | None

    @property
    def events(self) -> int:
        """The events of all buckets."""
        return sum(self.counts)

    @property
    def mean_rate(self) -> float:
        """Events per second over all buckets."""
        return self.events * NS_PER_SECOND / (self.bucket * len(self.counts))

    @property
    def peak_rate(self) -> float:
        """Events per second of the bucket with the most."""
        return max(self.counts) * NS_PER_SECOND / self.bucket

    @property
    def peak_at(self) -> int:
        """When the bucket with the most events begins."""
        return self.begin + self.counts.index(max(self.counts)) * self.bucket


def preview_pace(
    spec: PaceSpec, now: int, *, length: int | None = None, buckets: int = 60
) -> PacePreview:
    """The events of a pace that begins now, or at its `start`.

    `length` are the nanoseconds to show: if None, all of a pace that ends, else a day or a week of
    a profile, a day of a cron expression, one round of stages, or 60 ticks.

    Raises:
        RequestError: `start` is out of range.
    """
    t0 = now if spec.start is None else parse_moment(spec.start, now)
    # Random arrivals change no count by more than 63 events: any draw key is as good.
    pace = Pace((begin(t0, 0, spec),))
    end = pace.limit
    last = pace.due_at(end - 1) if 0 < end < END else None
    if length is None:
        length = _typical_length(spec) if last is None else last + 1 - t0
        length = -(-length // NS_PER_SECOND) * NS_PER_SECOND
    length = max(1, min(length, MAX_LENGTH_NS))
    bucket = -(-length // buckets)
    starts = [*range(0, length, bucket), length]
    edges = [pace.due_end(t0 + start - 1) for start in starts]
    counts = tuple(after - before for before, after in pairwise(edges))
    return PacePreview(t0, bucket, counts, end if end < END else None, last)


def _typical_length(spec: PaceSpec) -> int:
    match spec.shape:
        case Profile(multipliers=multipliers):
            return len(multipliers) * _HOUR_NS
        case Cron():
            return 24 * _HOUR_NS
        case Stages(stages=stages):
            return sum(stage.length for stage in stages)
        case _:
            return _TICKS_SHOWN * tick_interval(spec)
