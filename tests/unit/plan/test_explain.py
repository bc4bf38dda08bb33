"""Explanations of plans: the same for the same template, with only the needed columns."""

from itertools import count
from types import SimpleNamespace

import pytest

from eventer.core.model import Stream, Template
from eventer.plan import measure
from eventer.plan.engine import EventContext
from eventer.plan.explain import explain_plan
from eventer.plan.explain_template import explain_template
from eventer.plan.explain_text import measurement_text, plan_text
from eventer.plan.measure import TimedExecution, measure_columns
from eventer.plan.prepare import prepare

LOCALS = """local draw(name) = std.native(name);
local integer = draw('get_integer');
"""
TEXT = """engine: plan

domains
  d0  the events

columns
  %0    d0  raw         draw get_integer(1, 9) key KEY
  %1    d0  integer     draw_values %0 [1..9]

row program
  0   literal   {"a":
  1   integer   %1
  2   literal   ,"b":[1,"x"]}
  3   end

constant
  /b
"""


def plan_of(text, seed=0):
    return prepare(Template(text)).plan(Stream(seed), EventContext())


def explained(text):
    return explain_plan(plan_of(text))


def test_the_text_of_a_small_plan():
    plan = explained(LOCALS + "{ a: integer(1, 9), b: [1, 'x'], hidden:: integer(1, 2) }")
    key = plan.columns[0].key
    assert len(key) == 16
    int(key, 16)
    assert plan_text(plan) == TEXT.replace("KEY", key)


def test_keys_depend_on_the_seed():
    text = LOCALS + "{ a: integer(1, 9) }"
    keys = [explain_plan(plan_of(text, seed)).columns[0].key for seed in (0, 0, 1)]
    assert keys[0] == keys[1] != keys[2]


MIXED = """{
  id: integer(1, 100),
  kind: draw('get_one_of')('a, b, c, d'),
  hash: std.md5(self.kind + self.id),
  items: [{ currency: 'EUR', n: integer(1, 9), line: k } for k in std.range(1, integer(1, 5))],
  [if integer(1, 2) == 1 then 'extra']: integer(5, 9),
  assert $.id < 90 : 'too large',
  doc: std.manifestJsonMinified({ id: $.id }),
}"""


def test_explains_domains_draws_dictionaries_and_documents():
    plan = explained(LOCALS + MIXED)
    assert [rows.kind for rows in plan.domains].count("elements") == 1
    assert {rows.holds for rows in plan.domains if rows.kind == "filter"} == {True, False}
    picks = [(column.entries, column.first) for column in plan.columns]
    assert (4, ('"a"', '"b"', '"c"')) in picks
    assert any(column.key == "per element" for column in plan.columns)
    (document,) = plan.documents
    assert document[1][0].text == '{"id":'


def test_explains_rows_that_raise_and_functions_computed_per_value():
    plan = explained(LOCALS + MIXED)
    assert [raising.what for raising in plan.raising] == ["an object's assert fails"]
    by_name = {column.name: column for column in plan.columns}
    calls = {by_name[name].what: by_name[name] for name in plan.one_by_one}
    assert (calls["std.md5"].line, calls["std.md5"].column) == (6, 9)
    text = plan_text(plan)
    assert "rows that go to the interpreter\n" in text
    assert "std.md5 (line 6, column 9)" in text


def test_explains_constant_parts():
    assert explained(LOCALS + MIXED).constant == ("/items/*/currency",)
    assert explained("{ a: 1, b: [2] }").constant == ("",)
    optional = LOCALS + "{ [if integer(1, 2) == 1 then 'x']: 1, y: { a: 1 } }"
    assert explained(optional).constant == ("/y",)


def test_explaining_adds_nothing_to_the_plan():
    plan = plan_of(LOCALS + MIXED)
    graph = plan.traced.tracer.graph
    before = len(graph.nodes), len(graph.domains), len(graph.raising_rows)
    first = explain_plan(plan)
    assert (len(graph.nodes), len(graph.domains), len(graph.raising_rows)) == before
    assert explain_plan(plan) == first


def test_the_cost_of_a_column_is_that_of_its_own_operation(monkeypatch):
    """The clock advances by a nanosecond per reading, and each column reads it twice."""
    monkeypatch.setattr(measure, "time", SimpleNamespace(perf_counter_ns=count(1).__next__))
    rows = 200
    costs = measure_columns(plan_of(LOCALS + MIXED), 0, rows=rows, repeats=1)
    assert costs.rows == rows
    assert costs.program_ns > 0
    assert {node.operation for node in costs.columns_ns} >= {"draw", "each"}
    own = [round(ns * rows) for ns in costs.columns_ns.values()]
    assert min(own) == 1, "a column without arguments takes one tick of the clock"
    assert max(own) > 1, "a column with arguments also takes the ticks around them"
    assert len(own) <= sum(own) < 2 * len(own), "nothing counts twice"


def test_a_timed_run_has_the_values_of_a_run():
    import numpy as np

    plan = plan_of(LOCALS + MIXED)
    index, due = np.arange(50, dtype=np.int64), np.zeros(50, dtype=np.int64)
    timed, plain = TimedExecution(plan, index, due), plan.run(index, due)
    for one, other in zip(plan.program.columns(timed), plan.program.columns(plain), strict=True):
        assert repr(one) == repr(other)


@pytest.mark.parametrize("measured", [True, False])
def test_a_template_without_a_plan_has_a_reason_and_costs(measured):
    prepared = prepare(Template("std.trace('x', 1)"))
    found = explain_template(prepared, Stream(0), EventContext(), 0, measured=measured)
    assert (found.engine, found.plan) == ("interpreter", None)
    assert "std.trace" in found.reason
    assert (found.measured is not None) == measured
    if measured:
        assert found.measured.plan is None
        assert measurement_text(found.measured, None).startswith("measured\n  interpreter  ")


def test_both_engines_are_measured():
    prepared = prepare(Template(LOCALS + "{ a: integer(1, 9) }"))
    found = explain_template(prepared, Stream(0), EventContext(), 0, measured=True)
    assert found.measured.plan.bytes_per_event == 7
    assert found.measured.interpreter.bytes_per_event == 7
    assert found.measured.interpreter.events_per_second > 0
    assert len(found.measured.slowest) == 2
    assert "row program" in measurement_text(found.measured, found.plan)
