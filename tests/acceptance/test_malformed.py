"""Malformed requests never cause a 5xx or a crash, and generators continue.

The tests marked `timing` also check that ticks stay on time.
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
from hypothesis import HealthCheck

from eventer.api.problems import MEDIA_TYPE
from tests.acceptance.lateness import assert_on_time, quantile
from tests.acceptance.request_bodies import merge_requests, request, table, topic
from tests.acceptance.service_process import is_healthy, remove_generators
from tests.waiting import DEADLINE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
GENERATORS = 8
"""Running generators, each with two ticks per second."""

TICKS_SECONDS = 8
"""Long enough for more than a hundred ticks."""

HEALTH_S = 0.25
SILENCE_S = 12
"""After this time without an answer, the service is taken to wait for the rest of a request."""

POST = (
    b"POST /generator/%b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"%b\r\n\r\n"
)


@dataclass(frozen=True)
class Amount:
    """The number of requests of each kind, and the seconds that slow connections stay open."""

    schema: int
    raw: int
    oversize: int
    connections: int
    seconds: float
    timed: bool = False


FEW = Amount(schema=40, raw=100, oversize=6, connections=200, seconds=3)
MANY = Amount(schema=6_000, raw=4_000, oversize=200, connections=1_000, seconds=45)


@pytest.fixture(
    params=[
        pytest.param(FEW, id="few"),
        pytest.param(MANY, id="many", marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
        pytest.param(
            replace(FEW, raw=300, connections=1_000, seconds=6, timed=True),
            id="timed",
            marks=pytest.mark.timing,
        ),
    ]
)
def amount(request):
    return request.param


@pytest.fixture(scope="module")
def service(shared_service):
    return shared_service


@pytest.fixture(scope="module")
def generator_ids(service):
    """Ids of the running generators."""
    requests = (
        request((table if at % 2 else topic)(f"at_work_{at}"), count=1, interval="500ms")
        for at in range(GENERATORS)
    )
    code, answer = service.post("/generator/add", merge_requests(*requests))
    assert code == 200, answer
    ids = [g["id"] for g in answer["generators"]]
    wait_for_deliveries(service, ids)
    wait_until(lambda: not service.compilers(), "a compiler still runs")
    yield ids
    remove_generators(service)


def wait_for_deliveries(service, ids, count=2):
    """Waits until each generator has delivered `count` more events."""

    def positions():
        return [service.generator(id)["position"] for id in ids]

    marks = [position + count for position in positions()]
    wait_until(
        lambda: all(now >= mark for now, mark in zip(positions(), marks, strict=True)),
        lambda: f"{positions()}\n{service.log}",
    )


@pytest.fixture
def check_service(service, generator_ids, amount):
    """After the test, checks that every process is alive and every generator still delivers."""
    processes, logged = set(service.processes()) - set(service.compilers()), len(service.log)
    with assert_on_time(service, least=0.9 * GENERATORS * 2) if amount.timed else nullcontext():
        began = time.monotonic()
        yield
        if amount.timed:
            time.sleep(max(0.0, began + TICKS_SECONDS - time.monotonic()))
    wait_for_deliveries(service, generator_ids)
    assert processes <= set(service.processes())
    assert "Traceback" not in service.log[logged:]
    assert service.get("/readyz")[0] == 200
    generators = service.get("/generator/status")[1]["generators"]
    assert {g["id"] for g in generators} == set(generator_ids)

    def unhealthy():
        return [view for view in map(service.generator, generator_ids) if not is_healthy(view)]

    wait_until(lambda: not unhealthy(), lambda: str(unhealthy()))


def check_response(status, kind, text):
    """A response is a success or a problem, and contains no traceback."""
    assert status < 500, (status, text)
    assert status < 400 or kind == MEDIA_TYPE, (status, kind, text)
    assert b"Traceback" not in text, text
    assert b'File "' not in text, text


@pytest.mark.slow
def test_requests_generated_from_the_schema(amount, service, check_service):
    """Schemathesis generates valid and nearly valid requests from the OpenAPI document.

    In the default tests, tests/unit/api/test_document.py changes valid requests.
    """
    import schemathesis  # slow to import, and not needed by other workers

    modes = {schemathesis.GenerationMode.NEGATIVE: 3, schemathesis.GenerationMode.POSITIVE: 1}
    document = schemathesis.openapi.from_dict(service.get("/openapi.json")[1])
    document.config.update(base_url=service.url)
    operations = [each.ok() for each in document.get_all_operations()]
    assert len(operations) >= 12
    statuses = Counter()
    operations_with_input = [each for each in operations if each.body or each.query]
    for operation in operations:
        _send_cases(service, operation.as_strategy(), 2, statuses)
    cases_per_operation = -(-amount.schema // (4 * len(operations_with_input)))
    while statuses.total() < amount.schema:
        for operation in operations_with_input:
            for mode, count in modes.items():
                cases = operation.as_strategy(generation_mode=mode)
                _send_cases(service, cases, count * cases_per_operation, statuses)
    print(statuses)
    assert statuses.total() >= amount.schema
    assert statuses[422] > statuses.total() / 10


def _send_cases(service, cases, count, statuses):
    @hypothesis.settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=cases)
    def send(case):
        answer = case.call(timeout=DEADLINE_S)
        kind = (answer.headers.get("content-type") or [""])[0]
        statuses[answer.status_code] += 1
        check_response(answer.status_code, kind.partition(";")[0], answer.content)
        if case.path == "/generator/add" and answer.status_code == 200:
            created = [g["id"] for g in json.loads(answer.content)["generators"]]
            service.post("/generator/remove", {"ids": created})

    send()


def malformed_requests(chance):
    """Yields requests with a few bytes changed, and random bytes."""
    valid = json.dumps(request(topic("refused"))).encode()
    templates = [
        b"GET /generator/status HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /generator/events?id=1&first=0&count=5 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        POST % (b"preview", b"Content-Length: 20") + b'{"template":"{a: 1}"}',
        POST % (b"add", b"Content-Length: %d" % (len(valid) - 1)) + valid[:-1],
        POST % (b"add", b"Transfer-Encoding: chunked") + b'5\r\n{"a":\r\n3\r\n1}]\r\n0\r\n\r\n',
        POST % (b"add", b"Content-Length: 400000") + b"[" * 400_000,
    ]
    while True:
        raw = bytearray(chance.choice(templates))
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


async def send_raw(port, raw, seconds=DEADLINE_S):
    """Sends bytes on a new connection; returns the response, or b"" without one in `seconds`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        await writer.drain()
        async with asyncio.timeout(seconds):
            return await reader.readuntil(b"\r\n\r\n") + await reader.read(1 << 20)
    except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
        return b""  # it waits for the rest, or it closed the connection: both are correct
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def check_raw_response(text):
    """Checks the response on one connection and returns its status; None without one."""
    head, _, body = text.partition(b"\r\n\r\n")
    if not head:
        return None
    status = int(head.split()[1])
    kinds = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-type:")]
    kind = kinds[0].split(b":")[1].strip().decode() if kinds else ""
    check_response(status, kind, body)
    return status


async def run_concurrently(count, send, concurrency=16):
    """Calls `send` `count` times, at most `concurrency` at once, and counts the results."""
    limit = asyncio.Semaphore(concurrency)

    async def one(number):
        async with limit:
            return await send(number)

    return Counter(await asyncio.gather(*map(one, range(count))))


async def test_malformed_http(amount, service, check_service):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    requests = malformed_requests(random.Random(seed))

    async def send(_number):
        return check_raw_response(await send_raw(service.port, next(requests), SILENCE_S))

    statuses = await run_concurrently(amount.raw, send, concurrency=160)
    print(statuses)
    assert statuses[400] > amount.raw / 10


async def test_bodies_over_the_size_limit(amount, service, check_service):
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"

    async def send(number):
        if number % 2:
            raw = POST % (b"add", b"Content-Length: 2097152") + b" " * (2 << 20)
        else:
            raw = POST % (b"add", b"Transfer-Encoding: chunked") + chunk * 64 + b"0\r\n\r\n"
        return check_raw_response(await send_raw(service.port, raw))

    statuses = await run_concurrently(amount.oversize, send)
    print(statuses)
    assert set(statuses) == {413}


async def test_many_slow_connections(amount, service, check_service):
    """Each connection sends one byte per second; the service answers other clients."""
    raw = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + b"x" * 1000
    body = POST % (b"add", b"Content-Length: 999") + b" " * 998
    end = time.monotonic() + amount.seconds

    async def send_slowly(number):
        await asyncio.sleep(number / 400)  # spread: a burst of connects would measure this machine
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

    async def probe_health():
        latencies = []
        while time.monotonic() < end:
            began = time.monotonic()
            code, _ = await asyncio.to_thread(service.get, "/healthz")
            assert code == 200
            latencies.append(time.monotonic() - began)
            await asyncio.sleep(0.02)
        return latencies

    latencies, *_ = await asyncio.gather(
        probe_health(), *map(send_slowly, range(amount.connections))
    )
    if amount.timed:
        print(f"/healthz p99 {quantile(latencies, 0.99):.4f} s (bound: {HEALTH_S} s)")
        assert quantile(latencies, 0.99) <= HEALTH_S
