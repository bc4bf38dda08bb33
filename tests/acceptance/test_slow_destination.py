"""A destination at 10 KB/s delays only its own generators, in bounded memory."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, replace

import pytest

from tests.acceptance.lateness import assert_on_time
from tests.acceptance.request_bodies import merge_requests, request, table, topic
from tests.acceptance.service_process import table_rows, topic_events
from tests.acceptance.throttle import Throttle
from tests.waiting import DEADLINE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
RATE = 10_000
QUEUE = 64 << 20
"""What a shard buffers while it waits: `eventer.destinations.commit_policy.MAX_BUFFERED_BYTES`."""
MARGIN = 50 << 20
OTHERS = 10
FEW, MANY = 500, 2_000
"""Events per second of the generator whose destination is slow."""

EVENT = """
local get_integer = std.native('get_integer');
{ serial: get_integer(1, 1000000000), text: std.repeat('abcdefghij', 10) }
"""


@dataclass(frozen=True)
class Backlog:
    """How far the slow generator falls behind, in seconds of its events."""

    seconds: float
    rate: int = MANY
    """Its events per second."""
    timed: bool = False
    measures_memory: bool = True
    """A short backlog needs less memory than the code that is loaded at the same time."""


@pytest.fixture(
    params=[
        pytest.param(Backlog(5, FEW, measures_memory=False), id="short"),
        pytest.param(Backlog(550), id="long", marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
        pytest.param(Backlog(13, timed=True), id="timed", marks=pytest.mark.timing),
    ]
)
def backlog(request):
    return request.param


@pytest.fixture
def throttle(service):
    """Limits the rate of the connection `slow` during this test."""
    yield service.throttle
    service.throttle.rate = None


def add(service, *requests):
    """Adds all requests and returns their generators."""
    generators = []
    for body in requests:
        code, answer = service.post("/generator/add", body)
        assert code == 200, answer
        generators += answer["generators"]
    return generators


def small_requests(make_destination):
    """One request for the other generators: they tick together, which costs least."""
    return merge_requests(
        *(
            request(make_destination(f"timed_{at}"), interval="500ms", count=1)
            for at in range(OTHERS)
        )
    )


def has_caught_up(service, generator, rate):
    status = service.generator(generator["id"])
    return status["state"] == "running" and status["lag"] < 2 * rate


def fall_behind(service, slow, throttle, backlog):
    """Slows the destination until the backlog is so long; returns the peak memory."""
    throttle.rate = RATE
    peak = 0

    def has_fallen_behind():
        nonlocal peak
        peak = max(peak, service.memory())
        return service.generator(slow["id"])["lag"] >= backlog.seconds * backlog.rate

    wait_until(
        has_fallen_behind,
        lambda: str(service.generator(slow["id"])),
        backlog.seconds + DEADLINE_S,
    )
    return peak


def catch_up(service, slow, throttle, backlog):
    throttle.rate = None
    wait_until(
        lambda: has_caught_up(service, slow, backlog.rate),
        lambda: str(service.generator(slow["id"])),
        backlog.seconds + DEADLINE_S,
    )


def wait_for_deliveries(service, generators, more):
    """Waits until each generator has delivered `more` events."""
    marks = {g["id"]: service.generator(g["id"])["position"] + more for g in generators}
    wait_until(
        lambda: all(service.generator(id)["position"] >= mark for id, mark in marks.items()),
        lambda: f"{[service.generator(id) for id in marks]}\n{service.log}",
    )


def check_slow_destination(service, slow, others, throttle, backlog, connection):
    """Slows the destination of `slow`, checks lag and memory, and returns the final position."""
    wait_for_deliveries(service, [slow, *others], 4)
    memory_before = service.memory()
    if backlog.measures_memory:
        # A process loads code for its first large batches.
        for change in (fall_behind, catch_up):
            change(service, slow, throttle, replace(backlog, seconds=4))
        wait_until(lambda: not service.compilers(), "a compiler still runs")
    least = 0.9 * OTHERS * 2
    with assert_on_time(service, connection, least=least) if backlog.timed else nullcontext():
        peak = fall_behind(service, slow, throttle, backlog)
        wait_for_deliveries(service, others, 4)
        # The slowest stage is known after the first slow commit.
        wait_until(lambda: service.generator(slow["id"])["limited_by"] == "destination")
        status = service.generator(slow["id"])
    print(f"{(peak - memory_before) / 1e6:.0f} MB more, lag {status['lag']}")
    assert status["limited_by"] == "destination", status
    assert status["lag"] >= backlog.seconds * backlog.rate, status
    if backlog.measures_memory:
        assert peak - memory_before <= QUEUE + MARGIN
    catch_up(service, slow, throttle, backlog)
    service.post(f"/generator/pause?id={slow['id']}")
    return service.generator(slow["id"])["position"]


def test_a_slow_database_delays_only_its_own_generators(backlog, service, throttle):
    """The database is fast through other connections."""
    slow, *others = add(
        service,
        request(
            table("slow", connection="slow"),
            template=EVENT,
            count=backlog.rate // 10,
            interval="100ms",
        ),
        small_requests(topic),
    )
    count = check_slow_destination(service, slow, others, throttle, backlog, "kafka")
    stored = Counter(row["serial"] for row in table_rows(service.dsn, "slow"))
    expected = service.events(slow["id"], 0, min(count, 20_000))
    assert stored.total() == count
    assert not Counter(event["serial"] for event in expected) - stored


@pytest.mark.slow
def test_a_slow_broker_delays_only_its_own_generators(
    backlog, own_kafka, postgres_dsn, make_service
):
    with Throttle() as throttle:
        broker = own_kafka(advertised=throttle.port)
        throttle.target = broker.proxied
        service = make_service(kafka=f"127.0.0.1:{throttle.port}", postgres=postgres_dsn).start()
        slow, *others = add(
            service,
            request(topic("slow"), template=EVENT, count=backlog.rate // 10, interval="100ms"),
            small_requests(table),
        )
        count = check_slow_destination(service, slow, others, throttle, backlog, "postgres")
        stored = topic_events(broker.bootstrap, "slow")
        assert len(stored) == count
        expected = service.events(slow["id"], 0, min(count, 20_000))
        assert stored[: len(expected)] == expected
        service.stop()
