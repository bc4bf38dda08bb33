"""The value of each construct. `tests/integration/jsonnet` compares many more with go-jsonnet."""
# ruff: noqa: E501  # a case a line

import pytest

from tests.families import family
from tests.unit.jsonnet.evaluation import evaluate

CASES = {
    "literals": ("[null, true, 1.5, 'a', [], {}]", [None, True, 1.5, "a", [], {}]),
    "locals see each other": ("local a = b, b = 1; [a, b]", [1, 1]),
    "locals shadow": ("local a = 1; [local a = 2; a, a]", [2, 1]),
    "unused locals are not evaluated": ("local a = error 'x'; {b: 1, c:: a}", {"b": 1}),
    "recursion": ("local f(n) = if n < 2 then 1 else n * f(n - 1); f(5)", 120),
    "closures": ("local add(a) = function(b) a + b; add(1)(2)", 3),
    "named arguments": ("(function(a, b) [a, b])(b=1, a=2)", [2, 1]),
    "defaults see all parameters": ("(function(a, b=c, c=a) [a, b, c])(1)", [1, 1, 1]),
    "arguments are lazy": ("(function(a) 1)(error 'x')", 1),
    "self is the whole object": ("{a: self.b, b: 1} + {b: 2}", {"a": 2, "b": 2}),
    "$ is the outermost": ("{a: {b: {c: $.d}}, d: 1}", {"a": {"b": {"c": 1}}, "d": 1}),
    "super is what is below": ("{a: 1} + {a: super.a + 1} + {a: super.a * 10}", {"a": 20}),
    "+: extends": ("{a: {b: 1}, c: [1]} + {a+: {d: 2}, c+: [2]}", {"a": {"b": 1, "d": 2}, "c": [1, 2]}),
    "+: without super": ("{a+: 1}", {"a": 1}),
    "in super": ("{a: 1} + {b: 'a' in super, c: 'z' in super}", {"a": 1, "b": True, "c": False}),
    "hidden fields": ("{a:: 1, b: self.a}", {"b": 1}),
    "hidden stays hidden": ("{a:: 1} + {a: 2}", {}),
    "::: shows": ("{a:: 1} + {a::: 2}", {"a": 2}),
    "computed names see the object outside": ("{a: {[self.b]: 1}, b: 'c'}", {"a": {"c": 1}, "b": "c"}),
    "null names drop the field": ("{[null]: error 'x', [if false then 'a']: 1}", {}),
    "object locals": ("{local x = self.a, a: 1, b: x}", {"a": 1, "b": 1}),
    "methods": ("{f(x):: self.a + x, a: 1, b: self.f(2)}", {"a": 1, "b": 3}),
    "asserts that hold": ("{assert self.a == 1, a: 1}", {"a": 1}),
    "array comprehension": ("[x * y for x in [1, 2, 3] if x != 2 for y in [x, 10]]", [1, 10, 9, 30]),
    "object comprehension": ("{[k]: k + 1 for k in ['a', 'b'] if k != 'b'}", {"a": "a1"}),
    "comprehension locals": ("{local v = k + '!', [k]: v for k in ['a']}", {"a": "a!"}),
    "comprehension self": ("{[k]: std.length(self) for k in ['a', 'b']}", {"a": 2, "b": 2}),
    "comprehension super": ("{a: 1} + {[k]: super.a for k in ['b', 'a']}", {"a": 1, "b": 1}),
    "conditions": ("[if true then 1, if false then 1, if false then 1 else 2]", [1, None, 2]),
    "logic stops early": ("[false && error 'x', true || error 'x']", [False, True]),
    "text of numbers has 17 digits": ("['' + 0.1, '' + 1e21, '' + 1e-7]", ["0.10000000000000001", "1000000000000000000000", "9.9999999999999995e-08"]),
    "text of values": ("'' + {b: [1, 'x', null], a: {}, c: []}", '{"a": { }, "b": [1, "x", null], "c": [ ]}'),
    "strings count characters": ("['aé😀b'[2], std.length('😀')]", ["😀", 1]),
    "indexes truncate": ("[[1, 2][1.9], 'ab'[0.5]]", [2, "a"]),
    "slices": ("[[1, 2, 3][1:], 'abc'[::2], [1, 2, 3][-2:]]", [[2, 3], "ac", [2, 3]]),
    "arithmetic": ("[7 % -3, -7 % 3, 5 / 2, 2 - 3 * 4]", [1, -1, 2.5, -10]),
    "bits": ("[6 & 3, 6 | 3, 6 ^ 3, ~6, 1 << 4, -16 >> 2, 1 << 64]", [2, 7, 5, -7, 16, -4, 1]),
    "equality by value": ("[{a: [1]} == {a: [1]}, 1 == '1', [] == {}]", [True, False, False]),
    "equality of visible fields": ("{a: 1, h:: 1} == {a: 1, h:: 2}", True),
    "order": ("['a' < 'b', [1, 2] < [1, 3], [] < [0], '\\uffff' < '😀']", [True] * 4),
    "objects nest without end": ("local o = {n: 0, next: o {n: super.n + 1}}; o.next.next.n", 1),
    "std can be shadowed": ("local std = {length(x): 9}; std.length('a') + 'ab'[0:1]", "9a"),
    "std can be extended": ("local s = std {length(x):: 9}; [s.length('a'), s.abs(-1)]", [9, 1]),
    "std is a value": ("local s = std; [s['length']('ab'), std.objectFields(s)]", [2, []]),
    "a template that is null": ("null", None),
}  # fmt: skip


@family(("text", "value"), CASES.values())
def test_evaluates_to(text, value):
    assert evaluate(text) == value


def test_subnormal_numbers_without_precision_have_one_digit():
    texts = evaluate("['%.0g' % 5e-324, '%.0g' % 1e-310, '%.0g' % 0, '%.1g' % 5e-324]")
    assert texts == ["5e-324", "1e-310", "0e+00", "5e-324"]


def test_recursion_goes_500_calls_deep():
    assert evaluate("local f(n) = if n == 0 then 0 else 1 + f(n - 1); f(500)") == 500


def test_lists_made_by_recursion_go_500_deep():
    text = "local f(n) = if n == 0 then [] else f(n - 1) + [n]; std.length(f(500))"
    assert evaluate(text) == 500


def test_objects_made_by_recursion_go_500_deep():
    text = "local f(n) = if n == 0 then {v: 0} else {v: 1 + f(n - 1).v}; f(500)"
    assert evaluate(text) == {"v": 500}


def test_accumulators_may_be_lazy():
    assert evaluate("local f(n, a) = if n == 0 then a else f(n - 1, a + 1); f(500, 0)") == 500


def test_tailstrict_loops_go_100000_rounds():
    text = "local f(n, a) = if n == 0 then a else f(n - 1, a + n) tailstrict; f(100000, 0)"
    assert evaluate(text) == 5_000_050_000


def test_functions_that_call_each_other_tailstrict_loop_too():
    text = (
        "local even(n) = if n == 0 then true else odd(n - 1) tailstrict,"
        " odd(n) = if n == 0 then false else even(n - 1) tailstrict; even(20001)"
    )
    assert evaluate(text) is False


def test_tailstrict_forces_arguments_and_defaults():
    for text in ("(function(a) 1)(error 'x') tailstrict", "(function(a=error 'x') 1)() tailstrict"):
        with pytest.raises(Exception, match="x"):
            evaluate(text)


def test_a_field_is_computed_once_for_all_readers():
    seen = []
    text = "{a: std.trace('a', 1), b: self.a, c: $.a, d: [self.a, self.a]}"
    evaluate(text, trace=lambda message, _place: seen.append(message))
    assert seen == ["a"]


def test_elements_are_computed_once():
    seen = []
    text = "local a = [std.trace('x', 1)]; [a[0], (a + a)[1], a[0:1]]"
    evaluate(text, trace=lambda message, _place: seen.append(message))
    assert seen == ["x"]


def test_asserts_run_once():
    seen = []
    text = "local o = {assert std.trace('assert', true), a: 1}; [o.a, o.a, o]"
    evaluate(text, trace=lambda message, _place: seen.append(message))
    assert seen == ["assert"]


def test_a_removed_key_is_still_there_for_what_is_below():
    text = "local o = std.objectRemoveKey({a: 1, b: self.c, c: 2}, 'a'); [o, o {c: 3}]"
    assert evaluate(text) == [{"b": 2, "c": 2}, {"b": 3, "c": 3}]
