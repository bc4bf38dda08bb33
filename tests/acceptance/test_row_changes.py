"""The life of rows in a compacted topic and a table, while workers are killed."""

import json
import random
import uuid
from datetime import date

import psycopg
import pytest

from tests.acceptance.request_bodies import request, table, topic
from tests.integration.cli.conftest import Shell
from tests.integration.kafka.harness import read_topic
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
KEYS = 40
CHANGES = f"""
local i = std.native('get_integer');
local id = i(1, {KEYS});
local op = std.native('get_one_of')(['upsert', 'upsert', null, 'delete']);
{{
  op: op,
  key: 'k%d' % id,
  row: if op == 'delete' then {{ id: id }}
       else if id == 7 then null
       else {{ id: id, seats: i(1, 9), note: {{ by: 'x', secret: i(1, 99) }}, secret: 's' }},
}}
"""
WRITTEN = {"value": "row", "omit": ["secret", "/note/secret"], "op": "op"}


@pytest.mark.parametrize(
    "kills", [pytest.param(1, id="once"), pytest.param(20, id="many", marks=pytest.mark.slow)]
)
def test_rows_are_created_updated_and_deleted_while_workers_are_killed(kafka, service, kills):
    name = f"changes_{uuid.uuid4().hex[:8]}"
    compacted = {"cleanup.policy": "compact", "max.compaction.lag.ms": "9000000000"}
    body = request(
        topic(name, key="key", partitions=3, config=compacted, **WRITTEN),
        table(name, key="id", **WRITTEN),
        template=CHANGES,
        count=60,
        interval="300ms",
        on_null="drop",
    )
    code, added = service.post("/generator/add", body)
    assert code == 200, added
    ids = [generator["id"] for generator in added["generators"]]
    chance = random.Random(1)
    for _ in range(kills):
        wait_for_progress(service, ids, 200)
        service.kill_worker(chance)
    wait_for_progress(service, ids, 200)
    for id in ids:
        assert service.post(f"/generator/pause?id={id}")[0] == 200
    events = whole_events(service, added["generators"][0]["seed"], ids)
    in_topic, in_table = [service.generator(id) for id in ids]
    for generator in (in_topic, in_table):
        seen = events[: generator["position"]]
        dropped = sum(event["row"] is None for event in seen)
        assert (generator["dropped"], generator["skipped"]) == (dropped, 0)
        assert dropped > 0
    written = [written_record(event) for event in events if event["row"] is not None]
    records = read_topic(kafka, name)
    emitted = sum(event["row"] is not None for event in events[: in_topic["position"]])
    assert sorted((r.key(), r.value() or b"") for r in records) == sorted(written[:emitted])
    # Compaction keeps the last record of each key.
    assert {r.key(): r.value() or b"" for r in records} == dict(written[:emitted])
    assert rows_of(service, name) == expected_rows(events[: in_table["position"]])
    for id in ids:
        code, out, err = run_cli(service, "verify", id, "--json")
        assert (code, json.loads(out)["clean"]) == (0, True), out + err


def wait_for_progress(service, ids, events):
    """Waits until each generator has delivered that many more events."""
    before = {id: service.generator(id)["position"] for id in ids}
    wait_until(
        lambda: all(service.generator(id)["position"] >= before[id] + events for id in ids),
        lambda: service.log,
    )


def whole_events(service, seed, ids):
    """All events before the positions, with the fields that are not written."""
    events, end = [], max(service.generator(id)["position"] for id in ids)
    while len(events) < end:
        body = {"template": CHANGES, "seed": seed, "first": len(events), "count": 1000}
        events += service.post("/generator/preview", body)[1]["events"]
    return events[:end]


def written_record(event):
    """The key and the value of the event's record."""
    if event["op"] == "delete":
        return event["key"].encode(), b""
    row = {"id": event["row"]["id"], "note": {"by": "x"}, "seats": event["row"]["seats"]}
    return event["key"].encode(), json.dumps(row, separators=(",", ":")).encode()


def expected_rows(events):
    rows = {}
    for event in events:
        row = event["row"]
        if event["op"] == "delete":
            rows.pop(row["id"], None)
        elif row is not None:
            rows[row["id"]] = (row["id"], {"by": "x"}, row["seats"])
    return rows


def rows_of(service, name):
    with psycopg.connect(service.dsn) as client:
        return {row[0]: row for row in client.execute(f'SELECT id, note, seats FROM "{name}"')}


def run_cli(service, *arguments):
    shell = Shell(service.directory)
    shell.env = service.env
    done = shell.call(*arguments, "--url", service.url)
    return done.returncode, done.stdout, done.stderr


def test_requests_that_cannot_delete_are_refused(service):
    with psycopg.connect(service.dsn, autocommit=True) as client:
        client.execute("CREATE TABLE append_only (word text)")
    word = "{ word: 'x', op: 'delete', row: { word: 'y' } }"
    for options, pointer, message in (
        (topic("t1", op="op"), "/destinations/0/kafka/op", "`op` needs `key`"),
        (table("append_only", omit=["op", "row"], op="op"), "/destinations/0/postgres", "a key"),
        (table("t2", key="word", op="opp"), "/events/0/template", "`op` names the field 'opp'"),
        (table("t2", key="op", value="row"), "/events/0/template", "the key 'op' is not a field"),
        (table("t2", value="word"), "/events/0/template", "is not an object"),
        (topic("t1", value="rwo"), "/events/0/template", "`value` names the field 'rwo'"),
    ):
        code, body = service.post("/generator/add", request(options, template=word))
        assert code == 422, body
        (fault,) = body["errors"]
        assert fault["pointer"] == pointer
        assert message in fault["message"]
    assert service.get("/generator/status")[1]["generators"] == []


FAULTY = """
local i = std.native('get_integer'), pick = std.native('get_one_of');
{
  id: std.native('get_index')(),
  name: pick(['ann', 'bob']),
  paid: '2026-03-%02dT10:00:00Z' % i(10, 28),
  to: { city: pick(['Rome', 'Oslo']) },
}
"""
FAULTS = [
    {"kind": "missing", "probability": 0.1, "fields": ["/to/city"], "label": "header"},
    {"kind": "corrupt", "probability": 0.1, "fields": ["paid", "to"], "label": "header"},
    {"kind": "null", "probability": 0.1, "fields": ["name"]},
    {"kind": "drop", "probability": 0.05},
]


def test_faults_are_delivered_listed_and_expected_by_verify(kafka, service):
    name = f"faults_{uuid.uuid4().hex[:8]}"
    malformed = {"kind": "malformed", "probability": 0.1, "label": "header"}
    code, refused = service.post(
        "/generator/add", request(table(name), template=FAULTY, faults=[*FAULTS, malformed])
    )
    assert (code, [fault["pointer"] for fault in refused["errors"]]) == (
        422,
        [f"/events/0/faults/{end}" for end in ("0/label", "1/label", "4/kind", "4/label")],
    )
    both = [
        service.post("/generator/add", body)
        for body in (
            request(
                topic(name, key="id", timestamp="paid"),
                template=FAULTY,
                count=50,
                interval="250ms",
                seed="1",
                faults=[*FAULTS, malformed],
            ),
            request(
                table(name, key="id"),
                template=FAULTY,
                count=50,
                interval="250ms",
                seed="1",
                faults=[{**fault, "label": None} for fault in FAULTS],
            ),
        )
    ]
    assert [code for code, _ in both] == [200, 200], both
    in_topic, in_table = [answer["generators"][0]["id"] for _, answer in both]
    wait_for_progress(service, [in_topic, in_table], 150)
    service.kill_worker(random.Random(1))
    wait_for_progress(service, [in_topic, in_table], 150)
    for id in (in_topic, in_table):
        assert service.post(f"/generator/pause?id={id}")[0] == 200
    keys = [answer_key(service, id) for id in (in_topic, in_table)]
    check_records(read_topic(kafka, name), healthy_events(service, in_topic), keys[0])
    check_rows(faulty_rows(service, name), healthy_events(service, in_table), keys[1])
    for id, key in zip((in_topic, in_table), keys, strict=True):
        dropped = sum(faults[0]["kind"] == "drop" for faults in key.values())
        assert (service.generator(id)["dropped"], service.generator(id)["skipped"]) == (dropped, 0)
        code, out, err = run_cli(service, "verify", id, "--json")
        assert (code, json.loads(out)["clean"]) == (0, True), out + err


def healthy_events(service, id):
    end = service.generator(id)["position"]
    events = []
    while len(events) < end:
        body = {"template": FAULTY, "seed": "1", "first": len(events), "count": 1000}
        events += service.post("/generator/preview", body)[1]["events"]
    return events[:end]


def answer_key(service, id):
    """The faults of each event before the position, as the command lists them."""
    code, out, err = run_cli(service, "faults", id, "--json")
    assert code == 0, err
    key = {line["index"]: line["faults"] for line in map(json.loads, out.splitlines())}
    first = min(key)
    _, shown, _ = run_cli(service, "faults", id, "--first", first, "-n", 1)
    assert shown.startswith(f"{first}  {key[first][0]['kind']}")
    return key


def check_records(records, healthy, key):
    """A reader finds the faults of the answer key, and no others."""
    found = {int(record.key()): record for record in records}
    assert len(found) == len(records)
    for index, event in enumerate(healthy):
        kinds = {fault["kind"] for fault in key.get(index, ())}
        if kinds == {"drop"}:
            assert index not in found
            continue
        text = json.dumps(event, separators=(",", ":")).encode()
        assert (found[index].value() == text) == (not kinds)
        labelled = kinds & {"missing", "corrupt", "malformed"}
        ((_, label),) = found[index].headers() or [(None, b"")]
        assert set(label.decode().split(",")) - {""} == labelled
        assert found[index].timestamp()[1] // 86_400_000 == day_of(event["paid"])
    assert {fault["kind"] for faults in key.values() for fault in faults} == {
        *(fault["kind"] for fault in FAULTS),
        "malformed",
    }


def day_of(text):
    return (date.fromisoformat(text[:10]) - date(1970, 1, 1)).days


def check_rows(rows, healthy, key):
    assert set(rows) <= set(range(len(healthy)))
    for index, event in enumerate(healthy):
        faults = key.get(index, [])
        if faults and faults[0]["kind"] == "drop":
            assert index not in rows
            continue
        changed = {fault["field"].split("/")[1] for fault in faults}
        for name in ("name", "paid", "to"):
            assert (rows[index][name] != event[name]) == (name in changed)


def faulty_rows(service, name):
    with psycopg.connect(service.dsn) as client:
        rows = client.execute(f'SELECT to_jsonb(t) FROM "{name}" t').fetchall()
    return {row["id"]: row for (row,) in rows}
