"""The contract's README: its commands run unchanged and have the documented results."""

import json
import re
import time
from pathlib import Path

import pytest

from tests.acceptance.service_process import is_healthy, table_rows, topic_events
from tests.integration.kafka.harness import read_topic
from tests.waiting import wait_until

CONTRACT = Path(__file__).parent / "contract"
README = (CONTRACT / "eventer-readme.md").read_text()
COMMANDS = re.findall(r"```shell\n(curl .*?)\n*```", README, re.DOTALL)
ADD_KAFKA, ADD_POSTGRES, STATUS, REMOVE = COMMANDS

EVENT_KEYS = {
    "id", "time", "group_id", "dataset", "country", "name", "session_id", "page_id", "user_agent",
    "event",
}  # fmt: skip
DATA_KEYS = {"click": {"x", "y"}, "button_click": {"button_id"}, "open_page": {"page_id"}}


def check_first_template(event):
    """Checks an event of contract/event.jsonnet: types, ranges and consistency of its values."""
    assert event.keys() == EVENT_KEYS
    assert 1 <= event["id"] <= 1000
    assert event["id"] == int(event["id"])
    assert event["country"] in {"ru", "us", "jp", "cn"}
    assert event["group_id"] == "acceptance"
    assert event["dataset"] == "crazy_airflow"
    assert 1 <= event["page_id"] <= 15
    assert str(event["time"])[:7] == "2021-12"
    kind, data = event["event"]["type"], event["event"]["data"]
    assert data.keys() == {kind}
    assert data[kind].keys() == DATA_KEYS[kind]
    if kind == "open_page":
        assert data[kind]["page_id"] == event["page_id"]


def check_second_template(event):
    assert event.keys() == {"id", "ip", "user_agent", "prase"}
    assert event["prase"] in {"hi", "moo", "dooh", "oops", "whenever"}
    assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", event["ip"])


def test_the_readme_has_the_four_commands():
    assert "generator/add" in ADD_KAFKA
    assert "generator/add" in ADD_POSTGRES
    assert "generator/status?id=12594183362362990045" in STATUS
    assert "generator/remove?id=11168030917768196602" in REMOVE


def latest_by_id(events):
    """The last event of each id."""
    return {event["id"]: event for event in events}.values()


@pytest.mark.kafka
@pytest.mark.postgres
def test_the_commands_run_unchanged(kafka, service):
    """Ten events come at once and ten more every 10 s and 8 s, until the generators are removed."""
    assert json.loads(service.shell(STATUS))["status"] == 404

    began = time.monotonic()
    in_kafka = json.loads(service.shell(ADD_KAFKA))["generators"]
    in_postgres = json.loads(service.shell(ADD_POSTGRES))["generators"]
    assert [g["destination"]["type"] for g in in_kafka + in_postgres] == (
        ["kafka"] * 2 + ["postgres"] * 2
    )
    ids = [g["id"] for g in in_kafka + in_postgres]
    assert len(set(ids)) == 4
    assert all(0 <= int(id) < 1 << 64 for id in ids)

    def committed():
        return [service.generator(id)["position"] for id in ids]

    # The scheduled times are checked below, so that a slow machine does not matter.
    wait_until(lambda: min(committed()) >= 10, lambda: f"first tick missing: {committed()}")
    wait_until(lambda: min(committed()) >= 20, lambda: f"second tick missing: {committed()}")
    assert time.monotonic() - began > 9, "the second tick came before it was due"

    # The same request again changes nothing.
    again = json.loads(service.shell(ADD_KAFKA))["generators"]
    assert [g["id"] for g in again] == ids[:2]
    assert not any(g["created"] or g["updated"] for g in again)

    # Each record has the scheduled time of its tick.
    for topic, interval_ms in (("boo", 10_000), ("moo", 8_000)):
        due = [message.timestamp()[1] for message in read_topic(kafka, topic)]
        assert due == [due[0] + at // 10 * interval_ms for at in range(len(due))]
    # No more events arrive: each row is the last event with its key.
    for id, name in zip(ids[2:], ("boo", "moo"), strict=True):
        assert service.post(f"/generator/pause?id={id}")[0] == 200
        generated = service.events(id, 0, service.generator(id)["position"])
        rows = {row["id"]: row for row in table_rows(service.dsn, name)}
        assert rows.keys() == {event["id"] for event in generated}
        assert all(rows[e["id"]]["user_agent"] == e["user_agent"] for e in latest_by_id(generated))

    wait_until(
        lambda: is_healthy(service.generator(ids[0])), lambda: str(service.generator(ids[0]))
    )
    # Status and remove, with the real ids.
    shown = json.loads(service.shell(STATUS.replace("12594183362362990045", ids[0])))
    assert (shown["id"], is_healthy(shown)) == (ids[0], True), shown
    removal = REMOVE.replace("11168030917768196602", ids[0]).replace("17828440514488382438", ids[1])
    assert json.loads(service.shell(removal)) == {"removed": ids[:2], "unknown": []}
    assert json.loads(service.shell(removal))["status"] == 404

    boo, moo = topic_events(kafka, "boo"), topic_events(kafka, "moo")
    assert len(boo) >= 20
    assert len(boo) % 10 == len(moo) % 10 == 0
    for event in boo:
        check_first_template(event)
    for event in moo:
        check_second_template(event)

    rows = table_rows(service.dsn, "boo")
    assert 0 < len(rows) == len({row["id"] for row in rows})
    for row in rows:
        check_first_template(row)
    for row in table_rows(service.dsn, "moo"):
        check_second_template(row)
