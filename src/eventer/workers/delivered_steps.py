"""The steps of timelines that a generator delivers: opened at any place in their order."""

from __future__ import annotations

from collections.abc import Sequence

from eventer.core.model import GeneratorSpec, Segment
from eventer.core.timelines import BEGIN, Cursor
from eventer.plan.prepare import PreparedTemplate, dropping_nulls
from eventer.runs.pacing import Pace
from eventer.runs.timelines.flow_steps import OpenedSteps
from eventer.runs.timelines.starts import TimelineStarts
from eventer.runs.timelines.step_engine import StepEngine
from eventer.runs.timelines.step_sequence import StepSequence
from eventer.runs.timelines.step_timetable import StepTimetable


def timeline_starts(segments: Sequence[Segment]) -> TimelineStarts:
    """When the timelines of a generator with these segments start."""
    pace = Pace(segments)
    return TimelineStarts(pace, pace.limit)


def earliest_step(starts: TimelineStarts, cursor: Cursor | None, first_timeline: int) -> int:
    """No step at a cursor or after it is due earlier; without one, of timelines from a first."""
    return starts.at(first_timeline) if cursor is None else cursor.due


def open_steps(
    prepared: PreparedTemplate,
    spec: GeneratorSpec,
    starts: TimelineStarts,
    *,
    number: int,
    cursor: Cursor | None,
    first_timeline: int,
    simulated: bool = False,
) -> OpenedSteps:
    """The steps from a cursor on, of timelines from a first; the next one has this `number`.

    With `simulated` time all of them are due at once.
    """
    source, timeline = spec.event_source, spec.timeline
    assert timeline is not None
    timelines = prepared.timelines(
        source.stream, source.context, timeline.horizon, part=spec.target.part
    )
    sequence = StepSequence(timelines, starts, timeline, cursor or BEGIN, first_timeline)
    timetable = StepTimetable(sequence, simulated=simulated, first=number)
    return OpenedSteps(timetable, dropping_nulls(StepEngine(timelines, timetable), spec))
