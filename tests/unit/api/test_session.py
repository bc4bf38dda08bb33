"""Sessions of browsers: the cookie, its signature, and what it allows."""

import time

import pytest

from eventer.api.guard import MAY_WRITE, Guard
from eventer.api.session import (
    COOKIE,
    LIFETIME_SECONDS,
    cookie_of,
    right_of_session,
    session_value,
)
from eventer.settings.model import Settings
from tests.families import family

SETTINGS = Settings(token="write-token", read_token="read-token")
NOW = 1_800_000_000.0


@pytest.mark.parametrize("right", ["write", "read"])
def test_a_session_has_the_right_of_its_token_until_it_ends(right):
    value = session_value(right, SETTINGS, NOW)
    assert right_of_session(value, SETTINGS, NOW) == right
    assert right_of_session(value, SETTINGS, NOW + LIFETIME_SECONDS) is None
    assert "token" not in value


def test_a_session_is_void_when_its_token_changes():
    value = session_value("write", SETTINGS, NOW)
    changed = Settings(token="other", read_token="read-token")
    assert right_of_session(value, changed, NOW) is None
    assert right_of_session(value, Settings(), NOW) is None


@family(
    "change",
    [
        lambda right, end, signature: f"write.{end}.{signature}",
        lambda right, end, signature: f"{right}.{int(end) + 1}.{signature}",
        lambda right, end, signature: f"{right}.{end}.{'0' * 64}",
        lambda right, end, signature: f"{right}.{end}.",
        lambda right, end, signature: f"{right}.٣.{signature}",
        lambda right, end, signature: f"{right}.{end}.é",
        lambda right, end, signature: "",
        lambda right, end, signature: ".",
    ],
)
def test_a_changed_session_is_not_valid(change):
    forged = change(*session_value("read", SETTINGS, NOW).split("."))
    assert right_of_session(forged, SETTINGS, NOW) is None


def test_the_cookie_is_found_among_others():
    assert cookie_of(f"a=1; {COOKIE}=x.1.y; b=2") == "x.1.y"
    assert cookie_of("a=1") == ""
    assert cookie_of('"\x00') == ""


@pytest.fixture
def client_for_session(client_for):
    def make(right):
        client = client_for(token="write-token", read_token="read-token")
        client.cookies.set(COOKIE, session_value(right, SETTINGS, time.time()))
        return client

    return make


async def test_a_read_session_reads_but_does_not_change(client_for_session):
    async with client_for_session("read") as client:
        assert (await client.get("/generator/status")).status_code == 200
        refused = await client.post("/generator/pause", params={"id": "1"})
        assert refused.status_code == 403


async def test_a_write_session_changes(client_for_session):
    async with client_for_session("write") as client:
        assert (await client.post("/generator/pause", params={"id": "1"})).status_code == 200


async def test_a_wrong_token_is_not_saved_by_a_session(client_for_session):
    async with client_for_session("write") as client:
        headers = {"Authorization": "Bearer wrong"}
        assert (await client.get("/generator/status", headers=headers)).status_code == 401


async def test_login_sets_a_strict_cookie_for_scripts_to_keep_out(client_for):
    async with client_for(token="write-token", read_token="read-token") as client:
        page = await client.get("/", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (303, "/login")
        assert "<form" in (await client.get("/login")).text
        assert (await client.post("/login", json={"token": "wrong"})).status_code == 401
        assert (await client.post("/login", json=[])).status_code == 401
        answer = await client.post("/login", json={"token": "read-token"})
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert (await client.get("/generator/status")).status_code == 200
        await client.post("/logout")
        assert (await client.get("/generator/status")).status_code == 401


async def test_without_a_token_there_is_no_login(client):
    answer = await client.get("/login")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def open_socket(headers):
    """What the guard does with a WebSocket: the messages it sends, and the state it passes on."""
    sent, states = [], []

    async def app(scope, receive, send):
        states.append(scope["state"][MAY_WRITE])

    async def send(message):
        sent.append(message["type"])

    async def receive():
        return {"type": "websocket.connect"}

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "websocket", "path": "/_nicegui_ws/socket.io/", "headers": raw}
    await Guard(app, SETTINGS)(scope, receive, send)
    return sent, states


async def test_a_web_socket_needs_a_session_and_its_own_origin():
    host = {"host": "localhost:9099"}
    session = {"cookie": f"{COOKIE}={session_value('read', SETTINGS, time.time())}"}
    assert await open_socket(host) == (["websocket.close"], [])
    assert await open_socket(host | session | {"origin": "http://evil.example"}) == (
        ["websocket.close"], [],
    )  # fmt: skip
    own = {"origin": "http://localhost:9099"}
    assert await open_socket(host | session | own) == ([], [False])
