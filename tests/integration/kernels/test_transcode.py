"""The kernel that encodes JSON texts: the same bytes as Python, and as the formats' libraries."""

import io
import itertools
import json
import math
import struct

import fastavro
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.core.json_text import json_text
from eventer.core.value_schema import (
    Choice,
    ListOf,
    MapOf,
    Optional,
    Record,
    RecordField,
    Scalar,
    ScalarKind,
    Union,
)
from eventer.destinations.kafka.formats.avro_program import avro_program
from eventer.destinations.kafka.formats.avro_schema import avro_schema
from eventer.destinations.kafka.formats.avro_values import encode_avro
from eventer.kernels.binary.transcode import transcode
from eventer.kernels.kafka.record_batches import bytes_column

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(1 << 53), 1 << 53)
INSTANTS = st.datetimes().map(lambda at: at.isoformat() + "Z")
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
SCALARS = {
    ScalarKind.BOOLEAN: st.booleans(),
    ScalarKind.INTEGER: st.integers(-(1 << 63), (1 << 63) - 1024).map(lambda n: int(float(n))),
    ScalarKind.NUMBER: NUMBERS,
    ScalarKind.TEXT: TEXTS,
    ScalarKind.UUID: st.uuids().map(str),
    ScalarKind.TIMESTAMP: INSTANTS,
    ScalarKind.JSON: JSON.filter(lambda value: value is not None),
}
SYMBOLS = st.lists(st.from_regex("[a-z_][a-z0-9_]{0,3}", fullmatch=True), min_size=1, unique=True)
CHOICES = (SYMBOLS | st.lists(TEXTS, min_size=1, max_size=4, unique=True)).map(
    lambda texts: Choice(tuple(sorted(texts)))
)
KINDS = (
    (Scalar(ScalarKind.BOOLEAN),),
    (Scalar(ScalarKind.INTEGER), Scalar(ScalarKind.NUMBER)),
    (Scalar(ScalarKind.TEXT), Scalar(ScalarKind.UUID)),
)


def schemas(depth=3):
    simple = st.sampled_from([*map(Scalar, ScalarKind)]) | CHOICES
    if depth == 0:
        return simple
    inner = st.deferred(lambda: schemas(depth - 1))
    item = inner | inner.filter(not_optional).map(Optional)
    records = st.dictionaries(TEXTS, item, max_size=4).map(
        lambda fields: Record(tuple(RecordField(name, fields[name]) for name in sorted(fields)))
    )
    unions = st.tuples(*(st.sampled_from(kind) for kind in KINDS), inner.map(ListOf), records)
    unions = st.tuples(unions, st.sets(st.integers(0, 4), min_size=2)).map(
        lambda both: Union(tuple(both[0][n] for n in sorted(both[1])))
    )
    return simple | item.map(ListOf) | item.map(MapOf) | records | unions


def not_optional(schema):
    return not isinstance(schema, Optional)


def values(schema):
    match schema:
        case Scalar(kind=kind):
            return SCALARS[kind]
        case Choice(texts=texts):
            return st.sampled_from(texts)
        case Optional(value=value):
            return st.none() | values(value)
        case ListOf(element=element):
            few = st.lists(values(element), max_size=3)
            return few | values(element).map(lambda value: [value] * 70)
        case MapOf(value=value):
            return st.dictionaries(TEXTS, values(value), max_size=3)
        case Union(alternatives=alternatives):
            return st.one_of(*map(values, alternatives))
        case Record(fields=fields):
            required = {f.name: values(f.schema) for f in fields if not_optional(f.schema)}
            rest = {f.name: values(f.schema) for f in fields if not not_optional(f.schema)}
            return st.fixed_dictionaries(required, optional=rest)


@st.composite
def cases(draw):
    schema = draw(schemas() | schemas().filter(not_optional).map(Optional))
    return schema, draw(st.lists(values(schema), min_size=1, max_size=5))


def column_of(rows):
    return bytes_column([json_text(value).encode() for value in rows])


def rows_of(column):
    ends = column.offsets.tolist()
    return [column.data[a:b].tobytes() for a, b in itertools.pairwise(ends)]


@pytest.mark.parametrize("count", [20, pytest.param(1_000, marks=pytest.mark.slow)])
def test_the_kernel_writes_the_same_avro_as_python_and_as_fastavro(count):
    settings(max_examples=count)(given(cases())(check_avro))()


def check_avro(case):
    schema, rows = case
    encoded = [encode_avro(schema, json.loads(json_text(value))) for value in rows]
    left = []

    def encode_row(row):
        left.append(row)
        return encoded[row]

    column = transcode(avro_program(schema), column_of(rows), b"\0\0\0\0\7", encode_row)
    assert rows_of(column) == [b"\0\0\0\0\7" + each for each in encoded]
    parsed = fastavro.parse_schema(avro_schema(schema, "top"))
    for each in encoded:
        value = fastavro.schemaless_reader(io.BytesIO(each), parsed, return_record_name=True)
        out = io.BytesIO()
        fastavro.schemaless_writer(out, parsed, value)
        assert out.getvalue() == each


@given(st.lists(NUMBERS, min_size=1))
def test_decimals_are_read_exactly(numbers):
    expected = [struct.pack("<d", float(number)) for number in numbers]
    program = avro_program(Scalar(ScalarKind.NUMBER))
    assert rows_of(transcode(program, column_of(numbers), b"", expected.__getitem__)) == expected


def test_many_decimals_are_read_exactly_by_the_kernel():
    bits = np.random.default_rng(5).integers(0, 1 << 64, 20_000, np.uint64)
    numbers = [n for n in bits.view(np.float64).tolist() if math.isfinite(n) and abs(n) > 1e-300]
    left = []

    def encode_row(row):
        left.append(row)
        return struct.pack("<d", numbers[row])

    program = avro_program(Scalar(ScalarKind.NUMBER))
    column = transcode(program, column_of(numbers), b"", encode_row)
    assert rows_of(column) == [struct.pack("<d", number) for number in numbers]
    assert len(left) < len(numbers) / 100


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ('{"a":1,"b":2}', Record((RecordField("a", Scalar(ScalarKind.INTEGER)),))),
        ('{"b":2}', Record((RecordField("a", Scalar(ScalarKind.INTEGER)),))),
        ("1.5", Scalar(ScalarKind.INTEGER)),
        ('"x"', Scalar(ScalarKind.INTEGER)),
        ("[1", ListOf(Scalar(ScalarKind.INTEGER))),
        ('"unfinished', Scalar(ScalarKind.TEXT)),
        ('{"a":[1,2', Scalar(ScalarKind.JSON)),
        ("", Scalar(ScalarKind.JSON)),
        ('"c"', Choice(("a", "b"))),
        ("null", Scalar(ScalarKind.BOOLEAN)),
    ],
)
def test_what_does_not_fit_is_left_to_python(text, schema):
    texts = bytes_column([text.encode(), text.encode()])
    rows = []

    def encode_row(row):
        rows.append(row)
        return b"%d" % row

    assert rows_of(transcode(avro_program(schema), texts, b"-", encode_row)) == [b"-0", b"-1"]
    assert rows == [0, 1]
