"""The plan as an engine: events that raise, large events, and events generated ahead."""

import numpy as np
import pytest

from eventer.core.errors import BudgetError, DestinationRejectedError, EvaluationError
from eventer.core.model import ColumnType, Segment, Stream, Template
from eventer.core.pace import ticks as ticks_pace
from eventer.kernels.json.assemble import MIN_ROWS_TO_IMPORT_NUMBA
from eventer.plan.columnar_engine import Plan
from eventer.plan.engine import EventContext
from eventer.plan.plan_fields import PatchedFields
from eventer.plan.prepare import prepare
from eventer.runs.pacing import Pace

NATIVES = """
local get_integer = std.native('get_integer'), get_one_of = std.native('get_one_of');
local when = std.native('get_timestamp');
"""
RAISING = NATIVES + "local n = get_integer(0, 9);\n{ n: assert n != 3 : 'three'; n }"


def engines(text, seed=7):
    prepared = prepare(Template(text))
    choices = ("plan", "interpreter")
    return [prepared.engine(Stream(seed), EventContext(), engine=each) for each in choices]


def due(first, count):
    return (first + np.arange(count, dtype=np.int64)) * 1_000_000_000


def events(engine, count, size):
    """The text of each event, or its index and error, requested in batches of one size."""
    found, at = [], 0
    while at < count:
        wanted = min(size, count - at)
        try:
            batch = engine.generate(at, due(at, wanted))
        except (EvaluationError, BudgetError) as error:
            found.append((error.index, error.message))
            at += 1
            continue
        assert batch.first == at
        assert 1 <= batch.count <= wanted
        assert batch.scheduled.tolist() == due(at, batch.count).tolist()
        found += batch.text.to_pylist()
        at = batch.next
    return found


def test_the_interpreter_generates_events_that_raise_in_batches_of_any_size():
    expected = events(engines(RAISING)[1], 400, 400)
    for size in (1, 7, 130, 400):
        ours, _ = engines(RAISING)
        assert events(ours, 400, size) == expected, size
        assert not ours.broken


def test_columns_are_not_computed_again_after_each_event_that_raises(monkeypatch):
    runs = []
    run = Plan.run
    monkeypatch.setattr(Plan, "run", lambda *args: runs.append(1) or run(*args))
    ours, _ = engines(RAISING)
    found = events(ours, 2000, 2000)
    raising = sum(isinstance(each, tuple) for each in found)
    assert raising > 100
    assert 5 * len(runs) < raising


def test_leftover_rows_are_not_reused_for_events_due_at_other_times():
    text = NATIVES + (
        "local n = get_integer(0, 9);\n{ at: when('now', 'now', '1s'), n: assert n != 3; n }"
    )
    ours, theirs = engines(text)
    events(ours, 300, 300)
    later = due(10_000, 300)
    at = next(n for n in range(20, 300) if isinstance(events(theirs, n + 1, n + 1)[n], bytes))
    mine = ours.generate(at, later).text.to_pylist()
    assert mine == theirs.generate(at, later).text.to_pylist()[: len(mine)]


def test_an_event_that_is_too_large_and_raises_raises():
    """The plan finds that the event is too large; the interpreter's error counts."""
    ours, theirs = engines(RAISING.replace("{ n:", "{ a: std.repeat('x', 2000000), n:"))
    found = events(ours, 20, 20)
    assert found == events(theirs, 20, 20)
    assert len(set(found)) > 2


def test_a_wrong_value_outside_the_batch_does_not_reject_it():
    ours, theirs = engines(NATIVES + "{ v: if get_integer(0, 9) == 3 then 'text' else 1 }")
    for engine in (ours, theirs):
        batch = engine.generate(0, due(0, 1))
        assert batch.fields.column("/v", ColumnType.BIGINT).to_pylist() == [1]


def test_a_batch_with_a_deadline_is_large_enough_for_kernels():
    ours, _ = engines(NATIVES + "{ n: get_integer(0, 9) }")
    assert ours.generate(0, due(0, 10_000), 0).count >= MIN_ROWS_TO_IMPORT_NUMBA


def test_columns_of_prefetched_events_match_each_tick():
    text = NATIVES + "local n = get_integer(0, 9);\n{ n: n, odd: if n == 3 then 'three' else n }"
    ours, theirs = engines(text)
    for at in range(0, 300, 3):
        mine, other = (each.generate(at, due(at, 3)) for each in (ours, theirs))
        for pointer, kind in (("/n", ColumnType.BIGINT), ("/n", ColumnType.JSONB)):
            found = mine.fields.column(pointer, kind)
            assert found.to_pylist() == other.fields.column(pointer, kind).to_pylist()
        assert mine.fields.names() == other.fields.names() == {"n", "odd"}
        assert refusal(mine, "/odd") == refusal(other, "/odd")


@pytest.mark.parametrize(("pointer", "found"), [("/v/0", {"3", '{"a":2}'}), ("/v/0/a", {"2"})])
def test_null_and_an_absent_value_are_null_in_a_json_column(pointer, found):
    text = "{ v: std.reverse(std.native('get_some_of')([null, { a: 2 }, 3], 0, 2)) }"
    mine, other = (each.generate(0, due(0, 60)) for each in engines(text))
    column = mine.fields.column(pointer, ColumnType.JSONB)
    assert column.equals(other.fields.column(pointer, ColumnType.JSONB)[: len(column)])
    assert set(column.to_pylist()) == found | {None}


RARE = "{ a: 1, [if (if get_integer(0, 9) == 3 then error 'three' else false) then 'never']: 2"


@pytest.mark.parametrize("size", [3, 300])
def test_the_names_of_a_batch_are_those_of_its_healthy_events(size):
    """Neither a later event of the same run nor one that raises adds a name."""
    ours, theirs = engines(NATIVES + RARE + ", [if get_integer(0, 40) == 3 then 'rare']: 3 }")
    found, at = set(), 0
    while at < 300:
        try:
            mine = ours.generate(at, due(at, size))
        except EvaluationError:
            at += 1
            continue
        other = theirs.generate(at, due(at, mine.count))
        assert mine.fields.names() == other.fields.names()
        found.add(mine.fields.names())
        at = mine.next
    assert found == {frozenset({"a"}), frozenset({"a", "rare"})}


APART = "local n = get_integer(0, 9);\n{ v: if n == 3 then 'three' else if n == 4 then [n] else n }"
LAZY = "{ v: ['x', { a: error 'no', b: 4 }[get_one_of('a, b')]][get_integer(0, 1)] }"


@pytest.mark.parametrize("text", [APART, LAZY])
def test_a_rejected_column_names_the_first_wrong_event(text):
    ours, theirs = engines(NATIVES + text)
    fields = set()
    for at in range(0, 100, 3):
        try:
            mine = ours.generate(at, due(at, 60))
        except EvaluationError:
            continue
        other = theirs.generate(at, due(at, mine.count))
        assert refusal(mine, "/v") == refusal(other, "/v")
        fields.add(type(mine.fields))
    assert (PatchedFields in fields) == (text is LAZY)


def refusal(batch, pointer):
    """The index of the rejected event, or the column."""
    try:
        return batch.fields.column(pointer, ColumnType.BIGINT).to_pylist()
    except DestinationRejectedError as error:
        return f"event {error.index}"


def test_engines_that_start_together_prefetch_at_different_ticks(monkeypatch):
    runs = []
    run = Plan.run
    monkeypatch.setattr(Plan, "run", lambda *args: runs.append(1) or run(*args))
    prepared = prepare(Template(NATIVES + "{ n: get_integer(0, 9) }"))
    several = [prepared.engine(Stream(7, f"s{n}"), EventContext()) for n in range(48)]
    busy = []
    for at in range(300):
        runs.clear()
        for engine in several:
            engine.generate(at, due(at, 1))
        busy.append(len(runs))
    assert busy[0] == len(several)
    assert max(busy[1:]) <= 8


TIMED = NATIVES + "{ at: when('now-1h', 'now', '1ms'), n: get_integer(0, 9) }"


def counted_runs(monkeypatch):
    runs = []
    run = Plan.run
    monkeypatch.setattr(Plan, "run", lambda *args: runs.append(1) or run(*args))
    return runs


def ticks(engine, pace, indices):
    """The texts of events, requested one by one with the times of a pace."""
    return [
        engine.generate(at, pace.scheduled(at, 1), None, pace.scheduled).text[0].as_py()
        for at in indices
    ]


def pace_of(*segments):
    return Pace([Segment(t0, n0, ticks_pace(count, every)) for t0, n0, count, every in segments])


STEADY = pace_of((10**18, 0, 1, 10**9))
REPACED = pace_of((10**18, 0, 1, 10**9), (10**18 + 150 * 10**9, 150, 3, 10**8))
RESUMED = pace_of((10**18, 0, 1, 10**9), (2 * 10**18, 150, 1, 10**9))


def test_events_that_read_the_time_are_generated_ahead(monkeypatch):
    runs = counted_runs(monkeypatch)
    ours, theirs = engines(TIMED)
    found = ticks(ours, STEADY, range(600))
    assert len(runs) < 8
    assert found == theirs.generate(0, STEADY.scheduled(0, 600)).text.to_pylist()


@pytest.mark.parametrize("after", [REPACED, RESUMED])
def test_events_generated_ahead_with_other_times_are_generated_again(after):
    ours, theirs = engines(TIMED)
    ticks(ours, STEADY, range(150))
    found = ticks(ours, after, range(150, 400))
    assert found == theirs.generate(150, after.scheduled(150, 250)).text.to_pylist()


def test_events_generated_ahead_serve_a_backlog_with_their_own_times():
    ours, theirs = engines(TIMED)
    ticks(ours, STEADY, range(70))
    backlog = ours.generate(70, STEADY.scheduled(70, 100), None, STEADY.scheduled)
    assert backlog.scheduled.tolist() == STEADY.scheduled(70, backlog.count).tolist()
    assert backlog.text.to_pylist() == (
        theirs.generate(70, STEADY.scheduled(70, backlog.count)).text.to_pylist()
    )
    assert ticks(ours, STEADY, [170, 20]) == [
        theirs.generate(at, STEADY.scheduled(at, 1)).text[0].as_py() for at in (170, 20)
    ]


@pytest.mark.parametrize("text", [TIMED, NATIVES + "{ n: get_integer(0, 9) }"])
@pytest.mark.parametrize("known", [0, 1])
def test_events_are_generated_ahead_as_far_as_their_times_are_known(text, known, monkeypatch):
    runs = counted_runs(monkeypatch)
    ours, theirs = engines(text)
    for at in range(20):
        batch = ours.generate(at, due(at, 1), None, lambda first, _: due(first, known))
        assert batch.text.to_pylist() == theirs.generate(at, due(at, 1)).text.to_pylist()
    assert len(runs) == 20 // (1 + known)


def test_without_known_times_only_events_that_do_not_read_them_are_generated_ahead(monkeypatch):
    runs = counted_runs(monkeypatch)
    ours, theirs = engines(TIMED)
    assert events(ours, 20, 1) == events(theirs, 20, 1)
    assert len(runs) == 20


def test_an_event_that_raises_ends_what_is_generated_ahead():
    text = (
        NATIVES
        + "local n = get_integer(0, 40);\n{ at: when('now', 'now', '1s'), n: assert n != 3; n }"
    )
    ours, theirs = engines(text)
    found, expected = ([outcome(each, at) for at in range(300)] for each in (ours, theirs))
    assert found == expected
    assert any(isinstance(each, tuple) for each in found)


def outcome(engine, at):
    """The text of an event, or its index and error."""
    try:
        return ticks(engine, STEADY, [at])[0]
    except EvaluationError as error:
        return error.index, error.message
