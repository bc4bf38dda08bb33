"""Messages of Protocol Buffers: their text, and the numbers of their fields."""

import itertools
import json

import pytest
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from eventer.core.errors import DestinationRejectedError
from eventer.core.json_text import json_text
from eventer.core.model import KafkaTarget
from eventer.core.value_schema import Record, RecordField, RecordSchemas, Scalar, ScalarKind
from eventer.core.value_schema_json import read_schema
from eventer.destinations.kafka.first_records import check_first_values
from eventer.destinations.kafka.formats import protobuf_layout
from eventer.destinations.kafka.formats.protobuf_layout import message_layout
from eventer.destinations.kafka.formats.protobuf_schema import protobuf_schema
from eventer.destinations.kafka.formats.value_encoder import ValueEncoder, formatted_schema
from eventer.kernels.kafka.record_batches import bytes_column
from tests.protobuf_classes import message_class

SCHEMA = read_schema(
    {
        "record": {
            "at": "timestamp",
            "card": {"optional": {"record": {"per-cent": "integer"}}},
            "lines": {"list": {"optional": "text"}},
            "mixed": {"union": ["integer", {"list": "boolean"}]},
            "more": {"map": "json"},
            "per_cent": "number",
            "perCent": {"optional": "number"},
            "status": {"choice": ["NEW", "new"]},
        }
    }
)
TEXT = """syntax = "proto3";

import "google/protobuf/timestamp.proto";

message top {
  message Card {
    int64 per_cent = 1 [json_name = "per-cent"];
  }
  message LinesItem {
    optional string value = 1;
  }
  message Mixed {
    message List {
      repeated bool value = 1;
    }
    oneof value {
      int64 integer = 2;
      List list = 8;
    }
  }
  enum Status {
    Status_UNSPECIFIED = 0;
    Status_NEW = 1;
    Status_new_2 = 2;
  }
  .google.protobuf.Timestamp at = 1;
  optional Card card = 2;
  repeated LinesItem lines = 3;
  Mixed mixed = 4;
  map<string, string> more = 5;
  double per_cent = 6;
  optional double perCent_2 = 7;
  Status status = 8;
}
"""


def test_the_text_has_the_names_and_types_of_the_event(monkeypatch):
    monkeypatch.setattr(
        protobuf_layout,
        "stable_numbers",
        lambda names: {each: n for n, each in enumerate(names, 1)},
    )
    text = protobuf_schema(message_layout(SCHEMA, "top"))
    assert text == TEXT
    message_class(text)


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"at": "timestamp"}, "google"),
        ({"_a": {"record": {"x": "integer"}}, "a": {"optional": "integer"}}, "top"),
        ({"_a": {"choice": ["x", "y"]}, "a": {"optional": "integer"}}, "top"),
    ],
    ids=["topic named as a package", "type named as a oneof", "enum named as a oneof"],
)
def test_googles_compiler_takes_the_text(record, name):
    message_class(protobuf_schema(message_layout(read_schema({"record": record}), name)))


def test_a_new_field_leaves_the_numbers_of_the_others():
    def numbers(*names):
        record = Record(tuple(RecordField(name, Scalar(ScalarKind.TEXT)) for name in names))
        return {field.name: field.number for field in message_layout(record, "top").fields}

    before, after = numbers("b", "d"), numbers("a", "b", "c", "d")
    assert before == {"b": after["b"], "d": after["d"]}
    assert before == {"b": 27348853, "d": 32017531}, "numbers must not change between versions"
    assert len(set(after.values())) == 4


def test_equal_numbers_are_refused_when_the_generator_is_added(monkeypatch):
    monkeypatch.setattr(protobuf_layout, "stable_number", lambda _: 5)
    for target in (
        KafkaTarget("t", format="protobuf"),
        KafkaTarget("t", key="a", key_format="protobuf"),
    ):
        with pytest.raises(DestinationRejectedError, match="'at' and 'card' have the same number"):
            check_first_values(RecordSchemas(SCHEMA, SCHEMA), target, [], [])


def test_confluents_deserialiser_reads_a_value_after_its_header():
    record = Record((RecordField("x", Scalar(ScalarKind.INTEGER)),))
    schema = formatted_schema(record, "protobuf", "top")
    texts = bytes_column([b'{"x":5}', b'{"x":0}'])
    column = ValueEncoder(schema, 258).encode(texts, lambda *_: None)
    ends = column.offsets.tolist()
    first, second = (column.data[a:b].tobytes() for a, b in itertools.pairwise(ends))
    assert (first[:6], second) == (b"\0\0\0\1\2\0", b"\0\0\0\1\2\0")
    read = ProtobufDeserializer(message_class(schema.text), {"use.deprecated.format": False})
    context = SerializationContext("t", MessageField.VALUE)
    assert [read(each, context).x for each in (first, second)] == [5, 0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"at": "today"}, 'the value at /at is not an RFC 3339 timestamp: "today"'),
        ({"per_cent": "x"}, 'the value at /per_cent is not a number: "x"'),
        ({"status": "lost"}, 'the value at /status is not one of NEW, new: "lost"'),
        ({"lines": ["a", 1]}, "the value at /lines/1 is not a text: 1"),
        ({"mixed": "a"}, "the value at /mixed is not a whole number of 64 bits or an array"),
        ({"mixed": [1]}, "the value at /mixed/0 is not a boolean: 1"),
        ({"card": {"per-cent": 0.5}}, "the value at /card/per-cent is not a whole number"),
        ({"card": {"x": 1}}, "the schema has no field /card/x"),
        ({"more": None}, "the value at /more is not an object: null"),
    ],
)
def test_a_value_that_does_not_fit_is_named(change, reason):
    event = {
        "at": "2026-01-01T00:00:00Z",
        "lines": [None],
        "mixed": 1,
        "more": {"x": [1]},
        "per_cent": 1,
        "status": "new",
    }
    encode = formatted_schema(SCHEMA, "protobuf", "top").encode
    assert encode(json.loads(json_text(event)))
    with pytest.raises(ValueError) as error:
        encode(event | change)
    assert str(error.value).startswith(reason)
