"""200 generators at once with mixed intervals: all deliver, and, by the clock, on time."""

import time

import pytest

from tests.acceptance.lateness import punctual, quantile
from tests.acceptance.request_bodies import request, table, together, topic
from tests.acceptance.service_process import is_well
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
GENERATORS = 200
SECONDS = 20
API_S = 0.05
INTERVALS = ["700ms", "1s", "1300ms", "2s", "3s", "5s"]


def place(at):
    return table(f"many_{at % 10}") if at % 4 == 0 else topic(f"many_{at % 10}")


@pytest.fixture
def many(service):
    """The service with all the generators, each of which has delivered."""
    asked = (
        request(place(at), count=2, interval=INTERVALS[at % len(INTERVALS)], dataset=f"d{at}")
        for at in range(GENERATORS)
    )
    code, answer = service.post("/generator/add", together(*asked))
    assert code == 200, answer
    reach(service, 1)
    return service


def generators(service):
    return service.get("/generator/status")[1]["generators"]


def reach(service, position):
    """Waits until all generators are there."""
    wait_until(
        lambda: min(each["position"] for each in generators(service)) >= position,
        lambda: str([each for each in generators(service) if each["position"] < position][:3]),
    )


def check_all_run(service):
    assert len(generators(service)) == GENERATORS
    wait_until(
        lambda: all(map(is_well, generators(service))),
        lambda: str([each for each in generators(service) if not is_well(each)][:3]),
    )


def test_200_generators_all_deliver(many):
    reach(many, 2 * 2)
    check_all_run(many)


@pytest.mark.timing
def test_200_generators_are_on_time(many):
    wait_until(lambda: not many.compilers(), "a compiler stays")
    took: list[float] = []
    end = time.monotonic() + SECONDS
    with punctual(many, least=GENERATORS / 5):
        while time.monotonic() < end:
            began = time.monotonic()
            assert many.get("/healthz")[0] == 200
            took.append(time.monotonic() - began)
            time.sleep(0.02)
    print(f"/healthz p99 {quantile(took, 0.99):.4f} s (bound: {API_S} s)")
    assert quantile(took, 0.99) <= API_S
    check_all_run(many)
