"""Runaway templates are refused at their line, soon and with bounded memory."""

import time
import tracemalloc

import pytest

from eventer.core.errors import BudgetError, EvaluationError
from eventer.core.large_stack import run_with_large_stack
from eventer.jsonnet import object_layers, object_values
from eventer.jsonnet.budget import Budget, Meter
from eventer.jsonnet.environment import Environment
from eventer.jsonnet.evaluate.interpreter import Interpreter
from tests.families import family
from tests.unit.jsonnet.evaluation import (
    PathKeys,
    RecordingNatives,
    evaluate,
    evaluation_error,
    interpreter,
)
from tests.unit.jsonnet.front_end import program

LAUGHS = "local a0 = ['lol'], " + ", ".join(
    f"a{i + 1} = [{', '.join([f'a{i}'] * 10)}]" for i in range(9)
)

HOSTILE = {
    "recursion": "local f(x) = f(x + 1); f(0)",
    "recursion that adds": "local f(x) = 1 + f(x); f(0)",
    "a loop without end": "local f(x) = f(x + 1) tailstrict; f(0)",
    "makeArray": "std.makeArray(1e9, function(i) i)",
    "makeArray for its length": "std.length(std.makeArray(1e9, function(i) i))",
    "doubling": "local d(s, n) = if n == 0 then s else d(s + s, n - 1); d('x', 60)",
    "doubling lists": "local d(s, n) = if n == 0 then s else d(s + s, n - 1); d([1], 60)",
    "repeat": "std.repeat('x', 1e9)",
    "fold": "std.foldl(function(a, b) a + b, std.range(1, 1e8), 0)",
    "range": "std.range(1, 2e9)",
    "depth": "local f(n, a) = if n == 0 then a else f(n - 1, [a]) tailstrict; f(100000, [])",
    "billion laughs": LAUGHS + "; a9",
    "billion laughs as text": LAUGHS + "; std.length('' + a9)",
    "width": "'%1000000000d' % 1",
    "precision": "'%.1000000000f' % 1",
    "width from outside": "'%*d' % [1000000000, 1]",
    "three fors": "[1 for a in std.range(1, 999) for b in std.range(1, 999) for c in [1, 2]]",
    "objects": "std.foldl(function(o, i) o + {a: i}, std.range(1, 100000), {})",
    "fibonacci": "local f(n) = if n < 2 then n else f(n - 1) + f(n - 2); f(60)",
    "sorts in sorts": "local f(x) = std.sort([2, 1], keyF=function(y) f(y)); f(1)",
    "replace": "std.strReplace(std.repeat('a', 1000000), 'a', std.repeat('b', 1000000))",
    "join": "std.join('x', std.makeArray(100000, function(i) std.repeat('y', 10000)))",
}  # fmt: skip


hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())


@hostile
def test_hostile_templates_are_refused_at_a_place_whatever_the_clock_says(text):
    interpreted = interpreter(text, budget=Budget(steps=20_000, bytes=8 << 20, seconds=None))
    with pytest.raises(BudgetError) as raised:
        interpreted.event(1)
    assert raised.value.place is not None


@pytest.mark.timing
@hostile
def test_hostile_templates_are_refused_soon(text):
    interpreted = interpreter(text, budget=Budget())
    before = time.thread_time()
    with pytest.raises(BudgetError):
        interpreted.event(1)
    took = time.thread_time() - before
    print(f"refused after {took:.2f} s of 2 s")
    assert took < 2


@family(
    ("text", "value"),
    [
        (LAUGHS + "; a9 == [a9[i] for i in std.range(0, 9)]", "true"),
        (LAUGHS + "; a9 < [a9[i] for i in std.range(0, 9)]", "false"),
        (LAUGHS + "; std.length(std.prune(a9))", "10"),
        ("{} + " + " + ".join(["{ a+: 1 }"] * 400) + " == { a: 400 }", "true"),
        ("({ z: 1, a: 0 } + " + " + ".join(["{ a: super.a + super.z }"] * 400) + ").a", "400"),
    ],
)
def test_shared_parts_and_long_chains_take_few_steps(text, value):
    interpreted = interpreter(text, budget=Budget(steps=20_000, seconds=None))
    assert interpreted.event(1).text == value


def test_a_chain_of_super_makes_no_table_for_each_layer(monkeypatch):
    tables = []

    def merged_table(layers):
        tables.append(len(layers))
        return object_layers.merged_table(layers)

    monkeypatch.setattr(object_values, "merged_table", merged_table)
    chain = " + ".join(["{ a+: 1, b: super.z + 1 }"] * 200)
    assert interpreter(f"({{ z: 1 }} + {chain}).a").event(1).text == "200"
    assert tables.count(201) == len(tables)


@pytest.mark.parametrize("text", ["{a: self.a}", "local x = x; x", "local a = [a[0]]; a"])
def test_infinite_recursion_is_refused_at_once(text):
    error = evaluation_error(text)
    assert isinstance(error, EvaluationError)
    assert "infinite recursion" in error.message


@family("name", ["doubling", "repeat", "makeArray", "range", "width", "replace"])
def test_bytes_are_charged_before_they_are_allocated(name):
    interpreted = interpreter(HOSTILE[name], budget=Budget(bytes=1 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(BudgetError):
            interpreted.event(1)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_the_place_is_the_line_that_exceeds_the_budget():
    text = "{\n  small: [1, 2],\n  large: std.repeat('x', 1e9),\n}"
    error = evaluation_error(text)
    assert (error.place.line, error.place.column) == (3, 10)


def test_steps():
    text = "std.foldl(function(a, i) a + i, std.range(1, 100), 0)"
    assert evaluate(text, budget=Budget(steps=1_000)) == 5_050
    error = evaluation_error(text, budget=Budget(steps=150))
    assert "more than 150 steps" in error.message


def test_depth():
    text = "local f(n) = if n == 0 then 0 else 1 + f(n - 1); f(100)"
    assert evaluate(text, budget=Budget(depth=210)) == 100
    assert (
        "nested more than 90 calls deep" in evaluation_error(text, budget=Budget(depth=90)).message
    )


def test_depth_of_what_is_manifested():
    text = "local f(n, a) = if n == 0 then a else f(n - 1, [a]) tailstrict; f(500, 1)"
    assert evaluate(text, budget=Budget(depth=600)) is not None
    assert isinstance(evaluation_error(text, budget=Budget(depth=400)), BudgetError)


def test_bytes():
    text = "std.length(std.repeat('x', 1000))"
    assert evaluate(text, budget=Budget(bytes=10_000)) == 1000
    assert "more than 500 bytes" in evaluation_error(text, budget=Budget(bytes=500)).message


def test_time_is_measured_with_the_given_clock():
    now = [0.0]

    def clock():
        now[0] += 0.5
        return now[0]

    loop = program("local f(n) = if n == 0 then 0 else f(n - 1) tailstrict; f(100000)")
    meter = Meter(Budget(seconds=3.0), clock)
    interpreted = Interpreter(loop, Environment(RecordingNatives(), PathKeys()), meter=meter)
    with pytest.raises(BudgetError, match="longer than 3 s"):
        interpreted.event(1)
    assert now[0] < 6, "not long after"


def test_every_event_has_the_whole_budget():
    text = "std.foldl(function(a, i) a + i, std.range(1, 100), 0)"
    interpreted = interpreter(text, budget=Budget(steps=600, bytes=20_000, seconds=None))
    assert {interpreted.event(1).text for _ in range(50)} == {"5050"}


def test_an_event_after_a_refused_one_has_the_whole_budget():
    interpreted = interpreter(
        "local f(n) = if n == 0 then 0 else 1 + f(n - 1);"
        " if std.native('big')() then f(1e9) else f(99)",
        Flip(),
        budget=Budget(depth=300, seconds=None),
    )
    with pytest.raises(BudgetError):
        interpreted.event(1)
    assert interpreted.event(1).text == "99"


class Flip:
    """A native that returns true at the first event only."""

    name = "big"
    params = ()

    def __init__(self):
        self._first = True

    def call(self, _arguments, _key):
        first, self._first = self._first, False
        return first


def test_deep_recursion_has_room_in_a_thread_with_a_large_stack():
    text = "local f(n) = if n == 0 then 0 else std.sort([1], function(x) f(n - 1))[0] - 1; f(400)"
    interpreted = interpreter(text, budget=Budget(depth=50_000, seconds=None))
    assert run_with_large_stack(lambda: interpreted.event(1)).text == "0"


def test_an_error_in_the_thread_with_a_large_stack_is_raised_in_the_caller():
    interpreted = interpreter("error 'no'")
    with pytest.raises(EvaluationError, match="no"):
        run_with_large_stack(lambda: interpreted.event(1))


def test_python_never_overruns_its_own_stack():
    text = "local f(n) = [[[[[[1 + (2 + (3 + f(n + 1)))]]]]]][0][0][0][0][0][0]; f(0)"
    error = evaluation_error(text, budget=Budget(depth=1_000_000, seconds=None))
    assert isinstance(error, BudgetError)
    assert error.place is not None
