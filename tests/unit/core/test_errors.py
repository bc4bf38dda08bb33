"""Errors cross process boundaries unchanged and show their place."""

import pickle

from eventer.core.error_text import format_error
from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    EvaluationError,
    Fault,
    RequestError,
)
from eventer.core.source import Source, Span


def test_an_error_survives_pickling_with_its_attributes():
    source = Source("orders.jsonnet", "{\n\ta: usr,\n}")
    error = EvaluationError(
        "unknown variable 'usr'", Span(source, 6, 9), hint="did you mean 'user'?"
    )
    error.index = 7
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is EvaluationError
    assert (copy.message, copy.hint, copy.place, copy.index) == (
        error.message,
        error.hint,
        error.place,
        7,
    )
    rejected = pickle.loads(pickle.dumps(DestinationRejectedError("too large", index=3)))
    assert (rejected.index, str(rejected)) == (3, "too large")


def test_an_error_is_shown_with_its_line_a_caret_and_a_hint():
    source = Source("orders.jsonnet", "{\n\ta: usr,\n}")
    error = EvaluationError(
        "unknown variable 'usr'", Span(source, 6, 9), hint="did you mean 'user'?"
    )
    assert format_error(error).splitlines() == [
        "error: unknown variable 'usr'",
        "  --> orders.jsonnet:2:5",
        "2 | \ta: usr,",
        "  | \t   ^^^ did you mean 'user'?",
    ]


def test_a_place_past_the_end_of_the_text_is_shown():
    source = Source("t", "{")
    assert (
        format_error(EvaluationError("unexpected end", Span(source, 1, 1))).splitlines()[-1]
        == "  |  ^"
    )


def test_the_faults_of_a_request_are_listed_by_pointer():
    error = RequestError(
        "2 faults", (Fault("/events/0/count", "must be at least 1"), Fault("", "x"))
    )
    assert "  /events/0/count: must be at least 1" in format_error(error)


def test_transient_depends_on_the_error_class():
    assert DestinationUnavailableError("x").transient
    assert not DestinationRejectedError("x").transient


def test_a_place_far_into_a_long_line_is_named_without_the_line():
    source = Source("t", "{" + " " * 5000 + "x")
    error = EvaluationError("no", Span(source, 5001, 5002), hint="do this")
    assert len(error.place.source_line) == 1000
    assert format_error(error).splitlines() == ["error: no", "  --> t:1:5002", "  hint: do this"]


def test_a_long_template_error_is_truncated():
    error = EvaluationError("x" * 5_000_000)
    assert len(error.message) < 5_000
    assert error.message.endswith("more characters)")
    assert error.message.startswith("x" * 4_000)
    assert pickle.loads(pickle.dumps(error)).message == error.message
