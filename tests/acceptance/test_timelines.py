"""Timelines are delivered completely, exactly once, whatever ends the service or its workers."""

import random
import time
import uuid
from datetime import UTC

import pytest

from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import table_rows, topic_events
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
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
PACE = {"count": 4, "interval": "100ms", "timeline": {"horizon": "5s"}}


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
    assert answer["checked"] == service.generator(id_)["position"]


@pytest.mark.parametrize(
    "rounds", [pytest.param(1, id="once"), pytest.param(10, id="often", marks=pytest.mark.slow)]
)
def test_kill_9_cuts_no_timeline(rounds, kafka, service):
    name, chance = f"told_{uuid.uuid4().hex}", random.Random(random.randrange(1 << 32))
    ids = [added(service, each) for each in (topic(name), table(name))]
    wait_for_progress(service, ids)
    for _ in range(rounds):
        chance.choice([w for w in service.workers() if w not in service.compilers()]).kill()
        wait_for_progress(service, ids)
        service.kill()
        time.sleep(chance.uniform(0, 0.5))
        service.start()
        wait_for_progress(service, ids)
        for id_ in ids:
            assert service.post(f"/generator/pause?id={id_}")[0] == 200
            assert service.post(f"/generator/resume?id={id_}")[0] == 200
    wait_for_progress(service, ids)
    for id_ in ids:
        service.post(f"/generator/pause?id={id_}")
        check_verified(service, id_)
    check_told(topic_events(kafka, name), service.generator(ids[0])["position"])
    rows = sorted(table_rows(service.dsn, name), key=lambda row: row["step"])
    check_told(rows, service.generator(ids[1])["position"])


def test_destinations_of_one_story_agree(kafka, service):
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
    service.kill()
    service.start()
    wait_for_progress(service, ids, 20)
    last = service.generator(orders)["position"]
    wait_until(lambda: service.generator(payments)["position"] >= last, lambda: service.log)
    for id_ in (payments, orders):
        assert service.post(f"/generator/pause?id={id_}")[0] == 200
        check_verified(service, id_)
    ordered = {event["id"]: event["at"] for event in topic_events(kafka, name)}
    paid = {row["story"]: row["ordered"] for row in table_rows(service.dsn, name)}
    for id_, at in paid.items():
        assert ordered[id_] == at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert set(range(last)) <= set(paid)
