"""The COPY kernel against a reference written from PostgreSQL's documentation."""

import struct
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.kernels.pgcopy.copy_stream import (
    HEADER,
    TRAILER,
    CopyColumn,
    WireType,
    copy_stream,
    copy_streams_compiled,
    copy_streams_in_python,
    pieces,
)
from tests.families import family

PACK = {
    WireType.INT2: ">h",
    WireType.INT4: ">i",
    WireType.INT8: ">q",
    WireType.FLOAT4: ">f",
    WireType.FLOAT8: ">d",
    WireType.BOOL: ">?",
    WireType.TIMESTAMP: ">q",
}
ARROW = {
    WireType.INT2: pa.int16(),
    WireType.INT4: pa.int32(),
    WireType.INT8: pa.int64(),
    WireType.FLOAT4: pa.float32(),
    WireType.FLOAT8: pa.float64(),
    WireType.BOOL: pa.bool_(),
    WireType.TIMESTAMP: pa.timestamp("us", "UTC"),
    WireType.TEXT: pa.large_string(),
    WireType.JSONB: pa.large_string(),
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = {
    WireType.INT2: st.integers(-(1 << 15), (1 << 15) - 1),
    WireType.INT4: st.integers(-(1 << 31), (1 << 31) - 1),
    WireType.INT8: st.integers(-(1 << 63), (1 << 63) - 1),
    WireType.FLOAT4: st.floats(width=32, allow_nan=False),
    WireType.FLOAT8: st.floats(allow_nan=False),
    WireType.BOOL: st.booleans(),
    WireType.TIMESTAMP: st.integers(-(1 << 60), 1 << 60),
    WireType.TEXT: TEXT,
    WireType.JSONB: TEXT,
}


def reference(wires, rows) -> bytes:
    """The stream, written field by field."""
    out = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
    for row in rows:
        out += struct.pack(">h", len(wires))
        for wire, value in zip(wires, row, strict=True):
            data = None if value is None else field(wire, value)
            out += struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data
    return out + struct.pack(">h", -1)


def field(wire: WireType, value) -> bytes:
    if wire is WireType.TEXT:
        return value.encode()
    if wire is WireType.JSONB:
        return b"\x01" + value.encode()
    if wire is WireType.TIMESTAMP:
        since_1970 = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
        return struct.pack(">q", value - int(since_1970) * 1_000_000)
    return struct.pack(PACK[wire], value)


@st.composite
def tables(draw):
    wires = draw(st.lists(st.sampled_from(WireType), max_size=6))
    count = draw(st.integers(0, 12))
    columns = [
        draw(st.lists(st.none() | VALUES[wire], min_size=count, max_size=count)) for wire in wires
    ]
    cut = draw(st.integers(0, count))
    kept = draw(st.lists(st.integers(0, count - cut - 1), max_size=12)) if count > cut else []
    return wires, columns, cut, kept


@settings(max_examples=40, deadline=None)
@given(tables())
def test_any_rows_of_any_columns(table) -> None:
    """Also sliced arrays, whose buffers begin earlier, and rows in any order with repetitions."""
    wires, columns, cut, kept = table
    result = [
        CopyColumn(wire, pa.array(column, ARROW[wire]).slice(cut))
        for wire, column in zip(wires, columns, strict=True)
    ]
    rows = [tuple(column[cut + i] for column in columns) for i in kept]
    assert copy_stream(result, np.array(kept, dtype=np.int64)).tobytes() == reference(wires, rows)


@settings(max_examples=20, deadline=None)
@given(tables(), st.data())
def test_python_and_the_kernels_write_the_same_streams(table, data) -> None:
    wires, columns, cut, kept = table
    result = [
        CopyColumn(wire, pa.array(column, ARROW[wire]).slice(cut))
        for wire, column in zip(wires, columns, strict=True)
    ]
    rows = np.array(kept, dtype=np.int64)
    inner = data.draw(st.lists(st.integers(0, len(kept)), max_size=3).map(sorted))
    stops = np.array([*inner, len(kept)])
    compiled = copy_streams_compiled(result, rows, stops)
    in_python = copy_streams_in_python(result, rows, stops)
    assert [each.tobytes() for each in in_python] == [each.tobytes() for each in compiled]
    assert all(each.flags.writeable for each in in_python)


@family("wire", WireType)
def test_null_and_value_of_each_type(wire: WireType) -> None:
    value = {WireType.TEXT: "x", WireType.JSONB: "1", WireType.BOOL: True}.get(wire, 1)
    column = CopyColumn(wire, pa.array([None, value, None], ARROW[wire]))
    stream = copy_stream([column], np.arange(3)).tobytes()
    assert stream == reference([wire], [(None,), (value,), (None,)])


def test_text_as_bytes() -> None:
    column = CopyColumn(WireType.TEXT, pa.array([b"\xff\x00", None], pa.large_binary()))
    stream = copy_stream([column], np.arange(2)).tobytes()
    assert stream[19:-2] == b"\0\1\0\0\0\2\xff\0" + b"\0\1\xff\xff\xff\xff"


def test_no_rows_and_no_columns() -> None:
    none = np.empty(0, dtype=np.int64)
    column = CopyColumn(WireType.INT8, pa.array([], pa.int64()))
    assert copy_stream([column], none).tobytes() == reference([WireType.INT8], [])
    assert copy_stream([], np.arange(2)).tobytes() == reference([], [(), ()])


UNCACHED = """
import numba, numpy, pyarrow
from numba.core import caching
caching.CacheImpl._locator_classes = []
try:
    numba.njit(cache=True)(lambda: 1)
except RuntimeError:
    pass
else:
    raise SystemExit("there is still a directory for the cache")
from eventer.kernels.pgcopy.copy_stream import *
column = CopyColumn(WireType.INT8, pyarrow.array([1]))
print(len(copy_stream([column], numpy.arange(1))))
"""


def test_a_missing_cache_directory_is_not_an_error(tmp_path) -> None:
    """If the package and the home are read-only, kernels are compiled for this process only."""
    program = [sys.executable, "-c", UNCACHED]
    done = subprocess.run(program, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("35\n", 0), done.stderr


@given(
    st.lists(st.lists(st.tuples(VALUES[WireType.INT8], TEXT), max_size=9), max_size=4),
    st.integers(1, 200),
)
def test_pieces_form_one_stream_of_all_rows(parts, size) -> None:
    wires = (WireType.INT8, WireType.TEXT)
    streams = [np.frombuffer(reference(wires, rows), np.uint8) for rows in parts]
    result = list(pieces(streams, size))
    whole = reference(wires, [row for rows in parts for row in rows])
    assert b"".join(piece.tobytes() for piece in result) == whole
    assert all(len(piece) <= 2 * size + len(HEADER) + len(TRAILER) for piece in result)
