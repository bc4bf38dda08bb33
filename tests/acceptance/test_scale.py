"""1,000 generators of one event a second in one service: added soon, on time, and small."""

import threading
import time

import pytest

from tests.acceptance.punctuality import lateness
from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import wait_until
from tests.acceptance.test_lateness import quantile

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
GENERATORS = 1_000
SECONDS = 60
CHEAP = """
local get_integer = std.native('get_integer');
{ id: get_integer(1, 1000000000), n: get_integer(1, 9), kind: 'tick' }
"""


def place(at):
    """Into twenty topics and tables, one in four of them a table."""
    return table(f"scale_{at % 20}") if at % 4 == 0 else topic(f"scale_{at % 20}")


def one_by_one(service):
    for at in range(GENERATORS):
        body = request(place(at), template=CHEAP, count=1, interval="1s", stream=f"s{at}")
        code, answer = service.post("/generator/add", body)
        assert code == 200, answer


def at_once(service):
    body = {"destinations": [], "events": [], "schedules": []}
    for at in range(20):
        one = request(place(at))["destinations"][0]
        body["destinations"].append(one | {"id": f"d{at}"})
    for at in range(GENERATORS):
        event = request(place(at), template=CHEAP, count=1, interval="1s", stream=f"s{at}")
        body["events"].append(event["events"][0] | {"id": f"e{at}"})
        body["schedules"].append({"destination_id": f"d{at % 20}", "event_id": f"e{at}"})
    code, answer = service.post("/generator/add", body, timeout=120)
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
    wait_until(lambda: all_run(service), 60, "not all of them run")
    up = time.monotonic() - began
    time.sleep(5)

    before, used = lateness(service), service.processor_seconds()
    watching = Probe(service)
    watching.start()
    began = time.monotonic()
    time.sleep(SECONDS)
    cores = (service.processor_seconds() - used) / (time.monotonic() - began)
    health = watching.end()
    during = {edge: count - before[edge] for edge, count in lateness(service).items()}
    total = during[float("inf")]
    on_time = during[0.25] / total
    resident = service.memory()
    print(
        f"added in {took:.1f} s (all run after {up:.1f} s, /healthz p99 {health_adding:.4f} s); "
        f"{total} ticks, {on_time:.2%} within 250 ms, {cores:.2f} cores, "
        f"{resident / 1e6:.0f} MB, /healthz p99 {health:.4f} s"
    )
    print({edge: round(count / total, 4) for edge, count in during.items()})
    assert took <= 30
    assert total >= 0.98 * GENERATORS * SECONDS
    assert on_time >= 0.99, during
    assert cores <= 1
    assert resident <= 1e9
    assert health <= 0.05
    generators = service.get("/generator/status")[1]["generators"]
    assert all(g["state"] == "running" and g["last_error"] is None for g in generators)
    service.stop()
