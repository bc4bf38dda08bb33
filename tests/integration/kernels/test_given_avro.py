"""Values encoded by given Avro schemas: the kernel and Python agree, and fastavro reads them."""

import io
import json
import random

import fastavro
import pytest

from eventer.core.json_text import json_text
from eventer.core.value_schema import Scalar, ScalarKind
from eventer.destinations.kafka.formats.avro_schema import avro_schema
from eventer.destinations.kafka.formats.avro_values import encode_avro
from eventer.destinations.kafka.formats.given_schema import given_avro_schema
from eventer.kernels.binary.transcode import transcode
from tests.integration.kernels.random_avro import AvroCases
from tests.integration.kernels.random_schemas import random_record, random_value
from tests.integration.kernels.test_transcode import column_of, rows_of

ANY = Scalar(ScalarKind.JSON)


@pytest.mark.parametrize("count", [40, pytest.param(3_000, marks=pytest.mark.slow)])
def test_random_values_are_read_back_by_fastavro(count):
    source = random.Random(3 if count == 40 else None)
    for _ in range(count):
        case = AvroCases(source).case(3)
        pairs = [case.draw() for _ in range(5)]
        schema = given_avro_schema(json.dumps(case.schema), ANY)
        encoded = kernel_rows(schema, [value for value, _ in pairs])
        parsed = fastavro.parse_schema(case.schema)
        for (value, read), data in zip(pairs, encoded, strict=True):
            stream = io.BytesIO(data)
            assert fastavro.schemaless_reader(stream, parsed) == read, (case.schema, value)
            assert stream.tell() == len(data)


def kernel_rows(schema, values, left=None):
    """The encodings of values by the kernel, which are those of Python; `left` are its rows."""
    encoded = [schema.encode(json.loads(json_text(value))) for value in values]
    left = [] if left is None else left

    def encode_row(row):
        left.append(row)
        return encoded[row]

    assert rows_of(transcode(schema.program, column_of(values), b"", encode_row)) == encoded
    return encoded


@pytest.mark.parametrize("count", [20, pytest.param(2_000, marks=pytest.mark.slow)])
def test_a_derived_schema_that_is_given_back_gives_the_same_bytes(count):
    source = random.Random(4 if count == 20 else None)
    same = 0
    for _ in range(20 * count):
        derived = random_record(source, 3)
        avro = avro_schema(derived, "top")
        if "doc" in (text := json.dumps(avro)) or "JSON" in repr(derived):
            continue
        values = [random_value(source, derived) for _ in range(4)]
        expected = [encode_avro(derived, json.loads(json_text(value))) for value in values]
        assert kernel_rows(given_avro_schema(text, derived), values) == expected
        same += 1
    assert same >= count


def test_the_kernel_covers_fields_in_any_order_and_the_usual_types():
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
    millis = {"type": "long", "logicalType": "timestamp-millis"}
    item = {"type": "record", "name": "item", "fields": [{"name": "a", "type": "int"}]}
    types = {
        "z": "int", "total": decimal, "at": ["null", millis], "share": "float",
        "day": {"type": "int", "logicalType": "date"}, "ok": "boolean", "b": ["string", "null"],
        "lines": {"type": "array", "items": item}, "more": {"type": "map", "values": "item"},
    }  # fmt: skip
    fields = [{"name": name, "type": kind} for name, kind in types.items()]
    fields.append({"name": "absent", "type": "long", "default": 7})
    record = {"type": "record", "name": "top", "fields": fields}
    value = {
        "z": -1, "total": "-12.50", "at": "2026-01-02T03:04:05.678901Z", "share": 0.1,
        "day": "2026-02-28", "ok": True, "b": None, "lines": [{"a": 1}], "more": {"k": {"a": 2}},
    }  # fmt: skip
    values = [value, value | {"at": None, "total": 0.07, "day": "1600-02-29"}, value | {"b": "\n"}]
    left = []
    encoded = kernel_rows(given_avro_schema(json.dumps(record), ANY), values, left)
    assert left == []
    parsed = fastavro.parse_schema(record)
    read = [fastavro.schemaless_reader(io.BytesIO(each), parsed) for each in encoded]
    assert [str(each["total"]) for each in read] == ["-12.50", "0.07", "-12.50"]
    assert [str(each["day"]) for each in read] == ["2026-02-28", "1600-02-29", "2026-02-28"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", 1 << 31),
        ("float", 3.5e38),
        ({"type": "bytes", "logicalType": "decimal", "precision": 3, "scale": 1}, 100.0),
        ({"type": "bytes", "logicalType": "decimal", "precision": 3, "scale": 1}, 0.25),
        ({"type": "bytes", "logicalType": "decimal", "precision": 3, "scale": 1}, "1."),
        ({"type": "bytes", "logicalType": "decimal", "precision": 3, "scale": 1}, ".1"),
        ({"type": "int", "logicalType": "date"}, "2026-02-29"),
        ({"type": "long", "logicalType": "timestamp-micros"}, "2026-04-31T00:00:00Z"),
        ({"type": "long", "logicalType": "timestamp-micros"}, "2026/04/30T00:00:00Z"),
        ({"type": "long", "logicalType": "timestamp-millis"}, "2026-04-30T00.00.00Z"),
        ({"type": "int", "logicalType": "date"}, "2026x04-30T00:00:00Z"),
        ({"type": "record", "name": "r", "fields": [
            {"name": "y", "type": "int"}, {"name": "x", "type": "int"}
        ]}, {"x": 1, "y": 2, "z": 3}),
    ],
)  # fmt: skip
def test_the_kernel_leaves_what_does_not_fit_to_python(kind, value):
    schema = given_avro_schema(json.dumps(kind), ANY)
    with pytest.raises(ValueError, match=r"type|field"):
        schema.encode(value)
    rows = []
    transcode(schema.program, column_of([value]), b"", lambda row: rows.append(row) or b"")
    assert rows == [0]
