"""Templates in Python: events, tables, and errors with their places."""

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pytest

import eventer

ORDER = """
local e = import 'eventer.libsonnet';
{
  id: e.index(), n: e.integer(1, 1000), at: e.timestamp('now-1h', 'now', '1s'), share: 0.5,
  ok: true, name: 'x', items: [1, { a: null }], of: std.extVar('of'),
}
"""
AT = "2026-01-01T00:00:00Z"


@pytest.fixture
def orders():
    return eventer.Template(ORDER, seed=7, vars={"of": "shop"})


def test_events_are_values_that_the_seed_decides(orders):
    events = orders.events(3, at=AT)
    again = eventer.Template(ORDER, seed=7, vars={"of": "shop"})
    assert again.events(2, first=1, at=AT) == events[1:]
    assert [each["id"] for each in events] == [0, 1, 2]
    assert (events[0]["of"], events[0]["items"]) == ("shop", [1, {"a": None}])
    other = eventer.Template(ORDER, vars={"of": "shop"})
    repeated = eventer.Template(ORDER, vars={"of": "shop"}, seed=other.seed)
    assert other.events(5, at=AT) == repeated.events(5, at=AT) != orders.events(5, at=AT)
    assert orders.events(0) == []


def test_a_table_has_typed_columns_with_the_same_values(orders):
    table, events = orders.table(40, at=AT), orders.events(40, at=AT)
    assert table.schema == orders.schema()
    assert {field.name: str(field.type) for field in table.schema} == {
        "at": "timestamp[us, tz=UTC]",
        "id": "int64",
        "items": "large_string",
        "n": "int64",
        "name": "large_string",
        "of": "large_string",
        "ok": "bool",
        "share": "double",
    }
    rows = table.to_pylist()
    for row, event in zip(rows, events, strict=True):
        row |= {"items": json.loads(row["items"])}
        assert row.pop("at") == dt.datetime.fromisoformat(event.pop("at"))
        assert row == event
    assert orders.table(0).schema == orders.schema()


def test_a_rate_gives_the_times(orders):
    template = eventer.Template("{ at: std.native('get_epoch')('ms') }")
    events = template.events(3, at=AT, rate="5/s")
    assert [each["at"] - events[0]["at"] for each in events] == [0, 200, 400]


def test_fields_with_computed_names_follow(orders):
    table = eventer.Template("{ b: 1, ['a%d' % std.native('get_index')()]: [1] }").table(2)
    assert table.to_pydict() == {"b": [1, 1], "a0": ["[1]", None], "a1": [None, "[1]"]}


def test_references_and_files(tmp_path):
    customers = eventer.Template("{ id: std.native('get_index')() + 5 }", count=3)
    (tmp_path / "orders.jsonnet").write_text(
        "{ customer: std.native('get_event_of')('customer').id }"
    )
    for name in (tmp_path / "orders.jsonnet", str(tmp_path / "orders.jsonnet")):
        orders = eventer.Template(name, seed=7, references={"customer": customers})
        assert {each["customer"] for each in orders.events(50)} == {5, 6, 7}
    other = eventer.Template("1", references={"customer": customers})
    with pytest.raises(eventer.RequestError, match="'customer' refers to two different templates"):
        eventer.Template("1", references={"a": other, "customer": other})


def test_errors_have_places(tmp_path):
    with pytest.raises(eventer.TemplateSyntaxError) as raised:
        eventer.Template("{\n  a: 1 +\n}").events()
    assert (raised.value.place.line, raised.value.place.column) == (3, 1)
    assert "--> template:3:1" in raised.value.__notes__[0]
    file = tmp_path / "orders.jsonnet"
    file.write_text("{ a: usr }")
    with pytest.raises(eventer.TemplateStaticError) as raised:
        eventer.Template(file).schema()
    assert raised.value.place.name == str(file)
    with pytest.raises(eventer.EvaluationError, match="third") as raised:
        eventer.Template("if std.native('get_index')() == 2 then error 'third' else {}").events(5)
    assert raised.value.index == 2


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: eventer.Template("1", seed=-1), "`seed` must be an unsigned 64-bit integer"),
        (lambda: eventer.Template(Path("no.txt")), "cannot read no.txt: No such file or directory"),
        (
            lambda: eventer.Template("1").events(-1),
            "`count` must be from 0 to 4,000,000,000,000,000,000",
        ),
        (lambda: eventer.Template("1").events(at="noon"), "'noon' is not an instant"),
        (lambda: eventer.Template("[1]").table(1), "table rows need objects"),
        (lambda: eventer.Template("std.parseJson('1')").table(1), "table rows need objects"),
        (lambda: eventer.run("1"), "give one destination: `kafka`, a topic, `postgres`, a table"),
        (lambda: eventer.run("1", kafka="a", postgres="b"), "give one destination"),
        (lambda: eventer.run("1", kafka="a/b"), "/topic"),
        (lambda: eventer.run("1", kafka="a", key=["b"]), "`key` of a topic must be one field"),
        (
            lambda: eventer.run("1", kafka="a", rate="5/s", interval="1s"),
            "`rate` cannot be combined with `interval`",
        ),
        (lambda: eventer.run("1", kafka="a", max_events=0), "`max_events` must be from 1 to"),
        (lambda: eventer.run("1", kafka="a", on_error="no"), "`on_error` must be stop or skip"),
        (lambda: eventer.run("1", kafka="a", only="b"), "`only` needs `timeline`"),
        (lambda: eventer.run("1", kafka="a", faults=[{"kind": "no"}]), "/faults/0/kind"),
    ],
)
def test_wrong_arguments_are_refused(ask, message):
    with pytest.raises(eventer.RequestError, match=message):
        ask()


def test_a_template_is_checked_and_profiled(orders):
    found = orders.validate()
    assert (found.valid, found.engine, found.failing) == (True, "plan", None)
    assert [each.name for each in found.shape.columns] == orders.schema().names
    profile = orders.profile(20)
    (field,) = [each for each in profile.fields if each.pointer == "/id"]
    assert (profile.events, field.least, field.most) == (20, 0, 19)
    with pytest.raises(eventer.TemplateError):
        eventer.Template("error 'all'").validate()
    assert isinstance(eventer.Template("{}").schema(), pa.Schema)
