"""Eventer continues with the registry, positions and ledger that an earlier version stored.

The registry is backed up and restored before.
"""

import base64
import json
import sqlite3
from collections import defaultdict
from itertools import groupby
from pathlib import Path

import confluent_kafka
import psycopg
import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from eventer.service.registry_backup import back_up, restore
from eventer.settings import Settings
from tests.acceptance.service_process import is_healthy, table_rows, topic_events
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
STORED = Path(__file__).parent / "stored_v0"
TO_KAFKA, UPSERTED, APPENDED = (
    "6862467429123348194",
    "6080434620201216304",
    "15417640114267846529",
)


@pytest.fixture(scope="module")
def stored_records():
    """The stored records by topic and partition, in the order of their offsets."""
    records = defaultdict(list)
    for line in (STORED / "kafka.ndjson").read_text().splitlines():
        record = json.loads(line)
        if "offset" in record:
            records[record["topic"], record["partition"]].append(record)
    return records


@pytest.fixture
def service(own_kafka, database, make_service, stored_records):
    """A service of the current version on the stored data; it is not started yet."""
    server = own_kafka()
    restore_topics(server.bootstrap, stored_records)
    with psycopg.connect(database.dsn, autocommit=True) as client:
        client.execute((STORED / "postgres.sql").read_text())
    service = make_service(kafka=server.bootstrap, postgres=database.dsn)
    service.kafka, service.postgres = server.bootstrap, database.dsn
    old, backup = Settings(data_dir=service.directory / "old"), service.directory / "backup.tar"
    old.data_dir.mkdir()
    with sqlite3.connect(old.data_dir / "registry.sqlite") as registry:
        registry.executescript((STORED / "registry.sql").read_text())
    registry.close()
    back_up(old, backup)
    restore(Settings(data_dir=service.directory / "data"), backup)
    return service


def restore_topics(bootstrap, stored):
    """Writes the records at their old offsets; a transaction marker also uses one offset."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    partitions = {topic: 1 + max(p for t, p in stored if t == topic) for topic, _ in stored}
    configs = {"eventer-positions": {"cleanup.policy": "compact"}}
    topics = [NewTopic(t, n, 1, config=configs.get(t, {})) for t, n in partitions.items()]
    for future in admin.create_topics(topics).values():
        future.result()
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": "restore"}
    )
    producer.init_transactions()
    for records in stored.values():
        for _, consecutive in groupby(enumerate(records), lambda each: each[1]["offset"] - each[0]):
            producer.begin_transaction()
            for _, record in consecutive:
                producer.produce(
                    record["topic"],
                    partition=record["partition"],
                    key=decode_base64(record["key"]),
                    value=decode_base64(record["value"]),
                    timestamp=record["timestamp"],
                )
            producer.commit_transaction()


def decode_base64(text):
    return None if text is None else base64.b64decode(text)


def registry_position(id):
    with sqlite3.connect(":memory:") as registry:
        registry.executescript((STORED / "registry.sql").read_text())
        query = "SELECT position_next FROM generator WHERE id = ?"
        return registry.execute(query, (id,)).fetchone()[0]


def until_position(service, id, least):
    wait_until(lambda: service.generator(id)["position"] >= least, service.log)


def until_healthy(service, id):
    """Waits until it runs without an error, except for a past timeout of a server."""
    wait_until(lambda: is_healthy(service.generator(id)), service.log)


def test_generators_continue_at_their_stored_positions_and_verify(service, stored_records):
    before = {id: registry_position(id) for id in (TO_KAFKA, UPSERTED, APPENDED)}
    stored_events = [json.loads(decode_base64(r["value"])) for r in stored_records["kept", 0]]
    assert before[TO_KAFKA] == len(stored_events) > 0
    service.start()
    for id in (TO_KAFKA, UPSERTED):
        until_position(service, id, before[id] + 40)
        until_healthy(service, id)
        assert service.post(f"/generator/pause?id={id}")[0] == 200
    paused = service.generator(APPENDED)
    assert (paused["state"], paused["position"]) == ("paused", before[APPENDED])
    assert service.post(f"/generator/resume?id={APPENDED}")[0] == 200
    until_position(service, APPENDED, before[APPENDED] + 40)
    assert service.post(f"/generator/pause?id={APPENDED}")[0] == 200

    events = topic_events(service.kafka, "kept")
    assert events == service.events(TO_KAFKA, 0, service.generator(TO_KAFKA)["position"])
    assert events[: len(stored_events)] == stored_events
    appended = service.generator(APPENDED)
    rows = table_rows(service.postgres, "kept_rows")
    assert len(rows) == appended["position"] - appended["skipped"]
    for id in (TO_KAFKA, UPSERTED, APPENDED):
        check_verified(service, id)


def check_verified(service, id):
    """Verifies the stored and the new events: all can be compared, and none is wrong."""
    code, report = service.post(f"/generator/verify?id={id}")
    assert code == 200, report
    assert report["clean"], report
    assert report["unchecked"] == []
    assert report["until"] == service.generator(id)["position"]
