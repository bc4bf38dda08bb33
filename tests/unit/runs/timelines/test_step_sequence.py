"""The steps of all timelines: in order, from every cursor, in batches of any size."""

import pytest

from eventer.core.errors import BudgetError
from eventer.core.model import Segment
from eventer.core.pace import PaceSpec, Steady
from eventer.core.rate import parse_rate
from eventer.core.timelines import BEGIN, FAILED, Cursor, TimelineSpec
from eventer.runs.pacing import END, Pace
from eventer.runs.timelines import opened_timelines, step_sequence
from eventer.runs.timelines.pending_steps import PendingSteps
from eventer.runs.timelines.starts import TimelineStarts
from eventer.runs.timelines.step_sequence import StepSequence
from tests.families import family
from tests.unit.runs.timelines.random_timelines import (
    HORIZON,
    T0,
    RandomTimelines,
    expected,
    listed,
    start_of,
    starts,
)


def taken(sequence, sizes=(7,)):
    """All steps, taken in batches of these sizes by turns; checks their texts, too."""
    found, turn = [], 0
    while True:
        steps = sequence.take(sizes[turn % len(sizes)])
        turn += 1
        if not len(steps):
            return found
        whole = steps.take(steps.step != FAILED)
        texts = sequence.texts(whole).texts.to_pylist() if len(whole) else []
        assert texts == [f"{index}.{step}".encode() for _, index, step in listed(whole)]
        for index in steps.index[steps.step == FAILED].tolist():
            assert sequence.error(index).message == f"timeline {index}"
        sequence.release(int(steps.due[-1]))
        found += listed(steps)


@family("only", [None, "a", "z"])
@family("most", [1, 1 << 30])
def test_steps_are_in_order_in_batches_of_any_size(only, most):
    for sizes in ((3, 50),) if most == 1 or only else ((1,), (3, 50), (1000,)):
        sequence = StepSequence(RandomTimelines(most), starts(), TimelineSpec(HORIZON, only), BEGIN)
        assert taken(sequence, sizes) == expected(only=only)
        assert sequence.next_due == END


def test_the_same_steps_follow_every_cursor():
    everything = expected(40)
    spec = TimelineSpec(HORIZON)
    places = [Cursor(*step) for step in everything]
    between = [Cursor(due, index, step + 1) for due, index, step in everything]
    for number, cursor in enumerate(places):
        sequence = StepSequence(RandomTimelines(), starts(40), spec, cursor)
        assert taken(sequence, (64,)) == everything[number:]
    for number, cursor in enumerate(between):
        sequence = StepSequence(RandomTimelines(), starts(40), spec, cursor)
        assert listed(sequence.take(5)) == everything[number + 1 : number + 6]


def test_a_sequence_goes_on_from_the_cursor_of_another():
    spec, everything = TimelineSpec(HORIZON), expected()
    first = StepSequence(RandomTimelines(), starts(), spec)
    for count in (1, 10, 100):
        done = len(everything) - len(
            taken(StepSequence(RandomTimelines(), starts(), spec, first.cursor))
        )
        assert listed(first.take(count)) == everything[done : done + count]


def test_from_a_cursor_one_horizon_is_evaluated_again():
    timelines = RandomTimelines(most=1)
    cursor = Cursor(start_of(150), 150, 0)
    StepSequence(timelines, starts(), TimelineSpec(HORIZON), cursor).take(1)
    assert timelines.evaluated <= HORIZON // 2 * 3 + 6


def test_steps_are_taken_when_they_are_due():
    sequence = StepSequence(RandomTimelines(), starts(), TimelineSpec(HORIZON))
    found = []
    for now in range(T0, start_of(200) + HORIZON + 1):
        assert sequence.next_due >= now
        found += listed(sequence.take(10_000, until=now))
        assert all(due <= now for due, _, _ in found)
    assert found == expected()


def test_timelines_of_the_past_are_opened_together(monkeypatch):
    monkeypatch.setattr(step_sequence, "AHEAD_NS", 2)
    timelines = RandomTimelines()
    sequence = StepSequence(timelines, starts(), TimelineSpec(HORIZON))
    past = [step for step in expected() if step[0] <= start_of(190)]
    assert listed(sequence.take(10_000, until=start_of(190))) == past
    assert timelines.evaluations == 2


def test_after_a_deadline_the_next_call_goes_on():
    sequence = StepSequence(RandomTimelines(), starts(20), TimelineSpec(HORIZON))
    assert listed(sequence.take(10, deadline_ns=0)) == []
    assert sequence.next_due < END
    assert taken(sequence) == expected(20)


def test_texts_that_were_dropped_are_evaluated_again(monkeypatch):
    monkeypatch.setattr(step_sequence, "MAX_OPENED", 20)
    monkeypatch.setattr(opened_timelines, "MAX_TEXT_BYTES", 3_000)
    timelines = RandomTimelines()
    assert taken(StepSequence(timelines, starts(), TimelineSpec(HORIZON)), (30,)) == expected()
    assert timelines.evaluated > 400


def test_too_many_pending_steps_are_an_error(monkeypatch):
    monkeypatch.setattr(step_sequence, "MAX_PENDING_STEPS", 20)
    sequence = StepSequence(RandomTimelines(), starts(), TimelineSpec(HORIZON))
    with pytest.raises(BudgetError, match="more than 20 steps of timelines wait") as caught:
        taken(sequence)
    assert caught.value.hint == "choose a lower rate or a shorter horizon"


def test_pending_steps_have_24_bytes_each():
    sequence = StepSequence(RandomTimelines(), starts(), TimelineSpec(HORIZON))
    steps = sequence.take(100)
    pending = PendingSteps()
    for _ in range(10):
        pending.add(steps)
    held = sum(
        column.nbytes
        for run in pending._runs
        for column in (run.steps.due, run.steps.index, run.steps.step)
    )
    assert held == 24 * len(pending) == 24 * 10 * 100
    pending.take(int(steps.due[80]))
    assert sum(run.steps.due.base is None for run in pending._runs) == len(pending._runs)


def test_starts_follow_a_pace_up_to_a_limit():
    pace = Pace((Segment(T0, 0, PaceSpec(Steady(parse_rate("2/s")))),))
    moved = TimelineStarts(pace, limit=3, shift=100)
    assert moved.times(1, 2).tolist() == [T0 + 500_000_100, T0 + 1_000_000_100]
    assert [moved.at(index) for index in (0, 2, 3)] == [T0 + 100, T0 + 1_000_000_100, END]
    assert [moved.count_until(at) for at in (T0, T0 + 100, T0 + 10**12)] == [0, 1, 3]
