"""Prepared templates and their engines: batches, deadlines, errors, arguments."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from eventer.core.errors import BudgetError, EvaluationError, TemplateError
from eventer.core.model import ColumnType, Stream, Template
from eventer.jsonnet.budget import Budget
from eventer.plan.draw_keys import root_key
from eventer.plan.engine import EventContext
from eventer.plan.interpreter_engine import empty_batch
from eventer.plan.prepare import prepare, prepare_stored
from tests.families import family

CONTRACT = Path(__file__).parents[2] / "acceptance" / "contract" / "event.jsonnet"
NATIVES = "local get_integer = std.native('get_integer'), pick = std.native('get_one_of');\n"


def engine(text, seed=7, name=None, by="auto", **context):
    prepared = prepare(Template(text))
    return prepared.engine(Stream(seed, name), EventContext(**context), engine=by)


def times(count):
    return np.arange(count, dtype=np.int64) * 1_000_000_000


def texts(batch):
    return [text.decode() for text in batch.text.to_pylist()]


def test_the_template_of_the_contract_gives_consistent_events():
    batch = engine(CONTRACT.read_text(), dataset="d", instance_id="i").generate(0, times(300))
    assert (batch.first, batch.count, batch.rows, batch.next) == (0, 300, 300, 300)
    kinds = set()
    for text in texts(batch):
        event = json.loads(text)
        kind, data = event["event"]["type"], event["event"]["data"]
        kinds.add(kind)
        assert list(data) == [kind]
        if kind == "open_page":
            assert data[kind]["page_id"] == event["page_id"]
        assert (event["dataset"], event["group_id"]) == ("d", "i")
    assert kinds == {"click", "open_page", "button_click"}


@family("size", [1, 2, 7, 100])
def test_events_do_not_depend_on_batches(size):
    text = CONTRACT.read_text()
    whole = texts(engine(text).generate(0, times(100)))
    one = engine(text)
    pieces = []
    for first in range(0, 100, size):
        pieces += texts(one.generate(first, times(100)[first : first + size]))
    assert pieces == whole
    assert texts(engine(text).generate(90, times(100)[90:])) == whole[90:]


def test_seed_and_stream_decide_the_draws():
    text = NATIVES + "{ n: get_integer(1, 1000000000) }"
    same = texts(engine(text).generate(0, times(20)))
    assert texts(engine(text).generate(0, times(20))) == same
    assert texts(engine(text, seed=8).generate(0, times(20))) != same
    assert texts(engine(text, name="s").generate(0, times(20))) != same


def test_in_a_named_stream_a_new_field_does_not_change_others():
    few = engine(NATIVES + "{ b: get_integer(1, 1e9), c: pick('x, y, z') }", name="s")
    more = engine(
        NATIVES + "{ a: get_integer(1, 1e9), b: get_integer(1, 1e9), bb: 1, c: pick('x, y, z') }",
        name="s",
    )
    for old, new in zip(
        texts(few.generate(0, times(50))), texts(more.generate(0, times(50))), strict=True
    ):
        old_event, new_event = json.loads(old), json.loads(new)
        assert {key: new_event[key] for key in old_event} == old_event


def test_a_batch_ends_before_an_event_that_raises_unless_it_is_the_first():
    text = NATIVES + "local n = get_integer(0, 3);\n{ n: assert n != 0 : 'zero'; n }"
    one = engine(text)
    batch = one.generate(0, times(100))
    assert 0 < batch.count < 100
    with pytest.raises(EvaluationError, match="zero") as caught:
        one.generate(batch.next, times(100))
    assert caught.value.index == batch.next
    assert caught.value.place.line == 3


def test_a_batch_ends_at_its_deadline_but_has_one_event():
    slow = engine(CONTRACT.read_text(), by="interpreter")
    batch = slow.generate(5, times(100), time.monotonic_ns() - 1)
    assert (batch.first, batch.count) == (5, 1)
    planned = engine(CONTRACT.read_text(), by="plan")
    batch = planned.generate(5, times(100_000), time.monotonic_ns() - 1)
    assert batch.first == 5
    assert 1 <= batch.count < 1_000


def test_a_batch_ends_at_its_size_limit_and_a_large_event_is_an_error():
    half = engine("{ a: std.repeat('x', 500000) }").generate(0, times(100))
    assert half.count == 9
    with pytest.raises(BudgetError, match="1,048,576"):
        engine("{ a: std.repeat('x', 2000000) }").generate(0, times(1))


def test_a_batch_reads_its_fields_as_columns():
    batch = engine(NATIVES + "{ n: get_integer(1, 9), s: 'é' }").generate(0, times(3))
    assert batch.fields.column("/s", ColumnType.TEXT).to_pylist() == ["é"] * 3
    assert all(1 <= n <= 9 for n in batch.fields.column("/n", ColumnType.BIGINT).to_pylist())
    assert batch.nbytes == sum(len(t.encode()) for t in texts(batch))


def test_skipped_indices_have_no_rows():
    batch = empty_batch(3, 2)
    assert (batch.first, batch.next, batch.rows, batch.skipped, batch.nbytes) == (3, 5, 0, 2, 0)


@family(
    ("text", "column"),
    [
        ("if false then std.native('get_integer')(5, 1)", 15),
        ("local g = std.native('get_integer'); function(x=1) g(5, 1)", 52),
        ("{ local g = std.native('get_integer'), a:: g(5, 1) }", 44),
        ("local g = std.native('get_one_of'), h = g; [h('') for i in []]", 45),
        ("[if false then std.native('get_timestamp')('x', 'now', '1s')]", 16),
    ],
)
def test_wrong_constant_arguments_are_errors_with_their_place(text, column):
    with pytest.raises(TemplateError) as caught:
        prepare(Template(text))
    assert (caught.value.place.line, caught.value.place.column) == (1, column)


MISFITS = [
    ("std.native('get_integer')(lo=10, hi=1)", "'lo' is 10, which is above 'hi', 1"),
    ("if false then std.native('get_integer')(lo=10, hi=1)", "'lo' is 10"),
    ("local g = std.native('get_integer'); g(1, g(1, 2), 3)", "takes 2 arguments, not 3"),
    ("local g = std.native('get_integer'); g(low=1, hi=g(1, 2))", "has no parameter 'low'"),
    ("local g = std.native('get_integer'); g(g(1, 2), lo=1, hi=2)", "'lo' of get_integer is given"),
    ("local g = std.native('get_integer'); g(g(1, 2))", "argument 'hi' of get_integer is missing"),
]


@family(("text", "message"), MISFITS)
def test_arguments_that_do_not_fit_are_errors_before_the_first_event(text, message):
    with pytest.raises(TemplateError, match=message) as caught:
        prepare(Template(text))
    assert caught.value.place.line == 1


@family("text", [text for text, _ in MISFITS])
def test_the_generators_of_earlier_versions_are_not_checked_again(text):
    assert prepare_stored(Template(f"if false then {text} else 1")).shape


@family(
    "text",
    [
        "local std = { native(n): function(a, b) 1 }; std.native('get_integer')(5, 1)",
        "local g = std.native('get_integer'); local f(g) = g(5, 1); f(function(a, b) 1)",
        "local g = std.native('get_integer'); [g(5, 1) for g in [function(a, b) 1]][0]",
        "std.native('get_integer')(1, 1 + 1)",
        "std.native('get_integer')(-5, -1)",
    ],
)
def test_calls_that_are_not_constant_are_checked_when_evaluated(text):
    prepare(Template(text))
    engine(text).generate(0, times(1))


def test_an_unnamed_stream_is_identified_by_the_template():
    digests = [
        prepare(Template(t)).program.digest for t in ("{ a: 1 }", "{ 'a': 1.0 }", "{ a: 2 }")
    ]
    keys = [root_key(Stream(1), digest) for digest in digests]
    assert keys[0] == keys[1] != keys[2]
    assert root_key(Stream(1, "s"), digests[0]) == root_key(Stream(1, "s"), digests[2])


@pytest.mark.parametrize(
    "body",
    [
        "std.length(std.manifestJson([large, drawn]))",
        "std.length(std.asciiLower(large + drawn))",
        "std.length(std.split(large + drawn, 'é'))",
    ],
)
def test_large_texts_are_refused_by_both_engines(body):
    """Both engines refuse expensive texts in the same way, although the plan counts no steps.

    Steps and bytes decide, not the clock, so the result is the same on every machine.
    """
    text = NATIVES + f"local large = std.repeat('é', 3e6), drawn = get_integer(1, 9); {body}"
    prepared, budget = prepare(Template(text)), Budget(steps=10_000, bytes=12 << 20, seconds=None)
    answers = []
    for by in ("auto", "interpreter"):
        one = prepared.engine(Stream(7), EventContext(), engine=by, budget=budget)
        with pytest.raises(BudgetError) as caught:
            one.generate(0, times(10), 0)
        answers.append(caught.value.message)
    assert answers[0] == answers[1]
