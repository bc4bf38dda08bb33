"""The guard: tokens, hosts, origins, and sizes of bodies."""

import pytest

from eventer.api.guard import Guard
from eventer.api.problems import MEDIA_TYPE
from eventer.settings.model import Limits, Settings

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "host",
    ["localhost:9099", "LOCALHOST", "127.0.0.1:1", "127.9.9.9", "[::1]:9099", "localhost."],
)
async def test_loopback_names_are_answered(client, host):
    assert (await client.get("/healthz", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "10.1.2.3", "", "[", "127.0.0.1.evil.example"],
)
async def test_unknown_hosts_are_refused(client, host):
    answer = await client.get("/healthz", headers={"host": host})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert "EVENTER_ALLOWED_HOSTS" in answer.json()["hint"]


async def test_named_hosts_and_on_open_binds_addresses_are_answered(client_for):
    async with client_for(allowed_hosts="Eventer.example.org", host="0.0.0.0") as client:
        for host, status in (
            ("eventer.example.org:80", 200),
            ("10.1.2.3:9099", 200),
            ("[fe80::1]", 200),
            ("evil.example", 403),
        ):
            answer = await client.get("/healthz", headers={"host": host})
            assert answer.status_code == status, host


async def test_the_advertised_host_is_answered(client_for):
    async with client_for(advertise_url="http://Eventer-1.internal:9099") as client:
        answer = await client.get("/healthz", headers={"host": "eventer-1.internal:9099"})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:9099", 200),
        ("http://localhost:3000", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
async def test_only_the_own_origin_is_answered(client, origin, status):
    answer = await client.get("/healthz", headers={"origin": origin})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("token", "method", "path", "status"),
    [
        (None, "GET", "/generator/status", 401),
        ("wrong", "GET", "/generator/status", 401),
        ("ünïcode", "GET", "/generator/status", 401),
        ("read", "GET", "/generator/status", 200),
        ("read", "GET", "/metrics", 200),
        ("read", "POST", "/generator/preview", 200),
        ("read", "POST", "/generator/validate", 200),
        ("read", "POST", "/generator/remove?id=1", 403),
        ("read", "POST", "/generator/add", 403),
        ("read", "POST", "/generator/pause?id=1", 403),
        ("write", "POST", "/generator/remove?id=1", 200),
        ("write", "GET", "/generator/status", 200),
        (None, "GET", "/healthz", 200),
        (None, "GET", "/readyz", 200),
        (None, "GET", "/docs", 200),
        (None, "GET", "/metrics", 401),
        (None, "GET", "/static-offline-docs/%2e%2e/generator/status", 404),
    ],
)
async def test_tokens_and_what_they_allow(client_for, token, method, path, status):
    async with client_for(token="write", read_token="read") as client:
        headers = {} if token is None else {"authorization": f"Bearer {token}".encode()}
        body = {"template": "{}"} if path in ("/generator/preview", "/generator/validate") else None
        answer = await client.request(method, path, headers=headers, json=body)
        assert answer.status_code == status
        if status == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert "write" not in answer.text


async def test_another_scheme_is_not_a_token(client_for):
    async with client_for(token="write") as client:
        answer = await client.get("/generator/status", headers={"authorization": "Basic write"})
        assert answer.status_code == 401


async def test_with_a_token_the_document_says_how_to_send_it(client_for):
    async with client_for(token="write") as client:
        document = (await client.get("/openapi.json")).json()
    assert document["security"] == [{"token": []}]


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/Vnd.Eventer+JSON", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
        ("", 415),
    ],
)
async def test_bodies_are_json_or_refused(client, media_type, status):
    headers = {"content-type": media_type} if media_type else {}
    answer = await client.post("/generator/preview", content=b'{"template":"{}"}', headers=headers)
    assert answer.status_code == status


async def test_a_content_type_without_a_body_does_not_matter(client):
    headers = {"content-type": "text/plain"}
    assert (await client.get("/generator/status?id=1", headers=headers)).status_code == 200
    assert (await client.post("/generator/pause?id=1", headers=headers)).status_code == 200


async def call(guard, messages, headers=()):
    """Sends raw ASGI messages; returns what was sent back and how many messages were taken."""
    sent, taken = [], iter(messages)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/generator/add",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), *headers],
    }

    async def receive():
        return next(taken)

    async def send(message):
        sent.append(message)

    await guard(scope, receive, send)
    return sent, len(list(taken))


class Echo:
    """An application that keeps the body and sends no answer."""

    def __init__(self):
        self.body = None

    async def __call__(self, scope, receive, send):
        message = await receive()
        assert not message["more_body"]
        self.body = message["body"]


def chunks(count, size):
    return [{"type": "http.request", "body": b"x" * size, "more_body": True}] * count


@pytest.mark.parametrize("size", [1024, 1025])
async def test_bodies_are_counted_as_they_stream(size):
    echo = Echo()
    guard = Guard(echo, Settings(limits=Limits(body_bytes=2048)))
    last = {"type": "http.request", "body": b"", "more_body": False}
    sent, left = await call(guard, [*chunks(2, size), last])
    if size == 1024:
        assert echo.body == b"x" * 2048
    else:
        assert (sent[0]["status"], left, echo.body) == (413, 0, None)


async def test_a_declared_size_is_refused_and_its_body_let_pass():
    echo = Echo()
    guard = Guard(echo, Settings(limits=Limits(body_bytes=2048)))
    body = [*chunks(3, 1000), {"type": "http.disconnect"}, *chunks(1, 1)]
    sent, left = await call(guard, body, [(b"content-length", b"3000")])
    assert (sent[0]["status"], left, echo.body) == (413, 1, None)
    assert (b"connection", b"close") in sent[0]["headers"]


async def test_a_body_without_an_end_is_not_read_to_its_end():
    guard = Guard(Echo(), Settings(limits=Limits(body_bytes=2048)))
    sent, left = await call(guard, chunks(100, 1 << 20))
    assert (sent[0]["status"], left) == (413, 91)


async def test_an_incomplete_body_has_no_effect():
    echo = Echo()
    sent, _ = await call(Guard(echo, Settings()), [*chunks(1, 5), {"type": "http.disconnect"}])
    assert (sent[0]["status"], echo.body) == (400, None)


async def test_a_body_that_does_not_arrive_times_out():
    echo = Echo()

    async def never():
        import asyncio

        await asyncio.Event().wait()

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/generator/add",
        "headers": [(b"host", b"localhost")],
    }
    sent = []

    async def send(message):
        sent.append(message)

    await Guard(echo, Settings(limits=Limits(body_seconds=0.01)))(scope, never, send)
    assert (sent[0]["status"], echo.body) == (408, None)


@pytest.mark.parametrize(
    ("headers", "detail"),
    [({}, "a token is required"), ({"authorization": "Bearer other"}, "the token is not valid")],
)
async def test_a_missing_token_and_a_wrong_one_get_different_messages(client_for, headers, detail):
    async with client_for(token="write") as client:
        answer = await client.get("/generator/status", headers=headers)
    assert answer.json()["detail"] == detail
