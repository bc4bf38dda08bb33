"""When the events of `eventer run` are due, how many there are, and when it ends. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import RequestError
from eventer.core.instant import parse_moment
from eventer.core.model import Segment, TimelineSpec
from eventer.plan.timelines.timeline_rows import Timelines
from eventer.runs.pacing import END, Pace
from eventer.runs.timelines.starts import TimelineStarts
from eventer.runs.timelines.step_sequence import StepSequence
from eventer.runs.timelines.step_timetable import StepTimetable
from eventer.service.run_pace import PaceOptions, positive_duration, run_pace
from eventer.service.timeline_faults import too_many_timelines


@dataclass(frozen=True, slots=True)
class UnpacedTimetable:
    """All events are due at once and scheduled at one instant: delivery is as fast as possible."""

    at: int

    shift = None
    total = None

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

    total = None

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
class SimulatedTimetable:
    """All events are due at once, but scheduled at a pace, `offset` ns later."""

    pace: Pace
    offset: int = 0

    shift = None
    total = None

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
        return self.pace.scheduled(first, count) + self.offset


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleOptions(PaceOptions):
    """The schedule options of `eventer run`, as written; `at` is ns since 1970.

    With `fast`, a pace takes no time: it only gives the scheduled times.
    """

    duration: str | None = None
    max_events: int | None = None
    at: int | None = None
    fast: bool = False


@dataclass(frozen=True, slots=True)
class RunSchedule:
    """When events are due, the end index of the run, and its duration.

    `duration_ns` is set only without a pace. A paced run ends at `limit`: the same command always
    generates the same number of events. `now` is the start of the run; earlier due events are its
    past, whose delivery has no lateness.
    """

    timetable: UnpacedTimetable | PacedTimetable | SimulatedTimetable | StepTimetable
    limit: int = END
    duration_ns: int | None = None
    now: int = 0

    @property
    def shift(self) -> int | None:
        """Scheduled minus due time (ns); None without a pace, which has no lateness."""
        return self.timetable.shift

    def began(self, now: int) -> int:
        """The start of the run: when its first event is due; now without a pace, or with a past."""
        first = self.timetable.due_at(0)
        return first if self.now <= first < END else now

    @property
    def live_from(self) -> int:
        """Events that are scheduled earlier are delivered late on purpose."""
        return self.now + (self.shift or 0)

    def progress(self, position: int, elapsed_from: int, at: int) -> float | None:
        """How far a run is along its schedule at an instant: 1 if every due event is committed.

        `elapsed_from` is the start of the run. None without a pace, and before the run has
        delivered its past.
        """
        if self.shift is None or position == 0:
            return None
        due = self.timetable.due_at(position)
        if due >= END:
            due = self.timetable.due_at(position - 1)
        if due <= elapsed_from or at <= elapsed_from:
            return None
        return min(1.0, (due - elapsed_from) / (at - elapsed_from))


def schedule(options: ScheduleOptions, now: int, draw_key: int = 0) -> RunSchedule:
    """The schedule of a run that starts now (ns since 1970); `draw_key` is for random arrivals.

    Raises:
        RequestError: an option is invalid, or two cannot be combined.
    """
    pace = run_pace(options, now)
    duration_ns = (
        None if options.duration is None else positive_duration(options.duration, "--duration")
    )
    limit = END if options.max_events is None else options.max_events
    if pace is None:
        if options.fast:
            raise RequestError("--fast needs a pace: --rate, --interval or --stages")
        at = now if options.at is None else options.at
        return RunSchedule(UnpacedTimetable(at), limit, duration_ns, now)
    if pace.start is not None and options.at is not None:
        raise RequestError("--start cannot be combined with --at")
    begin = now if pace.start is None else parse_moment(pace.start, now)
    due = Pace((Segment(begin, 0, pace, draw_key=draw_key),))
    if duration_ns is not None:
        limit = min(limit, due.due_end(max(now, begin) + duration_ns - 1))
    shift = 0 if options.at is None else options.at - now
    timetable = SimulatedTimetable(due, shift) if options.fast else PacedTimetable(due, shift)
    return RunSchedule(timetable, min(limit, due.limit), None, now)


def step_schedule(
    run_schedule: RunSchedule, timelines: Timelines, spec: TimelineSpec
) -> RunSchedule:
    """The schedule of the steps of timelines that start at the pace of a run.

    Raises:
        RequestError: the run has no pace, or too many timelines start within a horizon.
    """
    paced = run_schedule.timetable
    if not isinstance(paced, PacedTimetable | SimulatedTimetable):
        raise RequestError("--timeline needs a pace: --rate, --interval or --stages")
    pace = paced.pace.segments[-1].pace
    if problem := too_many_timelines(pace, spec, run_schedule.limit):
        raise RequestError(f"--timeline: {': '.join(problem)}")
    simulated = isinstance(paced, SimulatedTimetable)
    shift = paced.offset if isinstance(paced, SimulatedTimetable) else paced.shift
    starts = TimelineStarts(paced.pace, run_schedule.limit, shift)
    sequence = StepSequence(timelines, starts, spec)
    return replace(
        run_schedule, timetable=StepTimetable(sequence, shift, simulated=simulated), limit=END
    )
