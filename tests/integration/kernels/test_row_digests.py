"""Digests of rows from COPY streams in pieces of any size."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.destinations.comparison import KeyedDigests, concat_keyed
from eventer.kernels.pgcopy.copy_stream import CopyColumn, WireType, copy_stream
from eventer.kernels.pgcopy.row_digests import CopyDigestReader

rows = st.lists(
    st.tuples(st.none() | st.integers(-5, 5), st.none() | st.text("ab", max_size=4)), max_size=30
)


def stream_of(values):
    numbers = CopyColumn(WireType.INT8, pa.array(range(100, 100 + len(values)), pa.int64()))
    first = CopyColumn(WireType.INT4, pa.array([value[0] for value in values], pa.int32()))
    text = CopyColumn(WireType.TEXT, pa.array([value[1] for value in values], pa.large_string()))
    return copy_stream((numbers, first, text), np.arange(len(values))).tobytes()


def digested(stream, cuts=()):
    reader = CopyDigestReader([True, False])
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]
    found = [reader.take(piece) for piece in pieces]
    return concat_keyed([KeyedDigests(each.key, each.content, each.number) for each in found])


@settings(deadline=None)  # the first call compiles
@given(rows, st.lists(st.integers(0, 800), max_size=5))
def test_every_row_is_read_from_pieces_of_any_size(values, cuts):
    found = digested(stream_of(values), cuts)
    assert found.number.tolist() == list(range(100, 100 + len(values)))
    whole = digested(stream_of(values))
    assert found.key.tolist() == whole.key.tolist()
    assert found.content.tolist() == whole.content.tolist()


@settings(deadline=None)  # the first call compiles
@given(rows)
def test_digests_are_equal_if_values_are(values):
    found = digested(stream_of(values))
    assert len(set(found.key.tolist())) == len({value[0] for value in values})
    assert len(set(found.content.tolist())) == len(set(values))


def test_the_first_field_is_the_number_of_a_row():
    stream = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
    stream += b"\x00\x01" + b"\x00\x00\x00\x06" + b"\x00\x00\x00\x02\x00\x05" + b"\xff\xff"
    assert CopyDigestReader([]).take(stream).number.tolist() == [2 << 16 | 5]
