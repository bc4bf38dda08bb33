"""The plan of a part of each event equals the interpreter."""

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.core.model import ColumnType, Stream, Template, WrittenPart
from eventer.core.pointer import format_pointer
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare

NATIVES = "local n = std.native; local i = n('get_integer'); "
OMITTED = ("a", "x", "/b/c", "/a/b", "/y/1/z", "0")
CASES = [
    ("{ l: std.uniq([{ x: i(1, 3), y: [1, { z: i(1, 2) }] }, { x: 2 }]) }", "/l/0 /l/0/x /l/0/y/1"),
    ("{ l: std.flattenArrays([[{ x: i(1, 3) }], [{ x: i(1, 3) }]]) }", "/l/0 /l/1/x /l/2"),
    ("{ l: std.split('a,b,%d' % i(1, 3), ',') }", "/l/0 /l/2 /l/x"),
    ("{ l: n('get_one_of')([{ a: { b: k } } for k in std.range(1, 260)]) }", "l /l/a /l/a/b"),
    ("n('get_one_of')([{ a: { b: 1 } }, [1, { x: 2 }], null, 'x'])", "a /a/b /1/x /1"),
    ("{ o: if i(1, 2) == 1 then { a: { q: i(1, 3) } } else [i(1, 4)] }", "o /o/a /o/0 /o/a/q"),
    ("{ local s = self, k:: i(1, 5), row: { id: s.k, h:: 1 } }", "row k /row/h /row/id"),
    ("{ row: { a: i(1, 2), b: 2 } + { b+: 1, c:: 2 } }", "row /row/b /row/c"),
    ("{ row: { [k]: i(1, 9) for k in ['a', 'b', 'c'] } }", "row /row/b"),
    ("{ row: { [if i(1, 3) > 1 then 'a']: i(1, 9), b: { c: 1, d: 2 } } }", "row /row/a /row/b"),
    ("[{ a: i(1, 3) } for k in std.range(1, i(1, 3))]", "/0 /1/a /2"),
    ("{ x: i(1, 9), y: error 'no', row: { a: 1 } }", "row"),
    ("{ x: if i(1, 5) == 1 then error 'no' else 2, row: { a: i(1, 9) } }", "row /row/a x"),
    ("{ row: { a: i(1, 9), assert self.a > 3 } }", "row /row/a nothing"),
    (
        "local o = { a: 1, assert self.a > 5 }; [i(1, 3) > 1 || o.a == 1, i(1, 3) > 1 || o.a == 1]",
        "/0 /1",
    ),
    ("{ f: { a: function(y) self.a, b: function(y) [y] }[n('get_one_of')('a, b')](2) }", "f /f/0"),
]


def generated(engine, count=20):
    """The texts of events or their errors, the names of their fields, and the columns."""
    events, names, columns, index = [], set(), [], 0
    while index < count:
        try:
            batch = engine.generate(index, np.zeros(count - index, np.int64))
        except EvaluationError as error:
            events.append(error.message)
            index += 1
            continue
        events += batch.text.to_pylist()
        names |= batch.written.names()
        columns += [
            batch.written.column(format_pointer([name]), ColumnType.JSONB).to_pylist()
            for name in sorted(batch.written.names())
        ]
        index = batch.next
    return events, names, [cell for column in columns for cell in column]


@pytest.mark.parametrize(("template", "values"), CASES)
def test_a_part_of_an_event(template, values):
    prepared = prepare(Template(NATIVES + template))
    for value in (None, *values.split()):
        for omit in (OMITTED, ()) if value is not None else (OMITTED,):
            part = WrittenPart(value, omit)
            engine, interpreter = (
                prepared.engine(Stream(1), EventContext(), part=part, engine=name)
                for name in ("auto", "interpreter")
            )
            assert engine.name == "plan" or "every event raises" in engine.reason, part
            assert generated(engine) == generated(interpreter), part
            assert not getattr(engine, "broken", False)


def test_a_pointer_into_a_computed_list_is_a_key():
    template = "{ l: std.uniq([{ x: i(1, 3) }, { x: 2 }]) }"
    batch = prepare(Template(NATIVES + template)).engine(Stream(1), EventContext())
    keys = batch.generate(0, np.zeros(9, np.int64)).fields.column("/l/0/x", ColumnType.KEY)
    assert set(keys.to_pylist()) <= {b"1", b"2", b"3"}
