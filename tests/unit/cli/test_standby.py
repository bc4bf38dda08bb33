"""A service that stands by: what it forwards, repeats and answers itself."""

import asyncio

import httpx
import pytest

from eventer.cli import standby
from eventer.cli.standby import StandbyApp, SwitchedApp
from eventer.client.forwarding import Forwarder

LEADER = "http://leader:9099"


class Leader:
    """Records requests and answers them, after it has raised the given errors."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        if self.errors:
            raise self.errors.pop(0)
        headers = {"content-type": "application/json", "x-own": "1", "connection": "close"}
        return httpx.Response(202, stream=Body(), headers=headers)


class Body(httpx.AsyncByteStream):
    async def __aiter__(self):
        yield b'{"ok":'
        yield b"true}"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(standby, "_RETRY_SECONDS", 0.0)


def client_of(leader, url=LEADER):
    app = StandbyApp(lambda: url, Forwarder(httpx.MockTransport(leader)))
    transport = httpx.ASGITransport(SwitchedApp(app))
    return httpx.AsyncClient(transport=transport, base_url="http://standby")


async def test_a_request_is_forwarded_with_its_query_headers_and_body():
    leader = Leader()
    async with client_of(leader) as client:
        answer = await client.post("/generator/pause?id=%2Fa", content=b"{}", headers={"x-a": "b"})
    (request,) = leader.requests
    assert (request.method, str(request.url)) == ("POST", f"{LEADER}/generator/pause?id=%2Fa")
    assert (request.content, request.headers["x-a"]) == (b"{}", "b")
    assert request.headers["host"] == "leader:9099"
    assert (answer.status_code, answer.json(), answer.headers["x-own"]) == (202, {"ok": True}, "1")


async def test_a_request_that_was_not_sent_is_repeated():
    leader = Leader(httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"))
    async with client_of(leader) as client:
        assert (await client.post("/generator/add", content=b"{}")).status_code == 202
    assert len(leader.requests) == 3


@pytest.mark.parametrize(("method", "status", "sent"), [("GET", 202, 2), ("POST", 503, 1)])
async def test_only_a_read_is_repeated_if_the_leader_may_have_got_it(method, status, sent):
    leader = Leader(httpx.ReadError("gone"))
    async with client_of(leader) as client:
        answer = await client.request(method, "/generator/status")
    assert (answer.status_code, len(leader.requests)) == (status, sent)
    if status == 503:
        assert "send it again" in answer.json()["detail"]
        assert answer.headers["retry-after"] == "2"


async def test_without_a_leader_requests_end_with_503(monkeypatch):
    monkeypatch.setattr(standby, "PATIENCE_SECONDS", -1.0)
    async with client_of(Leader(), url=None) as client:
        for path in ("/generator/status", "/readyz"):
            answer = await client.get(path)
            assert (answer.status_code, "leader" in answer.json()["detail"]) == (503, True)
        assert (await client.get("/healthz")).status_code == 200


async def test_a_request_that_another_service_forwarded_is_not_forwarded_again():
    leader = Leader()
    async with client_of(leader) as client:
        answer = await client.get("/generator/status", headers={"eventer-forwarded": "1"})
    assert (answer.status_code, leader.requests) == (503, [])


async def test_a_standby_answers_for_itself_and_sends_browsers_to_the_leader():
    leader = Leader()
    async with client_of(leader) as client:
        assert (await client.get("/readyz")).json() == {"ready": True}
        assert "eventer_leader 0" in (await client.get("/metrics")).text
        answer = await client.get("/playground?a=b", headers={"accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["location"]) == (307, f"{LEADER}/playground?a=b")
    assert leader.requests == []


class EndlessBody(httpx.AsyncByteStream):
    """A body whose end is never reached; `closed` is set when nobody reads it any more."""

    def __init__(self):
        self.closed = asyncio.Event()

    async def __aiter__(self):
        yield b"{}\n"
        await asyncio.Event().wait()

    async def aclose(self):
        self.closed.set()


async def test_an_endless_answer_ends_when_its_client_is_gone():
    body, sent = EndlessBody(), asyncio.Queue()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=body))
    app = StandbyApp(lambda: LEADER, Forwarder(transport))
    begun = asyncio.Event()
    messages = [{"type": "http.request", "body": b""}]

    async def receive():
        if messages:
            return messages.pop()
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        await sent.put(message)
        if message["type"] == "http.response.body":
            begun.set()

    scope = {"type": "http", "method": "GET", "path": "/generator/tail", "query_string": b""}
    await app({**scope, "headers": [], "server": ("standby", 80)}, receive, send)
    assert body.closed.is_set()
    assert [sent.get_nowait()["type"] for _ in range(2)][1] == "http.response.body"
