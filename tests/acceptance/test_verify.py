"""`eventer verify` while generators run, and after stored events were changed."""

import json

import confluent_kafka
import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from eventer.destinations.kafka import position
from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import topic_events
from tests.integration.cli.conftest import Shell
from tests.integration.kafka.harness import read_topic
from tests.waiting import DEADLINE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
FAST = {"count": 100, "interval": "500ms"}
STEADY = {"count": 25, "interval": "500ms"}
ROW = """
local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
{ serial: get_integer(1, 1000000000000), name: get_rand_data()['first_name'],
  more: { at: std.native('get_timestamp')('now-1h', 'now', '1s'), few: [1.5, null, 'é'] } }
"""


def run_cli(service, *arguments):
    """Runs a command in this process; returns exit code, standard output and standard error."""
    shell = Shell(service.directory)
    shell.env = service.env
    done = shell.call(*arguments, "--url", service.url)
    return done.returncode, done.stdout, done.stderr


def verify(service, id, *flags):
    """Runs `eventer verify`; returns exit code and report."""
    code, out, err = run_cli(service, "verify", id, "--json", *flags)
    assert out, err
    return code, json.loads(out)


def add(service, *destinations, **event):
    code, body = service.post("/generator/add", request(*destinations, **event))
    assert code == 200, body
    return [generator["id"] for generator in body["generators"]]


def wait_for_position(service, ids, least):
    wait_until(
        lambda: all(service.generator(id)["position"] >= least for id in ids),
        lambda: f"{[service.generator(id) for id in ids]}\n{service.log}",
    )


def pause(service, id):
    code, body = service.post(f"/generator/pause?id={id}")
    assert code == 200, body


def finding_keys(report):
    return [(finding["kind"], finding["index"]) for finding in report["findings"]]


def test_running_generators_that_share_a_topic_and_a_table_are_clean(service):
    ids, second_dataset = add_two_datasets(service, "verify_shared")
    check_shared(service, ids[0], second_dataset[1])


@pytest.mark.slow
def test_generators_of_two_services_that_share_a_topic_are_clean(kafka, service, make_service):
    other_service = make_service(kafka=kafka, postgres=service.dsn).start()
    name = "verify_shared_by_services"
    other_ids = add(other_service, topic(name, partitions=3), template=ROW, **STEADY)
    ids, _ = add_two_datasets(service, name)
    wait_for_position(other_service, other_ids, 100)
    check_shared(service, ids[0])
    assert verify(other_service, other_ids[0])[0] == 0
    other_service.stop()


def add_two_datasets(service, name):
    """Two generators for a topic and two for a table; each has delivered 100 events."""
    destinations = (topic(name, key="serial", partitions=3), table(name))
    ids = add(service, *destinations, template=ROW, **STEADY)
    second_dataset = add(service, *destinations, template=ROW, dataset="two", **STEADY)
    wait_for_position(service, [*ids, *second_dataset], 100)
    return ids, second_dataset


def check_shared(service, *ids):
    for id in ids:
        code, report = verify(service, id)
        assert (code, report["clean"]) == (0, True), report
        assert report["checked"] == report["until"] >= 100
        assert report["others"] > 0


def add_record(kafka, topic, text):
    """Adds a record, and waits for the last commit marker before it: an audit ends there."""
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka})
    producer.produce(topic, text)
    assert producer.flush(DEADLINE_S) == 0
    read_topic(kafka, topic)


def test_records_added_to_a_topic_are_found(kafka, service):
    (id,) = add(service, topic("verify_meddled"), template=ROW, **FAST)
    wait_for_position(service, [id], 100)
    pause(service, id)
    add_record(kafka, "verify_meddled", "not even JSON")
    code, report = verify(service, id)
    assert (code, finding_keys(report)) == (1, [("foreign", None)])
    assert set(report["findings"][0]["place"]) == {"partition", "offset"}
    assert verify(service, id, "--allow-foreign")[0] == 0
    (copied,) = service.events(id, 42, 1)
    compact = json.dumps(copied, separators=(",", ":"), ensure_ascii=False)
    add_record(kafka, "verify_meddled", compact)
    code, report = verify(service, id, "--allow-foreign")
    assert (code, finding_keys(report)) == (1, [("duplicated", 42), ("foreign", None)])
    code, out, _ = run_cli(service, "verify", id)
    assert code == 1
    assert "1 duplicated, 1 foreign" in out


def test_changed_rows_are_found(service):
    keyed = "local i = std.native('get_integer'); { id: i(1, 1000000), name: 'x' + i(1, 9) }"
    # With this seed, the first events have different ids.
    (id,) = add(service, table("verify_rows"), template=keyed, seed="7", **FAST)
    wait_for_position(service, [id], 150)
    pause(service, id)
    code, out, err = run_cli(service, "verify", id)
    assert code == 0
    assert "no differences found" in out
    assert not err, "progress must be printed only on a terminal"
    deleted_id, changed_id = (event["id"] for event in service.events(id, 100, 2))
    with psycopg.connect(service.dsn) as connection:
        connection.execute("delete from verify_rows where id = %s", (deleted_id,))
        connection.execute("update verify_rows set name = 'y' where id = %s", (changed_id,))
        connection.execute("insert into verify_rows values (-5, 'z')")
    code, report = verify(service, id, "--allow-foreign")
    assert (code, finding_keys(report)) == (
        1,
        [("missing", 100), ("changed", 101), ("foreign", None)],
    )
    assert [finding["place"]["key"] for finding in report["findings"]] == [
        {"id": deleted_id},
        {"id": changed_id},
        {"id": -5},
    ]


@pytest.mark.slow
def test_a_deleted_position_topic_is_reported_and_resume_repairs_it(
    own_kafka, postgres_dsn, make_service
):
    """With one shard: an idle second shard would continue correctly."""
    kafka = own_kafka().bootstrap
    service = make_service(kafka=kafka, postgres=postgres_dsn)
    service.env["EVENTER_SHARDS"] = "1"
    service.start()
    ids = add(service, topic("wiped_0", partitions=2), topic("wiped_1"), template=ROW, **STEADY)
    wait_for_position(service, ids, 100)
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.delete_topics([position.TOPIC])[position.TOPIC].result()
    wait_until(
        lambda: all(service.generator(id)["state"] == "failed" for id in ids),
        lambda: f"{[service.generator(id) for id in ids]}\n{service.log}",
    )
    error = service.generator(ids[0])["last_error"]
    assert "position lost" in error["message"]
    assert f"eventer resume {ids[0]} --position registry" in error["hint"]
    code, _, err = run_cli(service, "verify", ids[0])
    assert code == 1
    assert "position lost" in err
    code, _, err = run_cli(service, "resume", ids[0])
    assert code == 78
    assert "--position" in err

    for id, chosen in zip(ids, ("registry", "destination"), strict=True):
        code, _, err = run_cli(service, "resume", id, "--position", chosen)
        assert code == 0, err
    mark = service.generator(ids[0])["position"]
    wait_for_position(service, ids[:1], mark + 60)
    wait_for_position(service, ids[1:], 50)
    code, report = verify(service, ids[0])
    assert (code, report["unchecked"]) == (0, []), report
    code, report = verify(service, ids[1])
    assert code == 1
    assert {kind for kind, _ in finding_keys(report)} == {"duplicated"}
    stored = topic_events(kafka, "wiped_1")
    assert report["totals"]["duplicated"] <= len(stored)
