"""Loops over many consecutive numbers: a list with few columns, and the interpreter's events."""

import pytest

from eventer.core.model import Stream, Template
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare
from eventer.plan.trace.array_comprehensions import MAX_UNROLLED
from tests.property.generated_events import events_of

NATIVES = "local int = std.native('get_integer'), one_of = std.native('get_one_of'); "
XS = "local xs = [int(0, 9) * i for i in std.range(1, 90)]; "
LISTED = {
    "numbers": "[int(0, 9) for _ in std.range(1, 90)]",
    "objects of numbers": "[{ i: i, s: 'n%d' % i, x: int(0, i) } for i in std.range(0, 89)]",
    "negative numbers": "[i + int(0, 9) for i in std.range(-45, 44) if int(0, 1) == 1]",
    "loops in loops": "[[int(0, j) for j in std.range(1, i)] for i in std.range(1, 70)]",
    "two loops": "[[i, j, int(0, 9)] for i in std.range(1, 70) for j in std.range(1, 3)]",
    "length of an argument": "local f(n) = [int(0, n) for _ in std.range(1, n)]; f(80)",
    "flatMap": "std.flatMap(function(i) [i, int(0, 9)], std.range(1, 90))",
    "filter": "std.filter(function(i) int(0, 9) > i % 10, std.range(1, 90))",
    "elements that raise": "[if i > 80 then error 'no' else int(0, 9) for i in std.range(1, 90)]",
    "uses": XS + "[std.sum(xs), xs[3], std.length(xs), std.join('-', std.map(std.toString, xs))]",
    "only in some events": "if int(0, 9) == 0 then [int(0, 9) for _ in std.range(1, 90)] else []",
}
UNROLLED = {
    "an element of the one before": (
        "local xs = [if i == 0 then 1 else xs[i - 1] + int(0, 9) for i in std.range(0, 69)]; xs"
    ),
    "a long fold": (
        "local xs = [int(0, 9) for _ in std.range(1, 200)]; "
        "std.foldl(function(sum, x) sum + x, xs, 0)"
    ),
    "constants": "local t = [i * 2 for i in std.range(1, 90)]; t[int(0, 89)]",
}


def engines(body):
    prepared = prepare(Template(NATIVES + body))
    choices = ("plan", "interpreter")
    return [prepared.engine(Stream(3), EventContext(), engine=each) for each in choices]


@pytest.mark.parametrize("body", [*LISTED.values(), *UNROLLED.values()], ids=[*LISTED, *UNROLLED])
def test_engines_agree(body):
    planned, interpreted = engines(body)
    assert events_of(planned, 0, (3, 5))[0] == events_of(interpreted, 0, (8,))[0]


@pytest.mark.parametrize("body", LISTED.values(), ids=LISTED)
def test_a_long_loop_has_few_columns(body):
    columns = engines(body)[0]._plan.traced.tracer.graph.nodes
    assert len(columns) < MAX_UNROLLED
