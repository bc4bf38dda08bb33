"""200 generators with mixed intervals: all of them deliver, and deliver on time.

The default test has 12.
"""

import time

import pytest

from tests.acceptance.lateness import assert_on_time, quantile
from tests.acceptance.request_bodies import merge_requests, request, table, topic
from tests.acceptance.service_process import is_healthy
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
GENERATORS = 200
FEW = 12
SECONDS = 20
API_S = 0.05
INTERVALS = ["700ms", "1s", "1300ms", "2s", "3s", "5s"]


def destination(at):
    return table(f"many_{at % 10}") if at % 4 == 0 else topic(f"many_{at % 10}")


@pytest.fixture
def loaded_service(service, count):
    """The service with `count` generators; each has delivered at least one event."""
    requests = (
        request(destination(at), count=2, interval=INTERVALS[at % len(INTERVALS)], dataset=f"d{at}")
        for at in range(count)
    )
    code, answer = service.post("/generator/add", merge_requests(*requests))
    assert code == 200, answer
    wait_for_position(service, 1)
    return service


def generators(service):
    return service.get("/generator/status")[1]["generators"]


def wait_for_position(service, position):
    """Waits until all generators have reached `position`."""
    wait_until(
        lambda: min(each["position"] for each in generators(service)) >= position,
        lambda: str([each for each in generators(service) if each["position"] < position][:3]),
    )


def check_all_run(service, count):
    assert len(generators(service)) == count
    wait_until(
        lambda: all(map(is_healthy, generators(service))),
        lambda: str([each for each in generators(service) if not is_healthy(each)][:3]),
    )


@pytest.mark.parametrize("count", [FEW, pytest.param(GENERATORS, marks=pytest.mark.slow)])
def test_all_generators_deliver(loaded_service, count):
    wait_for_position(loaded_service, 2 * 2)
    check_all_run(loaded_service, count)


@pytest.mark.timing
@pytest.mark.parametrize("count", [GENERATORS])
def test_200_generators_are_on_time(loaded_service, count):
    wait_until(lambda: not loaded_service.compilers(), "a compiler still runs")
    latencies: list[float] = []
    end = time.monotonic() + SECONDS
    with assert_on_time(loaded_service, least=count / 5):
        while time.monotonic() < end:
            began = time.monotonic()
            assert loaded_service.get("/healthz")[0] == 200
            latencies.append(time.monotonic() - began)
            time.sleep(0.02)
    print(f"/healthz p99 {quantile(latencies, 0.99):.4f} s (bound: {API_S} s)")
    assert quantile(latencies, 0.99) <= API_S
    check_all_run(loaded_service, count)
