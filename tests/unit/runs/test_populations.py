"""Which events of a generator others may refer to, and when they must wait for them."""

import numpy as np
import pytest

from eventer.core.bindings import Binding, relevant_bindings
from eventer.core.limits import MAX_POPULATION
from eventer.core.model import Segment
from eventer.core.pace import EventRate, PaceSpec, Steady, ticks
from eventer.runs.pacing import END, Pace
from eventer.runs.populations import NOTHING, BoundEvents, bound_populations

S = 1_000_000_000
DAY = 86_400 * S
START = 1_767_225_600 * S


def segment(count=2, interval=S, t0=START, n0=0):
    return Segment(t0, n0, ticks(count, interval))


def binding(first=0, segments=(), end=None, name="c"):
    return Binding(name, first, 7, 1, segments or (segment(),), end)


def rows(*values):
    return np.array(values, dtype=np.int64)


def test_events_that_were_due_a_second_before_exist_and_always_the_first_one():
    events = BoundEvents.of(binding())
    times = START + rows(-DAY, 0, S - 1, S, 2 * S - 1, 2 * S, 10 * S)
    assert events.counts(times).tolist() == [1, 1, 1, 2, 2, 4, 20]
    assert BoundEvents.of(binding(end=3)).counts(times).tolist() == [1, 1, 1, 2, 2, 3, 3]
    assert BoundEvents.of(binding(end=0)).counts(times).tolist() == [1] * 7
    assert BoundEvents.of(binding()).counts(rows()).tolist() == []


@pytest.mark.parametrize(
    "segments",
    [
        (segment(),),
        (segment(3, 7 * S), segment(1, DAY, START + 50 * S, 12), segment(900, S, START + DAY, 13)),
        (Segment(START, 0, PaceSpec(Steady(EventRate(100_000, S)))),),
    ],
)
def test_counts_and_times_are_those_of_the_pace_however_far_apart_they_are(segments):
    random, pace = np.random.default_rng(3), Pace(segments)
    events = BoundEvents.of(binding(segments=segments))
    for spread, count in ((DAY, 300), (S, 50), (4000 * DAY, 100)):
        times = START + random.integers(-S, spread, count)
        expected = [min(max(1, pace.due_end(time - S)), MAX_POPULATION) for time in times.tolist()]
        assert events.counts(times).tolist() == expected
        assert events.counts(np.sort(times)).tolist() == sorted(expected)
        index = random.integers(0, min(max(expected), 10**9), count)
        assert events.due_times(index).tolist() == [pace.due_at(each) for each in index.tolist()]


def test_an_index_has_the_last_binding_that_began_before_it():
    paced = binding(0), binding(5, end=2), binding(9, end=7), binding(8, end=6), binding(name="d")
    populations = bound_populations(paced)
    assert set(populations) == {("c",), ("d",)}
    times = np.full(6, START + DAY)
    counts = populations["c",].counts(rows(9, 0, 4, 5, 7, 8), times)
    assert counts.tolist() == [6, 172_800, 172_800, 2, 2, 6]
    due = populations["c",].due_times(rows(0, 9), rows(3, 2))
    assert (due - START).tolist() == [S, S]


def test_only_bindings_from_a_position_on_are_relevant():
    first, second, third, other = binding(0), binding(5), binding(5, end=3), binding(2, name="d")
    known = (first, other, second, third)
    assert relevant_bindings(known, 7) == (other, third)
    assert relevant_bindings(known, 4) == (first, other, second, third)
    assert relevant_bindings((), 4) == ()


def test_a_gate_is_the_instant_from_which_on_an_event_may_refer_to_one_that_is_not_committed():
    events = BoundEvents.of(binding())
    assert events.gate(0) == NOTHING
    for committed in range(1, 9):
        gate = events.gate(committed)
        before, at = events.counts(rows(gate - 1, gate)).tolist()
        assert before <= committed < at
    ended = BoundEvents.of(binding(end=4))
    assert ended.gate(3) == START + 2 * S
    assert ended.gate(4) == ended.gate(9) == END
    finite = PaceSpec(ticks(2, S).shape, max_events=6)
    assert BoundEvents.of(binding(segments=(Segment(START, 0, finite),))).gate(6) == END
