"""The events of a generator that are still to come; `tests/unit/cli/test_pace.py` has the rest."""

from eventer.core.model import Segment
from eventer.core.pace import EventRate, PaceSpec, Stage, Stages, Steady, ticks
from eventer.service.pace_preview import preview_segments

SECOND = 1_000_000_000
T0 = 1_700_000_000 * SECOND


def test_a_generator_goes_on_where_it_is():
    """Stages that have begun are not shown from their begin."""
    stages = Stages(
        (
            Stage(EventRate(10, SECOND), EventRate(10, SECOND), 60 * SECOND),
            Stage(EventRate(100, SECOND), EventRate(100, SECOND), 60 * SECOND),
        )
    )
    segments = (Segment(T0, 0, PaceSpec(stages)),)
    preview = preview_segments(segments, T0 + 60 * SECOND, buckets=6)
    assert preview.begin == T0 + 60 * SECOND
    assert min(preview.counts) >= 999


def test_only_the_events_to_come_of_a_pace_that_ends_are_shown():
    segments = (Segment(T0, 0, PaceSpec(Steady(EventRate(1, SECOND)), max_events=100)),)
    preview = preview_segments(segments, T0 + 90 * SECOND, buckets=5)
    assert (preview.events, preview.length) == (10, 10 * SECOND)
    after = preview_segments(segments, T0 + 900 * SECOND)
    assert (after.events, after.length) == (0, 1)


def test_a_later_segment_decides():
    segments = (Segment(T0, 0, ticks(1, SECOND)), Segment(T0 + 5 * SECOND, 5, ticks(7, SECOND)))
    preview = preview_segments(segments, T0 + 20 * SECOND, buckets=4)
    assert set(preview.counts) == {7}
