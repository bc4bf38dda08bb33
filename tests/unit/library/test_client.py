"""The typed clients: each route of the API, and both clients alike."""

import asyncio
import inspect
import json
import re

import httpx
import pytest

import eventer
from eventer.api.app import create_routes
from eventer.client.async_json_client import AsyncServiceClient
from eventer.client.json_client import ServiceClient
from eventer.client.transport import Address
from eventer.library import calls
from eventer.settings.model import Settings

GENERATOR = {
    "id": "7",
    "name": "orders",
    "state": "running",
    "destination": {"type": "kafka", "kafka": {"connection": "kafka", "topic": "orders"}},
    "event": {"dataset": None, "stream": None, "pace": {"rate": "5/s"}},
    "seed": "18446744073709551615",
    "engine": "plan",
    "engine_reason": None,
    "position": 41,
    "skipped": 0,
    "dropped": 0,
    "bytes": 100,
    "requested_rate": 5.0,
    "delivered_rate": 4.9,
    "lag": 0,
    "limited_by": None,
    "retries": 0,
    "timelines": None,
    "waits_for": [],
    "next_tick": "2026-01-01T00:00:00Z",
    "last_error": None,
    "warnings": [],
    "delivery": "exactly-once",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
    "of_a_newer_service": {"x": 1},
}
EVENTS = {"first": 3, "events": [{"a": 1}, {"a": 2}], "provisional_from": None}
LINES = '{"index": 4, "event": {"a": 1}}\n{"index": 5, "event": "é"}\n'
ANSWERS = {
    "/generator/status": GENERATOR,
    "/generator/pause": GENERATOR,
    "/generator/events": EVENTS,
    "/generator/faults": {
        "first": 0,
        "events": [
            {
                "index": 2,
                "faults": [
                    {"kind": "drop", "field": None, "change": None, "by": None, "due": None}
                ],
                "event": 1,
            }
        ],
    },
    "/template/format": {"template": "{}", "changed": True},
    "/generator/remove": {"removed": ["7"], "unknown": ["x"]},
}


class Service:
    """Answers requests, and keeps them."""

    def __init__(self):
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        path = request.url.path
        if path == "/generator/tail":
            return httpx.Response(200, text=LINES)
        if path == "/metrics":
            return httpx.Response(200, text="# HELP\n")
        if path in ANSWERS:
            return httpx.Response(200, json=ANSWERS[path])
        return httpx.Response(404, json={"detail": "no generator has the name 'x'", "hint": "h"})


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def client(service):
    with eventer.Client("http://svc:1", "t") as made:
        transport = httpx.MockTransport(service)
        made._service = ServiceClient(Address("http://svc:1", "t"), transport, keep_alive=True)
        yield made


def test_answers_are_typed(client, service):
    found = client.status("orders")
    assert (found.id, found.position, found.event.pace.rate) == ("7", 41, "5/s")
    assert found.destination.kafka.topic == "orders"
    assert not hasattr(found, "of_a_newer_service")
    assert client.events(7, first=3, count=2).events == [{"a": 1}, {"a": 2}]
    assert client.faults(7)[0].faults[0].kind == "drop"
    assert [(each.index, each.event) for each in client.tail(7)] == [(4, {"a": 1}), (5, "é")]
    assert client.format("{}").changed
    assert client.metrics() == "# HELP\n"
    assert client.remove("7", "x").unknown == ["x"]
    urls = [str(each.url).removeprefix("http://svc:1") for each in service.requests]
    assert urls[0] == "/generator/status?id=orders"
    assert urls[-1] == "/generator/remove?id=7&id=x"
    assert service.requests[0].headers["authorization"] == "Bearer t"
    assert json.loads(service.requests[4].content) == {"template": "{}"}


def test_problems_are_errors(client):
    with pytest.raises(eventer.NotFoundError, match="no generator has the name 'x'"):
        client.resume("x", skip=True)
    with pytest.raises(eventer.NotFoundError):
        client.add({"events": []})


def test_an_answer_of_another_version(client, monkeypatch):
    older = {name: value for name, value in GENERATOR.items() if name != "delivery"}
    monkeypatch.setitem(ANSWERS, "/generator/status", older)
    with pytest.raises(eventer.ServiceProblemError, match="another form: /delivery: is missing"):
        client.status(7)


def test_the_asynchronous_client_does_the_same(service):
    async def use():
        async with eventer.AsyncClient("http://svc:1") as client:
            client._service = AsyncServiceClient(
                Address("http://svc:1"), httpx.MockTransport(service)
            )
            assert (await client.pause(7)).position == 41
            assert [each.index async for each in client.tail(7, last=2)] == [4, 5]
            with pytest.raises(eventer.NotFoundError):
                await client.verify("x")
            return (await client.events(7)).events

    assert asyncio.run(use()) == EVENTS["events"]
    assert str(service.requests[1].url) == "http://svc:1/generator/tail?id=7&last=2"


def test_both_clients_have_the_same_methods():
    def methods(kind):
        return {
            name: [*inspect.signature(method).parameters.values()]
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    assert methods(eventer.Client) == methods(eventer.AsyncClient)


def test_each_route_of_the_api_has_a_call():
    paths = {(m.upper(), p) for p, item in _document()["paths"].items() for m in item}
    called = set(re.findall(r'_(get|post|send)\(\s*"(/[^"]+)"', inspect.getsource(calls)))
    found = {("GET" if kind == "get" else "POST", path) for kind, path in called}
    found |= set(re.findall(r'Call\(\s*"(GET|POST)",\s*"(/[^"]+)"', inspect.getsource(calls)))
    assert found == paths


def _document():
    return create_routes(None, Settings()).openapi()


def test_settings_give_the_address(monkeypatch):
    monkeypatch.setenv("EVENTER_URL", "http://127.0.0.1:1")
    with (
        eventer.Client() as client,
        pytest.raises(
            eventer.ServiceUnreachableError, match=r"no service answers at http://127\.0\.0\.1:1"
        ),
    ):
        client.healthz()
