"""A destination at 10 KB/s: it delays its own generators only, in bounded memory."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.acceptance.lateness import punctual
from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import table_rows, topic_events
from tests.acceptance.throttle import Throttle
from tests.waiting import DEADLINE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
RATE = 10_000
QUEUE = 64 << 20
"""What a shard holds on to while it waits: `eventer.runs.shard.MAX_BUFFERED_BYTES`."""
ROOM = 50 << 20
OTHERS = 10
PER_SECOND = 2_000
"""Events of the generator whose destination is slow."""

EVENT = """
local get_integer = std.native('get_integer');
{ serial: get_integer(1, 1000000000), text: std.repeat('abcdefghij', 10) }
"""


@dataclass(frozen=True)
class Length:
    """How far the slow generator falls behind meanwhile, in seconds of its events."""

    behind: float
    timed: bool = False


@pytest.fixture(
    params=[
        pytest.param(Length(5), id="short"),
        pytest.param(Length(550), id="long", marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
        pytest.param(Length(13, timed=True), id="timed", marks=pytest.mark.timing),
    ]
)
def length(request):
    return request.param


def add(service, *requests):
    """Adds them all; their generators."""
    made = []
    for body in requests:
        code, answer = service.post("/generator/add", body)
        assert code == 200, answer
        made += answer["generators"]
    return made


def small(place):
    return [request(place(f"timed_{at}"), interval="500ms", count=1) for at in range(OTHERS)]


def caught_up(service, generator):
    status = service.generator(generator["id"])
    return status["state"] == "running" and status["lag"] < 2 * PER_SECOND


def fall_behind(service, slow, throttle, seconds):
    """Makes its destination slow until so many seconds of events wait; the most memory it took."""
    throttle.rate = RATE
    most = 0

    def behind():
        nonlocal most
        most = max(most, service.memory())
        return service.generator(slow["id"])["lag"] >= seconds * PER_SECOND

    wait_until(behind, lambda: str(service.generator(slow["id"])), seconds + DEADLINE_S)
    return most


def catch_up(service, slow, throttle, seconds=0):
    throttle.rate = None
    wait_until(
        lambda: caught_up(service, slow),
        lambda: str(service.generator(slow["id"])),
        seconds + DEADLINE_S,
    )


def deliver(service, generators, more):
    """Waits until each has delivered so many more events."""
    marks = {g["id"]: service.generator(g["id"])["position"] + more for g in generators}
    wait_until(
        lambda: all(service.generator(id)["position"] >= mark for id, mark in marks.items()),
        lambda: f"{[service.generator(id) for id in marks]}\n{service.log}",
    )


def slow_down(service, slow, others, throttle, length, connection):
    """Makes the destination of `slow` slow for a while; then everything has to be there."""
    deliver(service, [slow, *others], 4)
    held = service.memory()
    # Slow for a moment: what a process loads once for its first large batches is there then.
    fall_behind(service, slow, throttle, 4)
    catch_up(service, slow, throttle)
    wait_until(lambda: not service.compilers(), "a compiler stays")
    least = 0.9 * OTHERS * 2
    with punctual(service, connection, least=least) if length.timed else nullcontext():
        most = fall_behind(service, slow, throttle, length.behind)
        deliver(service, others, 4)
        status = service.generator(slow["id"])
    print(f"{(most - held) / 1e6:.0f} MB more, lag {status['lag']}")
    assert status["limited_by"] == "destination", status
    assert status["lag"] >= length.behind * PER_SECOND, status
    assert most - held <= QUEUE + ROOM
    catch_up(service, slow, throttle, length.behind)
    service.post(f"/generator/pause?id={slow['id']}")
    return service.generator(slow["id"])["position"]


def test_a_slow_database_delays_its_own_generators_only(length, kafka, postgres_dsn, make_service):
    at = urlsplit(postgres_dsn)
    with Throttle(at.port) as throttle:
        through = at._replace(netloc=at.netloc.replace(str(at.port), str(throttle.port)))
        service = make_service(kafka=kafka, postgres=through.geturl()).start()
        slow, *others = add(
            service,
            request(table("slow"), template=EVENT, count=PER_SECOND // 10, interval="100ms"),
            *small(topic),
        )
        count = slow_down(service, slow, others, throttle, length, "kafka")
        landed = Counter(row["serial"] for row in table_rows(postgres_dsn, "slow"))
        some = service.events(slow["id"], 0, min(count, 20_000))
        assert landed.total() == count
        assert not Counter(event["serial"] for event in some) - landed
        service.stop()


def test_a_slow_broker_delays_its_own_generators_only(
    length, own_kafka, postgres_dsn, make_service
):
    with Throttle() as throttle:
        broker = own_kafka(advertised=throttle.port)
        throttle.target = broker.proxied
        service = make_service(kafka=f"127.0.0.1:{throttle.port}", postgres=postgres_dsn).start()
        slow, *others = add(
            service,
            request(topic("slow"), template=EVENT, count=PER_SECOND // 10, interval="100ms"),
            *small(table),
        )
        count = slow_down(service, slow, others, throttle, length, "postgres")
        landed = topic_events(broker.bootstrap, "slow")
        assert len(landed) == count
        some = service.events(slow["id"], 0, min(count, 20_000))
        assert landed[: len(some)] == some
        service.stop()
