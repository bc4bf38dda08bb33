"""Steps of a generator again: from any place, across upgrades, and by timeline."""

import pytest

from eventer.core.cursor import FAILED, Cursor
from eventer.core.errors import EvaluationError
from eventer.core.model import (
    EventContext,
    EventSource,
    OnError,
    PostgresTarget,
    Segment,
    Stream,
    Template,
    TimelineSpec,
)
from eventer.core.pace import EventRate, PaceSpec, Steady
from eventer.registry.base import BegunFingerprint
from eventer.testing.registry_conformance import sample_record, sample_spec
from eventer.workers.inspector_messages import RecomputeSteps, RecomputeTimelines
from eventer.workers.recomputed_steps import recompute_steps, recompute_timelines
from eventer.workers.replayed_steps import StepReplay, step_ranges

S = 1_000_000_000
T0 = 1_700_000_000 * S
STORY = """
local n = std.native('get_index')();
if n == 4 then error 'no story' else
[{ after: 7 * i, to: ['a', 'b'][i % 2], event: { n: n, i: i } } for i in std.range(0, 2)]
"""
COUNT = 12


def record(template=STORY, *, on_error=OnError.SKIP, only=None, **changes):
    spec = sample_spec(
        event_source=EventSource(Template(template), Stream(1), EventContext()),
        target=PostgresTarget("t"),
        timeline=TimelineSpec(20 * S, only),
        on_error=on_error,
        faults=(),
    )
    pace = PaceSpec(Steady(EventRate(1, 2 * S)), max_events=COUNT)
    fields = {"segments": (Segment(T0, 0, pace),), "fingerprints": (BegunFingerprint(0, "f"),)}
    return sample_record(1, spec=spec, **fields | changes)


def expected(first=0, only=None):
    """(due, timeline, step) of all steps of the timelines from a first on."""
    found = []
    for n in range(first, COUNT):
        start = T0 + 2 * n * S
        if n == 4:
            found.append((start, n, FAILED))
            continue
        found += [(start + 7 * i * S, n, i) for i in range(3) if only in (None, "ab"[i % 2])]
    return sorted(found)


def texts(steps):
    return [f'{{"i":{i},"n":{n}}}'.encode() for _, n, i in steps if i != FAILED]


def replayed(replay, first, end):
    found, at = [], first
    while (batch := replay.batch(at, end)) is not None and at < end:
        assert batch.first == at
        found += batch.text.to_pylist()
        at = batch.next
        if at >= end:
            break
    return found


def test_a_replay_begins_anywhere_with_its_place_or_without():
    steps = expected()
    for first in range(len(steps)):
        for cursor in (Cursor(*steps[first]), None):
            replay = StepReplay(record(), first, cursor)
            assert replayed(replay, first, len(steps)) == texts(steps[first:])
    replay = StepReplay(record(), 3, Cursor(*steps[3]))
    assert replay.reaches(record(), 3)
    assert not replay.reaches(record(), 2)
    assert replayed(replay, 9, 11) == texts(steps[9:11])
    assert replayed(replay, 11, 13) == texts(steps[11:13])
    assert replay.batch(len(steps), len(steps) + 5) is None


def test_timelines_that_had_begun_before_an_upgrade_are_given_up():
    steps = expected()
    after = Cursor(steps[9][0], 6, FAILED)
    upgraded = record(fingerprints=(BegunFingerprint(0, "f"), BegunFingerprint(10, "g", after)))
    fresh = expected(first=6)
    assert replayed(StepReplay(upgraded, 12, None), 12, 20) == texts(fresh[2:10])
    assert replayed(StepReplay(upgraded, 0, None), 0, 10) == texts(steps[:10])
    assert not StepReplay(upgraded, 0, None).reaches(upgraded, 10)
    assert step_ranges(upgraded.fingerprints, 4, 20) == [(4, 10), (10, 20)]
    assert step_ranges(upgraded.fingerprints, 10, 20) == [(10, 20)]


def test_the_steps_of_some_timelines_are_in_the_order_of_delivery():
    page = recompute_timelines(RecomputeTimelines(record(only="a"), 2, 4, begun=0), lambda _: None)
    steps = [each for each in expected(only="a") if 2 <= each[1] < 6 and each[2] != FAILED]
    assert page.events == tuple(texts(steps))
    assert [(each.due, each.index, each.step) for each in page.steps] == steps
    assert page.indices == tuple(n for _, n, _ in steps)
    beyond = recompute_timelines(RecomputeTimelines(record(), COUNT, 5, begun=0), lambda _: None)
    assert (beyond.first, beyond.events) == (COUNT, ())


def test_a_timeline_that_raises_is_shown_unless_it_has_begun():
    stopping = record(on_error=OnError.STOP)
    begun = recompute_timelines(RecomputeTimelines(stopping, 4, 1, begun=5), lambda _: None)
    assert begun.events == ()
    with pytest.raises(EvaluationError, match="no story"):
        recompute_timelines(RecomputeTimelines(stopping, 4, 1, begun=4), lambda _: None)


def test_the_newest_steps_have_their_delivery_numbers():
    steps = expected()
    question = RecomputeSteps(record(), first=8, count=5, since=6, cursor=Cursor(*steps[6]))
    page = recompute_steps(question, lambda _: None)
    assert page.events == tuple(texts(steps[8:13]))
    numbers = [n for n in range(8, 13) if steps[n][2] != FAILED]
    assert page.indices == tuple(numbers)
