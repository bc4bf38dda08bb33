"""A preview rejects the options that a run refuses, and warns of the same ones."""

import pytest

from eventer.core.errors import DestinationRejectedError, RequestError
from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.model import EventSource, KafkaTarget, Stream, Template, WrittenPart
from eventer.jsonnet.importer import NoLibrary
from eventer.plan.engine import EventContext
from eventer.workers import inspector_requests
from eventer.workers.inspector_messages import FormatTemplate, InspectTemplate, PreviewEvents
from eventer.workers.inspector_requests import reply_to
from tests.families import family

CLOSED = "{ row: { id: 1 }, op: 'x' }"
OPEN = "{ [std.toString(std.native('get_integer')(1, 9))]: { id: 1 } }"


def preview(value=None, *omit, text=CLOSED):
    template = Template(text)
    event_source = EventSource(template, Stream(0), EventContext())
    request = PreviewEvents(event_source, 0, first=0, count=2, part=WrittenPart(value, omit))
    return reply_to(request, NoLibrary()).answer


@family(
    ("value", "omit", "message", "hint"),
    [
        ("rwo", (), "`value` names the field 'rwo', which is not", "did you mean 'row'?"),
        ("", (), "`value` names the field '', which is not", None),
        ("row", ("row",), "`omit` names the field 'row', which is not", None),
        (None, ("id/x",), "`omit` names the field 'id/x', which is not", None),
    ],
)
def test_a_field_that_no_event_has_is_refused(value, omit, message, hint):
    error = preview(value, *omit)
    assert isinstance(error, DestinationRejectedError)
    assert error.message.startswith(message)
    assert error.hint == hint


@pytest.mark.parametrize(("value", "text"), [("/row/", CLOSED), ("rwo", OPEN)])
def test_a_field_that_none_of_the_first_events_has_gets_a_warning(value, text):
    answer = preview(value, text=text)
    assert answer.events == (b"null", b"null")
    (warning,) = answer.warnings
    assert warning.message == (
        f"`value` names the field {value!r}, which none of the first events has: null is written"
    )


def test_timestamps_in_seconds_get_a_warning():
    target, now_s = KafkaTarget("t", timestamp="at"), 1_700_000_000

    def inspect(text):
        source = EventSource(Template(text), Stream(0), EventContext())
        request = InspectTemplate(source, now_s * 1_000_000_000, 2, 9.0, (target, KafkaTarget("u")))
        return reply_to(request, NoLibrary()).answer

    found = inspect("{ at: std.native('get_integer')(1690000000, 1710000000) }")
    assert found.timestamp_units == {target: "seconds"}
    (warning,) = found.warnings
    assert "look like seconds" in warning.message
    found = inspect("{ at: std.native('get_integer')(1690000000, 1710000000) * 1000 }")
    assert (found.timestamp_units, found.warnings) == ({}, ())


def test_fields_that_events_have_need_no_warning():
    for value, omit, event in (
        (None, (), b'{"op":"x","row":{"id":1}}'),
        ("row", (), b'{"id":1}'),
        ("/row/id", (), b"1"),
        (None, ("/row/id", "op"), b'{"row":{}}'),
    ):
        answer = preview(value, *omit)
        assert (answer.events[0], answer.warnings) == (event, ())


def test_indentation_cannot_make_a_formatted_template_very_large(monkeypatch):
    monkeypatch.setattr(inspector_requests, "MAX_PAGE_BYTES", 4 << 10)
    text = "[\n" * 40 + "1,\n" * 40 + "]" * 40
    error = reply_to(FormatTemplate(text), NoLibrary()).answer
    assert isinstance(error, RequestError)
    assert error.message.startswith("the formatted template exceeds 0 MiB")
    assert reply_to(FormatTemplate("{a:1}"), NoLibrary()).answer.template == "{ a: 1 }\n"


def test_faults_of_fields_that_events_do_not_have_are_refused_or_get_a_warning():
    def inspect(text, *fields):
        source = EventSource(Template(text), Stream(0), EventContext())
        rules = (FaultRule(FaultKind.MISSING, 0.5, fields),)
        request = InspectTemplate(source, 0, 2, 9.0, (KafkaTarget("t"),), faults=rules)
        return reply_to(request, NoLibrary()).answer

    (errors,) = inspect(CLOSED, "/row/id", "/row/ix").fault_errors.values()
    assert [error.pointer for error in errors] == ["/0/fields/1"]
    found = inspect("{ row: std.parseJson('{\"id\": 1}') }", "/row/ix", "/row/id")
    assert not any(found.fault_errors.values())
    (warning,) = found.warnings
    assert warning.message.startswith("`faults` names the field '/row/ix', which none of the")
