"""Connections that send slowly, invalid data, too much or nothing, over real sockets."""

import asyncio
import contextlib
import json
import socket
from contextlib import asynccontextmanager
from functools import partial

import pytest
import uvicorn

from eventer.api.app import create_routes
from eventer.api.guard import Guard
from eventer.api.problems import MEDIA_TYPE
from eventer.api.time_limited_protocol import TimeLimitedProtocol
from eventer.cli.hosting import serving
from eventer.settings.model import Limits, Settings
from eventer.web.studio import Studio
from tests.unit.api.canned_service import CannedService
from tests.waiting import DEADLINE_S, wait_until_async

ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /generator/add HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
NO_TIME_LIMIT = {"header_seconds": DEADLINE_S, "body_seconds": DEADLINE_S}
SHORT_HEAD = Limits(**NO_TIME_LIMIT | {"header_seconds": 0.3})
SHORT_BODY = Limits(**NO_TIME_LIMIT | {"body_seconds": 0.3})


@pytest.fixture(autouse=True)
def _long_keep_alive(monkeypatch):
    """The server keeps idle connections of a test that stalls."""
    config = partial(uvicorn.Config, timeout_keep_alive=int(DEADLINE_S))
    monkeypatch.setattr("eventer.cli.hosting.uvicorn.Config", config)


@asynccontextmanager
async def answering(limits):
    """The API, served by the real server; its connections are closed at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = Line(listener.getsockname()[1])
        service, settings = CannedService(), Settings(limits=limits)
        studio = Studio(create_routes(service, settings), service, token=False)
        async with serving(Guard(studio, settings), settings, listener):
            try:
                yield line
            finally:
                await line.hang_up()


class Line:
    """The address of the API, and its connections."""

    def __init__(self, port):
        self.port = port
        self._callers = []

    async def call(self, said=b""):
        """Opens a connection; `said` is sent before the server reads."""
        client = socket.create_connection(("127.0.0.1", self.port))
        client.sendall(said)
        caller = Caller(*await asyncio.open_connection(sock=client))
        self._callers.append(caller)
        return caller

    async def hang_up(self):
        for caller in self._callers:
            caller.writer.close()
            with contextlib.suppress(ConnectionError):
                await caller.writer.wait_closed()


class Caller:
    """One connection."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def say(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self):
        """Status, headers and body of the next answer."""
        async with asyncio.timeout(DEADLINE_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
            body = await self.reader.readexactly(int(headers["content-length"]))
        return int(first.split()[1]), headers, body

    async def problem(self):
        status, headers, body = await self.answer()
        assert headers["content-type"] == MEDIA_TYPE
        problem = json.loads(body)
        assert problem["status"] == status
        return problem

    async def ended(self):
        """Waits until the other side closes; returns the rest that it sent."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.reader.read()


async def test_a_slow_head_times_out():
    async with answering(SHORT_HEAD) as line:
        caller = await line.call(ASK)

        async def drip():
            while True:
                await caller.say(b"x")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        problem = await caller.problem()
        assert problem["type"].endswith("request-too-slow")
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)


async def test_a_silent_connection_is_closed_without_an_answer():
    async with answering(SHORT_HEAD) as line:
        assert await (await line.call()).ended() == b""


async def test_a_second_head_has_its_time_too():
    async with answering(SHORT_HEAD) as line:
        caller = await line.call(ASK + b"\r\n")
        assert (await caller.answer())[0] == 200
        await asyncio.sleep(0.4)
        await caller.say(ASK)
        assert (await caller.problem())["status"] == 408


async def test_requests_one_after_the_other_on_one_connection():
    async with answering(SHORT_HEAD) as line:
        caller = await line.call((ASK + b"\r\n") * 3)
        for pause in (0.2, 0.2, 0):
            for _ in range(3):
                assert (await caller.answer())[0] == 200
            await asyncio.sleep(pause)
            if pause:
                await caller.say((ASK + b"\r\n") * 3)


async def test_a_slow_body_times_out():
    async with answering(SHORT_BODY) as line:
        caller = await line.call(POST + b"Content-Length: 100\r\n\r\n{")
        assert (await caller.problem())["type"].endswith("body-too-slow")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50) + b"\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        ASK + b"Content-Length: x\r\n\r\n",
        ASK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        ASK + b"Transfer-Encoding: gzip\r\n\r\n",
        ASK + b"X: \x00\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\nzz\r\n",
        POST.replace(b"localhost", b"elsewhere") + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_invalid_http_is_answered_with_a_problem(garbage, caplog):
    async with answering(Limits(**NO_TIME_LIMIT)) as line:
        caller = await line.call()
        await caller.say(garbage)
        problem = await caller.problem()
        assert problem["status"] == 400
        assert "Traceback" not in str(problem)
        await caller.ended()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_chunked_body_without_an_end_is_refused_while_it_streams():
    async with answering(Limits(**NO_TIME_LIMIT)) as line:
        caller = await line.call()
        await caller.say(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

        async def stream():
            while True:
                await caller.say(chunk)

        streaming = asyncio.create_task(stream())
        assert (await caller.problem())["status"] == 413
        streaming.cancel()
        await asyncio.gather(streaming, return_exceptions=True)


@pytest.fixture
def taken(monkeypatch):
    """The events that the server got of its connections, in order."""
    calls = []
    for name in ("connection_made", "data_received"):
        monkeypatch.setattr(
            TimeLimitedProtocol, name, noting(calls, getattr(TimeLimitedProtocol, name))
        )
    return calls


def noting(calls, method):
    def call(self, given):
        method(self, given)
        calls.append(method.__name__)

    return call


@pytest.mark.parametrize("said", [b"", ASK, POST + b"Content-Length: 9\r\n\r\n{"])
async def test_the_idlest_connection_is_evicted(said, taken):
    async with answering(Limits(**NO_TIME_LIMIT, connections=8)) as line:
        held = [await line.call(said) for _ in range(8)]

        async def all_taken():
            return len(taken) >= (16 if said else 8)

        await wait_until_async(all_taken)
        for number in range(4):
            honest = await line.call(ASK + b"\r\n")
            assert (await honest.answer())[0] == 200
            left = await held[number].ended()
            assert (b"too-many-requests" in left) is said.startswith(b"GET")


async def test_an_unread_answer_times_out(monkeypatch):
    monkeypatch.setattr("eventer.api.time_limited_protocol.STALL_SECONDS", 0.3)
    async with answering(Limits(**NO_TIME_LIMIT)) as line:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", line.port))
            asking = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"

            async def ask():
                while True:
                    await loop.sock_sendall(client, asking)

            with pytest.raises(ConnectionError):
                async with asyncio.timeout(DEADLINE_S):
                    await ask()
