"""Previews, checks and explanations of timelines."""

import pytest

from eventer.core.errors import DestinationRejectedError, EvaluationError, RequestError
from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.model import (
    ColumnType,
    EventSource,
    KafkaTarget,
    PostgresTarget,
    Stream,
    Template,
    WrittenPart,
)
from eventer.core.timelines import TimelineSpec, parse_horizon
from eventer.jsonnet.importer import NoLibrary
from eventer.plan.engine import EventContext
from eventer.workers import inspector_requests
from eventer.workers.inspector_messages import (
    ExplainTemplate,
    InspectTemplate,
    PreviewedStep,
    PreviewEvents,
)
from eventer.workers.inspector_requests import reply_to

SECOND = 10**9
STORY = """local index = std.native('get_index')();
[{ after: 10 - index, to: 'b', event: { id: index, paid: true } }, { after: 2, event: { id: 'x' } }]
"""


def ask(kind, text=STORY, only=None, **fields):
    source = EventSource(Template(text), Stream(0), EventContext())
    spec = TimelineSpec(parse_horizon("10s"), only)
    return reply_to(kind(source, 5 * SECOND, timeline=spec, **fields), NoLibrary()).answer


def preview(count=2, **fields):
    return ask(PreviewEvents, first=fields.pop("first", 0), count=count, **fields)


def inspect(text=STORY, *targets, only=None):
    return ask(InspectTemplate, text, only, count=100, seconds=60, targets=targets)


@pytest.mark.parametrize("engine", ["plan", "interpreter"])
def test_a_preview_shows_steps_in_the_order_of_delivery(engine):
    answer = preview(engine=engine)
    assert answer.engine == engine
    assert answer.events == (
        b'{"id":"x"}',
        b'{"id":"x"}',
        b'{"id":1,"paid":true}',
        b'{"id":0,"paid":true}',
    )
    assert answer.steps == (
        PreviewedStep(0, 1, 7 * SECOND, None),
        PreviewedStep(1, 1, 7 * SECOND, None),
        PreviewedStep(1, 0, 14 * SECOND, "b"),
        PreviewedStep(0, 0, 15 * SECOND, "b"),
    )


def test_a_preview_shows_a_part_of_the_steps_with_one_name():
    answer = preview(first=3, count=1, only="b", part=WrittenPart("id"))
    assert (answer.events, answer.steps[0].due) == ((b"3",), 12 * SECOND)
    (warning,) = preview(only="c").warnings
    assert (warning.message, warning.hint) == ("no step has `to`: 'c'", "steps have 'b'")
    (warning,) = preview(only="c", engine="interpreter").warnings
    assert (warning.message, warning.hint) == ("no step has `to`: 'c'", None)
    assert preview(only="c").events == preview(count=1, only="b").warnings == ()
    refused = preview(part=WrittenPart("pad"))
    assert isinstance(refused, DestinationRejectedError)
    assert refused.hint == "did you mean 'paid'?"


def test_the_first_timeline_that_raises_is_the_error_of_a_preview():
    error = preview(first=10, count=5)
    assert isinstance(error, EvaluationError)
    assert error.message == (
        "timeline 11, step 0: 'after' is -1s, before the start of the timeline"
    )


def test_a_check_is_about_the_events_of_steps():
    found = inspect(STORY, PostgresTarget("t"), KafkaTarget("t", key="ix"))
    assert {column.name: column.type for column in found.shape.columns} == {
        "id": ColumnType.JSONB,
        "paid": ColumnType.BOOLEAN,
    }
    (rejection,) = found.rejections.values()
    assert rejection.message.startswith("`key` names the field 'ix'")
    assert found.failing.message.startswith("timeline 11, step 0: 'after' is -1s")
    assert inspect("[{ after: 0, event: error 'all' }]").message == "all"
    assert found.step_names == {"b", None}
    assert inspect("[]").valid


def test_the_columns_are_those_of_steps_that_can_have_the_name():
    story = """
    local to(n) = if n == 0 then 'orders' else 'payments';
    local one_of = std.native('get_one_of'), id = std.native('get_index')();
    [{ after: n, to: to(n), event: { either: n } } for n in [0, 1]] + [
      { after: 0, to: 'orders', event: { id: id } },
      { after: 1, to: 'payments', event: { id: 'p%d' % id, amount: 1 } },
      { after: 1, to: one_of('payments, refunds'), event: { amount: 2 } },
      { after: 2, event: { note: 'for nobody' } },
    ]
    """

    def columns(only):
        found = inspect(story, PostgresTarget("t"), only=only)
        assert found.valid
        return {each.name: each.type.value for each in found.shape.columns}

    assert columns("orders") == {"either": "bigint", "id": "bigint"}
    assert columns("payments") == {"amount": "bigint", "either": "bigint", "id": "text"}
    everything = {"amount": "bigint", "either": "bigint", "id": "jsonb", "note": "text"}
    assert columns(None) == everything
    unknown = inspect("[{ after: 0, to: std.toString(1), event: { a: 1 } }]", only="b").shape
    assert [each.name for each in unknown.columns] == ["a"]
    assert inspect("[{ after: 0, to: 'c', event: { a: 1 } }]", only="b").shape.columns == ()


def test_an_explanation_says_whether_the_plan_covers_the_steps():
    assert ask(ExplainTemplate, measured=False).engine == "plan"
    refused = ask(ExplainTemplate, "[{ after: 0 }]", measured=False)
    assert (refused.engine, refused.reason) == (
        "interpreter",
        "every event raises an error: a step lacks a field",
    )


@pytest.mark.parametrize(("name", "steps"), [("null", 101), (f"'{'n' * 9_000}'", 1)])
def test_steps_and_their_names_count_as_the_size_of_a_preview(monkeypatch, name, steps):
    monkeypatch.setattr(inspector_requests, "MAX_PAGE_BYTES", 16_000)
    text = f"[{{ after: 0, event: 1, to: {name} }} for i in std.range(1, {steps})]"
    assert len(preview(1, text=text).steps) == steps
    answer = preview(2, text=text)
    assert isinstance(answer, RequestError)
    assert answer.message.endswith("ask for fewer")


def test_a_preview_shows_late_events_and_copies_in_the_order_of_delivery():
    text = "local n = std.native('get_index')(); if n == 2 then null else { id: n }"
    rules = (
        FaultRule(FaultKind.LATE, 0.5, by=(SECOND, 9 * SECOND)),
        FaultRule(FaultKind.DUPLICATE, 1, by=(SECOND, SECOND)),
        FaultRule(FaultKind.MALFORMED, 0.3),
    )
    source = EventSource(Template(text), Stream(0), EventContext())
    request = PreviewEvents(source, 5 * SECOND, 0, 8, faults=rules)
    answer = reply_to(request, NoLibrary()).answer
    assert [step.due for step in answer.steps] == sorted(step.due for step in answer.steps)
    due = {(step.index, step.step): step.due for step in answer.steps}
    assert {index for index, _ in due} == set(range(8))
    for index in range(8):
        late = due[index, 0] - 5 * SECOND
        assert late == 0 or SECOND <= late <= 9 * SECOND
        assert due[index, 1] == due[index, 0] + SECOND
    assert any(event.startswith(b'"{') for event in answer.events), "a malformed one is a string"
