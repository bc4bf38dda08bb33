"""Answers of the service as the client commands show them."""

import ssl

import httpx
import pytest

from eventer.cli.generators import destination_label, details
from eventer.client.json_client import ServiceClient
from eventer.client.transport import Address
from eventer.core.error_text import format_error
from eventer.core.errors import (
    DestinationUnavailableError,
    Fault,
    NotFoundError,
    RequestError,
    ServiceProblemError,
    ServiceUnreachableError,
)
from eventer.core.pace_json import pace_label
from eventer.settings.model import Settings
from tests.families import family

FAULT = {
    "message": "unknown variable",
    "hint": "did you mean 'user'?",
    "pointer": "/events/0/schema",
    "template": "template",
    "line": 2,
    "column": 5,
    "end_line": 2,
    "end_column": 8,
    "source_line": "{a: usr.name}",
}
VIEW = {
    "id": "7",
    "state": "failed",
    "destination": {"type": "kafka", "kafka": {"connection": "edge", "topic": "boo"}},
    "event": {"dataset": None, "stream": "s", "count": 10, "interval": "10s"},
    "position": 41,
    "last_error": {**FAULT, "at": "2026-01-01T00:00:00.000000Z", "index": 41},
}


def client(answer, **settings):
    transport = httpx.MockTransport(answer)
    configured = Settings(**settings)
    address = Address(configured.service_url, configured.client_token)
    return ServiceClient(address, transport)


def answering(status, body):
    return client(lambda request: httpx.Response(status, json=body))


@family(
    ("status", "kind"),
    [
        (400, RequestError),
        (413, RequestError),
        (422, RequestError),
        (404, NotFoundError),
        (503, DestinationUnavailableError),
        (500, ServiceProblemError),
    ],
)
def test_problems_are_errors_of_their_kind(status, kind):
    with pytest.raises(kind) as raised:
        answering(status, {"detail": "it is so", "hint": "do this"}).get("/generator/status")
    assert raised.value.message == "it is so"
    assert raised.value.hint == "do this"


def test_template_faults_are_shown_with_a_caret():
    problem = {"detail": "1 mistake", "errors": [FAULT]}
    with pytest.raises(RequestError) as raised:
        answering(422, problem).post("/generator/add", body=b"{}")
    assert format_error(raised.value).splitlines() == [
        "error: 1 mistake",
        "  /events/0/schema: unknown variable",
        "    --> template:2:5",
        "  2 | {a: usr.name}",
        "    |     ^^^ did you mean 'user'?",
    ]


def test_a_silent_service_is_unreachable():
    def refuse(request):
        raise httpx.ConnectError("refused")

    for made in (
        client(refuse),
        client(lambda request: httpx.Response(200, text="<html>")),
        client(lambda request: httpx.Response(502, text="<html>")),
    ):
        with pytest.raises(ServiceUnreachableError):
            made.get("/generator/status")


def test_requests_carry_token_query_and_body():
    seen = []

    def answer(request):
        seen.append(request)
        return httpx.Response(200, json={})

    made = client(answer, url="http://svc:1/", token="t")
    made.post("/generator/remove", [("id", "1"), ("id", "2")], body=b"{}")
    (request,) = seen
    assert str(request.url) == "http://svc:1/generator/remove?id=1&id=2"
    assert request.headers["authorization"] == "Bearer t"
    assert request.headers["content-type"] == "application/json"


@family(
    ("pace", "label", "line"),
    [
        ({"rate": "500/s", "max_events": 9}, "500/s", "max_events"),
        ({"count": 5, "interval": "1s", "max_events": 9}, "5 every 1s", "interval"),
        ({"rate": "5/s", "profile": [0.5] * 24}, "5/s by 24 h", "0.5 0.5"),
        ({"cron": "0 9 * * *", "timezone": "UTC", "count": 5}, "5 at 0 9 * * *", "0 9 * * *"),
        (
            {"stages": [{"rate": "1/s", "for": "1m"}, {"to": "9/s", "for": "2m"}], "repeat": 1},
            "2 stages",
            "1/s for 1m, to 9/s for 2m",
        ),
    ],
)
def test_a_pace_in_words_and_in_detail(pace, label, line):
    event = {"dataset": None, "stream": "s", "pace": pace}
    assert pace_label(pace) == label
    assert line in details({**VIEW, "event": event})


def test_the_destination_of_each_kind_has_its_name():
    for kind, field in (("kafka", "topic"), ("postgres", "table"), ("file", "path")):
        options = {"connection": "c", field: "shop/orders"}
        assert destination_label({"type": kind, kind: options}) == "c:shop/orders"


def test_a_generator_as_lines_and_as_a_row():
    assert destination_label(VIEW["destination"]) == "edge:boo"
    lines = details(VIEW).splitlines()
    assert "position     41" in lines
    assert "dataset      -" in lines
    assert "    |     ^^^ did you mean 'user'?" in lines


def test_a_refused_token_names_the_variable():
    problem = {"detail": "the token is not valid", "hint": "send the header 'Authorization: …'"}
    with pytest.raises(ServiceProblemError) as raised:
        answering(401, problem).get("/generator/status")
    assert raised.value.hint == "set EVENTER_TOKEN to the token of the service"


@pytest.mark.parametrize("count", [1, 2])
def test_each_fault_is_shown_once(count):
    faults = tuple(Fault(f"/a/{number}", "is wrong", "mend it") for number in range(count))
    shown = format_error(RequestError.of(faults))
    assert shown.count("/a/0: is wrong") == 1
    assert shown.count("mend it") == count


def test_a_unique_prefix_of_an_id_is_enough():
    known = {"generators": [{"id": "12345678901234567890"}, {"id": "12999999999999999999"}]}
    asked = answering(200, known)
    assert asked.full_ids(["123", "129"]) == ["12345678901234567890", "12999999999999999999"]
    assert asked.full_ids(["7", ""]) == ["7", ""], "the service reports that it is unknown"
    with pytest.raises(RequestError, match="2 ids begin with 12"):
        asked.full_ids(["12"])


def test_a_full_id_needs_no_list_of_generators():
    def refuse(request):
        raise AssertionError(request)

    assert client(refuse).full_ids(["1234567890123456789"]) == ["1234567890123456789"]


@family(
    ("error", "cause", "reason"),
    [
        (httpx.ConnectTimeout("timed out"), None, "no answer in time"),
        (httpx.ConnectError("x"), ConnectionRefusedError(111, "x"), "connection refused"),
        (
            httpx.ConnectError("x"),
            ssl.SSLError(1, "[SSL: W] (_ssl.c:1)"),
            "the TLS handshake failed",
        ),
        (httpx.RemoteProtocolError("x"), None, "the server at this address does not speak HTTP"),
    ],
)
def test_a_service_that_does_not_answer(error, cause, reason):
    def fail(_):
        raise error from cause

    with pytest.raises(ServiceUnreachableError) as raised:
        client(fail).get("/generator/status")
    assert raised.value.message == f"no service answers at http://127.0.0.1:9099: {reason}"


@pytest.mark.parametrize("password", ["hidden", "1/hidden", "1?hidden", "hid@hidden"])
def test_an_error_shows_no_password_of_the_url(password):
    def refuse(_):
        raise httpx.ConnectError("x")

    with pytest.raises(ServiceUnreachableError) as raised:
        client(refuse, url=f"http://me:{password}@h:1/x").get("/generator/status")
    assert "at http://h:1/x:" in raised.value.message
    assert "hid" not in raised.value.message
