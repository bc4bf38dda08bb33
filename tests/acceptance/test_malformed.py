"""Malformed requests by the thousand: never a 5xx, never a death, and generators go on.

By the clock, too, in the tests marked `timing`.
"""

import asyncio
import json
import random
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, replace

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck

from eventer.api.problems import MEDIA_TYPE
from tests.acceptance.lateness import punctual, quantile
from tests.acceptance.request_bodies import request, table, together, topic
from tests.acceptance.service_process import Service, is_well
from tests.waiting import DEADLINE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
AT_WORK = 20
"""Generators at work, of two ticks a second."""

TICKS_SECONDS = 4
"""So that there are more than a hundred ticks to judge by."""

HEALTH_S = 0.25
SILENCE_S = 3
"""After which it is taken that the service waits for more of a request."""

POST = (
    b"POST /generator/%b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"%b\r\n\r\n"
)


@dataclass(frozen=True)
class Amount:
    """How many requests of each kind are sent, and for how long slow connections are held."""

    schema: int
    raw: int
    oversize: int
    connections: int
    seconds: float
    timed: bool = False


FEW = Amount(schema=150, raw=300, oversize=10, connections=1_000, seconds=6)
MANY = Amount(schema=6_000, raw=4_000, oversize=200, connections=1_000, seconds=45)


@pytest.fixture(
    params=[
        pytest.param(FEW, id="few"),
        pytest.param(MANY, id="many", marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
        pytest.param(replace(FEW, timed=True), id="timed", marks=pytest.mark.timing),
    ]
)
def amount(request):
    return request.param


@pytest.fixture(scope="module")
def service(kafka, postgres_module_dsn, tmp_path_factory):
    running = Service(
        tmp_path_factory.mktemp("malformed"), kafka=kafka, postgres=postgres_module_dsn
    ).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def at_work(service):
    """Ids of generators that deliver."""
    asked = (
        request((table if at % 2 else topic)(f"at_work_{at}"), count=1, interval="500ms")
        for at in range(AT_WORK)
    )
    code, answer = service.post("/generator/add", together(*asked))
    assert code == 200, answer
    ids = [g["id"] for g in answer["generators"]]
    deliver(service, ids)
    wait_until(lambda: not service.compilers(), "a compiler stays")
    return ids


def deliver(service, ids, more=2):
    """Waits until each of the generators has delivered so many more events."""

    def positions():
        return [service.generator(id)["position"] for id in ids]

    marks = [position + more for position in positions()]
    wait_until(
        lambda: all(now >= mark for now, mark in zip(positions(), marks, strict=True)),
        lambda: f"{positions()}\n{service.log}",
    )


@pytest.fixture
def unharmed(service, at_work, amount):
    """Afterwards every process still lives, and the generators are at work as before."""
    processes = set(service.processes()) - set(service.compilers())
    with punctual(service, least=0.9 * AT_WORK * 2) if amount.timed else nullcontext():
        began = time.monotonic()
        yield
        if amount.timed:
            time.sleep(max(0.0, began + TICKS_SECONDS - time.monotonic()))
    deliver(service, at_work)
    assert processes <= set(service.processes())
    assert "Traceback" not in service.log
    assert service.get("/readyz")[0] == 200
    generators = service.get("/generator/status")[1]["generators"]
    assert {g["id"] for g in generators} == set(at_work)

    def unwell():
        return [view for view in map(service.generator, at_work) if not is_well(view)]

    wait_until(lambda: not unwell(), lambda: str(unwell()))


def judge(status, kind, text):
    """An answer is a success or a problem, and tells nothing of the inside."""
    assert status < 500, (status, text)
    assert status < 400 or kind == MEDIA_TYPE, (status, kind, text)
    assert b"Traceback" not in text, text
    assert b'File "' not in text, text


def test_requests_made_up_from_the_schema(amount, service, unharmed):
    """Schemathesis reads the OpenAPI document and makes up what is nearly right."""
    document = schemathesis.openapi.from_dict(service.get("/openapi.json")[1])
    document.config.update(base_url=service.url)
    operations = [each.ok() for each in document.get_all_operations()]
    assert len(operations) >= 12
    answers = Counter()
    takes = [each for each in operations if each.body or each.query]
    for operation in operations:
        _ask(service, operation.as_strategy(), 2, answers)
    each_gets = -(-amount.schema // (4 * len(takes)))
    while answers.total() < amount.schema:
        for operation in takes:
            for mode, count in _MODES.items():
                cases = operation.as_strategy(generation_mode=mode)
                _ask(service, cases, count * each_gets, answers)
    print(answers)
    assert answers.total() >= amount.schema
    assert answers[422] > answers.total() / 10


_MODES = {schemathesis.GenerationMode.NEGATIVE: 3, schemathesis.GenerationMode.POSITIVE: 1}


def _ask(service, cases, count, answers):
    @hypothesis.settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=cases)
    def ask(case):
        answer = case.call(timeout=DEADLINE_S)
        kind = (answer.headers.get("content-type") or [""])[0]
        answers[answer.status_code] += 1
        judge(answer.status_code, kind.partition(";")[0], answer.content)
        if case.path == "/generator/add" and answer.status_code == 200:
            made = [g["id"] for g in json.loads(answer.content)["generators"]]
            service.post("/generator/remove", {"ids": made})

    ask()


def requests_in_bytes(chance):
    """Requests, each right but for a few bytes, or not at all."""
    right = json.dumps(request(topic("refused"))).encode()
    heads = [
        b"GET /generator/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /generator/events?id=1&first=0&count=5 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        POST % (b"preview", b"Content-Length: 20") + b'{"template":"{a: 1}"}',
        POST % (b"add", b"Content-Length: %d" % (len(right) - 1)) + right[:-1],
        POST % (b"add", b"Transfer-Encoding: chunked") + b'5\r\n{"a":\r\n3\r\n1}]\r\n0\r\n\r\n',
        POST % (b"add", b"Content-Length: 400000") + b"[" * 400_000,
    ]
    while True:
        raw = bytearray(chance.choice(heads))
        for _ in range(chance.randrange(6)):
            at = chance.randrange(min(len(raw), 600))
            match chance.randrange(4):
                case 0:
                    raw[at] = chance.randrange(256)
                case 1:
                    del raw[at : at + chance.randrange(20)]
                case 2:
                    raw[at:at] = chance.randbytes(chance.randrange(20))
                case 3:
                    raw[at:at] = b"\r\n"
        yield chance.randbytes(chance.randrange(1, 300)) if chance.random() < 0.1 else bytes(raw)


async def say(port, raw, patience=DEADLINE_S):
    """Sends bytes on a connection of their own; what is answered in so many seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        await writer.drain()
        async with asyncio.timeout(patience):
            return await reader.readuntil(b"\r\n\r\n") + await reader.read(1 << 20)
    except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
        return b""  # it waits for more, or it has hung up: both are its right
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def judge_bytes(text):
    """All answers of one connection."""
    head, _, body = text.partition(b"\r\n\r\n")
    if not head:
        return None
    status = int(head.split()[1])
    kinds = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-type:")]
    kind = kinds[0].split(b":")[1].strip().decode() if kinds else ""
    judge(status, kind, body)
    return status


async def all_of(count, ask, together=16):
    """Asks so many times, a few at once."""
    turns = asyncio.Semaphore(together)

    async def one(number):
        async with turns:
            return await ask(number)

    return Counter(await asyncio.gather(*map(one, range(count))))


async def test_bytes_that_are_not_quite_http(amount, service, unharmed):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    made = requests_in_bytes(random.Random(seed))

    async def ask(_number):
        return judge_bytes(await say(service.port, next(made), SILENCE_S))

    answers = await all_of(amount.raw, ask, together=64)
    print(answers)
    assert answers[400] > amount.raw / 10


async def test_bodies_that_are_too_large(amount, service, unharmed):
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"

    async def ask(number):
        if number % 2:
            raw = POST % (b"add", b"Content-Length: 2097152") + b" " * (2 << 20)
        else:
            raw = POST % (b"add", b"Transfer-Encoding: chunked") + chunk * 64 + b"0\r\n\r\n"
        return judge_bytes(await say(service.port, raw))

    answers = await all_of(amount.oversize, ask)
    print(answers)
    assert set(answers) == {413}


async def test_a_thousand_slow_connections(amount, service, unharmed):
    """Each says a byte a second; others are answered meanwhile."""
    raw = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 1000
    body = POST % (b"add", b"Content-Length: 999") + b" " * 998
    end = time.monotonic() + amount.seconds

    async def drip(number):
        await asyncio.sleep(number / 400)  # not one storm, which would measure this machine
        text, at = (raw, 0) if number % 2 else (body, len(body) - 998)
        while time.monotonic() < end:
            _, writer = await asyncio.open_connection("127.0.0.1", service.port)
            try:
                writer.write(text[:at])
                while time.monotonic() < end:
                    writer.write(text[at : at + 1])
                    await writer.drain()
                    at += 1
                    await asyncio.sleep(1)
            except ConnectionError:
                await asyncio.sleep(1)
            finally:
                writer.close()
                await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    async def look():
        took = []
        while time.monotonic() < end:
            began = time.monotonic()
            code, _ = await asyncio.to_thread(service.get, "/healthz")
            assert code == 200
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.02)
        return took

    took, *_ = await asyncio.gather(look(), *map(drip, range(amount.connections)))
    if amount.timed:
        print(f"/healthz p99 {quantile(took, 0.99):.4f} s (bound: {HEALTH_S} s)")
        assert quantile(took, 0.99) <= HEALTH_S
