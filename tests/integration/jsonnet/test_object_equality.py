"""Equality of objects of every origin is the same on the plan and on the interpreter."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.core.large_stack import run_with_large_stack
from eventer.core.model import EngineChoice, EventContext, Stream, Template
from eventer.plan.prepare import PreparedTemplate, prepare
from eventer.plan.unsupported import PlanUnsupportedError
from tests.families import family

VARIABLES = '{"object": {"a": 1}, "nested": {"list": [{"a": 1}]}}'
PREFIX = """
local pick = std.native('get_one_of')([{a: 1}, {a: 2}]);
local number = std.native('get_integer')(1, 2);
local object = std.extVar('object');
"""
ORIGINS = {
    "std.parseJson": "std.parseJson('{\"a\": 1}')",
    "std.parseYaml": "std.parseYaml('a: 1')",
    "std.mergePatch": "std.mergePatch({a: 2}, {a: 1})",
    "std.prune": "std.prune({a: 1, b: null})",
    "std.mapWithKey": "std.mapWithKey(function(key, value) value, {a: 1})",
    "std.objectRemoveKey": "std.objectRemoveKey({a: 1, b: 2}, 'b')",
    "variable": "object",
    "variable with a hidden field": "object + {b:: 2}",
    "comprehension": "{[name]: 1 for name in ['a']}",
    "draw": "pick",
    "drawn field": "{a: number}",
    "extended with a drawn field": "object + {a: number}",
    "condition": "if number == 1 then {a: 1} else object",
    "condition on the type": "if number == 1 then {a: 1} else [1]",
}
USES = {
    "==": "x == {a: 1}",
    "== reversed": "{a: 1} == x",
    "!=": "x != {a: 1}",
    "in a list": "[x] == [{a: 1}]",
    "in an object": "{b: x} == {b: {a: 1}}",
    "two fields": "{b: 1, c: x} == {b: 1, c: {a: 1}}",
    "other names": "x == {b: 1}",
    "condition": "if x == {a: 1} then 'same' else 'different'",
    "std.equals": "std.equals({a: 1}, x)",
    "std.member": "std.member([{a: 1}], x)",
    "std.contains": "std.contains([x], {a: 1})",
    "std.count": "std.count([{a: 1}, {a: 2}], x)",
    "std.find": "std.find(x, [{a: 1}, {a: 2}])",
    "std.remove": "std.remove([{a: 1}, {a: 2}], x)",
    "std.uniq": "std.uniq([{a: 1}, x])",
}


@lru_cache(maxsize=1)
def _prepared(text: str) -> PreparedTemplate:
    return prepare(Template(text, vars=VARIABLES))


def _events(text: str, engine: EngineChoice) -> list[bytes]:
    def generate() -> list[bytes]:
        chosen = _prepared(text).engine(Stream(1), EventContext(), engine=engine)
        return chosen.generate(0, np.arange(16, dtype=np.int64)).text.to_pylist()

    return run_with_large_stack(generate)


def _events_or_error(text: str, engine: EngineChoice) -> list[bytes] | str:
    try:
        return _events(text, engine)
    except EvaluationError as error:
        return error.message


@family("use", USES)
@family("origin", ORIGINS)
def test_equality_is_the_same_on_both_engines(origin, use):
    text = f"{PREFIX}local x = {ORIGINS[origin]}; {{result: {USES[use]}}}"
    assert _events(text, "auto") == _events(text, "interpreter")


@family("origin", [each for each in ORIGINS if each != "condition on the type"])
def test_the_plan_covers_equality_of_objects(origin):
    text = f"{PREFIX}local x = {ORIGINS[origin]}; {{result: x == {{a: 1}}}}"
    assert _events(text, "plan") == _events(text, "interpreter")


@pytest.mark.parametrize("value", ["number", "number + 0.5", "[number]"])
@pytest.mark.parametrize("array", ["[number, 3]", "[[1], [number]]", "[1, 2]"])
def test_set_members_among_drawn_elements_stay_on_the_plan(value, array, caplog):
    text = f"{PREFIX}{{result: std.setMember({value}, {array})}}"
    assert _events_or_error(text, "auto") == _events_or_error(text, "interpreter")
    assert not caplog.records


@family("values", ["[], []", "{}, {}", "[1], [2]", "pick, pick", "pick, {a: 1}"])
@family("engine", ["auto", "interpreter"])
def test_primitive_equality_refuses_arrays_and_objects(values, engine):
    with pytest.raises(EvaluationError, match="needs primitive values"):
        _events(f"{PREFIX}{{result: std.primitiveEquals({values})}}", engine)


@family("values", ["[], {}", "1, 1", "number, 1", "number, {}", "pick, 1"])
def test_primitive_equality_of_other_values(values):
    text = f"{PREFIX}{{result: std.primitiveEquals({values})}}"
    assert _events(text, "auto") == _events(text, "interpreter")


def test_lists_of_varying_length_are_left_to_the_interpreter():
    text = PREFIX + "{result: std.filter(function(i) i > number, [1, 2]) == [2]}"
    prepared = prepare(Template(text, vars=VARIABLES))
    with pytest.raises(PlanUnsupportedError):
        prepared.plan(Stream(1), EventContext())


@family("leaf", ["1", "[number]", "pick", "{a: number}"])
@family("parts", ["[x, x]", "{a: x, b: x}"])
@family("comparison", ["f(60) == f(60)", "f(60) != f(60)", "[f(60)] == [f(60)]"])
def test_equality_of_shared_parts_does_not_follow_every_path(comparison, parts, leaf):
    """Each level uses the next one twice: 2^60 paths to 60 pairs."""
    text = (
        f"{PREFIX}local f(n) = if n == 0 then {leaf} else (local x = f(n - 1); {parts}); "
        f"{{result: {comparison}}}"
    )
    assert _events(text, "plan") == _events(text, "interpreter")


@pytest.mark.parametrize("last", [0, 1])
def test_the_order_of_shared_parts_does_not_follow_every_path(last):
    text = (
        "local f(n, last) = if n == 0 then [last] else (local x = f(n - 1, last); [x, x]); "
        f"{{less: f(60, 0) < f(60, {last}), greater: f(60, 0) > f(60, {last})}}"
    )
    (event,) = set(_events(text, "interpreter"))
    assert event == b'{"greater":false,"less":%s}' % (b"true" if last else b"false")
    assert _events(text, "plan") == _events(text, "interpreter")
