"""The steps of timelines that a generator delivers: opened at any place in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eventer.core.model import GeneratorSpec, Segment
from eventer.core.timelines import BEGIN, Cursor
from eventer.plan.engine import Engine
from eventer.plan.prepare import PreparedTemplate, dropping_nulls
from eventer.plan.timelines.timeline_rows import Timelines
from eventer.runs.pacing import Pace
from eventer.runs.timelines.flow_steps import OpenedSteps
from eventer.runs.timelines.starts import TimelineStarts
from eventer.runs.timelines.step_engine import StepEngine
from eventer.runs.timelines.step_sequence import StepSequence
from eventer.runs.timelines.step_timetable import StepTimetable
from eventer.workers.marked_timelines import MarkedTimelines


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
    mark: Callable[[int], object] = lambda _: None,
) -> OpenedSteps:
    """The steps from a cursor on, of timelines from a first; the next one has this `number`.

    With `simulated` time all of them are due at once. `mark` gets the first index of timelines
    before they are evaluated.
    """
    assert spec.steps is not None
    timelines = MarkedTimelines(prepared.step_timelines(spec), mark)
    sequence = StepSequence(timelines, starts, spec.steps, cursor or BEGIN, first_timeline)
    timetable = StepTimetable(sequence, simulated=simulated, first=number)
    return OpenedSteps(timetable, step_engine(timelines, timetable, spec))


def step_engine(timelines: Timelines, timetable: StepTimetable, spec: GeneratorSpec) -> Engine:
    """The engine of the steps that a generator delivers, which drops null events."""
    engine = StepEngine(timelines, timetable)
    # Late events and copies are those of an engine that drops null events.
    return engine if spec.timeline is None else dropping_nulls(engine, spec)
