"""Templates from Avro, JSON and Protobuf schemas."""

import fastavro
import jsonschema_rs
import pytest

import eventer
from eventer.core.errors import RequestError
from eventer.scaffold.avro_record import avro_record
from eventer.scaffold.json_schema_record import json_schema_record
from eventer.scaffold.protobuf_record import protobuf_record
from eventer.scaffold.template_writer import template_text
from eventer.service.format_template import format_template

AVRO = {
    "type": "record",
    "name": "shop.Order",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "email", "type": ["null", "string"], "default": None},
        {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["OPEN", "PAID"]}},
        {"name": "last_state", "type": "State"},
        {"name": "total", "type": "double"},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "limits", "type": {"type": "map", "values": "int"}},
        {
            "name": "lines",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Line",
                    "fields": [{"name": "sku", "type": "string"}, {"name": "qty", "type": "int"}],
                },
            },
        },
    ],
}
JSON_SCHEMA = {
    "type": "object",
    "required": ["id", "status", "amount", "address"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "status": {"enum": ["open", "paid"]},
        "amount": {"type": "number", "minimum": 5, "maximum": 9},
        "count": {"type": "integer", "exclusiveMinimum": 3},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
        "nick": {"type": ["string", "null"], "maxLength": 5},
        "address": {"$ref": "#/$defs/address"},
        "items": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 4},
        "either": {"oneOf": [{"type": "null"}, {"type": "boolean"}]},
    },
    "$defs": {
        "address": {
            "type": "object",
            "required": ["city"],
            "properties": {"city": {"type": "string"}},
        }
    },
}
PROTO = """
syntax = "proto3";
package shop;
// orders { of a shop }
message Line { string sku = 1; int32 qty = 2; }
message Order {
  option deprecated = true;
  enum State { STATE_UNSPECIFIED = 0; OPEN = 1; PAID = 2 [deprecated = true]; }
  reserved 7, 9 to 11;
  int64 id = 1;
  State state = 2;
  repeated Line lines = 3;
  google.protobuf.Timestamp created_at = 4;
  map<string, int32> limits = 5;
  oneof contact { string email = 6; string phone = 8; }
  optional bool paid = 12;
}
"""


def _events(record, count=100):
    text = template_text(record)
    assert format_template(text) == text
    return eventer.Template(text, seed=7).events(count)


def test_events_fit_their_avro_schema():
    schema = fastavro.parse_schema(AVRO)
    record = avro_record(AVRO, "order", "order.avsc")
    assert record.name == "Order"
    events = _events(record)
    for event in events:
        assert fastavro.validation.validate(event, schema)
    assert {event["state"] for event in events} == {"OPEN", "PAID"}
    assert 0 < sum(event["email"] is None for event in events) < 40


def test_events_fit_their_json_schema():
    validator = jsonschema_rs.validator_for(JSON_SCHEMA)
    events = _events(json_schema_record(JSON_SCHEMA, "order", "order.json"))
    for event in events:
        validator.validate(event)
    assert {len(event["items"]) for event in events if "items" in event} == {2, 3, 4}
    assert 0 < sum("count" in event for event in events) < 100


def test_events_have_the_fields_of_their_message():
    record = protobuf_record(PROTO, "order.proto")
    assert record.name == "Order"
    for event in _events(record):
        assert {"id", "state", "lines", "created_at", "limits", "email"} <= event.keys()
        assert event["state"] in {"OPEN", "PAID"}
        assert all(line.keys() == {"sku", "qty"} for line in event["lines"])
    assert [field.name for field in protobuf_record(PROTO, "o", "Line").fields] == ["sku", "qty"]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (
            lambda: protobuf_record(PROTO, "o.proto", "Item"),
            "no message 'Item'; it has Line",
        ),
        (lambda: protobuf_record("message A {", "o.proto"), "ends too early"),
        (lambda: protobuf_record("", "o.proto"), "no messages"),
        (lambda: avro_record("Money", "o", "o.avsc"), "unknown type 'Money'"),
        (lambda: avro_record({"type": "record", "name": "A"}, "o", "o.avsc"), "no valid `fields`"),
        (lambda: json_schema_record({"$ref": "b.json"}, "o", "o.json"), "put it into this file"),
        (lambda: json_schema_record({"$ref": "#/a"}, "o", "o.json"), "does not exist"),
        (lambda: json_schema_record([], "o", "o.json"), "not an object"),
    ],
)
def test_a_wrong_schema_is_an_error(read, said):
    with pytest.raises(RequestError, match=said):
        read()


def test_schemas_that_refer_to_themselves_end():
    node = {
        "type": "record",
        "name": "Node",
        "fields": [{"name": "next", "type": ["null", "Node"]}],
    }
    assert _events(avro_record(node, "node", "node.avsc"), 3)
    tree = {"properties": {"child": {"$ref": "#"}}}
    assert _events(json_schema_record(tree, "tree", "tree.json"), 3)
