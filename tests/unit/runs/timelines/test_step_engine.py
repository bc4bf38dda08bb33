"""Steps by delivery number: when they are due, again after a failure, and as batches of events."""

import json

import numpy as np
import pyarrow as pa
import pytest

from eventer.core.errors import BudgetError, DestinationRejectedError, EvaluationError
from eventer.core.model import ColumnType
from eventer.core.timelines import FAILED, Steps, TimelineSpec
from eventer.runs.pacing import END
from eventer.runs.timelines import step_engine, step_sequence, step_timetable
from eventer.runs.timelines.opened_timelines import StepTexts
from eventer.runs.timelines.step_engine import StepEngine, step_batch
from eventer.runs.timelines.step_sequence import StepSequence
from eventer.runs.timelines.step_timetable import StepTimetable
from tests.unit.runs.timelines.random_timelines import (
    HORIZON,
    T0,
    RandomTimelines,
    expected,
    start_of,
    starts,
)

LIMIT = 60


@pytest.fixture(autouse=True)
def _any_time(monkeypatch):
    """Opening timelines may take any time, as on a busy machine."""
    monkeypatch.setattr(step_timetable, "_EXTENDING_NS", 1 << 60)


def engine(limit=LIMIT, *, simulated=False, shift=0):
    timelines = RandomTimelines()
    sequence = StepSequence(timelines, starts(limit), TimelineSpec(HORIZON))
    return StepEngine(timelines, StepTimetable(sequence, shift, simulated=simulated))


def generated(engine, first, end):
    """The due time and the text of each number; the error's message in place of a text."""
    found, at = [], first
    while at < end:
        times = engine.timetable.scheduled(at, min(7, end - at))
        try:
            batch = engine.generate(at, times)
        except EvaluationError as error:
            found.append((int(times[0]), error.index, error.message))
            at += 1
            continue
        assert batch.first == at
        assert batch.index.tolist() == [*range(at, batch.next)]
        assert batch.scheduled.tolist() == times[: batch.count].tolist()
        texts = [text.decode() for text in batch.text.to_pylist()]
        found += zip(batch.scheduled.tolist(), texts, strict=True)
        at = batch.next
    return found


def wanted(limit=LIMIT):
    for due, index, step in expected(limit):
        failed = (due, index, f"timeline {index}")
        yield failed if step == FAILED else (due, f"{index}.{step}")


def test_delivery_numbers_count_steps_in_order_and_can_be_asked_for_again():
    simulated, everything = engine(simulated=True), [*wanted()]
    assert simulated.timetable.due_end(0) == len(everything) == simulated.timetable.total
    assert generated(simulated, 0, len(everything)) == everything
    simulated.timetable.release(50)
    assert generated(simulated, 50, len(everything)) == everything[50:]
    assert simulated.timetable.due_at(50) == 0
    assert simulated.timetable.due_at(len(everything)) == END


def test_steps_are_due_at_their_times_less_the_shift():
    paced, everything = engine(shift=1_000), [*wanted()]
    for now in range(T0 - 1_000, start_of(LIMIT) + HORIZON - 1_000):
        end = paced.timetable.due_end(now)
        assert end == sum(due <= now + 1_000 for due, *_ in everything)
        assert paced.timetable.due_at(end) > now
        if end:
            assert paced.timetable.due_at(end - 1) == everything[end - 1][0] - 1_000
    assert paced.timetable.total == len(everything)
    assert paced.timetable.shift == 1_000


def test_steps_are_opened_only_as_far_ahead_as_they_are_asked_for(monkeypatch):
    monkeypatch.setattr(step_timetable, "LOOKAHEAD", 10)
    simulated, everything, first = engine(simulated=True), [*wanted()], 0
    while simulated.timetable.total is None or first < simulated.timetable.total:
        end = simulated.timetable.due_end(0)
        assert first < end <= first + 20
        assert generated(simulated, first, end) == everything[first:end]
        first = end
    assert first == len(everything)


def test_too_many_pending_steps_fail_at_the_first_step_that_is_missing(monkeypatch):
    monkeypatch.setattr(step_sequence, "MAX_PENDING_STEPS", 5)
    failing = engine(simulated=True)
    assert failing.timetable.due_end(0) == 1
    assert failing.timetable.due_at(0) == 0
    with pytest.raises(BudgetError, match="more than 5 steps"):
        failing.timetable.scheduled(0, 1)
    assert failing.timetable.total is None


def batch_of(*events):
    count = len(events)
    texts = pa.array([json.dumps(event).encode() for event in events], pa.large_binary())
    steps = Steps(*(np.arange(count) + base for base in (T0, 70, 0)))
    return step_batch(10, steps, StepTexts(texts, texts))


def test_fields_of_steps_are_typed_columns_whose_errors_name_the_step():
    batch = batch_of({"a": 1}, {"b": None}, {"a": "x"})
    assert batch.fields.names() == {"a", "b"}
    assert batch.fields.column("/a", ColumnType.JSONB).to_pylist() == ["1", None, '"x"']
    assert batch.fields.cut(0, 2).column("/a", ColumnType.BIGINT).to_pylist() == [1, None]
    (error,) = batch.rejected_values("/a", ColumnType.BIGINT)
    assert isinstance(error, DestinationRejectedError)
    assert error.message == 'timeline 72, step 2: the value at /a is not a bigint: "x"'
    assert error.index == 12


@pytest.mark.parametrize("place", [0, 3])
def test_an_event_that_is_too_large_fails_alone(monkeypatch, place):
    simulated = engine(simulated=True)
    simulated.timetable.due_end(0)
    sizes = [len(text) for _, text in generated(simulated, 0, 7)]
    monkeypatch.setattr(step_engine, "MAX_EVENT_BYTES", max(sizes))
    first = simulated.timetable.steps(0, 7)
    texts = simulated.timetable.texts(first).texts.to_pylist()
    texts[place] += b"long"
    monkeypatch.setattr(
        StepTimetable,
        "texts",
        lambda _, steps: StepTexts(*[pa.array(texts, pa.large_binary())] * 2),
    )
    if place:
        assert simulated.generate(0, first.due).count == place
        return
    with pytest.raises(
        BudgetError, match=r"timeline \d, step \d: the event has \d bytes"
    ) as caught:
        simulated.generate(0, first.due)
    assert caught.value.index == first.index[0]
