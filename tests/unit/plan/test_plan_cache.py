"""Generators of one template share a plan; their events are those of the interpreter."""

import gc

import numpy as np
import pytest

from eventer.core.errors import BudgetError
from eventer.core.model import ColumnType, Stream, Template
from eventer.kernels import draw
from eventer.plan import plan_cache
from eventer.plan import prepare as prepare_module
from eventer.plan.columnar_engine import Plan
from eventer.plan.draw_keys import ROOT_KEY, DrawKeyTable, DrawKeyValues, root_key
from eventer.plan.engine import EventContext
from eventer.plan.plan_cache import PlanCache
from eventer.plan.prepare import prepare
from eventer.plan.unsupported import PlanUnsupportedError

NATIVES = """
local e = import 'eventer.libsonnet';
local dataset = e.dataset('none'), instance = e.instance_id('none');
"""
CONTEXTS = [EventContext(), EventContext("a"), EventContext('q"é\n', "i"), EventContext("", "j")]
STREAMS = [Stream(1), Stream(2), Stream(1, "named")]

WRITTEN = {
    "a field": "{ n: e.integer(1, 9), dataset: dataset, where: { instance: instance } }",
    "the whole event": "dataset",
    "one after the other": "[dataset, instance, dataset]",
    "a branch": "if e.integer(0, 1) == 1 then { d: dataset } else { i: [instance] }",
    "an optional field": "{ [if e.integer(0, 1) == 1 then 'd']: dataset, n: 1 }",
    "in a list": "[dataset for i in std.range(1, e.integer(0, 3))]",
    "in a document": "{ text: std.manifestJsonMinified({ n: e.integer(1, 9), d: dataset }) }",
    "no context": "{ n: e.integer(1, 9) }",
    "hidden": "{ d:: dataset, n: e.integer(1, 9) }",
}
READ = {
    "compared": "{ n: if dataset == 'a' then 'is a' else e.integer(1, 9) }",
    "a shape": "if dataset == 'a' then { a: e.integer(1, 9) } else { b: 1 }",
    "joined": "{ d: dataset + '-%d' % e.integer(1, 9) }",
    "a name": "{ [dataset + 'x']: e.integer(1, 9) }",
    "its length": "[std.length(dataset), e.integer(1, 9)]",
    "an argument": "e.one_of(dataset + ',b')",
    "merged": "{ d: std.asciiUpper(if e.integer(0, 1) == 1 then dataset else 'x') }",
}


def due(count):
    return np.arange(count, dtype=np.int64) * 1_000_000_000


@pytest.fixture
def compiled(monkeypatch):
    """The natives of all compilations, with an empty cache."""
    natives = []
    monkeypatch.setattr(prepare_module, "PLANS", PlanCache())
    compile_plan = plan_cache.compile_plan

    def counted(program, of, part):
        natives.append(of)
        return compile_plan(program, of, part)

    monkeypatch.setattr(plan_cache, "compile_plan", counted)
    return natives


def engines(text, choice="auto"):
    prepared = prepare(Template(NATIVES + text))
    return [
        prepared.engine(stream, context, engine=choice)
        for stream in STREAMS
        for context in CONTEXTS
    ]


@pytest.mark.parametrize("text", [*WRITTEN.values(), *READ.values()], ids=[*WRITTEN, *READ])
def test_shared_plans_generate_the_events_of_the_interpreter(text):
    for ours, theirs in zip(engines(text), engines(text, "interpreter"), strict=True):
        assert ours.name == "plan"
        mine, other = (each.generate(250, due(20)) for each in (ours, theirs))
        assert mine.text.to_pylist() == other.text.to_pylist()
        assert not ours.broken


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_seed_stream_and_written_context_are_inputs(text, compiled):
    built = engines(text)
    assert len(compiled) == 1
    assert len({id(engine._plan) for engine in built}) == 1


@pytest.mark.parametrize("text", READ.values(), ids=READ)
def test_a_context_that_is_read_has_a_plan_of_its_own(text, compiled):
    built = engines(text)
    assert len(compiled) == 1 + len(CONTEXTS)
    assert len({id(engine._plan) for engine in built}) == len(CONTEXTS)


def test_columns_have_the_context_of_their_generator():
    text = "{ d: dataset, n: e.integer(1, 9), o: if self.n > 4 then { d: dataset } }"
    for ours, theirs in zip(engines(text), engines(text, "interpreter"), strict=True):
        mine, other = (each.generate(0, due(10)).fields for each in (ours, theirs))
        for pointer, kind in (
            ("/d", ColumnType.TEXT),
            ("/d", ColumnType.JSONB),
            ("/d", ColumnType.KEY),
            ("/o", ColumnType.JSONB),
            ("/o/d", ColumnType.TEXT),
        ):
            assert mine.column(pointer, kind).equals(other.column(pointer, kind))


def test_a_plan_is_released_with_its_last_engine(compiled):
    built = engines("{ released: dataset }")
    del built[1:]
    gc.collect()
    kept = engines("{ released: dataset }")
    assert len(compiled) == 1
    del built, kept
    gc.collect()
    engines("{ released: dataset }")
    assert len(compiled) == 2


@pytest.mark.parametrize(
    ("text", "tries"), [("[std.trace('x', 1)]", 1), ("[std.trace(dataset, 1)]", 5)]
)
def test_templates_without_a_plan_are_remembered(text, tries, compiled):
    reasons = {engine.reason for engine in engines(text) + engines(text)}
    assert reasons == {"std.trace prints a message per event (line 4, column 2)"}
    assert len(compiled) == tries


def test_a_template_that_exceeds_its_budget_is_tried_again(monkeypatch):
    template = Template("1")
    prepared = prepare(template)
    tries = []

    def slow(*_):
        tries.append(1)
        raise PlanUnsupportedError("too slow") from BudgetError("time")

    monkeypatch.setattr(plan_cache, "compile_plan", slow)
    cache = PlanCache()
    for _ in range(2):
        with pytest.raises(PlanUnsupportedError):
            cache.stream_plan(template, prepared.program, 1, EventContext())
    assert len(tries) == 2


def test_the_same_text_with_other_variables_is_another_plan(compiled):
    for given in ('{"v": 1}', '{"v": 2}'):
        prepared = prepare(Template("{ v: std.extVar('v') }", vars=given))
        engine = prepared.engine(Stream(1), EventContext())
        assert engine.generate(0, due(1)).text[0].as_py() == given.replace(" ", "").encode()


def test_draw_keys_are_those_of_the_root_key():
    prepared = prepare(Template(NATIVES + "{ n: e.integer(1, 9), m: [e.number(0, 1)] }"))
    table = DrawKeyTable()
    child = table.child(table.child(ROOT_KEY, 5), -1)
    assert child == table.child(table.child(ROOT_KEY, 5), 2**64 - 1)
    assert DrawKeyValues(table, 7).value(child) == draw.descend(7, 5, -1)
    plan = prepared.plan(Stream(3), EventContext())
    assert plan.inputs.key(ROOT_KEY) == root_key(Stream(3), prepared.program.digest)
    assert isinstance(plan.plan, Plan)
