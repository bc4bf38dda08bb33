"""Reads record batches of Eventer and of other clients."""

import gzip
import struct
from dataclasses import replace

import google_crc32c
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.kernels.kafka.record_batches import (
    ABSENT,
    ProducerState,
    RecordColumns,
    RecordHeader,
    bytes_column,
    encode_records,
    split,
)
from eventer.kernels.kafka.record_reading import (
    APPEND_TIME,
    ByteSpans,
    UnreadableRecordsError,
    column_digests,
    header_digests,
    null_digests,
    read_batch_headers,
    read_records,
)
from eventer.kernels.kafka.record_reading_loops import parse_records, walk_batches
from eventer.kernels.kafka.record_reading_python import (
    parse_records_in_python,
    walk_batches_in_python,
)
from tests.families import family

texts = st.none() | st.binary(max_size=40)


def read(data):
    data = np.frombuffer(data, np.uint8)
    return read_records(data, read_batch_headers(data))


def columns_of(rows):
    """Rows are (value, key, header value, timestamp)."""
    values, keys, headers, times = zip(*rows, strict=True)
    return RecordColumns(
        bytes_column(list(values)),
        np.array(times, np.int64),
        bytes_column(list(keys)),
        (RecordHeader(b"h", bytes_column(list(headers))), RecordHeader(b"o", present(headers))),
    )


def present(values):
    """A column of a header that rows with null do not have."""
    column = bytes_column(list(values))
    return replace(column, valid=np.where(column.validity(), 1, ABSENT).astype(np.uint8))


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.tuples(st.binary(max_size=300), texts, texts, st.integers(0, 1 << 42)), min_size=1),
    st.integers(100, 2_000),
    st.sampled_from(["none", "lz4"]),
)
def test_round_trip_of_records(rows, limit, codec):
    columns = columns_of(rows)
    batches = list(split(columns, np.arange(len(rows)), codec, limit))
    found = read(b"".join(bytes(batch.seal(ProducerState())) for batch in batches))
    assert [found.values.value(n) for n in range(len(found))] == [row[0] for row in rows]
    assert [found.keys.value(n) for n in range(len(found))] == [row[1] for row in rows]
    assert found.timestamp.tolist() == [row[3] for row in rows]
    assert (found.values.digests() == column_digests(columns.values)).all()
    assert (found.keys.digests() == column_digests(columns.keys)).all()
    names = column_digests(bytes_column([b"h"] * len(rows)))
    values = column_digests(columns.headers[0].values)
    others = column_digests(bytes_column([b"o"] * len(rows)))
    has_value = np.array([row[2] is not None for row in rows])
    headers = [(names, values, None), (others, values, has_value)]
    assert (found.headers == header_digests(headers, len(rows))).all()
    offsets = [n for batch in batches for n in range(batch.count)]
    assert found.offset.tolist() == offsets


@settings(deadline=None)  # the first call compiles
@given(st.lists(texts, max_size=60))
def test_different_byte_strings_have_different_digests(values):
    digests = column_digests(bytes_column(values)).tolist()
    assert len(set(digests)) == len(set(values))
    assert null_digests(2).tolist() == column_digests(bytes_column([None, None])).tolist()


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=8), st.integers(0, 40))
def test_python_and_the_kernels_read_the_same(rows, cut):
    columns = columns_of([(value or b"", key, other, 7) for value, key, other in rows])
    batches = list(split(columns, np.arange(len(rows)), "none", 200))
    data = np.frombuffer(b"".join(each.seal(ProducerState(9, 1)) for each in batches), np.uint8)
    for walked in (data, data[: len(data) - cut]):
        assert walk(walk_batches, walked) == walk(walk_batches_in_python, walked)
    records = np.frombuffer(b"".join(bytes(each.payload) for each in batches), np.uint8)
    sizes = np.array([len(each.payload) for each in batches])
    counts = np.array([each.count for each in batches])
    for parsed in (records, records[: len(records) - cut]):
        arguments = parsed, np.cumsum(sizes) - sizes, counts
        assert parse(parse_records, *arguments) == parse(parse_records_in_python, *arguments)


def walk(kernel, data):
    out = np.zeros((20, 9), np.int64)
    return kernel(data, out), out.tolist()


def parse(kernel, data, starts, counts):
    """How many records the kernel reads, and the columns of those."""
    total = int(counts.sum())
    offsets, timestamps = np.arange(total), np.arange(total) * 10
    spans, headers = np.zeros((4, total), np.int64).T, np.zeros(total, np.uint64)
    read = kernel(data, starts, counts, offsets, timestamps, spans, headers)
    return [read, *(each[:read].tolist() for each in (offsets, timestamps, spans, headers))]


def sealed(*, count=3, attributes=0, payload=None, base=0):
    """A batch as a broker stores it."""
    columns = RecordColumns(bytes_column([b"%d" % n for n in range(count)]), np.arange(count))
    records = bytes(encode_records(columns, np.arange(count)))
    body = struct.pack(">hiqqqhii", attributes, count - 1, 1_000, 2_000, 7, 0, 0, count)
    body += records if payload is None else payload(records)
    checksum = google_crc32c.value(body)
    return struct.pack(">qiibI", base, len(body) + 9, 0, 2, checksum) + body


def zstd(records):
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(records)
    return out.getvalue().to_pybytes()


def snappy(records):
    return pa.Codec("snappy").compress(records, asbytes=True)


def xerial(records):
    blocks = [snappy(records[:4]), snappy(records[4:])]
    framed = b"".join(struct.pack(">I", len(block)) + block for block in blocks)
    return b"\x82SNAPPY\x00" + struct.pack(">II", 1, 1) + framed


@family(
    ("codec", "payload"),
    [(0, bytes), (1, gzip.compress), (2, snappy), (2, xerial), (4, zstd)],
)
def test_reads_codecs_of_other_clients(codec, payload):
    found = read(sealed(attributes=codec, payload=payload, base=40) + sealed(base=43))
    assert [found.values.value(n) for n in range(6)] == [b"0", b"1", b"2"] * 2
    assert found.offset.tolist() == [40, 41, 42, 43, 44, 45]
    assert found.timestamp.tolist() == [1_000, 1_001, 1_002] * 2


def test_broker_timestamps():
    found = read(sealed(attributes=8) + sealed())
    assert found.timestamp.tolist() == [APPEND_TIME] * 3 + [1_000, 1_001, 1_002]


def test_batch_header_fields():
    (header,) = read_batch_headers(np.frombuffer(sealed(attributes=0x30, base=5), np.uint8))
    assert (header.base_offset, header.last_offset, header.count) == (5, 7, 3)
    assert header.is_control
    assert header.is_transactional
    assert header.producer_id == 7


def test_an_incomplete_batch_is_not_read():
    data = sealed() + sealed(base=3)
    for cut in (1, 50, len(sealed()) - 1, len(sealed())):
        headers = read_batch_headers(np.frombuffer(data[: len(data) - cut], np.uint8))
        assert len(headers) == 1
    assert len(read(b"")) == 0


@pytest.mark.parametrize("at", [62, 66, 70])
def test_a_flipped_bit_is_detected(at):
    data = bytearray(sealed(base=9))
    data[at] ^= 1
    with pytest.raises(UnreadableRecordsError, match="checksum of the records at offset 9"):
        read(bytes(data))


def test_unreadable_records_are_errors_with_their_offset():
    with pytest.raises(UnreadableRecordsError, match="codec 7"):
        read(sealed(attributes=7))
    with pytest.raises(UnreadableRecordsError, match="cannot be decompressed"):
        read(sealed(attributes=1))
    with pytest.raises(UnreadableRecordsError, match="damaged"):
        read(sealed(payload=lambda records: records[:-2]))
    old = bytearray(sealed())
    old[16] = 1
    with pytest.raises(UnreadableRecordsError, match="old format"):
        read(bytes(old))


def test_empty_spans():
    nothing = np.zeros(0, np.int64)
    assert len(ByteSpans(np.zeros(0, np.uint8), nothing, nothing).digests()) == 0
