"""Add requests in files: JSON and YAML, template files, variables."""

import json

import pytest

from eventer.api.request_file import read_request
from eventer.core.errors import RequestError

YAML = """
# the orders
destinations:
  - {id: d, type: kafka, kafka: {topic: "orders-${ENV_NAME}"}}
events:
  - id: e
    template_file: orders.jsonnet
    pace: {rate: 5/s, max_events: 1000}
    vars: {day: 2026-01-01, price: "$${ENV_NAME}", share: 0.5}
schedules: [{destination_id: d, event_id: e}]
"""
EXPECTED = {
    "destinations": [{"id": "d", "type": "kafka", "kafka": {"topic": "orders-test"}}],
    "events": [
        {
            "id": "e",
            "template": "{ a: '${ENV_NAME}' }",
            "pace": {"rate": "5/s", "max_events": 1000},
            "vars": {"day": "2026-01-01", "price": "${ENV_NAME}", "share": 0.5},
        }
    ],
    "schedules": [{"destination_id": "d", "event_id": "e"}],
}


def read(text, tmp_path, **environ):
    return read_request(text.encode(), "request.yaml", tmp_path, environ)


def test_yaml_and_json_are_the_same_request(tmp_path):
    (tmp_path / "orders.jsonnet").write_text("{ a: '${ENV_NAME}' }")
    found = read(YAML, tmp_path, ENV_NAME="test")
    assert found == EXPECTED
    assert type(found["events"][0]["pace"]["max_events"]) is int
    kept = json.dumps({"events": [{"template": "${X}", "schema": "$${Y}", "seed": 1 << 63}]})
    assert read(kept, tmp_path) == json.loads(kept)


def test_files_of_schemas_are_read_as_they_are(tmp_path):
    (tmp_path / "a.avsc").write_text('{"doc": "${X}"}')
    kept = {"key_schema": {"text": "${Y}"}}
    request = {"destinations": [5, {"kafka": {"schema_file": "a.avsc", **kept}}, {"kafka": 5}]}
    found = read(json.dumps(request), tmp_path)["destinations"][1]
    assert found == {"kafka": {"schema": {"text": '{"doc": "${X}"}'}, **kept}}


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            '{"destinations": [{"kafka": {"schema_file": "none", "key_schema_file": 1}}]}',
            [
                (
                    "/destinations/0/kafka/schema_file",
                    "cannot read {}/none: No such file or directory",
                ),
                ("/destinations/0/kafka/key_schema_file", "must be text"),
            ],
        ),
        (
            '{"destinations": [{"kafka": {"schema_file": "a", "schema": {}}}]}',
            [("/destinations/0/kafka/schema_file", "cannot be combined with `schema`")],
        ),
        (
            '{"events": [{"stream": "${NOT_SET}"}]}',
            [("/events/0/stream", "the environment variable NOT_SET is not set")],
        ),
        (
            '{"events": [{}, {"template_file": "a", "template": "{}"}, {"template_file": 5}]}',
            [
                ("/events/1/template_file", "cannot be combined with `template`"),
                ("/events/2/template_file", "must be text"),
            ],
        ),
        (
            "events: [{template_file: no.jsonnet}]",
            [("/events/0/template_file", "cannot read {}/no.jsonnet: No such file or directory")],
        ),
    ],
)
def test_mistakes_have_pointers(text, faults, tmp_path):
    with pytest.raises(RequestError) as raised:
        read(text, tmp_path)
    found = [(each.pointer, each.message) for each in raised.value.faults]
    assert found == [(pointer, message.format(tmp_path)) for pointer, message in faults]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "request.yaml is not valid YAML: .* at line 2, column 1"),
        ("{,", "request.yaml is not valid JSON"),
        ("a: 18446744073709551615", "has an integer of more than 53 bits: write it in quotes"),
    ],
)
def test_invalid_texts_are_refused(text, message, tmp_path):
    with pytest.raises(RequestError, match=message):
        read(text, tmp_path)
