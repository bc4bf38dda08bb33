"""1,000 generators of one event per second: time to add, lateness, CPU and memory."""

import threading
import time

import pytest

from tests.acceptance.lateness import assert_on_time, quantile
from tests.acceptance.request_bodies import merge_requests, request, table, topic
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
TEMPLATE = """
local get_integer = std.native('get_integer');
{ id: get_integer(1, 1000000000), n: get_integer(1, 9), kind: 'tick' }
"""


def destination(at):
    """One of 20 topics and tables; a quarter are tables."""
    return table(f"scale_{at % 20}") if at % 4 == 0 else topic(f"scale_{at % 20}")


def requests():
    for at in range(GENERATORS):
        yield request(destination(at), template=TEMPLATE, count=1, interval="1s", stream=f"s{at}")


def add_one_by_one(service):
    for body in requests():
        code, answer = service.post("/generator/add", body)
        assert code == 200, answer


def add_at_once(service):
    code, answer = service.post("/generator/add", merge_requests(*requests()))
    assert code == 200, answer


class Probe(threading.Thread):
    """Requests `/healthz` repeatedly and records the latencies."""

    def __init__(self, service):
        super().__init__(daemon=True)
        self.service, self.latencies, self.errors, self.active = service, [], [], True

    def run(self):
        while self.active:
            began = time.monotonic()
            try:
                self.service.get("/healthz")
            except OSError as error:
                self.errors.append(error)
            self.latencies.append(time.monotonic() - began)
            time.sleep(0.02)

    def finish(self):
        self.active = False
        self.join(10)
        assert not self.errors
        return quantile(self.latencies, 0.99)


def all_run(service):
    generators = service.get("/generator/status")[1]["generators"]
    assert len(generators) == GENERATORS
    return all(g["state"] == "running" and g["position"] > 0 for g in generators)


@pytest.mark.parametrize("add", [add_one_by_one, add_at_once])
def test_1000_generators_of_one_event_a_second(add, kafka, postgres_dsn, make_service):
    service = make_service(kafka=kafka, postgres=postgres_dsn).start()
    add_probe = Probe(service)
    add_probe.start()
    began = time.monotonic()
    add(service)
    add_seconds = time.monotonic() - began
    health_adding = add_probe.finish()
    wait_until(lambda: all_run(service), "some generators do not run")
    run_seconds = time.monotonic() - began
    print(
        f"added in {add_seconds:.1f} s (bound: {ADD_S} s), all run after {run_seconds:.1f} s; "
        f"/healthz p99 {health_adding:.4f} s while adding"
    )
    time.sleep(5)

    cpu_before, began = service.cpu_seconds(), time.monotonic()
    probe = Probe(service)
    probe.start()
    with assert_on_time(service, least=0.98 * GENERATORS):
        time.sleep(SECONDS)
    cores = (service.cpu_seconds() - cpu_before) / (time.monotonic() - began)
    health, resident = probe.finish(), service.memory()
    print(
        f"{cores:.2f} cores (bound: {CORES}), {resident / 1e6:.0f} MB (bound: {BYTES / 1e6:.0f}), "
        f"/healthz p99 {health:.4f} s (bound: {HEALTH_S} s)"
    )
    assert add_seconds <= ADD_S
    assert cores <= CORES
    assert resident <= BYTES
    assert health <= HEALTH_S
    generators = service.get("/generator/status")[1]["generators"]
    assert all(g["state"] == "running" and g["last_error"] is None for g in generators)
    service.stop()
