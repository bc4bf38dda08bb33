"""The OpenAPI document and the API agree: requests that it forbids are refused, others are not."""

import copy
import json
from itertools import islice

import pytest

from eventer.api.examples import ADD_EXAMPLES, PREVIEW_EXAMPLES
from tests.unit.api.canned_service import BIGGEST
from tests.unit.api.json_schema import query_matches, validator

KAFKA = {
    "topic": "t", "connection": "c", "key": "k", "partition": "p", "timestamp": "t",
    "headers": {"h": "x"}, "partitions": 1, "replication": 1, "config": {"a": "b"},
}  # fmt: skip
EVENT = {
    "id": "e", "template": "{}", "dataset": "d", "stream": "s", "vars": {"a": 1}, "seed": "1",
    "interval": "1s", "count": 1, "on_error": "stop", "catch_up": "drop",
}  # fmt: skip
TABLE = {"type": "postgres", "postgres": {"table": "t", "connection": "c", "key": ["a"]}}
HOURS = [0, 1, 2.5, 1] * 6
PACES = [
    {"rate": "5/s", "arrivals": "random", "start": "now-7d", "end": "2030-01-01", "max_events": 9},
    {"rate": "5k/s", "profile": HOURS, "timezone": "Europe/Berlin"},
    {"stages": [{"rate": "1/s", "for": "1m"}, {"to": "4k/s", "for": "5m"}], "repeat": True},
    {"cron": "0 9 * * MON-FRI", "timezone": "UTC", "count": 3, "arrivals": "even"},
    {"interval": "1s", "count": 1},
]
PACED = [{"id": f"p{number}", "template": "{}", "pace": pace} for number, pace in enumerate(PACES)]
BODIES = {
    "/generator/add": {
        "destinations": [{"id": "d", "type": "kafka", "kafka": KAFKA}, {"id": "t", **TABLE}],
        "events": [EVENT, *PACED],
        "schedules": [{"destination_id": "d", "event_id": "e", "name": "a/b"}],
    },
    "/generator/remove": {"id": "1", "ids": ["2"]},
    "/generator/preview": {
        "schema": "e30=", "count": 1, "first": 0, "at": "2026-01-01T00:00:00Z", "engine": "plan",
    },
    "/template/profile": {"template": "{}", "count": 1, "at": "2026-01-01"},
    "/template/format": {"template": "{a:1}"},
    "/template/complete": {"template": "{a: std.p", "offset": 9},
    "/generator/pace": {"pace": {"rate": "5/s"}, "for": "1h", "buckets": 3},
    "/generator/validate": {"template": "{}", "at": "2026-01-01", "destination": TABLE},
}  # fmt: skip
VALUES = [None, True, 0, 1.5, 1 << 70, "", "0", "x" * 1_001, [], ["x"], {}, {"": "y"}]
TEXTS = [
    "", "0", "1", "-1", "x", "true", "yes", "on", "1.0", "1_0", " 1", "9" * 21, "registry",
    str(BIGGEST), "null",
]  # fmt: skip

# The document cannot say which of these texts are base64 or not beyond 64 bits, nor that an event
# that a schedule names needs a pace.
MORE_THAN_A_SCHEMA = [
    *(("schema", text) for text in ("0", "x" * 1_001)),
    *((name, 1 << 70) for name in ("seed", "id", 0)),
    ("max_events", 1 << 70),
    *(("interval", change) for change in (None, "removed")),
]


def places(value, path=()):
    """The paths of all values below `value`, but of a long list of numbers only the first."""
    yield path
    if isinstance(value, dict | list):
        alike = value == HOURS
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            if alike and name:
                return
            yield from places(each, (*path, name))


def changed(body, path, value):
    """A copy of a body with another value at a place."""
    root = {"body": copy.deepcopy(body)}
    parent, name = root, "body"
    for token in path:
        parent, name = parent[name], token
    parent[name] = value
    return root["body"]


def without(body, path):
    """A copy of a body without a place."""
    copied = copy.deepcopy(body)
    parent = copied
    for token in path[:-1]:
        parent = parent[token]
    del parent[path[-1]]
    return copied


def mutations(body):
    """Pairs of the changed place and the body, each with one change."""
    for path in places(body):
        for value in VALUES:
            yield (path[-1] if path else "", value), changed(body, path, value)
        if path and isinstance(path[-1], str):
            yield (path[-1], "removed"), without(body, path)
            yield (path[-1], "unknown"), changed(body, (*path[:-1], "unknown"), 1)


@pytest.mark.parametrize("every", [11, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", BODIES)
async def test_a_body_is_refused_exactly_if_the_document_forbids_it(client, document, path, every):
    body = document["paths"][path]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    examples = [BODIES[path]]
    examples += [e["value"] for e in ADD_EXAMPLES.values() if path.endswith("add")]
    examples += [e["value"] for e in PREVIEW_EXAMPLES.values() if path.endswith("preview")]
    is_valid = validator(schema, document).is_valid
    assert all(map(is_valid, examples))
    differing = []
    for change, mutated in islice(mutations(BODIES[path]), 0, None, every):
        # Without a generator in the query or the body, `remove` refuses a valid body.
        url = f"{path}?id=1" if path == "/generator/remove" else path
        answer = await client.post(url, content=json.dumps(mutated), headers=JSON)
        allowed = is_valid(mutated)
        assert answer.status_code in (200, 422), answer.text
        assert "Input should" not in answer.text
        if allowed != (answer.status_code == 200) and change not in MORE_THAN_A_SCHEMA:
            differing.append((change, allowed, answer.text))
    assert not differing


JSON = {"content-type": "application/json"}


async def test_a_query_is_refused_exactly_if_the_document_forbids_it(client, document):
    differing = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = [p for p in operation.get("parameters", ()) if p["in"] == "query"]
            valid = {p["name"]: "1" for p in parameters if p.get("required")}
            for parameter in parameters:
                schema = parameter["schema"]
                is_valid = validator(schema.get("items", schema), document).is_valid
                for text in TEXTS:
                    query = valid | {parameter["name"]: text}
                    answer = await client.request(method.upper(), path, params=query)
                    allowed = query_matches(text, is_valid)
                    if allowed != (answer.status_code < 400):
                        differing.append((path, query, allowed, answer.text))
    assert not differing


@pytest.mark.parametrize("method_path", ["GET /generator/status", "POST /generator/pause"])
async def test_a_parameter_given_twice_is_refused(client, method_path):
    method, path = method_path.split()
    answer = await client.request(method, f"{path}?id=1&id=2")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"message": "is given more than once", "parameter": "id"}]


async def test_several_generators_can_be_removed_by_query(client):
    answer = await client.post("/generator/remove?id=1&id=2")
    assert answer.status_code == 200
