"""A destination at 10 KB/s: it delays its own generators only, in bounded memory."""

import time
from collections import Counter
from urllib.parse import urlsplit

import pytest

from tests.acceptance.punctuality import Punctuality
from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import table_rows, topic_events, wait_until
from tests.acceptance.throttle import Throttle

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.alone]
RATE = 10_000
QUEUE = 64 << 20
"""What a shard holds on to while it waits: `eventer.runs.shard.MAX_BUFFERED_BYTES`."""
ROOM = 50 << 20
OTHERS = 10
EVENT = """
local get_integer = std.native('get_integer');
{ serial: get_integer(1, 1000000000), text: std.repeat('abcdefghij', 10) }
"""
LENGTHS = [
    pytest.param(15, id="short"),
    pytest.param(600, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(1200)]),
]


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


def watch(service, seconds):
    """How much memory it took at most."""
    most, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        most = max(most, service.memory())
        time.sleep(0.25)
    return most


def caught_up(service, generator):
    status = service.generator(generator["id"])
    return status["state"] == "running" and status["lag"] < 4_000


def rehearse(service, slow, throttle):
    """Is slow for a moment: what a process loads once for its first large batches is there then."""
    throttle.rate = RATE
    time.sleep(5)
    throttle.rate = None
    wait_until(lambda: caught_up(service, slow), 90, lambda: service.generator(slow["id"]))
    wait_until(lambda: not service.compilers(), 60, "a compiler stays")


def slow_down(service, slow, others, throttle, seconds, punctuality):
    """Makes the destination of `slow` slow for a while; then everything has to be there."""
    for generator in (slow, *others):
        wait_until(
            lambda g=generator: service.generator(g["id"])["position"] > 3,
            40,
            lambda g=generator: f"{service.generator(g['id'])}\n{service.log}",
        )
    time.sleep(3)
    held = service.memory()
    rehearse(service, slow, throttle)
    throttle.rate = RATE
    with punctuality:
        most = watch(service, seconds)
        ticks = punctuality.judge(seconds // 2)
    status = service.generator(slow["id"])
    print(f"{(most - held) / 1e6:.0f} MB more, lag {status['lag']}")
    assert status["lag"] > 2_000 * seconds / 2, status
    assert status["limited_by"] == "destination", status
    assert ticks.count >= 0.9 * OTHERS * 2 * ticks.seconds - OTHERS
    assert ticks.late <= ticks.count / 100
    assert most - held <= QUEUE + ROOM
    throttle.rate = None
    wait_until(
        lambda: caught_up(service, slow), 60 + seconds, lambda: service.generator(slow["id"])
    )
    service.post(f"/generator/pause?id={slow['id']}")
    return service.generator(slow["id"])["position"]


@pytest.mark.parametrize("seconds", LENGTHS)
def test_a_slow_database_delays_its_own_generators_only(
    seconds, kafka, postgres_dsn, make_service, tmp_path
):
    at = urlsplit(postgres_dsn)
    with Throttle(at.port) as throttle:
        through = at._replace(netloc=at.netloc.replace(str(at.port), str(throttle.port)))
        service = make_service(kafka=kafka, postgres=through.geturl()).start()
        slow, *others = add(
            service,
            request(table("slow"), template=EVENT, count=200, interval="100ms"),
            *small(topic),
        )
        punctuality = Punctuality(service, tmp_path, "kafka")
        count = slow_down(service, slow, others, throttle, seconds, punctuality)
        landed = Counter(row["serial"] for row in table_rows(postgres_dsn, "slow"))
        some = service.events(slow["id"], 0, min(count, 20_000))
        assert landed.total() == count
        assert not Counter(event["serial"] for event in some) - landed
        service.stop()


@pytest.mark.parametrize("seconds", LENGTHS)
def test_a_slow_broker_delays_its_own_generators_only(
    seconds, own_kafka, postgres_dsn, make_service, tmp_path
):
    with Throttle() as throttle:
        broker = own_kafka(advertised=throttle.port)
        throttle.target = broker.proxied
        service = make_service(kafka=f"127.0.0.1:{throttle.port}", postgres=postgres_dsn).start()
        slow, *others = add(
            service,
            request(topic("slow"), template=EVENT, count=200, interval="100ms"),
            *small(table),
        )
        punctuality = Punctuality(service, tmp_path, "postgres")
        count = slow_down(service, slow, others, throttle, seconds, punctuality)
        landed = topic_events(broker.bootstrap, "slow")
        assert len(landed) == count
        some = service.events(slow["id"], 0, min(count, 20_000))
        assert landed[: len(some)] == some
        service.stop()
