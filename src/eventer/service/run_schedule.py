"""When the events of `eventer run` are due, how many there are, and when it ends. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventer.core.duration import parse_duration
from eventer.core.errors import RequestError
from eventer.core.model import Segment
from eventer.core.pace import PaceSpec, Steady, ticks
from eventer.core.rate import parse_rate
from eventer.runs.pacing import END, Pace


@dataclass(frozen=True, slots=True)
class UnpacedTimetable:
    """All events are due at once and scheduled at one instant: delivery is as fast as possible."""

    at: int

    def due_end(self, now: int) -> int:
        """See `Timetable`."""
        del now
        return END

    def due_at(self, index: int) -> int:
        """See `Timetable`."""
        del index
        return 0

    def scheduled(self, first: int, count: int) -> NDArray[np.int64]:
        """See `Timetable`."""
        del first
        return np.full(count, self.at, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class PacedTimetable:
    """Events are due at a pace, and scheduled `shift` ns after that: from `--at` on."""

    pace: Pace
    shift: int = 0

    def due_end(self, now: int) -> int:
        """See `Timetable`."""
        return self.pace.due_end(now)

    def due_at(self, index: int) -> int:
        """See `Timetable`."""
        return self.pace.due_at(index)

    def scheduled(self, first: int, count: int) -> NDArray[np.int64]:
        """See `Timetable`."""
        return self.pace.scheduled(first, count) + self.shift


@dataclass(frozen=True, slots=True)
class ScheduleOptions:
    """The schedule options of `eventer run`, as written; `at` is ns since 1970."""

    rate: str | None = None
    count: int | None = None
    interval: str | None = None
    duration: str | None = None
    max_events: int | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class RunSchedule:
    """When events are due, the end index of the run, and its duration.

    `duration_ns` is set only without a pace. A paced run ends at `limit`: the same command always
    generates the same number of events.
    """

    timetable: UnpacedTimetable | PacedTimetable
    limit: int = END
    duration_ns: int | None = None

    @property
    def shift(self) -> int | None:
        """Scheduled minus due time (ns); None without a pace, which has no lateness."""
        return self.timetable.shift if isinstance(self.timetable, PacedTimetable) else None

    def began(self, now: int) -> int:
        """The start of the run: when its first event is due, or now without a pace."""
        return self.timetable.due_at(0) or now


def schedule(options: ScheduleOptions, now: int) -> RunSchedule:
    """The schedule of a run that starts now (ns since 1970).

    Raises:
        RequestError: an option is invalid, or two cannot be combined.
    """
    pace = _pace(options)
    duration_ns = None if options.duration is None else _positive(options.duration, "--duration")
    limit = END if options.max_events is None else options.max_events
    if pace is None:
        return RunSchedule(
            UnpacedTimetable(now if options.at is None else options.at), limit, duration_ns
        )
    due = Pace((Segment(now, 0, pace),))
    if duration_ns is not None:
        limit = min(limit, due.due_end(now + duration_ns - 1))
    shift = 0 if options.at is None else options.at - now
    return RunSchedule(PacedTimetable(due, shift), limit)


def _pace(options: ScheduleOptions) -> PaceSpec | None:
    if options.rate is not None:
        if options.count is not None or options.interval is not None:
            raise RequestError("--rate cannot be combined with --count or --interval")
        return PaceSpec(Steady(parse_rate(options.rate)))
    if options.interval is not None:
        return ticks(options.count or 1, _positive(options.interval, "--interval"))
    if options.count is not None:
        raise RequestError(
            "--count needs --interval; use --max-events for the total number of events"
        )
    return None


def _positive(text: str, option: str) -> int:
    duration = parse_duration(text)
    if duration <= 0:
        raise RequestError(f"{option} {text}: must be greater than zero")
    return duration
