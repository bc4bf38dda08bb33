"""Errors have a message, a place and a trace."""

from types import SimpleNamespace

import pytest

from eventer.core.errors import BudgetError, EvaluationError
from eventer.jsonnet.values import Thunk
from tests.families import family
from tests.unit.jsonnet.evaluation import evaluation_error
from tests.unit.jsonnet.front_end import where

CASES = [
    # (template, what the message holds, what the place points at, what the hint holds)
    ('error "no"', "no", 'error "no"', None),
    ("error {a: 1}", '{"a": 1}', "error {a: 1}", None),
    ("{a: 1}.b", "no field 'b'", "b", "it has 'a'"),
    ("{name: 1}.nmae", "no field 'nmae'", "nmae", "did you mean 'name'?"),
    ("{}.a", "no field 'a'", "a", "the object is empty"),
    ("null.a", "cannot read field 'a' of null", "null.a", None),
    ("[1].a", "of an array", "[1].a", "indexed by number"),
    ("[1, 2][5]", "index 5 is out of range for an array of length 2", "5", "from 0 to 1"),
    ("[][0]", "length 0", "0", "it is empty"),
    ('"abc"[-1]', "out of range for a string", "-1", "from 0 to 2"),
    ("{a: 1}[1]", "object index must be a string, not a number", "1", None),
    ('[1]["x"]', "cannot read field 'x' of an array", '[1]["x"]', "indexed by number"),
    ("[1][null]", "indexed by a number, not null", "null", None),
    ("5[0]", "cannot index a number", "5[0]", None),
    ("1 + null", "cannot add a number and null", "1 + null", "null"),
    ("{} + []", "cannot add an object and an array", "{} + []", "std.toString"),
    ('"a" - 1', "`-` needs numbers, not a string and a number", '"a" - 1', None),
    ("1 / 0", "division by zero", "1 / 0", None),
    ("1 % 0", "division by zero", "1 % 0", None),
    ("1e308 * 10", "overflow", "1e308 * 10", None),
    ("1 << -1", "count is negative", "1 << -1", None),
    ("1 & 9007199254740992", "up to 2^53-1", "1 & 9007199254740992", None),
    ("1 < 'a'", "cannot compare a number with a string", "1 < 'a'", "can be ordered"),
    ("null < null", "cannot compare null with null", "null < null", None),
    ("(function(x) x) == (function(x) x)", "cannot compare functions", None, None),
    ("!1", "`!` needs a boolean, not a number", "!1", None),
    ("-'a'", "unary `-` takes a number, not a string", "-'a'", None),
    ("if 1 then 2", "a condition must be a boolean, not a number", "1", None),
    ("true && 1", "the right side of `&&`", "1", None),
    ("1 || true", "the left side of `||`", "1", None),
    ("'a' in [1]", "the right side of `in` must be an object", "'a' in [1]", "std.member"),
    ("1(2)", "cannot call a number", "1(2)", None),
    ("(function(x) x)()", "argument 'x' of anonymous is missing", None, "anonymous(x)"),
    ("local f(a, b=1) = a; f()", "argument 'a' of f is missing", "f()", "write f(a, b=…)"),
    ("local f(a) = a; f(1, 2)", "f takes 1 argument, not 2", "f(1, 2)", "write f(a)"),
    ("local f() = 1; f(2)", "f takes no arguments, not 1", "f(2)", "write f()"),
    ("local f(count) = 1; f(cuont=2)", "no parameter 'cuont'", "f(cuont=2)", "'count'"),
    ("local f(a) = a; f(1, a=2)", "'a' of f is given twice", "f(1, a=2)", None),
    ("{[1]: 2}", "a field name must be a string or null, not a number", "1", None),
    ('{["a"]: 1, ["a"]: 2}', "the field 'a' is defined twice", '"a"', None),
    ('{[x]: 1 for x in ["a", "a"]}', "the field 'a' is defined twice", "x", None),
    ("[x for x in 5]", "`for` needs an array, not a number", "5", "std.objectFields"),
    ("[x for x in [1] if 2]", "`if` needs a boolean, not a number", "2", None),
    ("{a: super.b}", "`super` needs an object on the left", "super.b", None),
    ("{a: 1} + {b: super.aa}", "`super` has no field 'aa'", "super.aa", None),
    ("{assert self.a > 1, a: 1}", "Object assertion failed", "self.a > 1", None),
    ("{assert false : 'why ' + 1}", "why 1", "false", None),
    ("{assert 1}", "an assert condition must be a boolean, not a number", "1", None),
    ("assert 1 == 2 : 'math'; 1", "math", "1 == 2", None),
    ("{a: function(x) x}", "a function is not a JSON value", "a", "hide its field"),
    ("[function(x) x]", "a function is not a JSON value", "[function(x) x]", None),
    ("'' + (function(x) x)", "a function cannot be converted to text", None, "call it"),
    ("local x = x + 1; x", "infinite recursion", "x", None),
    ("{a: self.b, b: self.a}", "the field 'a' depends on itself", "a", None),
    ("std.lenght([])", "no field 'lenght'", "lenght", "did you mean 'length'?"),
    ("std.length(1, 2)", "std.length takes 1 argument, not 2", "std.length(1, 2)", None),
    ("std.extVar('x')", "the variable 'x' is not set", "std.extVar('x')", "-V"),
    ("std.map(5, [1])", "std.map", "std.map(5, [1])", None),
    ("[1, 2][::0]", "std.slice", "[1, 2][::0]", None),
    ("'%d' % 'x'", "std.format", "'%d' % 'x'", None),
]


@family(("text", "says", "at", "hints"), CASES)
def test_errors_have_message_place_and_hint(text, says, at, hints):
    error = evaluation_error(text)
    assert isinstance(error, EvaluationError)
    assert says in error.message
    assert where(error) == at if at else error.place is not None
    assert hints is None or hints in error.hint


def test_the_place_is_in_the_file_that_raises():
    error = evaluation_error("{a: (import 'lib').f(1)}", lib="{\n  f(x):: x.y,\n}")
    assert (error.place.name, error.place.line, error.place.column) == ("lib", 2, 10)
    assert error.trace[0].place.name == "template"


def test_the_trace_leads_outward_from_the_innermost():
    error = evaluation_error("local f(x) = x.y, g(x) = f(x);\n{\n  a: { b: g({}) },\n}")
    assert [(frame.what, frame.place.line) for frame in error.trace] == [
        ("function f", 1),
        ("function g", 3),
        ("field 'b'", 3),
    ]


def test_the_trace_goes_through_locals():
    error = evaluation_error("local x = error 'no', y = x + 1; [y + 1]")
    assert [frame.what for frame in error.trace] == ["`x`", "`y`"]


def test_the_trace_goes_through_std():
    error = evaluation_error("{a: std.map(function(x) x.y, [{}])}")
    assert "std.map" in [frame.what for frame in error.trace]


def test_the_trace_is_bounded():
    error = evaluation_error("local f(n) = if n == 0 then error 'end' else 1 + f(n - 1); f(1000)")
    assert len(error.trace) < 50
    assert error.message == "end"


def test_a_template_that_fails_fails_again():
    text = "{a: self.b, b: error 'no'}"
    assert evaluation_error(text).message == evaluation_error(text).message == "no"


def test_an_error_in_the_middle_of_a_list_has_its_place():
    error = evaluation_error("[\n  1,\n  {a: 2, b: 1 - null},\n]")
    assert (error.place.line, error.place.column) == (3, 13)


def test_asserts_of_the_top_layer_come_first():
    assert evaluation_error("{assert false : 'low'} + {assert false : 'high'}").message == "high"


def test_infinite_recursion_is_refused_at_the_call():
    error = evaluation_error("local f(n) = 1 + f(n + 1);\n{a: f(0)}")
    assert isinstance(error, BudgetError)
    assert (error.place.line, error.place.column) == (1, 18)
    assert "tailstrict" in error.hint


def test_a_value_that_raised_raises_the_same_error_again():
    calls = []

    def code(_frame):
        calls.append(1)
        raise EvaluationError("no", hint="why")

    thunk = Thunk(code, [None, SimpleNamespace(meter=SimpleNamespace(fuel=9, depth=9))])
    errors = []
    for _ in range(3):
        with pytest.raises(EvaluationError) as raised:
            thunk.force()
        errors.append((raised.value.message, raised.value.hint, raised.value.recursive))
    assert errors == [("no", "why", False)] * 3
    assert len(calls) == 1
