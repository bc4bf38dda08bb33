"""References to events of other streams: which events they read, and what is refused."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.core.model import (
    ColumnType,
    EventContext,
    FixedPopulation,
    GrowingPopulation,
    ReferencedStream,
    Stream,
    Template,
)
from eventer.plan import references
from eventer.plan.explain import explain_plan
from eventer.plan.graph import Referenced
from eventer.plan.prepare import prepare, prepare_stored
from eventer.plan.references import MAX_CHAIN
from eventer.plan.shape.infer import Inference

CUSTOMERS = """
local native = std.native;
local who = native('get_person')();
{
  id: native('get_index')(),
  name: who.name,
  mail: who.email,
  score: native('get_number')(0, 1),
  set: native('get_dataset')('none') + native('get_instance_id')('none'),
  given: std.extVar('given'),
  address: { country: native('get_one_of')('DE FR'), city: native('get_address')().city },
  [if native('get_boolean')() then 'vat']: 'x',
}
"""
STREAM = ReferencedStream(
    "customers",
    Template(CUSTOMERS, "customers", '{"given": "v"}'),
    Stream(11, "people"),
    EventContext("set", "i"),
    FixedPopulation(50),
)
HEAD = "local get = std.native('get_event_of'), get_index = std.native('get_index');\n"
TIMES = np.full(40, 1_767_225_600_000_000_000, dtype=np.int64)


def prepared(body, *streams):
    return prepare(Template(HEAD + body, "orders", references=streams or (STREAM,)))


def events(found, name="plan", count=40, first=0, seed=5):
    engine = found.engine(Stream(seed), EventContext("mine", "i"), engine=name)
    texts = []
    while len(texts) < count:
        texts += engine.generate(first + len(texts), TIMES[len(texts) : count]).text.to_pylist()
    return [json.loads(text) for text in texts]


FIVE = FixedPopulation(5)


def stream(name, text, population=FIVE):
    return ReferencedStream(name, Template(text, name), Stream(1), EventContext(), population)


def test_a_reference_is_the_event_that_the_stream_itself_has_at_the_index():
    own = prepare(STREAM.template).engine(STREAM.stream, STREAM.context)
    customers = [
        json.loads(text) for text in own.generate(0, np.resize(TIMES, 50)).text.to_pylist()
    ]
    found = prepared("local c = get('customers'); { c: c, n: c.id, country: c.address.country }")
    picked = events(found)
    assert [event["c"] for event in picked] == [customers[event["n"]] for event in picked]
    assert all(event["country"] == event["c"]["address"]["country"] for event in picked)
    assert len({event["n"] for event in picked}) > 10
    assert events(found, "interpreter") == picked
    assert events(found, count=5, first=30) == picked[30:35]


def test_picks_have_their_distributions():
    found = prepared(
        "{ uniform: get('customers').id, recent: get('customers', 'recent').id,"
        " zipf: get('customers', 'zipf').id, few: get('customers', count=3).id,"
        " given: get('customers', index=49 - get_index()).id }"
    )
    columns = {name: [e[name] for e in events(found)] for name in ("uniform", "recent", "zipf")}
    assert np.median(columns["zipf"]) < 15 < 35 < np.median(columns["recent"])
    assert all(0 <= value < 50 for column in columns.values() for value in column)
    assert {event["few"] for event in events(found)} == {0, 1, 2}
    assert [event["given"] for event in events(found)] == list(range(49, 9, -1))
    assert events(found) == events(found, "interpreter")


def test_only_the_fields_that_are_read_are_columns():
    one = prepared("{ id: get('customers').address.country }")
    plan = one.plan(Stream(1), EventContext())
    labels = [column.what for column in explain_plan(plan).columns if column.what]
    assert (
        labels == ['get_event_of("customers", "uniform")', 'get_one_of("DE FR")']
        or len(labels) == 2
    )
    domains = [d for d in plan.traced.tracer.graph.domains if isinstance(d, Referenced)]
    assert len(domains) == 1
    assert [each.kind for each in explain_plan(plan).domains] == ["root", "referenced"]


def test_fields_of_a_reference_have_types():
    shape = prepared(
        "local c = get('customers');"
        "{ a: c.id, b: c.name, c: c.score, d: c.address.city, e: c.address, f: c.missing }"
    ).shape
    types = {column.name: column.type for column in shape.columns}
    assert types == {
        "a": ColumnType.BIGINT,
        "b": ColumnType.TEXT,
        "c": ColumnType.DOUBLE,
        "d": ColumnType.TEXT,
        "e": ColumnType.JSONB,
        "f": ColumnType.JSONB,
    }


def test_what_a_template_names_is_stored_with_it_and_nothing_else():
    unused, deep = stream("unused", "{ a: 1 }"), stream("deep", "{ a: 1 }")
    middle = stream("middle", "{ a: std.native('get_event_of')('deep').a }")
    found = prepared("{ a: get('middle').a }", unused, middle, deep)
    stored = found.template.references
    assert [each.name for each in stored] == ["deep", "middle"]
    assert [each.digest for each in stored] == [
        prepare(deep.template).program.digest.hex(),
        found.references["middle"].program.digest.hex(),
    ]
    again = prepare_stored(found.template)
    assert again.template == found.template
    assert events(again, count=3) == [{"a": 1}] * 3


def test_a_reference_changes_no_draw_of_the_template():
    text = "{ a: std.native('get_integer')(0, 1e9), b: get('customers').id }"
    other = replace(STREAM, stream=Stream(12), population=FixedPopulation(9))
    one, two = events(prepared(text)), events(prepared(text, other))
    assert [event["a"] for event in one] == [event["a"] for event in two]
    assert one != two


def test_streams_of_one_template_share_the_columns_but_not_the_values():
    other = replace(STREAM, name="others", stream=Stream(12))
    found = prepared("{ a: get('customers', index=3), b: get('others', index=3) }", STREAM, other)
    (event, *_) = events(found, count=1)
    assert event["a"]["id"] == event["b"]["id"] == 3
    assert event["a"]["name"] != event["b"]["name"]


def test_events_of_a_stream_can_be_read_alternately():
    texts = "{ n: get_index(), list: [{ m: i + n } for i in [1, 2]], local n = self.n }"
    lists = stream("lists", HEAD + texts, FixedPopulation(9))
    found = prepared(
        "local a = get('lists', index=1), b = get('lists', index=2);"
        "{ x: [a.list[0].m, b.list[0].m, a.list[1].m, b.list[1].m, a.n, b.n] }",
        lists,
    )
    assert events(found, "interpreter", 1) == [{"x": [2, 3, 3, 4, 1, 2]}]
    assert events(found, "plan", 1) == [{"x": [2, 3, 3, 4, 1, 2]}]


def test_imports_belong_to_the_event_that_reads_them():
    library = (("draw.libsonnet", b"{ n: std.native('get_index')() }"),)
    template = Template("(import 'draw.libsonnet') { m: self.n }", imports=library)
    lists = replace(STREAM, template=template)
    template = Template(
        HEAD + "[get('customers', index=3).m, get('customers', index=7).m,"
        " (import 'draw.libsonnet').n, get('customers', index=9).n]",
        imports=library,
        references=(lists,),
    )
    found = prepare_stored(template)
    for name in ("plan", "interpreter"):
        assert events(found, name, 2) == [[3, 7, 0, 9], [3, 7, 1, 9]]


def test_a_chain_has_at_most_eight_streams():
    def links(count):
        names = [f"s{number}" for number in range(count)]
        return [
            stream(name, f"{{ v: std.native('get_event_of')('{after}').v }}")
            for name, after in pairwise(names)
        ] + [stream(names[-1], "{ v: 1 }")]

    assert events(prepared("{ v: get('s0').v }", *links(MAX_CHAIN)), count=2) == [{"v": 1}] * 2
    with pytest.raises(EvaluationError, match="more than 8 events"):
        prepared("{ v: get('s0').v }", *links(MAX_CHAIN + 1))
    with pytest.raises(EvaluationError, match="more than 8 events"):
        prepared("{ u: get('s4').v, v: get('s0').v }", *links(MAX_CHAIN + 1))


def test_a_timeline_cannot_refer_to_events_of_generators():
    grown = stream("grown", "{ a: 1 }", GrowingPopulation())
    with pytest.raises(EvaluationError, match="a timeline cannot refer to 'grown'") as raised:
        prepared("[{ after: 0, event: get('grown').a }]", grown).timelines(
            Stream(1), EventContext(), 10
        )
    assert (raised.value.place.line, raised.value.place.column) == (2, 21)


def test_a_stream_is_loaded_once_however_often_it_is_named(monkeypatch):
    def counted(owner, name):
        original, calls = getattr(owner, name), []
        monkeypatch.setattr(owner, name, lambda *a: calls.append(a) or original(*a))
        return calls

    def text(following):
        fields = (f"f{n}: std.native('get_event_of')('{following}').f{n}" for n in range(4))
        return f"{{ {', '.join(fields)} }}"

    followed, inferred = counted(references, "reference_calls"), counted(Inference, "event")
    templates = [*map(text, ("s1", "s2", "s3")), "{ f0: 1, f1: 1, f2: 1, f3: 1 }"]
    streams = [
        replace(STREAM, name=f"s{n}", template=Template(each)) for n, each in enumerate(templates)
    ]
    found = prepared(text("s0"), *streams)
    assert [column.type for column in found.shape.columns] == [ColumnType.BIGINT] * 4
    assert (len(followed), len(inferred)) == (5, 5)


@pytest.mark.parametrize("name", ["plan", "interpreter"])
def test_the_error_of_a_referenced_event_names_both_places(name):
    bad = stream("bad", "{\n  a: if std.native('get_index')() == 2 then error 'no' else 1 }")
    found = prepared("{\n  v: get('bad', index=get_index()).a }", bad)
    engine = found.engine(Stream(1), EventContext(), engine=name)
    assert engine.generate(0, TIMES[:3]).next == 2
    with pytest.raises(EvaluationError, match="event 2 of 'bad' raises at bad:2:45: no") as raised:
        engine.generate(2, TIMES[:1])
    assert (raised.value.place.name, raised.value.place.line) == ("orders", 3)
    assert raised.value.index == 2


def test_stored_templates_with_unknown_references_raise_when_they_are_evaluated():
    found = prepare_stored(Template(HEAD + "{ a: get('nothing', count=1).a }"))
    with pytest.raises(EvaluationError, match='no event "nothing" to refer to'):
        events(found, "interpreter")
