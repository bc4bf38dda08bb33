"""Stopped, killed, started again: nothing missing, nothing twice, judged by recomputation."""

import random
import time

import pytest

from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import table_rows, topic_events, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(240)]
PACE = {"count": 20, "interval": "100ms"}
APPENDED = """
local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
{ serial: get_integer(1, 1000000000000), name: get_rand_data()['first_name'] }
"""


def expected(service, generator):
    """The events [0, position), made again from their seed."""
    position = service.generator(generator["id"])["position"]
    return service.events(generator["id"], 0, position)


def check(service, kafka, dsn, in_topic, in_table):
    """Pauses both, then compares what landed with what must have."""
    for generator in (in_topic, in_table):
        code, body = service.post(f"/generator/pause?id={generator['id']}")
        assert code == 200, body
    events = topic_events(kafka, in_topic["destination"]["kafka"]["topic"])
    assert events == expected(service, in_topic)
    rows = table_rows(dsn, in_table["destination"]["postgres"]["table"])

    def order(row):
        return sorted(row.items())

    assert sorted(rows, key=order) == sorted(expected(service, in_table), key=order)
    return len(events), len(rows)


def added(service, name):
    code, body = service.post(
        "/generator/add", request(topic(name), table(name), template=APPENDED, **PACE)
    )
    assert code == 200, body
    return body["generators"]


def position(service, generator):
    return service.generator(generator["id"])["position"]


def goes_on(service, generators, seconds=30):
    """Waits until every generator is well past where it is now."""
    marks = {g["id"]: position(service, g) + 60 for g in generators}
    wait_until(
        lambda: all(position(service, g) >= marks[g["id"]] for g in generators),
        seconds,
        lambda: f"{[service.generator(g['id']) for g in generators]}\n{service.log}",
    )


def test_stop_and_start_goes_on_at_the_next_index(kafka, postgres_dsn, make_service):
    service = make_service(kafka=kafka, postgres=postgres_dsn).start()
    both = added(service, "survives_stop")
    for _ in range(2):
        goes_on(service, both)
        before = [position(service, g) for g in both]
        service.stop()
        service.start()
        after = [service.generator(g["id"]) for g in both]
        assert [g["id"] for g in after] == [g["id"] for g in both]
        assert [g["seed"] for g in after] == [g["seed"] for g in both]
        assert all(g["position"] >= mark for g, mark in zip(after, before, strict=True))
    goes_on(service, both)
    assert min(check(service, kafka, postgres_dsn, *both)) > 100
    service.stop()


@pytest.mark.alone
def test_a_second_signal_stops_at_once_and_loses_nothing(kafka, postgres_dsn, make_service):
    """The first stops within 10 s with all that was made committed; the second does not wait."""
    service = make_service(kafka=kafka, postgres=postgres_dsn).start()
    both = added(service, "survives_signals")
    goes_on(service, both)
    began = time.monotonic()
    service.stop()
    assert time.monotonic() - began < 10
    service.start()
    goes_on(service, both)
    began = time.monotonic()
    service.stop(signals=2)
    assert time.monotonic() - began < 5
    service.start()
    goes_on(service, both)
    check(service, kafka, postgres_dsn, *both)
    service.stop()


def test_kill_9_of_the_whole_service(kafka, postgres_dsn, make_service):
    service = make_service(kafka=kafka, postgres=postgres_dsn).start()
    both = added(service, "survives_kill")
    for _ in range(2):
        goes_on(service, both)
        service.kill()
        service.start()
    goes_on(service, both)
    check(service, kafka, postgres_dsn, *both)


def test_kill_9_of_workers_while_they_deliver(kafka, postgres_dsn, make_service):
    service = make_service(kafka=kafka, postgres=postgres_dsn).start()
    both = added(service, "survives_workers")
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    goes_on(service, both)
    for _ in range(6):
        time.sleep(chance.uniform(0.05, 0.6))
        victim = chance.choice(service.workers())
        victim.kill()
        goes_on(service, both)
    check(service, kafka, postgres_dsn, *both)
    service.stop()


def test_a_broker_that_is_not_there_yet(own_kafka, make_service):
    """An unreachable broker is no error: `waiting`, and it delivers when the broker comes."""
    server = own_kafka()
    server.stop()
    service = make_service(kafka=server.bootstrap).start()
    code, body = service.post("/generator/add", request(topic("later"), **PACE))
    assert code == 200, body
    (generator,) = body["generators"]
    assert generator["state"] == "waiting"
    wait_until(lambda: service.generator(generator["id"])["last_error"], 15, "no last_error")
    server.start()
    goes_on(service, [generator], 45)
    assert service.generator(generator["id"])["state"] == "running"
    service.post(f"/generator/pause?id={generator['id']}")
    assert topic_events(server.bootstrap, "later") == expected(service, generator)
    service.stop()


def test_a_template_that_gains_a_field_finds_its_column_added(postgres_dsn, make_service):
    service = make_service(postgres=postgres_dsn).start()
    code, body = service.post("/generator/add", request(table("gains"), template="{ a: 1 }"))
    assert code == 200, body
    wait_until(lambda: table_rows(postgres_dsn, "gains"), 20, "no rows")
    code, body = service.post(
        "/generator/add", request(table("gains"), template="{ a: 1, b: 'x', c: { d: [1] } }")
    )
    assert code == 200, body
    wait_until(
        lambda: any(row.get("b") == "x" for row in table_rows(postgres_dsn, "gains")), 20, "no b"
    )
    newest = next(row for row in table_rows(postgres_dsn, "gains") if row["b"] == "x")
    assert newest == {"a": 1, "b": "x", "c": {"d": [1]}}
