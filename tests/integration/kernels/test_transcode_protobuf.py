"""The kernel that encodes JSON texts: messages as Python and Google's library write them."""

import itertools
import json
import random
from dataclasses import replace

import pytest

from eventer.core.json_text import json_text
from eventer.core.value_schema import (
    ListOf,
    MapOf,
    Record,
    RecordField,
    Scalar,
    ScalarKind,
)
from eventer.destinations.kafka.formats.protobuf_layout import Message, MessageKind, message_layout
from eventer.destinations.kafka.formats.protobuf_program import protobuf_program
from eventer.destinations.kafka.formats.protobuf_schema import protobuf_schema
from eventer.destinations.kafka.formats.protobuf_values import encode_message
from eventer.kernels.binary.transcode import transcode
from eventer.kernels.kafka.record_batches import bytes_column
from tests.integration.kernels.random_schemas import random_schema, random_value
from tests.protobuf_classes import message_class

FEW, MANY, ROWS = 30, 2000, 4


def numbered_by_name(message):
    """A message whose fields have numbers in the order of their names, in which Google writes."""
    fields = [
        replace(
            field,
            number=n if message.kind is MessageKind.RECORD else field.number,
            type=numbered_by_name(field.type) if isinstance(field.type, Message) else field.type,
        )
        for n, field in enumerate(message.fields, 1)
    ]
    return replace(message, fields=tuple(fields))


def column_of(values):
    return bytes_column([json_text(value).encode() for value in values])


def rows_of(column):
    return [column.data[a:b].tobytes() for a, b in itertools.pairwise(column.offsets.tolist())]


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_the_kernel_writes_the_same_bytes_as_python_and_as_google(count):
    source = random.Random(7 if count == FEW else None)
    left = 0
    for _ in range(count):
        schema = random_schema(source, 3)
        values = [random_value(source, schema) for _ in range(ROWS)]
        by_name = message_layout(schema, "top")
        kind = message_class(protobuf_schema(by_name))
        encoded, rows = encode(by_name, values)
        assert [kind.FromString(each).ByteSize() for each in encoded] == list(map(len, encoded))
        in_order = numbered_by_name(by_name)
        kind = message_class(protobuf_schema(in_order))
        encoded, _ = encode(in_order, values)
        assert [encoded_by_google(kind, each) for each in encoded] == encoded
        left += len(rows)
    assert left < count * ROWS / 10


def encoded_by_google(kind, data):
    return kind.FromString(data).SerializeToString(deterministic=True)


def encode(message, values):
    """The encodings, which Python and the kernel must agree on; and the rows left to Python."""
    left = []
    encoded = [encode_message(message, json.loads(json_text(value))) for value in values]

    def encode_row(row):
        left.append(row)
        return encoded[row]

    column = transcode(protobuf_program(message), column_of(values), b"\0", encode_row)
    assert rows_of(column) == [b"\0" + each for each in encoded]
    return encoded, left


def test_the_kernel_leaves_nothing_that_it_covers_to_python():
    kinds = sorted(set(ScalarKind) - {ScalarKind.JSON})
    record = Record(tuple(RecordField(kind, Scalar(kind)) for kind in kinds))
    schema = Record((RecordField("a", ListOf(record)), RecordField("b", MapOf(record))))
    value = {
        "boolean": False,
        "integer": -1,
        "number": 0,
        "text": "é\n",
        "timestamp": "1969-12-31T23:59:59.5Z",
        "uuid": "",
    }
    row = {"a": [value] * 3, "b": {"x": value, "y": value}}
    message = message_layout(schema, "top")
    column = transcode(protobuf_program(message), column_of([row]), b"", [].__getitem__)
    assert rows_of(column) == [encode_message(message, row)]


@pytest.mark.parametrize("text", ['{"a":[1,2}', '{"a":{"b":1}}', '{"a":[1],"b":2}', "[1]", "{}"])
def test_what_does_not_fit_is_left_to_python(text):
    schema = Record((RecordField("a", ListOf(Scalar(ScalarKind.INTEGER))),))
    program = protobuf_program(message_layout(schema, "top"))
    texts = bytes_column([text.encode()] * 2)
    assert rows_of(transcode(program, texts, b"-", lambda row: b"%d" % row)) == [b"-0", b"-1"]
