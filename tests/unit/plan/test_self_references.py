"""References of a stream to itself: an event reads earlier events of its own stream."""

import json
from itertools import pairwise

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.core.model import (
    ColumnType,
    EventContext,
    FixedPopulation,
    ReferencedStream,
    Stream,
    Template,
)
from eventer.plan.prepare import prepare, prepare_stored
from eventer.registry.codec import read_template, template_text
from eventer.runs.populations import own_populations

HEAD = "local get = std.native('get_event_of'), get_index = std.native('get_index');\n"
COMMENTS = """
local parent = get('comments');
{ id: get_index(), set: std.native('get_dataset')('none'),
  parent: if parent == null then null else parent.id,
  above: if parent != null then parent.set }
"""
SECOND = 1_000_000_000
START = 1_767_225_600 * SECOND


def prepared(body, own_name="comments", *streams):
    return prepare(Template(HEAD + body, "story", references=streams, own_name=own_name))


def due(first, count):
    """One event per second."""
    return START + np.arange(first, first + count, dtype=np.int64) * SECOND


def events(found, name="plan", first=0, count=40, *, batch=40):
    engine = found.engine(
        Stream(5),
        EventContext("mine", "i"),
        engine=name,
        populations=own_populations(found.template.own_name, due),
    )
    texts = []
    while len(texts) < count:
        at = first + len(texts)
        size = min(batch, count - len(texts))
        texts += engine.generate(at, due(at, size)).text.to_pylist()
    return [json.loads(text) for text in texts]


def test_an_event_reads_an_earlier_event_of_its_stream_and_the_first_one_null():
    found = prepared(COMMENTS)
    actual = events(found)
    assert actual[0] == {"id": 0, "set": "mine", "parent": None, "above": None}
    assert all(0 <= event["parent"] < event["id"] for event in actual[1:])
    assert all(event["above"] == "mine" for event in actual[1:])
    assert len({event["parent"] for event in actual}) > 10
    assert events(found, "interpreter") == actual
    assert events(found, batch=7) == events(found, "interpreter", batch=3) == actual
    assert events(found, first=30, count=10) == actual[30:]


def test_its_values_and_time_are_those_that_the_earlier_event_has():
    found = prepared(
        "local last = get('comments', index=get_index() - 1);"
        "{ value: std.native('get_number')(0, 10, 3), at: std.native('get_now')(),"
        " last: if last != null then { value: last.value, at: last.at } }"
    )
    actual = events(found)
    assert actual[0]["last"] is None
    for before, event in pairwise(actual):
        assert event["last"] == {"value": before["value"], "at": before["at"]}
    assert events(found, "interpreter") == actual
    assert events(found, first=9, count=9, batch=2) == actual[9:18]


def test_picks_and_counts_are_among_earlier_events():
    found = prepared(
        "local id(pick, count) = local c = get('comments', pick, count); if c != null then c.id;"
        "{ id: get_index(), hot: id('zipf', null), new: id('recent', null), few: id('zipf', 3),"
        "  more: [local c = get('comments'); if c != null then c.id for _ in [1, 2]] }"
    )
    actual = events(found, first=1, count=400)
    assert all(event[name] < event["id"] for event in actual for name in ("hot", "new", "few"))
    assert all(number < event["id"] for event in actual for number in event["more"])
    assert {event["few"] for event in actual} == {0, 1, 2}
    relative = [(event["hot"] / event["id"], event["new"] / event["id"]) for event in actual]
    hot, new = np.median(relative, axis=0)
    assert hot < 0.3 < 0.7 < new
    assert events(found, "interpreter", 1, 60) == actual[:60]


def test_fields_of_earlier_events_have_types():
    shape = prepared(COMMENTS).shape
    assert {column.name: column.type for column in shape.columns} == {
        "id": ColumnType.BIGINT,
        "set": ColumnType.TEXT,
        "parent": ColumnType.BIGINT,
        "above": ColumnType.TEXT,
    }


def test_others_refer_to_events_that_refer_to_earlier_ones():
    comments = ReferencedStream(
        "posts",
        Template(HEAD + COMMENTS, "posts", own_name="comments"),
        Stream(5),
        EventContext("mine"),
        FixedPopulation(40),
    )
    likes = prepared("{ id: get_index(), post: get('posts') }", "likes", comments)
    actual = events(likes)
    posts = events(prepared(COMMENTS))
    assert all(event["post"] == posts[event["post"]["id"]] for event in actual)
    assert events(likes, "interpreter") == actual
    assert likes.template.own_name == ""


@pytest.mark.parametrize("name", ["plan", "interpreter"])
def test_a_field_that_depends_on_earlier_events_cannot_be_read(name):
    found = prepared("local p = get('comments'); { depth: if p == null then 0 else p.depth + 1 }")
    assert events(found, name, 0, 1) == [{"depth": 0}]
    with pytest.raises(EvaluationError, match="depends on an event before that one") as raised:
        events(found, name, 1, 1)
    assert "that do not depend on get_event_of" in raised.value.hint


@pytest.mark.parametrize("name", ["plan", "interpreter"])
def test_an_optional_field_cannot_depend_on_an_earlier_event_that_is_read(name):
    found = prepared("local p = get('comments'); { id: 1, [if p != null then 'up']: p.id }")
    assert events(found, name, 0, 1) == [{"id": 1}]
    with pytest.raises(EvaluationError, match="depends on an event before that one") as raised:
        events(found, name, 1, 1)
    assert "write null in place of an optional field" in raised.value.hint


def test_the_index_must_be_that_of_an_earlier_event():
    found = prepared("{ a: get('comments', index=get_index()) }")
    assert events(found, count=1) == [{"a": None}]
    with pytest.raises(EvaluationError, match="there is no event 3 of") as raised:
        events(found, first=3, count=1)
    assert "get_index() - 1" in raised.value.hint


def test_events_cannot_refer_to_each_other_in_a_circle_through_another_stream():
    users = ReferencedStream(
        "users",
        Template(HEAD + "{ last: get('comments', count=1).id }", "users"),
        Stream(1),
        EventContext(),
        FixedPopulation(3),
    )
    with pytest.raises(EvaluationError, match="in a circle: comments → users → comments"):
        prepared("{ id: get('users').last }", "comments", users)


def test_the_name_is_stored_if_the_template_uses_it():
    found = prepared(COMMENTS)
    assert read_template(template_text(found.template)) == found.template
    assert events(prepare_stored(found.template)) == events(found)
    unused = prepared("{ a: 1 }").template
    assert unused.own_name == ""
    assert "own_name" not in template_text(unused)


def test_timelines_cannot_refer_to_earlier_ones():
    found = prepared("[{ after: 0, event: get('comments') }]")
    with pytest.raises(EvaluationError, match="earlier timelines of its own stream"):
        found.timelines(Stream(1), EventContext(), 10)
