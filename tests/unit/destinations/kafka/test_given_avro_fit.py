"""Which templates fit a given Avro schema, as far as their types tell, and which values do."""

import json
import sys

import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.core.value_schema_json import read_schema
from eventer.destinations.kafka.formats.given_schema import given_avro_schema, schema_text_error
from tests.families import family

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
DATE = {"type": "int", "logicalType": "date"}
ENUM = {"type": "enum", "name": "E", "symbols": ["new", "paid"]}
FIXED = {"type": "fixed", "name": "F", "size": 2}
ROW = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "long"}]}
NULLABLE = ["null", "long"]
LARGE_ENUM = {"type": "enum", "name": "M", "symbols": [f"s{n}" for n in range(8_000)]}
LONG_DEFAULT = {
    "type": "record",
    "name": "L",
    "fields": [{"name": "s", "type": "string", "default": 60_000 * "x"}],
}


def record_of(*fields):
    names = [{"name": name, "type": kind, **more} for name, kind, more in fields]
    return {"type": "record", "name": "top", "fields": names}


def given(schema, derived):
    return given_avro_schema(json.dumps(schema), read_schema(derived))


@family(
    ("derived", "schema"),
    [
        *((scalar, kind) for scalar in ("integer", "number") for kind in ("int", "long", "float")),
        *(("number", kind) for kind in ("double", DECIMAL, MILLIS, DATE, NULLABLE)),
        *(("text", kind) for kind in ("string", "bytes", DECIMAL, MILLIS, DATE, ENUM, FIXED)),
        *(("timestamp", kind) for kind in ("string", MILLIS, DATE, ["null", MILLIS])),
        ("uuid", {"type": "string", "logicalType": "uuid"}),
        ("integer", {"type": "long", "logicalType": ["unknown"]}),
        ("boolean", "boolean"),
        ("json", "boolean"),
        ({"choice": ["new", "other"]}, ENUM),
        ({"optional": "integer"}, "long"),
        ({"optional": "integer"}, NULLABLE),
        ({"union": ["integer", "text"]}, "string"),
        ({"list": "integer"}, {"type": "array", "items": "long"}),
        ({"map": "integer"}, {"type": "map", "values": "long"}),
        ({"map": "text"}, ROW),
        ({"record": {"a": "integer"}}, {"type": "map", "values": "double"}),
        ({"record": {"a": {"optional": "integer"}}}, ROW),
        ({"record": {}}, record_of(("a", "long", {"default": 5}))),
        ({"record": {}}, record_of(("a", NULLABLE, {}))),
        ({"record": {"a": "text"}}, ["null", ROW, record_of(("a", "string", {}))]),
    ],
)
def test_what_can_fit_is_accepted(derived, schema):
    assert given(schema, derived).text == json.dumps(schema)


@family(
    ("derived", "schema", "message"),
    [
        ("text", "long", "the value is a text, but the given schema has the type long"),
        ("timestamp", ENUM, "RFC 3339 timestamp, but .* the type enum .new, paid."),
        ("uuid", DATE, "a UUID, but the given schema has the type date"),
        ("uuid", DECIMAL, "decimal.6, 2."),
        ("boolean", "string", "the type string"),
        ("integer", "string", "a whole number of 64 bits, but"),
        ({"choice": ["old", "gone"]}, ENUM, "one of old, gone, but"),
        ({"optional": "text"}, NULLABLE, "a text, but the given schema has the type null or long"),
        ({"union": ["boolean", "text"]}, "long", "a boolean or a text, but"),
        (
            "boolean",
            ["null", "int", "long", "float", "double", ENUM],
            "the type null or int or long or float or double or …$",
        ),
        ({"list": "text"}, {"type": "array", "items": "long"}, "a text, but"),
        ({"list": "text"}, "string", "an array, but"),
        ({"record": {"b": "integer"}}, ROW, "the field /b is not in the given schema"),
        (
            {"record": {}},
            ROW,
            "the field /a is missing, but has no default ./fields/0/default.",
        ),
        ({"record": {"a": "text"}}, ROW, "the field /a is a text, but .* the type long"),
        ({"record": {"a": "text"}}, ["null", ROW], "the field /a is a text, but .* the type long"),
        (
            {"record": {"r": {"record": {"a": "text"}}}},
            record_of(("r", ROW, {})),
            "the field /r/a is a text",
        ),
    ],
)
def test_what_cannot_fit_is_refused_with_field_and_types(derived, schema, message):
    with pytest.raises(DestinationRejectedError, match=message):
        given(schema, derived)


@family(
    ("schema", "value", "encoded"),
    [
        (DECIMAL, 12.5, b"\4\4\xe2"),
        (DECIMAL, "12.50", b"\4\4\xe2"),
        (DECIMAL, -0.01, b"\2\xff"),
        (DECIMAL, "1.28", b"\4\0\x80"),
        (DECIMAL, 0, b"\2\0"),
        ({**FIXED, "logicalType": "decimal", "precision": 4}, -2, b"\xff\xfe"),
        (MILLIS, "1970-01-01T00:00:01.0019Z", b"\xd2\x0f"),
        (MILLIS, "1969-12-31T23:59:59.9999Z", b"\1"),
        (MILLIS, 1, b"\2"),
        (DATE, "1970-01-02", b"\2"),
        (DATE, "1969-12-31T23:00:00Z", b"\1"),
        ("bytes", "é", b"\2\xe9"),
        (FIXED, "ab", b"ab"),
        ("float", 0.5, b"\0\0\0\x3f"),
        (["null", "int", "string"], "a", b"\4\2a"),
        (["int", "double"], 1.5, b"\2\0\0\0\0\0\0\xf8\x3f"),
        ([ROW, {**record_of(("b", "long", {}))}], {"b": 1}, b"\2\2"),
        (record_of(("b", "int", {"default": 1}), ("a", "int", {})), {"a": 2}, b"\2\4"),
        (record_of(("a", ["int", "null"], {"default": 3})), {}, b"\0\6"),
        (record_of(("a", ["int", "null"], {"default": 3})), {"a": None}, b"\2"),
        (record_of(("a", DECIMAL, {"default": "\u0001"})), {}, b"\2\1"),
    ],
)
def test_values_are_encoded_by_the_type(schema, value, encoded):
    assert given(schema, "json").encode(value) == encoded


@family(
    ("schema", "value", "message"),
    [
        (ROW, {"a": "x"}, 'the value at /a is not of the type long: "x"'),
        (ROW, {"a": 1, "b": 2}, "the schema has no field /b"),
        (ROW, {}, "the field /a is absent"),
        (["null", ROW], {"a": 1.5}, "the value at /a is not of the type long: 1.5"),
        ("int", 1 << 31, "the type int"),
        ("float", 1e300, "the type float"),
        (DECIMAL, 0.001, "decimal"),
        (DECIMAL, 10_000, "decimal"),
        (DECIMAL, "1e999999999", "decimal"),
        (DECIMAL, "1_0", "decimal"),
        (DECIMAL, True, "decimal"),
        (DATE, "2026-02-30", "date"),
        (ENUM, "other", "enum"),
        (FIXED, "abc", "fixed"),
        ("bytes", "㊲", "bytes"),
        ({"type": "array", "items": "int"}, [1, None], "the value at /1"),
        ({"type": "map", "values": "int"}, {"a": "x"}, "the value at /a"),
    ],
)
def test_values_that_do_not_fit_are_errors_with_place_value_and_type(schema, value, message):
    with pytest.raises(ValueError, match=message):
        given(schema, "json").encode(value)


@family(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("5", "a type is a name"),
        ('"Other"', "the type 'Other' is not defined"),
        ("[]", "at least one type"),
        ('["null", ["int"]]', "at /1: a union cannot be directly in a union"),
        ('{"type": "record", "name": "a-b", "fields": []}', "`name` must be letters"),
        ('{"type": "record", "name": "a"}', "a record needs `fields`"),
        ('{"type": "array"}', "`items` is missing"),
        ('{"type": "enum", "name": "e", "symbols": "a"}', "`symbols` of an enum"),
        ('{"type": "enum", "name": "e", "symbols": ["\\ud800"]}', "`symbols` of an enum"),
        ('{"type": "fixed", "name": "f"}', "`size` of a fixed"),
        ('{"type": "bytes", "logicalType": "decimal", "precision": true}', "`precision` of a"),
        ('{"type": "bytes", "logicalType": "decimal"}', "`precision` of a decimal"),
        (json.dumps(record_of(("a", "int", {}), ("a", "int", {}))), "/fields/1/name: .* twice"),
        (json.dumps(record_of(("a", ["null", "top"], {}), ("b", "toq", {}))), "at /fields/1/type"),
        (
            json.dumps(record_of(("a", "int", {"default": "x"}))),
            "at /fields/0/default: the default",
        ),
        (json.dumps(record_of(("a", "top", {"default": {}}))), "at /fields/0/default"),
        (
            json.dumps(record_of(("a", "long", {"default": 10**400}))),
            "at /fields/0/default: the default is not of the type long",
        ),
        (
            json.dumps(record_of(("a", LONG_DEFAULT, {}), ("b", ["L", "int"], {"default": {}}))),
            "at /fields/1/default: the defaults have more than 100,000 values",
        ),
    ],
)
def test_schemas_that_are_not_valid_are_errors_with_a_place(text, message):
    assert schema_text_error('"string"') is None
    error = schema_text_error(text)
    assert error is not None
    with pytest.raises(ValueError, match=message):
        raise ValueError(error)


def test_a_value_that_is_nested_too_deeply_is_an_error():
    schema = given(record_of(("a", ["null", "top"], {})), "json")
    value = {}
    for _ in range(1_000):
        value = {"a": value}
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    try:
        with pytest.raises(ValueError, match="nested too deeply"):
            schema.encode(value)
    finally:
        sys.setrecursionlimit(limit)


@family(
    "schema",
    [
        record_of(*((f"a{n}", ["null", "top"], {"default": None}) for n in range(3_000))),
        record_of(("e", LARGE_ENUM, {}), *((f"a{n}", "M", {}) for n in range(2_000))),
    ],
)
def test_the_program_of_a_hostile_schema_is_small(schema):
    program = given(schema, "json").program
    assert len(program.code) + len(program.tables) < 100_000
