"""JSON Schemas that a user gives: texts that are none, and values that do not fit."""

import json
import sys

import pyarrow as pa
import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.core.value_schema import Scalar, ScalarKind
from eventer.destinations.kafka.formats.given_json_schema import _validator, given_json_schema
from eventer.destinations.kafka.formats.given_schema import given_schema, schema_text_error
from eventer.destinations.kafka.formats.value_encoder import ValueEncoder
from eventer.destinations.kafka.record_encoding import as_bytes_column

ANY = Scalar(ScalarKind.JSON)
ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
    },
    "required": ["id"],
    "$defs": {"line": {"type": "object", "properties": {"n": {"minimum": 1}}}},
}


def test_values_that_fit_follow_the_header_as_they_are():
    schema = given_schema("json-schema", json.dumps(ORDER), ANY)
    texts = [b'{"id":1,"lines":[{"n":2}]}', b'{"id":"x"}', b'{"id":2}'] * 4
    unfit = []
    column = ValueEncoder(schema, 258).encode(
        as_bytes_column(pa.array(texts, pa.large_binary())), lambda *each: unfit.append(each)
    )
    fitting = [text for text in texts if text != b'{"id":"x"}']
    assert column.data.tobytes().replace(b"\0\0\0\1\2", b"") == b"".join(fitting)
    assert [row for row, _ in unfit] == [1, 4, 7, 10]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "the value does not fit /required of the given schema: {}"),
        ({"id": "x"}, 'the value at /id does not fit /properties/id/type of the given schema: "x"'),
        (
            {"id": 1, "lines": [{"n": 1}, {"n": 0}]},
            "the value at /lines/1/n does not fit .*minimum of the given schema: 0",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_with_both_places(value, message):
    with pytest.raises(ValueError, match=message):
        given_json_schema(json.dumps(ORDER)).encode(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not valid JSON"),
        ('{"type": 5}', "at /type"),
        ('{"$ref": "http://127.0.0.1:1/schema.json"}', "refers to another document"),
        ('{"pattern": "("}', "is not valid"),
        ("17", "is not valid"),
    ],
)
def test_texts_that_are_no_schemas_are_errors(text, message):
    error = schema_text_error(text, "json-schema")
    assert error is not None
    assert message in error.message
    with pytest.raises(DestinationRejectedError, match="is not valid"):
        given_schema("json-schema", text, ANY)


def test_a_missing_package_is_an_error_with_the_command_that_installs_it(monkeypatch):
    _validator.cache_clear()
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    error = schema_text_error("{}", "json-schema")
    assert error is not None
    assert error.hint == "pip install 'eventer-streams[json-schema]'"
