"""`eventer verify` as a user runs it: beside running generators, and after somebody meddled."""

import json
import subprocess
import sys

import confluent_kafka
import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from eventer.destinations.kafka import position
from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import Service, topic_events
from tests.kafka_server.server import KafkaServer
from tests.waiting import DEADLINE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
FAST = {"count": 20, "interval": "100ms"}
STEADY = {"count": 5, "interval": "100ms"}
ROW = """
local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
{ serial: get_integer(1, 1000000000000), name: get_rand_data()['first_name'],
  more: { at: std.native('get_timestamp')('now-1h', 'now', '1s'), few: [1.5, null, 'é'] } }
"""


@pytest.fixture(scope="module")
def kafka(kafka_tools, tmp_path_factory):
    """A broker of this module: elsewhere transactions stay open, and readers wait for their end."""
    server = KafkaServer(tmp_path_factory.mktemp("verify_kafka"))
    server.start()
    yield server.bootstrap
    server.kill()


@pytest.fixture(scope="module")
def service(kafka, postgres, tmp_path_factory):
    """A service that the tests of this module share."""
    with postgres.fresh_database() as made:
        running = Service(tmp_path_factory.mktemp("verify"), kafka=kafka, postgres=made.dsn)
        running.dsn = made.dsn
        yield running.start()
        running.stop()


def cli(service, *words):
    """Exit code, standard output and standard error of a command."""
    done = subprocess.run(
        [sys.executable, "-m", "eventer", *words, "--url", service.url],
        env=service.env,
        cwd=service.directory,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def verified(service, id, *flags):
    """Exit code and report."""
    code, out, err = cli(service, "verify", id, "--json", *flags)
    assert out, err
    return code, json.loads(out)


def added(service, *destinations, **event):
    code, body = service.post("/generator/add", request(*destinations, **event))
    assert code == 200, body
    return [generator["id"] for generator in body["generators"]]


def until_position(service, ids, least):
    wait_until(
        lambda: all(service.generator(id)["position"] >= least for id in ids),
        lambda: f"{[service.generator(id) for id in ids]}\n{service.log}",
    )


def pause(service, id):
    code, body = service.post(f"/generator/pause?id={id}")
    assert code == 200, body


def found(report):
    return [(each["kind"], each["index"]) for each in report["findings"]]


def test_running_generators_that_share_topic_and_table(kafka, service, make_service):
    other = make_service(kafka=kafka, postgres=service.dsn).start()
    destinations = (topic("verify_shared", key="serial", partitions=3), table("verify_shared"))
    ids = added(service, *destinations, template=ROW, **STEADY)
    beside = added(service, *destinations, template=ROW, dataset="two", **STEADY)
    away = added(other, topic("verify_shared", partitions=3), template=ROW, **STEADY)
    until_position(service, [*ids, *beside], 100)
    until_position(other, away, 100)
    for id in (ids[0], beside[1]):
        code, report = verified(service, id)
        assert (code, report["clean"]) == (0, True), report
        assert report["checked"] == report["until"] >= 100
        assert report["others"] > 0
    assert verified(other, away[0])[0] == 0
    other.stop()


def test_what_somebody_added_to_a_topic_is_found(kafka, service):
    (id,) = added(service, topic("verify_meddled"), template=ROW, **FAST)
    until_position(service, [id], 100)
    pause(service, id)
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka})
    producer.produce("verify_meddled", "not even JSON")
    producer.flush(10)
    code, report = verified(service, id)
    assert (code, found(report)) == (1, [("foreign", None)])
    assert set(report["findings"][0]["place"]) == {"partition", "offset"}
    assert verified(service, id, "--allow-foreign")[0] == 0
    (copied,) = service.events(id, 42, 1)
    compact = json.dumps(copied, separators=(",", ":"), ensure_ascii=False)
    producer.produce("verify_meddled", compact)
    producer.flush(10)
    code, report = verified(service, id, "--allow-foreign")
    assert (code, found(report)) == (1, [("duplicated", 42), ("foreign", None)])
    code, out, _ = cli(service, "verify", id)
    assert code == 1
    assert "1 duplicated, 1 foreign" in out


def test_what_somebody_did_to_a_table_is_found(service):
    keyed = "local i = std.native('get_integer'); { id: i(1, 1000000), name: 'x' + i(1, 9) }"
    (id,) = added(service, table("verify_rows"), template=keyed, **FAST)
    until_position(service, [id], 150)
    pause(service, id)
    code, out, err = cli(service, "verify", id)
    assert code == 0
    assert "nothing is wrong" in out
    assert not err, "progress is for terminals"
    gone, changed = (event["id"] for event in service.events(id, 100, 2))
    with psycopg.connect(service.dsn) as connection:
        connection.execute("delete from verify_rows where id = %s", (gone,))
        connection.execute("update verify_rows set name = 'y' where id = %s", (changed,))
        connection.execute("insert into verify_rows values (-5, 'z')")
    code, report = verified(service, id, "--allow-foreign")
    assert (code, found(report)) == (1, [("missing", 100), ("changed", 101), ("foreign", None)])
    assert [each["place"]["key"] for each in report["findings"]] == [
        {"id": gone},
        {"id": changed},
        {"id": -5},
    ]


def test_a_wiped_position_topic_is_found_and_mended(own_kafka, make_service):
    """On one shard: another, idle meanwhile, goes on rightly where one has made the topic again."""
    server = own_kafka()
    service = make_service(kafka=server.bootstrap)
    service.env["EVENTER_SHARDS"] = "1"
    service.start()
    ids = added(service, topic("wiped_0", partitions=2), topic("wiped_1"), template=ROW, **FAST)
    until_position(service, ids, 100)
    admin = AdminClient({"bootstrap.servers": server.bootstrap})
    admin.delete_topics([position.TOPIC])[position.TOPIC].result()
    wait_until(
        lambda: all(service.generator(id)["state"] == "failed" for id in ids),
        lambda: f"{[service.generator(id) for id in ids]}\n{service.log}",
    )
    error = service.generator(ids[0])["last_error"]
    assert "position lost" in error["message"]
    assert f"eventer resume {ids[0]} --position registry" in error["hint"]
    code, _, err = cli(service, "verify", ids[0])
    assert code == 1
    assert "position lost" in err
    code, _, err = cli(service, "resume", ids[0])
    assert code == 78
    assert "--position" in err

    for id, chosen in zip(ids, ("registry", "destination"), strict=True):
        code, _, err = cli(service, "resume", id, "--position", chosen)
        assert code == 0, err
    mark = service.generator(ids[0])["position"]
    until_position(service, ids[:1], mark + 60)
    until_position(service, ids[1:], 50)
    code, report = verified(service, ids[0])
    assert (code, report["unchecked"]) == (0, []), report
    code, report = verified(service, ids[1])
    assert code == 1
    assert {kind for kind, _ in found(report)} == {"duplicated"}
    again = topic_events(server.bootstrap, "wiped_1")
    assert report["totals"]["duplicated"] <= len(again)
    service.stop()
