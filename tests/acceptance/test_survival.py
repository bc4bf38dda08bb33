"""No event is lost or duplicated when the service is stopped, killed and started again."""

import random
import time
import uuid
from functools import partial

import pytest

from tests.acceptance.cases import CHECK, run_cases
from tests.acceptance.joins import joins_case, wait_until_running
from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import Service, table_rows, topic_events
from tests.acceptance.timelines import clicks_case, timelines_case, two_destinations_case
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
STOP_S, SECOND_SIGNAL_S = 10, 5
SCHEDULE = {"count": 10, "interval": "200ms"}
APPENDED = """
local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
{ serial: get_integer(1, 1000000000000), name: get_rand_data()['first_name'] }
"""


@pytest.fixture
def generator_pair(service):
    """A generator for a topic and one for a table, for this test only."""
    pair = add_pair(service)
    yield pair
    service.post("/generator/remove", {"ids": [g["id"] for g in pair]})


def add_pair(service):
    name = f"survives_{uuid.uuid4().hex}"
    body = request(topic(name), table(name), template=APPENDED, **SCHEDULE)
    code, body = service.post("/generator/add", body)
    assert code == 200, body
    return body["generators"]


def expected(service, generator):
    """The events [0, position), recomputed from the seed."""
    position = service.generator(generator["id"])["position"]
    return service.events(generator["id"], 0, position)


def check_stored_events(service, kafka, in_topic, in_table):
    """Pauses both generators, then compares the stored events with the expected ones."""
    for generator in (in_topic, in_table):
        code, body = service.post(f"/generator/pause?id={generator['id']}")
        assert code == 200, body
    events = topic_events(kafka, in_topic["destination"]["kafka"]["topic"])
    assert events == expected(service, in_topic)
    rows = table_rows(service.dsn, in_table["destination"]["postgres"]["table"])

    def order(row):
        return sorted(row.items())

    assert sorted(rows, key=order) == sorted(expected(service, in_table), key=order)
    return len(events), len(rows)


def position(service, generator):
    return service.generator(generator["id"])["position"]


def wait_for_progress(service, generators):
    """Waits until every generator has delivered 20 more events."""
    marks = {g["id"]: position(service, g) + 20 for g in generators}
    wait_until(
        lambda: all(position(service, g) >= marks[g["id"]] for g in generators),
        lambda: f"{[service.generator(g['id']) for g in generators]}\n{service.log}",
    )


STOP, STOP_AT_ONCE, KILL = Service.stop, partial(Service.stop, signals=2), Service.kill
"""SIGTERM; a second SIGTERM, which does not wait for the destinations; SIGKILL."""


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param((STOP, KILL), id="once"),
        pytest.param((STOP, STOP_AT_ONCE, KILL, KILL) * 10, id="often", marks=pytest.mark.slow),
    ],
)
def test_a_service_that_ends_loses_and_repeats_nothing(ends, kafka, service):
    cases = (append_case, timelines_case, clicks_case, two_destinations_case, joins_case)
    run_cases(cases, kafka, service, ends)


def append_case(kafka, service):
    """Generators keep their identity, and continue at the next event."""
    restarts, pair = 0, add_pair(service)
    wait_for_progress(service, pair)
    before = [service.generator(g["id"]) for g in pair]
    while (end := (yield)) is not CHECK:
        restarts += 1
        after = [service.generator(g["id"]) for g in pair]
        for one, other in zip(before, after, strict=True):
            assert (one["id"], one["seed"]) == (other["id"], other["seed"])
            # Only an orderly stop writes the last position into the registry.
            assert one["position"] <= other["position"] or end != STOP
        wait_for_progress(service, pair)
        before = [service.generator(g["id"]) for g in pair]
    wait_for_progress(service, pair)
    stored = check_stored_events(service, kafka, *pair)
    assert min(stored) >= 20 * (restarts + 1)


@pytest.mark.timing
def test_signals_stop_the_service_in_time(service, generator_pair):
    for signals, bound in ((1, STOP_S), (2, SECOND_SIGNAL_S)):
        wait_for_progress(service, generator_pair)
        began = time.monotonic()
        service.stop(signals)
        seconds = time.monotonic() - began
        service.start()
        print(f"{signals} signals: stopped in {seconds:.2f} s (bound: {bound} s)")
        assert seconds < bound


@pytest.mark.slow
def test_kill_9_of_workers_loses_nothing(kafka, service, generator_pair):
    """By default, `timelines_case` kills workers while the other cases deliver."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    wait_for_progress(service, generator_pair)
    for _ in range(20):
        time.sleep(chance.uniform(0.05, 0.6))
        service.kill_worker(chance)
        wait_for_progress(service, generator_pair)
    check_stored_events(service, kafka, *generator_pair)


def test_delivery_starts_when_the_broker_becomes_available(service):
    """While the broker is unreachable, the generator is `waiting`, not failed."""
    late = topic("later", connection="late")
    code, body = service.post("/generator/add", request(late, **SCHEDULE))
    assert code == 200, body
    (generator,) = body["generators"]
    assert generator["state"] == "waiting"
    wait_until(lambda: service.generator(generator["id"])["last_error"], "no last_error")
    service.late_kafka.start()
    wait_for_progress(service, [generator])
    wait_until_running(service, generator["id"])
    service.post(f"/generator/pause?id={generator['id']}")
    assert topic_events(service.late_kafka.bootstrap, "later") == expected(service, generator)
    service.post(f"/generator/remove?id={generator['id']}")
    service.late_kafka.kill()


def test_a_new_field_in_a_template_adds_a_column(service):
    def rows():
        return table_rows(service.dsn, "gains")

    for template in ("{ a: 1 }", "{ a: 1, b: 'x', c: { d: [1] } }"):
        code, body = service.post("/generator/add", request(table("gains"), template=template))
        assert code == 200, body
        wait_until(rows, "no rows")
    wait_until(lambda: any(row.get("b") == "x" for row in rows()), "no b")
    newest = next(row for row in rows() if row["b"] == "x")
    assert newest == {"a": 1, "b": "x", "c": {"d": [1]}}
