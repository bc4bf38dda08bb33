"""Static inference of the types of events."""

import json
from pathlib import Path

from eventer.core.model import ColumnType as T
from eventer.core.model import Template, WrittenPart
from eventer.functions.catalog import CATALOG
from eventer.functions.spec import ReturnType
from eventer.jsonnet.load import load
from eventer.plan.prepare import prepare
from eventer.plan.shape.infer import infer_shape
from tests.families import family

CONTRACT = Path(__file__).parents[2] / "acceptance" / "contract"
NATIVES = """
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');
local get_dataset = std.native('get_dataset');
local get_boolean = std.native('get_boolean');
local get_cycle = std.native('get_cycle');
local get_now = std.native('get_now');
local get_epoch = std.native('get_epoch');
local get_sequence = std.native('get_sequence');
local get_shuffled = std.native('get_shuffled');
"""


def shape(text, variables=None):
    program = load(Template(NATIVES + text, vars=json.dumps(variables or {})))
    return infer_shape(program.root, program.code, program.vars)


def columns(text, variables=None):
    return {column.name: column.type for column in shape(text, variables).columns}


def test_the_template_of_the_contract():
    program = load(Template((CONTRACT / "event.jsonnet").read_text()))
    found = infer_shape(program.root, program.code, program.vars)
    assert {c.name: c.type for c in found.columns} == {
        "id": T.BIGINT,
        "time": T.TIMESTAMPTZ,
        "group_id": T.TEXT,
        "dataset": T.TEXT,
        "country": T.TEXT,
        "name": T.TEXT,
        "session_id": T.BIGINT,
        "page_id": T.BIGINT,
        "user_agent": T.TEXT,
        "event": T.JSONB,
    }
    assert (found.open, found.is_object) == (False, True)


@family(
    ("expression", "kind"),
    [
        ("1", T.BIGINT),
        ("1.5", T.DOUBLE),
        ("1e19", T.DOUBLE),
        ("true", T.BOOLEAN),
        ("'a'", T.TEXT),
        ("null", T.JSONB),
        ("get_boolean()", T.BOOLEAN),
        ("get_one_of({ a: 1, b: get_integer(1, 2) })", T.TEXT),
        ("get_one_of([1, 2], [1, 2])", T.BIGINT),
        ("get_cycle([1, 2.5])", T.DOUBLE),
        ("get_cycle('a b')", T.TEXT),
        ("get_now()", T.TIMESTAMPTZ),
        ("get_epoch('s', -5)", T.BIGINT),
        ("get_sequence() * 2", T.BIGINT),
        ("get_shuffled([1, 2])", T.JSONB),
        ("get_shuffled(['a', 'b'])[0]", T.TEXT),
        ("get_one_of(if get_boolean() then 'a b' else ',')", T.TEXT),
        ("[1]", T.JSONB),
        ("{ a: 1 }", T.JSONB),
        ("get_integer(1, 2)", T.BIGINT),
        ("get_integer(1, 2) + 1", T.BIGINT),
        ("get_integer(1, 2) * 2.5", T.DOUBLE),
        ("get_integer(1, 2) / 2", T.DOUBLE),
        ("-get_integer(1, 2)", T.BIGINT),
        ("get_number(1, 2)", T.DOUBLE),
        ("std.floor(get_number(1, 2))", T.BIGINT),
        ("std.round(get_number(1, 2) * 100) / 100", T.DOUBLE),
        ("get_integer(1, 2) == 1", T.BOOLEAN),
        ("get_timestamp('now', 'now', '1s')", T.TIMESTAMPTZ),
        ("get_timestamp('now', 'now', '1s') + ''", T.TEXT),
        ("'now'", T.TEXT),
        ("if get_integer(0, 1) == 1 then 1 else 2", T.BIGINT),
        ("if get_integer(0, 1) == 1 then 1 else 2.5", T.DOUBLE),
        ("if get_integer(0, 1) == 1 then 1 else null", T.BIGINT),
        ("if get_integer(0, 1) == 1 then 1", T.BIGINT),
        ("if get_integer(0, 1) == 1 then 1 else 'a'", T.JSONB),
        ("if get_integer(0, 1) == 1 then 1 else error 'no'", T.BIGINT),
        ("if true then 1 else 'a'", T.BIGINT),
        ("get_one_of('a, b')", T.TEXT),
        ("get_one_of([1, 2])", T.BIGINT),
        ("get_one_of([1, 2.5])", T.DOUBLE),
        ("get_one_of([1, 'a'])", T.JSONB),
        ("get_rand_data().first_name", T.TEXT),
        ("get_rand_data()['lat']", T.DOUBLE),
        ("get_rand_data()", T.JSONB),
        ("get_dataset('x')", T.TEXT),
        ("'%05d' % get_integer(1, 9)", T.TEXT),
        ("'a' + 1", T.TEXT),
        ("1 + 'a'", T.TEXT),
        ("self.other", T.BIGINT),
        ("$.other + 0.5", T.DOUBLE),
        ("local f(a, b=2) = a + b; f(1)", T.BIGINT),
        ("(function(a) [a])(1)[0]", T.BIGINT),
        ("local f(n) = if n == 0 then 0 else f(n - 1); f(3)", T.BIGINT),
        ("local f(n) = if n == 0 then 0 else f(n - 1) + 0.5; f(3)", T.DOUBLE),
        ("local f(n) = if n == 0 then '' else 'x' + f(n - 1); f(3)", T.TEXT),
        ("local f(n) = if n == 0 then 'end' else if n == 1 then 1 else f(n - 1); f(3)", T.JSONB),
        ("local f(n) = if n == 0 then 0 else g(n - 1), g(n) = f(n) + 1; g(3)", T.BIGINT),
        ("local f(n) = if n == 0 then [] else [n] + f(n - 1); f(3)", T.JSONB),
        ("local f(x, n) = if n == 0 then x else f('a', n - 1); f(1, 3)", T.JSONB),
        ("local f(n) = f(n); f(3)", T.JSONB),
        ("local l = [if i > 0 then l[i - 1] + i else 0 for i in std.range(0, 3)]; l[3]", T.BIGINT),
        ("local l = std.makeArray(4, function(i) if i > 0 then l[i - 1].n else 'x'); l[3]", T.TEXT),
        (
            "local l = [{ n: if i > 0 then l[i - 1].n / 2 else 1 } for i in [0, 1]]; l[1].n",
            T.DOUBLE,
        ),
        ("local x = if get_integer(0, 1) == 1 then 1 else x; x", T.BIGINT),
        ("{ [k]: 1 for k in ['a', 'b'] }.a", T.BIGINT),
        ("{ [k]: std.length(k) for k in std.split('a,b', ',') }.a", T.BIGINT),
        ("({ a: 'x' } + { [k]: 1 for k in std.split('a,b', ',') }).a", T.JSONB),
        ("{ [k]+: 1 for k in ['a'] }.a", T.BIGINT),
        ("({ local n = 1, [k]: n + self.o for k in ['a'] } + { o: 1 }).a", T.BIGINT),
        ("std.objectValues({ a: 1, b: 2.5 })[0]", T.DOUBLE),
        ("std.objectValues({ a: 1, b:: 'x' })[0]", T.BIGINT),
        ("std.objectValuesAll({ a: 1, b:: 'x' })[0]", T.JSONB),
        ("std.objectValues({ [k]: 1 for k in std.split('a,b', ',') })[0]", T.BIGINT),
        ("std.objectKeysValues({ a: 1 })[0].key", T.TEXT),
        ("std.objectKeysValuesAll({ a:: 1 })[0].value", T.BIGINT),
        ("std.mapWithKey(function(k, v) v + 1, { a: 1 }).a", T.BIGINT),
        ("std.mapWithKey(function(k, v) k, { [k]: 1 for k in std.split('a', ',') }).a", T.TEXT),
        ("std.filterMap(function(x) true, function(x) x + 1, [1])[0]", T.BIGINT),
        ("std.flatMap(function(x) [x, x + 0.5], [1])[0]", T.DOUBLE),
        ("std.flatMap(function(c) c + c, 'ab')", T.TEXT),
        ("std.flattenArrays([[1], [2]])[0]", T.BIGINT),
        ("std.flattenDeepArray([[[1]], [[2]]])[0]", T.BIGINT),
        ("std.join([0.5], [[1], [2]])[0]", T.DOUBLE),
        ("std.modulo(5, 3)", T.BIGINT),
        ("std.trace('x', 1)", T.BIGINT),
        ("[get_integer(1, 9) for i in std.range(1, 3)][0]", T.BIGINT),
        ("std.map(function(i) i * 2, [1, 2])[0]", T.BIGINT),
        ("std.length('abc')", T.BIGINT),
        ("std.join(',', ['a'])", T.TEXT),
        ("std.foldl(function(a, b) a + b, [1, 2], 0)", T.BIGINT),
        ("std.foldl(function(a, b) a + b, [1, 2.5], 0)", T.DOUBLE),
        ("std.foldl(function(a, b) a / b, [1, 2], 1)", T.DOUBLE),
        ("std.foldl(function(a, b) a + b, ['x', 'y'], '')", T.TEXT),
        ("std.foldl(function(a, c) a + c, 'abc', '')", T.TEXT),
        ("std.foldl(function(a, b) a && b, [true], true)", T.BOOLEAN),
        ("std.foldl(function(a, b) a + [b], [1, 2], [])", T.JSONB),
        ("std.foldl(function(a, b) if b > 1 then 'x' else a, [1, 2], 0)", T.JSONB),
        ("std.foldl(function(a, b) [a], [1, 2], 0)", T.JSONB),
        ("std.foldr(function(b, a) a + b.n, [{ n: 1 }], 0)", T.BIGINT),
        ("std.foldl(std.max, [1, 2], 0)", T.BIGINT),
        ("std.foldl(function(a, b) if b.n > a.n then b else a, [{ n: 1 }], { n: 0 }).n", T.BIGINT),
        ("std.foldl(function(a, b) { n: a.n + b }, [1, 2], { n: 0 }).n", T.BIGINT),
        ("std.foldl(function(a, b) { n: a.n + b }, [0.5], { n: 0 }).n", T.DOUBLE),
        ("std.foldl(function(a, b) a + { [b]: 1 }, ['x'], {}).x", T.BIGINT),
        ("std.foldl(func=function(a, b) a + b, init=0, arr=[1])", T.BIGINT),
        ("std.maxArray([1, 2])", T.BIGINT),
        ("std.minArray([1, 2.5])", T.DOUBLE),
        ("std.maxArray(['a'])", T.TEXT),
        ("std.maxArray([{ n: 1 }], keyF=function(x) x.n).n", T.BIGINT),
        ("std.minArray([1], onEmpty=0)", T.BIGINT),
        ("std.minArray([1], onEmpty=null)", T.BIGINT),
        ("std.minArray([1], onEmpty='none')", T.JSONB),
        ("std.sum([1, 2])", T.BIGINT),
        ("std.sum([1, 0.5])", T.DOUBLE),
        ("std.avg([1, 2])", T.DOUBLE),
        ("std.sum(std.setUnion([1], [2]))", T.BIGINT),
        ("std.mapWithIndex(function(i, x) i + x, [1])[0]", T.BIGINT),
        ("std.get({ a: 1 }, 'a', 0)", T.BIGINT),
        ("std.pi", T.DOUBLE),
        ("std.thisFile", T.TEXT),
        ("[1, 'a'][0]", T.BIGINT),
        ("[1, 'a'][1]", T.TEXT),
        ("([1] + ['a'])[1]", T.TEXT),
        ("std.reverse([1, 'a'])[0]", T.JSONB),
        ("get_one_of([[1, 'a'], [2, 'b']])[1]", T.TEXT),
        ("[['a', 1], ['b', 2]][get_integer(0, 1)][1]", T.BIGINT),
        ("2 % 3 - 1 * 4", T.BIGINT),
        ("get_integer(1, 2) % 0.5", T.DOUBLE),
        ("-std.abs(get_integer(1, 2))", T.BIGINT),
        ("(get_integer(1, 2) << 2) | ~1", T.BIGINT),
        ("std.clamp(get_integer(1, 9), 2, 3)", T.BIGINT),
        ("std.clamp(get_integer(1, 9), 2, 3.5)", T.DOUBLE),
        ("std.sum([i.n for i in [{ n: 1 }, { n: 2 }]])", T.BIGINT),
        ("std.max(1, 2)", T.BIGINT),
        ("std.extVar('count')", T.BIGINT),
        ("std.extVar('label')", T.TEXT),
        ("({ a: 1 } + { a: 'x' }).a", T.TEXT),
        ("({ a: 1 } { a+: 0.5 }).a", T.DOUBLE),
        ("({ a: 1 } { b: super.a }).b", T.BIGINT),
        ("!true", T.BOOLEAN),
        ("1 == 1 && 2 == 2", T.BOOLEAN),
    ],
)
def test_a_field_has_the_column_type_that_holds_all_its_values(expression, kind):
    variables = {"count": 3, "label": "x"}
    assert columns(f"{{ f: {expression}, other:: 1 }}", variables) == {"f": kind}


def test_values_that_depend_on_each_other_have_the_types_of_both():
    """A value that is inferred from a part of another's types is not kept."""
    text = """
      local a = [if i == 0 then 0 else b[i - 1] for i in std.range(0, 3)],
            b = [if i == 0 then 'x' else a[i - 1] for i in std.range(0, 3)],
            c = [if i == 0 then 1 else d[i - 1] for i in std.range(0, 3)],
            d = [c[i] / 2 for i in std.range(0, 3)];
      { a: a[2], b: b[2], c: c[2], d: d[2] }
    """
    assert columns(text) == {"a": T.JSONB, "b": T.JSONB, "c": T.DOUBLE, "d": T.DOUBLE}
    assert columns("{ a: if get_integer(0, 1) == 1 then self.b else 1, b: self.a + 0.5 }") == {
        "a": T.DOUBLE,
        "b": T.DOUBLE,
    }


def test_steps_of_a_chain_have_types_and_names_of_states():
    text = """
      local get_chain = std.native('get_chain');
      local states = { a: { next: { b: 1 }, dwell: 2 }, b: {} };
      local path = get_chain(states, 'a'), write = { a: function(s) 1, b: function(s) 2.5 };
      { [path[0].state]: path[1].step, after: path[1].after, code: write[path[0].state](path[0]),
        one: { a: function(s) s.step, b: function(s) 2 }[path[1].state](path[1]),
        state: std.foldl(function(last, s) s.state, path, 'a') }
    """
    assert columns(text) == {
        "a": T.BIGINT,
        "b": T.BIGINT,
        "after": T.DOUBLE,
        "code": T.DOUBLE,
        "one": T.BIGINT,
        "state": T.TEXT,
    }


def test_all_possible_names_are_columns():
    text = "{ [get_one_of('a, b')]: 1, [if get_integer(0, 1) == 1 then 'c']: 'x', d:: 1 }"
    assert columns(text) == {"a": T.BIGINT, "b": T.BIGINT, "c": T.TEXT}
    assert columns(
        "{ type: get_one_of('u, v'), [self.type]: 1 }".replace("self", "{type: 'w'}")
    ) == {
        "type": T.TEXT,
        "w": T.BIGINT,
    }


@family(
    ("text", "is_open", "is_object"),
    [
        ("{ a: 1 }", False, True),
        ("{ [std.toString(get_integer(1, 9))]: 1 }", True, True),
        ("{ [k]: 1 for k in ['a'] }", False, True),
        ("{ [k]: 1 for k in std.split('a,b', ',') }", True, True),
        ("if get_integer(0, 1) == 1 then { a: 1 } else { b: 1 }", False, True),
        ("if get_integer(0, 1) == 1 then { a: 1 }", False, None),
        ("[1]", False, False),
        ("null", False, False),
        ("std.mergePatch({ a: 1 }, { b: 2 })", True, None),
        ("function(a=1) { a: a }", False, True),
        ("error 'no'", True, None),
        ("local x = x; x", True, None),
    ],
)
def test_openness_and_objectness(text, is_open, is_object):
    found = shape(text)
    assert (found.open, found.is_object) == (is_open, is_object)


def test_both_branches_of_a_condition_are_columns():
    found = columns("if get_integer(0, 1) == 1 then { a: 1, b: 1 } else { a: 'x', c: true }")
    assert found == {"a": T.JSONB, "b": T.BIGINT, "c": T.BOOLEAN}


def test_inference_of_a_long_template_is_limited():
    deep = "local f0(x) = x; " + "".join(
        f"local f{i}(x) = f{i - 1}(f{i - 1}(x)); " for i in range(1, 40)
    )
    assert columns(deep + "{ a: f39(1) }") == {"a": T.JSONB}


PART = """
local op = get_one_of('upsert, delete');
{
  row: {
    id: get_integer(1, 9),
    sub: { at: get_timestamp('now', 'now', '1s'), [if op == 'x' then 'maybe']: 1 },
  },
  either: if op == 'delete' then null else { id: 1.5 },
  [if op == 'x' then 'rare']: { a: 1 },
  list: [{ a: 1 }, { b: 'x' }],
  op: op,
}
"""


@family(
    ("part", "expected", "is_object"),
    [
        (WrittenPart("row"), {"id": T.BIGINT, "sub": T.JSONB}, True),
        (WrittenPart("row", ("sub", "other")), {"id": T.BIGINT}, True),
        (WrittenPart("row", ("/sub/at",)), {"id": T.BIGINT, "sub": T.JSONB}, True),
        (WrittenPart("/row/sub"), {"at": T.TIMESTAMPTZ, "maybe": T.BIGINT}, True),
        (WrittenPart("either"), {"id": T.DOUBLE}, None),
        (WrittenPart("rare"), {"a": T.BIGINT}, None),
        (WrittenPart("/list/0"), {"a": T.BIGINT, "b": T.TEXT}, None),
        (WrittenPart("op"), {}, False),
        (WrittenPart("/op/x"), {}, False),
    ],
)
def test_the_shape_of_a_part(part, expected, is_object):
    found = prepare(Template(NATIVES + PART)).part_shape(part)
    assert {column.name: column.type for column in found.columns} == expected
    assert (found.open, found.is_object) == (False, is_object)


def test_the_shape_of_a_part_that_is_not_known():
    part = WrittenPart("row", ("secret",))
    found = prepare(Template("{ row: std.parseJson('{}') }")).part_shape(part)
    assert (found.columns, found.open, found.is_object) == ((), True, None)


DECLARED = {
    ReturnType.INTEGER: T.BIGINT,
    ReturnType.NUMBER: T.DOUBLE,
    ReturnType.TEXT: T.TEXT,
    ReturnType.BOOLEAN: T.BOOLEAN,
    ReturnType.TIMESTAMP: T.TIMESTAMPTZ,
}


SCALAR = [
    spec
    for spec in map(CATALOG.get, CATALOG.names())
    if spec.return_type in DECLARED and spec.items is None
]


@family("spec", SCALAR)
def test_the_result_of_a_function_has_the_declared_type(spec):
    natives = ", ".join(f"{name} = std.native('{name}')" for name in CATALOG.names())
    program = load(Template(f"local {natives}; {{ f: {spec.examples[0]} }}"))
    (column,) = infer_shape(program.root, program.code, program.vars).columns
    assert column.type is DECLARED[spec.return_type]
