"""1,000 generators of one event a second in one service: added soon, on time, and small."""

import threading
import time

import pytest

from tests.acceptance.lateness import punctual, quantile
from tests.acceptance.request_bodies import request, table, together, topic
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.timing,
    pytest.mark.timeout(600),
]
GENERATORS = 1_000
SECONDS = 60
ADD_S, CORES, BYTES, HEALTH_S = 30, 1, 10**9, 0.05
CHEAP = """
local get_integer = std.native('get_integer');
{ id: get_integer(1, 1000000000), n: get_integer(1, 9), kind: 'tick' }
"""


def place(at):
    """Into twenty topics and tables, one in four of them a table."""
    return table(f"scale_{at % 20}") if at % 4 == 0 else topic(f"scale_{at % 20}")


def asked():
    for at in range(GENERATORS):
        yield request(place(at), template=CHEAP, count=1, interval="1s", stream=f"s{at}")


def one_by_one(service):
    for body in asked():
        code, answer = service.post("/generator/add", body)
        assert code == 200, answer


def at_once(service):
    code, answer = service.post("/generator/add", together(*asked()))
    assert code == 200, answer


class Probe(threading.Thread):
    """Asks `/healthz` over and over, and notes how long each answer took."""

    def __init__(self, service):
        super().__init__(daemon=True)
        self.service, self.took, self.failed, self.going = service, [], [], True

    def run(self):
        while self.going:
            began = time.monotonic()
            try:
                self.service.get("/healthz")
            except OSError as error:
                self.failed.append(error)
            self.took.append(time.monotonic() - began)
            time.sleep(0.02)

    def end(self):
        self.going = False
        self.join(10)
        assert not self.failed
        return quantile(self.took, 0.99)


def all_run(service):
    generators = service.get("/generator/status")[1]["generators"]
    assert len(generators) == GENERATORS
    return all(g["state"] == "running" and g["position"] > 0 for g in generators)


@pytest.mark.parametrize("add", [one_by_one, at_once])
def test_1000_generators_of_one_event_a_second(add, kafka, postgres_dsn, make_service):
    service = make_service(kafka=kafka, postgres=postgres_dsn).start()
    adding = Probe(service)
    adding.start()
    began = time.monotonic()
    add(service)
    took = time.monotonic() - began
    health_adding = adding.end()
    wait_until(lambda: all_run(service), "not all of them run")
    up = time.monotonic() - began
    print(
        f"added in {took:.1f} s (bound: {ADD_S} s), all run after {up:.1f} s; "
        f"/healthz p99 {health_adding:.4f} s meanwhile"
    )
    time.sleep(5)

    used, began = service.processor_seconds(), time.monotonic()
    watching = Probe(service)
    watching.start()
    with punctual(service, least=0.98 * GENERATORS):
        time.sleep(SECONDS)
    cores = (service.processor_seconds() - used) / (time.monotonic() - began)
    health, resident = watching.end(), service.memory()
    print(
        f"{cores:.2f} cores (bound: {CORES}), {resident / 1e6:.0f} MB (bound: {BYTES / 1e6:.0f}), "
        f"/healthz p99 {health:.4f} s (bound: {HEALTH_S} s)"
    )
    assert took <= ADD_S
    assert cores <= CORES
    assert resident <= BYTES
    assert health <= HEALTH_S
    generators = service.get("/generator/status")[1]["generators"]
    assert all(g["state"] == "running" and g["last_error"] is None for g in generators)
    service.stop()
