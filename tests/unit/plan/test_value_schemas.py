"""The schema of what is written, from the types of a template."""

import json

import pytest

from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.model import KafkaTarget, Template, WrittenPart
from eventer.core.value_schema_json import read_schema, schema_json
from eventer.plan.prepare import prepare

PRELUDE = """
local one_of = std.native('get_one_of');
local integer = std.native('get_integer');
"""


def schema_of(expression, part=WrittenPart(), rules=()):  # noqa: B008  it is frozen
    prepared = prepare(Template(PRELUDE + expression))
    schema = prepared.value_schema(part, rules)
    assert read_schema(json.loads(json.dumps(schema_json(schema)))) == schema
    return schema_json(schema)


@pytest.mark.parametrize(
    ("expression", "schema"),
    [
        ("integer(1, 2)", "integer"),
        ("std.native('get_number')(1, 2)", "number"),
        ("integer(1, 2) == 1", "boolean"),
        ("'%d' % integer(1, 2)", "text"),
        ("'constant'", "text"),
        ("std.native('get_uuid')()", "uuid"),
        ("std.native('get_uuid7')()", "uuid"),
        ("std.native('get_rand_data')().uuid_hyphenated", "uuid"),
        ("std.native('get_now')()", "timestamp"),
        ("std.native('get_timestamp')('2026-01-01', 'now', '1s')", "timestamp"),
        ("one_of('paid, new')", {"choice": ["new", "paid"]}),
        ("one_of([null, 1])", {"optional": "integer"}),
        ("one_of([1, 2.5])", "number"),
        ("one_of([1, 'a', [true], { b: 1 }])", {
            "union": ["integer", "text", {"list": "boolean"}, {"record": {"b": "integer"}}]
        }),
        ("one_of([1, 'a', null])", {"optional": {"union": ["integer", "text"]}}),
        ("[integer(1, 2), null]", {"list": {"optional": "integer"}}),
        ("{ a: 1, [if integer(0, 1) == 0 then 'b']: true, c:: 2 }", {
            "record": {"a": "integer", "b": {"optional": "boolean"}}
        }),
        ("one_of([{ a: 1 }, { a: 2, b: 'x' }])", {
            "record": {"a": "integer", "b": {"optional": "text"}}
        }),
        ("{ ['k%d' % integer(1, 9)]: 1 }", {"map": "json"}),
        ("{ [k]: 1 for k in ['x%d' % integer(1, 9)] }", {"map": "integer"}),
        ("std.parseJson('%d' % integer(1, 2))", {"optional": "json"}),
        ("std.flattenDeepArray([true, [['a']]])", {"list": {"union": ["boolean", "text"]}}),
        ("std.mapWithKey(function(k, v) v, { [if integer(0, 1) == 0 then 'b']: 1 })", {
            "record": {"b": {"optional": "integer"}}
        }),
        ("std.setDiff(std.parseJson('[{}]'), [[1]], std.type)", {"optional": "json"}),
        ("std.setDiff([1], ['a'], std.type)", {"list": {"union": ["integer", "text"]}}),
    ],
)  # fmt: skip
def test_schemas_of_values(expression, schema):
    assert schema_of(expression) == schema


def test_fields_named_by_a_choice_are_known_apart():
    event = """local kind = one_of('click, view'); {
      [if kind == 'click' then kind]: { x: 1 },
      [if kind == 'view' then kind]: { page: 'p' },
      [one_of('a, b')]: 1,
      [one_of('b, c')]: 'text',
    }"""
    assert schema_of(event) == {
        "record": {
            "a": {"optional": "integer"},
            "b": {"optional": {"union": ["integer", "text"]}},
            "c": {"optional": "text"},
            "click": {"optional": {"record": {"x": "integer"}}},
            "view": {"optional": {"record": {"page": "text"}}},
        }
    }


def test_types_of_recursive_functions_end():
    tree = "local f(n) = { n: n, sub: if n > 0 then f(n - 1) else null }; f(integer(1, 9))"
    assert len(json.dumps(schema_of(tree))) < 2_000


def test_the_written_part_and_faults_count():
    event = "{ key: 1, row: { a: 1, b: { c: 'x', d: 2 }, e: 3 } }"
    part = WrittenPart("row", ("e", "/b/d"))
    assert schema_of(event, part) == {"record": {"a": "integer", "b": {"record": {"c": "text"}}}}
    rule = FaultRule(FaultKind.MISSING, 0.5, ("/row/b/c",))
    assert schema_of(event, part, (rule,)) == {
        "record": {"a": "integer", "b": {"record": {"c": {"optional": "text"}}}}
    }


def test_keys_have_schemas_of_their_own():
    prepared = prepare(Template("{ id: 1, note: 'x' }"))
    schemas = prepared.record_schemas(KafkaTarget("t", key="id", key_format="avro"))
    assert (schemas.value, schema_json(schemas.key)) == (None, "integer")
    assert prepared.record_schemas(KafkaTarget("t", key="id")) is None
