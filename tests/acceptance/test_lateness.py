"""200 generators at once with mixed intervals: on time, and the API answers meanwhile.

Judged by the seconds in which the machine itself did not stall (`tests/machine.py`).
"""

import time

import pytest

from tests.acceptance.punctuality import lateness
from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import wait_until
from tests.machine import Machine, fit

GENERATORS = 200
SECONDS = 20
PATIENCE = 120
"""Seconds in which there must be that many without a stall."""

INTERVALS = ["700ms", "1s", "1300ms", "2s", "3s", "5s"]


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.alone
@pytest.mark.timeout(400)
def test_200_generators_are_on_time(kafka, postgres_dsn, make_service, tmp_path):
    service = make_service(kafka=kafka, postgres=postgres_dsn).start()
    for at in range(GENERATORS):
        place = table(f"many_{at % 10}") if at % 4 == 0 else topic(f"many_{at % 10}")
        body = request(place, count=2, interval=INTERVALS[at % len(INTERVALS)], dataset=f"d{at}")
        code, answer = service.post("/generator/add", body)
        assert code == 200, answer

    def all_run():
        return all(
            g["state"] == "running" and g["position"] > 0
            for g in service.get("/generator/status")[1]["generators"]
        )

    wait_until(all_run, 60, "not all of them run")
    wait_until(lambda: not service.compilers(), 60, "a compiler stays")
    with Machine(tmp_path) as machine:
        ticks, took = measured(service, machine)
    total = ticks[float("inf")]
    assert total > GENERATORS * SECONDS / 5
    on_time = ticks[0.25] / total
    print(f"{total} ticks, {on_time:.2%} within 250 ms, API p99 {quantile(took, 0.99):.4f} s")
    assert on_time >= 0.99, ticks
    assert quantile(took, 0.99) <= 0.05
    generators = service.get("/generator/status")[1]["generators"]
    assert all(g["state"] == "running" and g["last_error"] is None for g in generators)
    service.stop()


def measured(service, machine):
    """The lateness of ticks and of answers, in as many seconds as are asked for."""
    seconds, ticks, answers = [], [], []
    before = lateness(service)
    while len(fit(seconds)) < SECONDS:
        if len(seconds) >= PATIENCE:
            others = sorted(second.others for second in seconds)[len(seconds) // 2]
            pytest.fail(
                f"nothing is told of Eventer: of {PATIENCE} s no {SECONDS} were fit to judge by; "
                f"others take {others:.0%} of the machine: {seconds[-3:]}"
            )
        took = []
        seconds.append(machine.during(lambda took=took: ask_for_a_second(service, took)))
        after = lateness(service)
        ticks.append({edge: count - before[edge] for edge, count in after.items()})
        answers.append(took)
        before = after
    worth = fit(seconds)
    print(f"{len(seconds) - len(worth)} of {len(seconds)} seconds stalled")
    found = {edge: sum(ticks[at][edge] for at in worth) for edge in ticks[0]}
    return found, [each for at in worth for each in answers[at]]


def ask_for_a_second(service, took):
    """Asks again and again, and writes down how long each answer took."""
    end = time.monotonic() + 1
    while time.monotonic() < end:
        began = time.monotonic()
        assert service.get("/healthz")[0] == 200
        took.append(time.monotonic() - began)
        time.sleep(0.02)
