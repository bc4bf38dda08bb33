"""Stopped, killed, started again: nothing missing, nothing twice, judged by recomputation."""

import random
import time
import uuid

import pytest

from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import Service, table_rows, topic_events
from tests.kafka_server.server import KafkaServer
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
STOP_S, SECOND_SIGNAL_S = 10, 5
PACE = {"count": 5, "interval": "100ms"}
APPENDED = """
local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
{ serial: get_integer(1, 1000000000000), name: get_rand_data()['first_name'] }
"""


@pytest.fixture(scope="module")
def service(kafka, postgres_module_dsn, tmp_path_factory):
    """One for all tests, each of which has generators of its own and leaves it running."""
    folder = tmp_path_factory.mktemp("survival")
    running = Service(folder, kafka=kafka, postgres=postgres_module_dsn)
    yield running.start()
    running.kill()


@pytest.fixture
def both(service):
    """A generator to a topic and one to a table of this test's own."""
    name = f"survives_{uuid.uuid4().hex}"
    body = request(topic(name), table(name), template=APPENDED, **PACE)
    code, body = service.post("/generator/add", body)
    assert code == 200, body
    yield body["generators"]
    service.post("/generator/remove", {"ids": [g["id"] for g in body["generators"]]})


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


def position(service, generator):
    return service.generator(generator["id"])["position"]


def goes_on(service, generators):
    """Waits until every generator is well past where it is now."""
    marks = {g["id"]: position(service, g) + 20 for g in generators}
    wait_until(
        lambda: all(position(service, g) >= marks[g["id"]] for g in generators),
        lambda: f"{[service.generator(g['id']) for g in generators]}\n{service.log}",
    )


@pytest.fixture(
    params=[pytest.param(1, id="once"), pytest.param(10, id="often", marks=pytest.mark.slow)]
)
def times(request):
    """How often the service ends and is started again."""
    return request.param


def test_stop_and_start_goes_on_at_the_next_index(times, kafka, postgres_module_dsn, service, both):
    for _ in range(times):
        goes_on(service, both)
        before = [position(service, g) for g in both]
        service.stop()
        service.start()
        after = [service.generator(g["id"]) for g in both]
        assert [g["id"] for g in after] == [g["id"] for g in both]
        assert [g["seed"] for g in after] == [g["seed"] for g in both]
        assert all(g["position"] >= mark for g, mark in zip(after, before, strict=True))
    goes_on(service, both)
    assert min(check(service, kafka, postgres_module_dsn, *both)) >= 40


def test_a_second_signal_loses_nothing(kafka, postgres_module_dsn, service, both):
    """The first has all that was made committed; the second does not wait for that."""
    goes_on(service, both)
    service.stop(signals=2)
    service.start()
    goes_on(service, both)
    check(service, kafka, postgres_module_dsn, *both)


@pytest.mark.timing
def test_signals_end_it_soon(service, both):
    for signals, bound in ((1, STOP_S), (2, SECOND_SIGNAL_S)):
        goes_on(service, both)
        began = time.monotonic()
        service.stop(signals)
        took = time.monotonic() - began
        service.start()
        print(f"{signals} signals: stopped in {took:.2f} s (bound: {bound} s)")
        assert took < bound


def test_kill_9_of_the_whole_service(times, kafka, postgres_module_dsn, service, both):
    for _ in range(times):
        goes_on(service, both)
        service.kill()
        service.start()
    goes_on(service, both)
    check(service, kafka, postgres_module_dsn, *both)


@pytest.mark.parametrize(
    "kills", [pytest.param(3, id="few"), pytest.param(20, id="many", marks=pytest.mark.slow)]
)
def test_kill_9_of_workers_while_they_deliver(kills, kafka, postgres_module_dsn, service, both):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    goes_on(service, both)
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 0.6))
        # A compiler of kernels is no worker, and ends by itself.
        chance.choice([w for w in service.workers() if w not in service.compilers()]).kill()
        goes_on(service, both)
    check(service, kafka, postgres_module_dsn, *both)


@pytest.fixture
def future_kafka(kafka_tools, tmp_path):
    """A broker that is still to be started."""
    server = KafkaServer(tmp_path)
    yield server
    server.kill()


def test_a_broker_that_is_not_there_yet(future_kafka, make_service):
    """An unreachable broker is no error: `waiting`, and it delivers when the broker comes."""
    server = future_kafka
    service = make_service(kafka=server.bootstrap).start()
    code, body = service.post("/generator/add", request(topic("later"), **PACE))
    assert code == 200, body
    (generator,) = body["generators"]
    assert generator["state"] == "waiting"
    wait_until(lambda: service.generator(generator["id"])["last_error"], "no last_error")
    server.start()
    goes_on(service, [generator])
    assert service.generator(generator["id"])["state"] == "running"
    service.post(f"/generator/pause?id={generator['id']}")
    assert topic_events(server.bootstrap, "later") == expected(service, generator)
    service.stop()


def test_a_template_that_gains_a_field_finds_its_column_added(postgres_module_dsn, service):
    def rows():
        return table_rows(postgres_module_dsn, "gains")

    for template in ("{ a: 1 }", "{ a: 1, b: 'x', c: { d: [1] } }"):
        code, body = service.post("/generator/add", request(table("gains"), template=template))
        assert code == 200, body
        wait_until(rows, "no rows")
    wait_until(lambda: any(row.get("b") == "x" for row in rows()), "no b")
    newest = next(row for row in rows() if row["b"] == "x")
    assert newest == {"a": 1, "b": "x", "c": {"d": [1]}}
