"""The paths under /generator: requests and answers."""

import json
from dataclasses import replace

import pytest

from eventer.api.examples import ADD_EXAMPLES, PREVIEW_EXAMPLES, VALIDATE_EXAMPLES
from eventer.api.wire.fault_rules import FaultsOut
from eventer.api.wire.pace_responses import PacePreviewOut
from eventer.api.wire.responses import (
    AddOut,
    EventsOut,
    GeneratorOut,
    GeneratorsOut,
    PreviewOut,
    RemoveOut,
    ValidateOut,
    VerifyOut,
)
from eventer.core.errors import NotFoundError, PositionLostError
from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.model import CatchUp, KafkaTarget, OnError, PostgresTarget, Segment
from eventer.core.pace import ticks
from tests.unit.api.canned_service import BIGGEST, view

EVENT = {"id": "e", "template": "{}", "interval": "1s"}
DESTINATION = {"id": "d", "type": "kafka", "kafka": {"topic": "t"}}
SCHEDULE = {"destination_id": "d", "event_id": "e"}


def add_body(event=None, destination=None, **fields):
    body = {
        "destinations": [DESTINATION | (destination or {})],
        "events": [EVENT | (event or {})],
        "schedules": [SCHEDULE],
    }
    return body | fields


def named(name):
    return add_body(schedules=[SCHEDULE | {"name": name}])


def late_body(*by, more=1):
    return add_body({"faults": more * [{"kind": "late", "probability": 0.1, "by": list(by)}]})


def fault_body(**fields):
    return add_body({"faults": [{"kind": "null", "probability": 0.1, "fields": ["a"]} | fields]})


async def test_a_generator_has_exactly_the_fields_of_the_contract(client):
    answer = (await client.get("/generator/status", params={"id": str(BIGGEST)})).json()
    assert answer == {
        "id": "18446744073709551615",
        "name": "kafka:boo",
        "state": "failed",
        "destination": {
            "type": "kafka",
            "kafka": {"connection": "kafka", "topic": "boo", "key": "id"},
        },
        "event": {
            "dataset": "crazy_airflow",
            "stream": "orders",
            "count": 10,
            "interval": "10s",
        },
        "seed": "18446744073709551614",
        "engine": "interpreter",
        "engine_reason": "there is no other yet",
        "position": 41,
        "timelines": None,
        "skipped": 1,
        "dropped": 2,
        "bytes": 1 << 60,
        "requested_rate": 1.0,
        "delivered_rate": 0.5,
        "lag": 3,
        "limited_by": None,
        "waits_for": [],
        "retries": 0,
        "next_tick": "2023-11-14T22:13:20.123456Z",
        "last_error": {
            "message": "division by zero",
            "hint": "check the divisor",
            "index": 41,
            "template": "template",
            "line": 2,
            "column": 5,
            "end_line": 2,
            "end_column": 8,
            "source_line": "{a: usr.name}",
            "at": "2023-11-14T22:13:20.000000Z",
        },
        "warnings": [],
        "delivery": "exactly-once",
        "created_at": "1970-01-01T00:00:00.000000Z",
        "updated_at": "1970-01-01T00:00:01.500000Z",
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "shape"),
    [
        ("POST", "/generator/add", add_body(), AddOut),
        ("GET", "/generator/status?id=1", None, GeneratorOut),
        ("GET", "/generator/status", None, GeneratorsOut),
        ("POST", "/generator/pause?id=1", None, GeneratorOut),
        ("POST", "/generator/resume?id=1", None, GeneratorOut),
        ("POST", "/generator/remove?id=1", None, RemoveOut),
        ("POST", "/generator/verify?id=1", None, VerifyOut),
        ("POST", "/generator/preview", {"template": "{}"}, PreviewOut),
        ("POST", "/generator/validate", {"template": "{}"}, ValidateOut),
        ("GET", "/generator/faults?id=1&first=5", None, FaultsOut),
        ("POST", "/generator/pace", {"pace": {"cron": "0 9 * * *"}}, PacePreviewOut),
    ],
)
async def test_every_answer_has_the_documented_shape(client, method, path, body, shape):
    answer = await client.request(method, path, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.content.endswith(b"}\n")
    shape.model_validate(answer.json())


async def test_every_field_of_a_request_arrives(client, service):
    kafka = {
        "topic": "t",
        "connection": "other",
        "key": "id",
        "partition": "/a/b",
        "timestamp": "at",
        "headers": {"h": "/x"},
        "partitions": 3,
        "replication": 2,
        "config": {"cleanup.policy": "compact"},
    }
    event = {
        "dataset": "x",
        "stream": "s",
        "vars": {"k": 1},
        "seed": "5",
        "count": 7,
        "on_error": "skip",
        "catch_up": "replay",
        "faults": [
            {"kind": "drop", "probability": 1},
            {"kind": "null", "probability": 0.5, "fields": ["a", "/b/c"], "label": "header"},
        ],
    }
    schedules = [SCHEDULE | {"name": "orders/new-1"}]
    body = add_body(event, {"kafka": kafka}, schedules=schedules)
    answer = await client.post("/generator/add", json=body)
    assert answer.status_code == 200, answer.text
    ((_, request),) = service.asked
    assert request.destinations[0].target == KafkaTarget(
        "t", "other", "id", "/a/b", "at", (("h", "/x"),), 3, 2, (("cleanup.policy", "compact"),)
    )
    assert request.schedules[0].name == "orders/new-1"
    made = request.events[0]
    assert (made.dataset, made.stream, made.vars, made.seed) == ("x", "s", '{"k":1}', 5)
    assert (made.pace, made.field) == (ticks(7, 1_000_000_000), "template")
    assert (made.on_error, made.catch_up) == (OnError.SKIP, CatchUp.REPLAY)
    assert made.faults == (
        FaultRule(FaultKind.DROP, 1),
        FaultRule(FaultKind.NULL, 0.5, ("a", "/b/c"), "header"),
    )


@pytest.mark.parametrize(
    ("key", "expected"), [("id", ("id",)), (["a", "b"], ("a", "b")), (None, None)]
)
async def test_an_upsert_key_is_a_name_or_a_list(client, service, key, expected):
    postgres = {"table": 's."a.b"', "key": key}
    destination = {"id": "d", "type": "postgres", "postgres": postgres}
    await client.post("/generator/add", json=add_body(destinations=[destination]))
    target = service.asked[0][1].destinations[0].target
    assert target == PostgresTarget('s."a.b"', "postgres", expected)


@pytest.mark.parametrize(
    ("body", "pointer", "said"),
    [
        (add_body(destinations=[]), "/destinations", "at least 1 item"),
        (add_body({"interval": "10"}), "/events/0/interval", "has no unit"),
        (add_body({"interval": 10}), "/events/0/interval", "must be text"),
        (add_body({"count": 0}), "/events/0/count", "must be at least 1"),
        (add_body({"count": True}), "/events/0/count", "must be an integer"),
        (add_body({"count": "1"}), "/events/0/count", "must be an integer"),
        (add_body({"count": 10**30}), "/events/0/count", "must be at most 1000000000"),
        (add_body({"interval": "9" * 5000 + "s"}), "/events/0/interval", "is not a duration"),
        (add_body(events=[5]), "/events/0", "must be an object"),
        (add_body(events={}), "/events", "must be a list"),
        (add_body({"dataset": 5}), "/events/0/dataset", "must be text"),
        (add_body({"seed": -1}), "/events/0/seed", "unsigned 64-bit"),
        (add_body({"template": None}), "/events/0", "has no template"),
        (add_body({"schema": "e30="}), "/events/0", "has both `schema` and `template`"),
        (add_body({"template": None, "schema": "?"}), "/events/0/schema", "is not base64"),
        (add_body({"on_error": "go"}), "/events/0/on_error", "'stop', 'skip' or 'retry'"),
        (late_body(), "/events/0/faults/0/by", "must have two durations"),
        (late_body("1s", "2s", "3s"), "/events/0/faults/0/by", "must have two durations"),
        (late_body("2s", "1s"), "/events/0/faults/0/by", "the shortest delay first"),
        (late_body("0s", "0s"), "/events/0/faults/0/by", "must be greater than zero"),
        (late_body("0s", "25h"), "/events/0/faults/0/by/1", "between 0s and 24h"),
        (late_body("-1s", "5h"), "/events/0/faults/0/by/0", "between 0s and 24h"),
        (late_body("0s", 5), "/events/0/faults/0/by/1", "must be text"),
        (
            late_body("0s", "15h", more=2),
            "/events/0/faults",
            "the delays can be 30h, more than 24h",
        ),
        (fault_body(kind="late", fields=[]), "/events/0/faults/0/by", "is missing"),
        (fault_body(by=["1s", "2s"]), "/events/0/faults/0/by", "cannot be combined with `null`"),
        (fault_body(kind="lost"), "/events/0/faults/0/kind", "must be 'drop', 'null'"),
        (fault_body(probability=1.1), "/events/0/faults/0/probability", "must be at most 1"),
        (fault_body(probability="1"), "/events/0/faults/0/probability", "must be a number"),
        (fault_body(fields=[]), "/events/0/faults/0/fields", "is missing"),
        (fault_body(fields=["/a~2"]), "/events/0/faults/0/fields/0", "is not a JSON pointer"),
        (fault_body(kind="malformed"), "/events/0/faults/0/fields", "cannot be combined"),
        (fault_body(label="body"), "/events/0/faults/0/label", "must be 'header'"),
        (fault_body(kind="drop", fields=[], label="header"), "/events/0/faults/0/label", "record"),
        (add_body({"intervall": "1s"}), "/events/0/intervall", "unknown field"),
        (named("12"), "/schedules/0/name", "digits only, as ids do"),
        (named("-a"), "/schedules/0/name", "with a letter or digit first"),
        (named("a" * 129), "/schedules/0/name", "at most 128 characters"),
        (
            add_body(None, {"type": "redis"}),
            "/destinations/0/type",
            "'kafka', 'postgres', 'file', 'http' or 'mysql'",
        ),
        (add_body(None, {"type": "postgres"}), "/destinations/0", "but no 'postgres' options"),
        (add_body(None, {"postgres": {"table": "t"}}), "/destinations/0", "but 'postgres' options"),
        (add_body(None, {"kafka": {}}), "/destinations/0/kafka/topic", "is missing"),
        (add_body(None, {"kafka": {"topic": ""}}), "/destinations/0/kafka/topic", "at least 1"),
    ],
)
async def test_each_mistake_is_reported_at_its_place(client, service, body, pointer, said):
    answer = await client.post("/generator/add", json=body)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == pointer
    assert said in fault["message"]
    assert service.asked == []


async def test_a_name_stands_in_place_of_an_id(client, service):
    await client.get("/generator/status", params={"id": "orders/e1"})
    await client.post("/generator/remove?id=7", json={"ids": ["a:b", 5, "6"]})
    assert [arguments for _, *arguments in service.asked] == [["orders/e1"], [(7, "a:b", 5, 6)]]
    for text in ("-a", "a b", "9" * 21, ""):
        answer = await client.get("/generator/status", params={"id": text})
        assert answer.status_code == 422
        assert "must be an id" in answer.json()["detail"]


async def test_an_instant_must_fit_64_bits(client, service):
    body = {"template": "{}", "at": "2300-01-01T00:00:00Z"}
    answer = await client.post("/generator/preview", json=body)
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "/at"
    assert "between the years 1678 and 2262" in fault["message"]
    assert service.asked == []


LONG = {"timeline": {"horizon": "25h"}}


@pytest.mark.parametrize(
    ("path", "body", "pointer", "said"),
    [
        ("add", add_body(LONG), "/events/0/timeline/horizon", "at most 24h"),
        ("preview", {"timeline": {"horizon": "25h"}}, "/timeline/horizon", "at most 24h"),
        ("validate", {"timeline": {"horizon": 5}}, "/timeline/horizon", "must be text"),
        ("preview", {"only": "a"}, "/only", "needs `timeline`"),
    ],
)
async def test_timelines_that_are_refused(client, service, path, body, pointer, said):
    whole = body if path == "add" else body | {"template": "[]"}
    answer = await client.post(f"/generator/{path}", json=whole)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], service.asked) == (pointer, [])
    assert said in fault["message"]


@pytest.mark.parametrize(
    ("path", "body", "near"),
    [
        ("/generator/add", add_body({"intervall": "1s"}), "interval"),
        ("/generator/add", add_body({"shema": "e30="}), "schema"),
        ("/generator/add", add_body(None, {"kafka": {"topic": "t", "kei": "id"}}), "key"),
        ("/generator/preview", {"template": "{}", "cuont": 1}, "count"),
        ("/generator/validate?", {"template": "{}", "destinaton": {}}, "destination"),
        ("/generator/remove?idd=1", None, "id"),
    ],
)
async def test_unknown_names_get_a_suggestion(client, path, body, near):
    answer = await client.post(path, json=body)
    assert answer.status_code == 422
    hints = [fault.get("hint") for fault in answer.json()["errors"]]
    assert hints == [f"did you mean {near!r}?"]


@pytest.mark.parametrize(
    ("query", "body", "ids"),
    [
        ("?id=1&id=2", None, (1, 2)),
        ("", {"id": "18446744073709551615"}, (BIGGEST,)),
        ("?id=1", {"id": 2, "ids": ["3", "1"]}, (1, 2, 3)),
        ("?id=1", {}, (1,)),
    ],
)
async def test_all_ids_of_query_and_body_are_removed(client, service, query, body, ids):
    answer = await client.post(f"/generator/remove{query}", json=body)
    assert answer.json() == {"removed": [str(id_) for id_ in ids], "unknown": ["5"]}
    assert service.asked == [("remove", ids)]


async def test_removing_nothing_and_removing_unknown_ids(client):
    assert (await client.post("/generator/remove", json={})).status_code == 422
    answer = await client.post("/generator/remove?id=404")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "there is no generator 404"


async def test_events_travel_byte_for_byte(client):
    answer = await client.get("/generator/events?id=1&first=5&count=2")
    assert answer.content == b'{"first":5,"events":[{"a":1e400},null],"provisional_from":null}\n'
    answer = await client.post("/generator/preview", json={"template": "{}"})
    assert answer.content.startswith(b'{"events":[{"a":0.1}],"seed":"7"')
    EventsOut.model_validate({"first": 0, "events": []})


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("resume?id=1", ("resume", 1, False, None)),
        ("resume?id=1&skip=1", ("resume", 1, True, None)),
        ("resume?id=1&position=registry", ("resume", 1, False, "registry")),
        ("verify?id=1", ("verify", 1, False)),
        ("verify?id=1&allow_foreign=1", ("verify", 1, True)),
        ("pause?id=1", ("pause", 1)),
    ],
)
async def test_routes_of_one_generator(client, service, path, asked):
    assert (await client.post(f"/generator/{path}")).status_code == 200
    assert service.asked == [asked]


@pytest.mark.parametrize("count", [0, 1001])
async def test_at_most_a_thousand_events_are_made_again(client, count):
    answer = await client.get(f"/generator/events?id=1&count={count}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "count"


@pytest.mark.parametrize(
    ("path", "examples"),
    [
        ("/generator/add", ADD_EXAMPLES),
        ("/generator/preview", PREVIEW_EXAMPLES),
        ("/generator/validate", VALIDATE_EXAMPLES),
    ],
)
async def test_documented_examples_are_accepted(client, path, examples):
    for example in examples.values():
        assert (await client.post(path, json=example["value"])).status_code == 200


LINES = {"Accept": "application/x-ndjson"}


async def test_a_verification_reports_progress_as_lines(client):
    answer = await client.post("/generator/verify?id=7", headers=LINES)
    *progress, last = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert progress == [{"made": 10, "total": 100}, {"made": 50, "total": 100}]
    assert last == (await client.post("/generator/verify?id=7")).json()
    assert (last["id"], last["clean"]) == ("7", False)
    assert last["findings"] == [
        {"kind": "missing", "index": 41, "place": {}, "detail": None},
        {
            "kind": "foreign",
            "index": None,
            "place": {"partition": 0, "offset": 7},
            "detail": "why",
        },
    ]


async def test_a_failed_verification_ends_with_a_problem(client, service):
    service.breaks = PositionLostError("position lost: 1 of 2", hint="choose")
    answer = await client.post("/generator/verify?id=7", headers=LINES)
    last = json.loads(answer.text.splitlines()[-1])
    assert (answer.status_code, last["status"], last["hint"]) == (200, 409, "choose")
    answer = await client.post("/generator/verify?id=7")
    assert (answer.status_code, answer.json()["type"]) == (409, last["type"])
    service.fails = NotFoundError("there is no generator 7")
    for headers in ({}, LINES):
        assert (await client.post("/generator/verify?id=7", headers=headers)).status_code == 404


PACES = [
    {"rate": "500/s", "arrivals": "random", "max_events": 9},
    {"rate": "30/m", "start": "now-7d", "end": "2030-01-01T00:00:00.000000Z"},
    {"stages": [{"rate": "100/s", "for": "1m"}, {"to": "1000/s", "for": "5m"}], "repeat": 1},
    {"stages": [{"to": "7/h", "for": "1m"}, {"rate": "0/s", "for": "1h30m"}], "repeat": True},
    {"rate": "2/m", "profile": [0, 1.5, 0.1, 2] * 6, "timezone": "Europe/Berlin"},
    {"cron": "0 9 * * MON-FRI", "timezone": "UTC", "count": 50},
    {"count": 5, "interval": "1m", "max_events": 100},
]


@pytest.mark.parametrize("pace", PACES, ids=lambda pace: next(iter(pace)))
async def test_a_pace_is_shown_as_it_was_requested(client, service, pace):
    answer = await client.post("/generator/add", json=add_body(event={"pace": pace, **NO_TICKS}))
    assert answer.status_code == 200, answer.text
    ((_, request),) = service.asked
    record = replace(view().record, segments=(Segment(0, 0, request.events[0].pace),))
    shown = GeneratorOut.json_of(view(record=record))["event"]
    assert shown == {"dataset": "crazy_airflow", "stream": "orders", "pace": pace}


NO_TICKS = {"interval": None}


@pytest.mark.parametrize(
    ("pace", "pointer", "said"),
    [
        ({}, "", "must have `rate`, `stages`"),
        ({"rate": "5 per s"}, "/rate", "is not a rate"),
        ({"rate": "0/s"}, "/rate", "greater than zero"),
        ({"rate": 5}, "/rate", "must be text"),
        ({"rate": "5/s", "cron": "* * * * *"}, "/rate", "cannot be combined with `cron`"),
        ({"rate": "5/s", "count": 3}, "/count", "cannot be combined with `rate`"),
        ({"rate": "5/s", "timezone": "UTC"}, "/timezone", "cannot be combined with `rate`"),
        ({"rate": "5/s", "repeat": 3}, "/repeat", "cannot be combined with `rate`"),
        ({"rate": "5/s", "arrivals": "odd"}, "/arrivals", "must be 'even' or 'random'"),
        ({"profile": [1] * 24}, "/rate", "is missing"),
        ({"rate": "5/s", "profile": [1] * 23}, "/profile", "24 numbers"),
        ({"rate": "5/s", "profile": [0] * 24}, "/profile", "greater than zero"),
        ({"rate": "5/s", "profile": [-1] * 24}, "/profile", "from 0 to"),
        (
            {"rate": "5/s", "profile": [1] * 24, "timezone": "Europe/Berlim"},
            "/timezone",
            "unknown time zone",
        ),
        ({"cron": "* * * *"}, "/cron", "must have five fields"),
        ({"cron": "99 * * * *"}, "/cron", "the minute is wrong"),
        ({"cron": "* * * * *", "arrivals": "random"}, "/arrivals", "cannot be random with `cron`"),
        ({"interval": "1s", "arrivals": "random"}, "/arrivals", "cannot be random"),
        ({"stages": []}, "/stages", "at least 1 item"),
        ({"stages": [{"for": "1m"}]}, "/stages/0", "either `rate` or `to`"),
        ({"stages": [{"rate": "1/s", "to": "2/s", "for": "1m"}]}, "/stages/0", "either"),
        ({"stages": [{"rate": "1/s"}]}, "/stages/0/for", "is missing"),
        ({"stages": [{"rate": "0", "for": "1m"}]}, "/stages", "rate greater than zero"),
        ({"stages": [{"rate": "1/s", "for": "1m"}], "repeat": 0}, "/repeat", "must be true or"),
        ({"rate": "5/s", "start": "yesterday"}, "/start", "is not an instant"),
        ({"rate": "5/s", "start": "now-7x"}, "/start", "unknown unit 'x'"),
        ({"rate": "5/s", "end": "later"}, "/end", "is not an instant"),
        ({"rate": "5/s", "end": "now-2h"}, "/end", "must be a fixed instant"),
        ({"rate": "5/s", "max_events": 0}, "/max_events", "must be at least 1"),
        ({"rate": "5/s", "max_event": 1}, "/max_event", "unknown field"),
    ],
)
async def test_a_wrong_pace_is_refused_at_its_place(client, pace, pointer, said):
    answer = await client.post("/generator/add", json=add_body(event={"pace": pace, **NO_TICKS}))
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == f"/events/0/pace{pointer}"
    assert said in fault["message"]


async def test_a_pace_takes_the_place_of_the_interval(client):
    both = await client.post("/generator/add", json=add_body(event={"pace": {"rate": "5/s"}}))
    assert [fault["pointer"] for fault in both.json()["errors"]] == ["/events/0/pace"]
    none = await client.post("/generator/add", json=add_body(event=NO_TICKS))
    assert none.status_code == 422
    (fault,) = none.json()["errors"]
    assert (fault["pointer"], fault["message"]) == ("/events/0/interval", "is missing")
