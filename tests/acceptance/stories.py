"""Cases of examples of timelines, delivered to two topics and a table.

They begin a day ago, so that many timelines are over when a test begins, and go on live.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from tests.acceptance.cases import CHECK
from tests.acceptance.request_bodies import table, topic
from tests.acceptance.service_process import table_rows, topic_events
from tests.acceptance.test_timeline_examples import EXAMPLES
from tests.integration.kafka.harness import OPTIONS
from tests.waiting import DEADLINE_S, wait_until

PAGE = 500
"""Timelines in a page of steps."""
PAST, LIVE = {"rate": "3/m", "start": "now-25h"}, {"rate": "1/s"}


@dataclass(frozen=True)
class Story:
    """An example, and the names of its steps that go to two topics and to a table.

    `case` says which timeline an event of a topic is of. `row` is what of an event is a row, and
    `deletes` whether the event deletes it. `table` has the options of the table.
    """

    name: str
    horizon: str
    case: Callable[[Any], Any]
    key: str
    names: tuple[str, str, str]
    row: Callable[[Any], dict] = lambda event: event
    deletes: Callable[[Any], bool] = lambda event: False
    table: Mapping[str, str] = field(default_factory=dict)

    def body(self, name, pace):
        """A request that delivers the steps with the three names."""
        first, second = (topic(f"{name}_{at}", key=self.key, partitions=2) for at in (0, 1))
        destinations = (first, second, table(f"{name}_2", **self.table))
        return {
            "destinations": [
                {"id": f"d{at}", "type": kind, kind: options}
                for at, (kind, options) in enumerate(destinations)
            ],
            "events": [
                {
                    "id": "story",
                    "template": (EXAMPLES / f"{self.name}.jsonnet").read_text("utf-8"),
                    "pace": pace,
                    "timeline": {"horizon": self.horizon},
                    "catch_up": "replay",
                }
            ],
            "schedules": [
                {"destination_id": f"d{at}", "event_id": "story", "only": only}
                for at, only in enumerate(self.names)
            ],
        }


VISIT = Story(
    "shop-session", "2h", lambda event: event["visit"], "visit", ("pages", "pages", "orders"),
    table={"key": "id"},
)  # fmt: skip
PAYMENT = Story(
    "card-payment", "24h", lambda event: event["payment"], "payment",
    ("payments", "refunds", "refunds"),
)  # fmt: skip
DEVICE = Story("device-states", "24h", lambda event: event["run"], "run", ("states",) * 3)
ROW = Story(
    "row-life", "1h", lambda event: event["row"]["id"], "/row/id", ("rows",) * 3,
    row=lambda event: event["row"], deletes=lambda event: event["op"] == "delete",
    table={"key": "id", "value": "row", "op": "op"},
)  # fmt: skip


def story_case(story):
    """A case of `run_cases`: an example goes on through pauses, another pace and restarts."""

    def case(kafka, service):
        name = f"story_{uuid.uuid4().hex[:12]}"
        ids = added(service, story.body(name, PAST))
        paces = iter((LIVE, {"rate": "2/s"}))
        while (yield) is not CHECK:
            assert added(service, story.body(name, next(paces, LIVE))) == ids
            wait_for_steps(service, ids[0])
            for action in ("pause", "resume"):
                assert service.post(f"/generator/{action}?id={ids[2]}")[0] == 200
                wait_for_steps(service, ids[0])
        check_story(story, kafka, service, name, ids)

    return case


def added(service, body):
    code, answer = service.post("/generator/add", body)
    assert code == 200, answer
    return [each["id"] for each in answer["generators"]]


def wait_for_steps(service, id_):
    """The generator commits more steps."""
    wait_for_positions(service, {id_: service.generator(id_)["position"] + 1})


def wait_for_positions(service, marks):
    wait_until(
        lambda: all(service.generator(id_)["position"] >= mark for id_, mark in marks.items()),
        lambda: f"{marks}\n{[service.generator(id_) for id_ in marks]}\n{service.log}",
    )


def check_story(story, kafka, service, name, ids):
    """All steps that are due were delivered in order, and `verify` finds them."""
    now = datetime.now(UTC)
    wait_for_positions(service, {id_: due_steps(service, id_, now) for id_ in ids})
    for id_ in ids:
        assert service.post(f"/generator/pause?id={id_}")[0] == 200
        check_verified(service, id_)
    for at, id_ in enumerate(ids[:2]):
        delivered = by_case(story, topic_events(kafka, f"{name}_{at}"))
        assert delivered == by_case(story, delivered_events(service, id_))
    same_steps = ids[story.names.index(story.names[2])]
    check_rows(story, service, f"{name}_2", delivered_events(service, ids[2], same_steps))
    check_from_the_middle(kafka, service, f"{name}_0", ids[0])


def due_steps(service, id_, now):
    """The number of steps that are due at an instant, of timelines that have begun."""
    begun = service.generator(id_)["timelines"]
    due = sum(datetime.fromisoformat(step["due"]) <= now for step, _ in steps(service, id_, begun))
    assert due > 0
    return due


def steps(service, id_, count):
    """The steps of the first timelines with their events, in the order of delivery."""
    found = []
    for first in range(0, count, PAGE):
        query = f"id={id_}&first={first}&count={min(PAGE, count - first)}"
        code, page = service.get(f"/generator/events?{query}")
        assert code == 200, page
        found += zip(page["steps"], page["events"], strict=True)
    return sorted(found, key=lambda each: (each[0]["due"], each[0]["index"], each[0]["step"]))


def delivered_events(service, id_, steps_like=None):
    """The events of the steps that were delivered; `steps_like` has the same steps."""
    status = service.generator(id_)
    found = steps(service, steps_like or id_, status["timelines"])
    return [event for _, event in found[: status["position"]]]


def by_case(story, events):
    """The events of each timeline in their order."""
    found = {}
    for event in events:
        found.setdefault(story.case(event), []).append(event)
    return found


def check_verified(service, id_):
    code, answer = service.post(f"/generator/verify?id={id_}")
    assert (code, answer["clean"]) == (200, True), answer
    assert answer["checked"] == service.generator(id_)["position"]


def check_rows(story, service, name, events):
    """The rows are those of the steps: as many, or the last of each key that is not deleted."""
    expected = [fields(story.row(event)) for event in events]
    if "key" in story.table:
        last = {story.row(event)["id"]: event for event in events}
        kept = [event for event in last.values() if not story.deletes(event)]
        assert len(kept) < len(last) or "op" not in story.table
        expected = [fields(story.row(event)) for event in kept]
    assert Counter(map(fields, table_rows(service.dsn, name))) == Counter(expected)


def fields(row):
    """What a row and its event have in common: no null and no time, whose texts differ."""
    return frozenset((k, v) for k, v in row.items() if k != "at" and v is not None)


def check_from_the_middle(kafka, service, name, id_):
    """The topic loses the first half of its records: `verify` compares the others."""
    delete_first_half(kafka, name)
    code, answer = service.post(f"/generator/verify?id={id_}")
    assert (code, answer["clean"]) == (200, True), answer
    assert answer["unchecked"], answer
    assert 0 < answer["checked"] < service.generator(id_)["position"], answer


def delete_first_half(kafka, name):
    admin = AdminClient(OPTIONS | {"bootstrap.servers": kafka})
    partitions = admin.list_topics(name, timeout=DEADLINE_S).topics[name].partitions
    places = [TopicPartition(name, number) for number in partitions]
    ends = admin.list_offsets({place: OffsetSpec.latest() for place in places})
    halves = [
        TopicPartition(name, place.partition, found.result(DEADLINE_S).offset // 2)
        for place, found in ends.items()
    ]
    for found in admin.delete_records(halves).values():
        found.result(DEADLINE_S)
