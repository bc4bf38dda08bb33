"""The steps that a worker delivers: which timelines it evaluates is marked before."""

from eventer.plan.prepare import prepare_stored
from eventer.workers.delivered_steps import open_steps, timeline_starts
from tests.unit.workers.test_recomputed_steps import record

FIRST = 5
"""The timeline before it raises."""


def test_evaluated_timelines_are_marked():
    story, marks = record(), []
    opened = open_steps(
        prepare_stored(story.spec.event_source.template),
        story.spec,
        timeline_starts(story.segments),
        number=30,
        cursor=None,
        first_timeline=FIRST,
        simulated=True,
        mark=marks.append,
    )
    assert marks == []
    while opened.timetable.due_end(0) == 30:
        pass  # timelines are opened for a limited time
    assert marks[0] == FIRST
    opened.engine.generate(30, opened.timetable.scheduled(30, 4))
    assert set(marks) <= set(range(FIRST, 12))
