"""Timelines are delivered completely, exactly once, if the service and its workers end."""

import random
import uuid
from collections import Counter
from datetime import UTC

from tests.acceptance.cases import CHECK
from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import table_rows, topic_events
from tests.waiting import wait_until

STORY = """
local e = import 'eventer.libsonnet';
local id = e.index(), pause = e.number(0.05, 1, 3);
[
  { after: step * pause, event: { told: id, step: step, of: 4, at: e.now('us', step * pause) } }
  for step in std.range(0, 3)
]
"""
PAID = """
local e = import 'eventer.libsonnet';
[
  { after: 0, to: 'orders', event: { id: e.index(), at: e.now('us') } },
  { after: 0.5, to: 'payments', event: { story: e.index(), ordered: e.now('us') } },
]
"""
PACE = {"count": 8, "interval": "200ms", "timeline": {"horizon": "5s"}}


def added(service, destination, **event):
    body = request(destination, template=STORY, **PACE | event)
    code, answer = service.post("/generator/add", body)
    assert code == 200, answer
    return answer["generators"][0]["id"]


def wait_for_progress(service, ids, steps=60):
    marks = {id_: service.generator(id_)["position"] + steps for id_ in ids}
    wait_until(
        lambda: all(service.generator(id_)["position"] >= mark for id_, mark in marks.items()),
        lambda: f"{[service.generator(id_) for id_ in ids]}\n{service.log}",
    )


def wait_for_position(service, id_, position):
    wait_until(lambda: service.generator(id_)["position"] >= position, lambda: service.log)


def check_told(events, position):
    """Each timeline was told from its first step on, in order, none twice; few are under way."""
    assert len(events) == position
    told = {}
    for event in events:
        told.setdefault(event["told"], []).append(event["step"])
    assert all(steps == [*range(len(steps))] for steps in told.values()), told
    assert sorted(told) == [*range(len(told))]
    unfinished = [id_ for id_, steps in told.items() if len(steps) < 4]
    assert len(unfinished) <= 40 * 5


def check_verified(service, id_):
    code, answer = service.post(f"/generator/verify?id={id_}")
    assert code == 200, answer
    assert answer["clean"], answer
    status = service.generator(id_)
    assert answer["checked"] == status["position"] - status["dropped"]


def timelines_case(kafka, service):
    """Timelines are complete, also if a worker is killed or the generator is paused."""
    name = f"told_{uuid.uuid4().hex}"
    ids = [added(service, each) for each in (topic(name), table(name))]
    wait_for_progress(service, ids)
    while (yield) is not CHECK:
        wait_for_progress(service, ids)
        for id_ in ids:
            assert service.post(f"/generator/pause?id={id_}")[0] == 200
            assert service.post(f"/generator/resume?id={id_}")[0] == 200
        service.kill_worker(random.Random())
        wait_for_progress(service, ids)
    for id_ in ids:
        service.post(f"/generator/pause?id={id_}")
        check_verified(service, id_)
    check_told(topic_events(kafka, name), service.generator(ids[0])["position"])
    rows = sorted(table_rows(service.dsn, name), key=lambda row: row["step"])
    check_told(rows, service.generator(ids[1])["position"])


CLICK = "local e = import 'eventer.libsonnet'; { click: e.index(), at: e.now('us') }"
FAULTS = [
    {"kind": "late", "probability": 0.2, "by": ["100ms", "2s"]},
    {"kind": "duplicate", "probability": 0.2, "by": ["0s", "1s"], "label": "header"},
    {"kind": "drop", "probability": 0.05},
]


def check_clicks(events, service, id_):
    """Each click was read as often as the answer key says, except for what is still to come."""
    status = service.generator(id_)
    code, answer = service.get(f"/generator/faults?id={id_}&count={status['timelines']}")
    assert code == 200, answer
    key = {event["index"]: [f["kind"] for f in event["faults"]] for event in answer["events"]}
    assert len(events) == status["position"] - status["dropped"]
    read = Counter(event["click"] for event in events)
    for click in range(status["timelines"] - 40 * 4):
        faults = key.get(click, [])
        assert read[click] == ("drop" not in faults) + faults.count("duplicate"), (click, faults)
    assert {"late", "duplicate", "drop"} <= {kind for faults in key.values() for kind in faults}


def clicks_case(kafka, service):
    """Late events and copies are delivered as the answer key says."""
    name = f"clicks_{uuid.uuid4().hex}"
    event = {"template": CLICK, "faults": FAULTS, "count": 8, "interval": "200ms"}
    body = request(topic(name), **event)
    code, answer = service.post("/generator/add", body)
    assert code == 200, answer
    table_event = event | {"faults": [{k: v for k, v in f.items() if k != "label"} for f in FAULTS]}
    code, rows = service.post("/generator/add", request(table(name), **table_event))
    assert code == 200, rows
    ids = [each["generators"][0]["id"] for each in (answer, rows)]
    wait_for_progress(service, ids, 150)
    while (yield) is not CHECK:
        wait_for_progress(service, ids, 100)
    for id_ in ids:
        service.post(f"/generator/pause?id={id_}")
        check_verified(service, id_)
    check_clicks(topic_events(kafka, name), service, ids[0])
    check_clicks(table_rows(service.dsn, name), service, ids[1])


def two_destinations_case(kafka, service):
    """The destinations of one story get the same story."""
    name = f"agrees_{uuid.uuid4().hex}"
    body = request(topic(name), table(name, key="story"), template=PAID, catch_up="replay", **PACE)
    for schedule, only in zip(body["schedules"], ("orders", "payments"), strict=True):
        schedule["only"] = only
    code, answer = service.post("/generator/add", body)
    assert code == 200, answer
    orders, payments = ids = [each["id"] for each in answer["generators"]]
    wait_for_progress(service, ids, 20)
    assert service.post(f"/generator/pause?id={payments}")[0] == 200
    wait_for_progress(service, [orders], 20)
    assert service.post(f"/generator/resume?id={payments}")[0] == 200
    while (yield) is not CHECK:
        wait_for_progress(service, ids, 20)
    last = service.generator(orders)["position"]
    wait_for_position(service, payments, last)
    for id_ in (payments, orders):
        assert service.post(f"/generator/pause?id={id_}")[0] == 200
        check_verified(service, id_)
        # Both have their own shards: one may be late.
        wait_for_position(service, orders, service.generator(payments)["position"])
    ordered = {event["id"]: event["at"] for event in topic_events(kafka, name)}
    paid = {row["story"]: row["ordered"] for row in table_rows(service.dsn, name)}
    for id_, at in paid.items():
        assert ordered[id_] == at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert set(range(last)) <= set(paid)
