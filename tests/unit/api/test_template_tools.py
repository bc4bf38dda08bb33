"""Profile, completion, formatting and tail: requests and answers."""

import json

from eventer.api.examples import COMPLETE_EXAMPLES, FORMAT_EXAMPLES, PROFILE_EXAMPLES
from eventer.api.wire.responses import CompleteOut, ProfileOut


async def test_a_profile_describes_each_field(client, service):
    body = PROFILE_EXAMPLES["seeded"]["value"]
    answer = (await client.post("/template/profile", json=body)).json()
    ((what, request),) = service.asked
    assert (what, request.count, request.seed) == ("profile", 1000, 7)
    ProfileOut.model_validate(answer)
    assert (answer["events"], answer["engine"], answer["omitted"]) == (2, "interpreter", 0)
    first, second = answer["fields"]
    assert first == {
        "pointer": "/a",
        "types": ["integer"],
        "nulls": 0,
        "absent": 0,
        "distinct": 2,
        "least": 1,
        "most": 2,
        "mean": 1.5,
        "frequent": [{"value": 1, "count": 1}, {"value": 2, "count": 1}],
        "histogram": {"least": 1.0, "most": 2.0, "counts": [1, 1]},
    }
    assert (second["absent"], second["histogram"]) == (1, None)
    assert answer["failing"]["hint"] == "check the divisor"


async def test_completion_needs_no_service(client, service):
    body = COMPLETE_EXAMPLES["std"]["value"]
    answer = (await client.post("/template/complete", json=body)).json()
    CompleteOut.model_validate(answer)
    assert answer["start"] == 10
    assert answer["suggestions"][0]["label"] == "parseHex"
    assert service.asked == []


async def test_formatting(client, service):
    body = FORMAT_EXAMPLES["quotes"]["value"]
    answer = (await client.post("/template/format", json=body)).json()
    assert answer == {"template": "{ id: 1, type: 'order' }  // an order\n", "changed": True}
    answer = await client.post("/template/format", json={"template": "{\n a: }"})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["line"], fault["column"]) == ("/template", 2, 5)


async def test_the_tail_is_lines_until_the_generator_is_removed(client, service):
    answer = await client.get("/generator/tail", params={"id": "3", "last": "2"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    first, second, end = answer.text.splitlines()
    assert (first, second) == ('{"index":5,"event":{"a":1e400}}', '{"index":6,"event":null}')
    assert json.loads(end)["status"] == 404
    assert ("tail", 3, 2) in service.asked


async def test_the_tail_is_server_sent_events_for_a_browser(client):
    headers = {"Accept": "text/event-stream"}
    answer = await client.get("/generator/tail", params={"id": "3"}, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    messages = answer.text.split("\n\n")
    assert messages[0] == 'data: {"index":5,"event":{"a":1e400}}'
    assert messages[2] == ":"  # shows that the connection lives


async def test_a_read_token_allows_them(client_for):
    async with client_for(token="write", read_token="read") as client:
        headers = {"Authorization": "Bearer read"}
        for path, examples in (
            ("/template/profile", PROFILE_EXAMPLES["seeded"]),
            ("/template/complete", COMPLETE_EXAMPLES["std"]),
            ("/template/format", FORMAT_EXAMPLES["quotes"]),
        ):
            answer = await client.post(path, json=examples["value"], headers=headers)
            assert answer.status_code == 200
