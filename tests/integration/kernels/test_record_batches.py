"""Record batches against a reference, and read by aiokafka."""

import struct
from dataclasses import replace

import google_crc32c
import lz4.frame
import numpy as np
from aiokafka.partitioner import murmur2
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.kernels.kafka.record_batches import (
    ABSENT,
    BATCH_HEADER_BYTES,
    BytesColumn,
    ProducerState,
    RecordColumns,
    RecordHeader,
    bytes_column,
    encode_records,
    encode_records_compiled,
    frame,
    key_partitions,
    murmur2_compiled,
    split,
)
from eventer.kernels.kafka.record_python import encode_records_in_python, murmur2_in_python
from tests.families import family

INT64 = st.integers(-(2**62), 2**62 - 1)
TEXTS = st.one_of(
    st.none(), st.binary(max_size=20), st.sampled_from([b"x" * n for n in (63, 64, 8191, 8192)])
)


@st.composite
def columns(draw, min_rows=1):
    rows = draw(st.integers(min_rows, 12))
    some = st.lists(TEXTS, min_size=rows, max_size=rows)
    values = [value or b"" for value in draw(some)]
    names = draw(st.lists(st.text(max_size=10).map(str.encode), max_size=3))
    return RecordColumns(
        values=bytes_column(values),
        timestamps=np.array(draw(st.lists(INT64, min_size=rows, max_size=rows)), np.int64),
        keys=draw(st.one_of(st.none(), some.map(bytes_column))),
        headers=tuple(RecordHeader(name, draw(some.map(header_values))) for name in names),
    )


def header_values(values):
    """A column in which some rows do not have the header, instead of a null."""
    column = bytes_column(values)
    absent = [value is None and row % 2 == 1 for row, value in enumerate(values)]
    return replace(column, valid=np.where(absent, ABSENT, column.validity()).astype(np.uint8))


def cells(column):
    valid = column.validity()
    return [
        column.data[start:stop].tobytes() if valid[row] else None
        for row, (start, stop) in enumerate(zip(column.offsets, column.offsets[1:], strict=False))
    ]


def varint(value):
    rest = (value << 1) ^ (value >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def sized(value):
    return varint(-1) if value is None else varint(len(value)) + value


def reference_records(result, rows):
    """The record section by a simple implementation."""
    values, keys = cells(result.values), cells(result.keys) if result.keys else None
    headers = [
        (header.name, header.values.validity(), cells(header.values)) for header in result.headers
    ]
    base = int(result.timestamps[rows[0]])
    out = b""
    for delta, row in enumerate(rows):
        body = b"\0" + varint(int(result.timestamps[row]) - base) + varint(delta)
        present = [(name, column) for name, valid, column in headers if valid[row] != ABSENT]
        body += sized(keys[row] if keys else None) + sized(values[row]) + varint(len(present))
        body += b"".join(sized(name) + sized(column[row]) for name, column in present)
        out += sized(body)
    return out


def read_back(sealed):
    batch = MemoryRecords(bytes(sealed)).next_batch()
    assert batch.validate_crc()
    return batch, list(batch)


@given(columns(), st.data())
@settings(deadline=None)
def test_records_equal_the_reference(result, data):
    every = range(len(result.values))
    rows = data.draw(st.lists(st.sampled_from(every), min_size=1, unique=True).map(sorted))
    encoded = bytes(encode_records_compiled(result, np.array(rows)))
    assert encoded == reference_records(result, rows)
    assert bytes(encode_records_in_python(result, np.array(rows))) == encoded
    assert len(encoded) <= result.bounds()[rows].sum()


@given(columns())
@settings(deadline=None)
def test_another_client_reads_the_records(result):
    rows = np.arange(len(result.values))
    producer = ProducerState(id=77, epoch=3, sequence=12, transactional=True)
    batch, records = read_back(frame(result, rows, "none").seal(producer))

    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (77, 3, 12)
    assert batch.is_transactional
    assert [record.value for record in records] == cells(result.values)
    assert [record.key for record in records] == (
        cells(result.keys) if result.keys else [None] * len(rows)
    )
    assert [record.timestamp for record in records] == result.timestamps.tolist()
    assert batch.max_timestamp == max(result.timestamps.tolist())
    assert [record.offset for record in records] == list(range(len(rows)))


def test_headers_are_read_back():
    result = RecordColumns(
        values=bytes_column([b"{}", b"[]"]),
        timestamps=np.array([5, 3]),
        headers=(
            RecordHeader(b"country", bytes_column([b"ru", None])),
            RecordHeader("é".encode(), bytes_column([b"", b"x" * 300])),
        ),
    )
    _, records = read_back(frame(result, np.arange(2), "none").seal(ProducerState()))
    assert records[0].headers == [("country", b"ru"), ("é", b"")]
    assert records[1].headers == [("country", None), ("é", b"x" * 300)]


def test_a_producer_without_identity_has_no_transaction():
    result = RecordColumns(bytes_column([b"x"]), np.array([0]))
    batch, _ = read_back(frame(result, np.arange(1), "none").seal(ProducerState()))
    assert not batch.is_transactional
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (-1, -1, -1)


def test_the_header_has_the_length_and_a_checksum_of_the_rest():
    result = RecordColumns(bytes_column([b"x" * 100] * 5), np.arange(5))
    batch = frame(result, np.arange(5), "lz4")
    sealed = batch.seal(ProducerState(1, 2, 3, transactional=True))
    assert len(sealed) == batch.size
    assert struct.unpack_from(">i", sealed, 8) == (len(sealed) - 12,)
    assert struct.unpack_from(">I", sealed, 17) == (google_crc32c.value(bytes(sealed[21:])),)


def test_lz4_blocks_are_independent():
    """The Java broker answers UNKNOWN_SERVER_ERROR to linked blocks."""
    result = RecordColumns(bytes_column([b"abcdefgh" * 4000] * 20), np.arange(20))
    batch = frame(result, np.arange(20), "lz4")
    assert batch.codec == "lz4"
    info = lz4.frame.get_frame_info(batch.payload)
    assert info["block_linked"] is False
    assert lz4.frame.decompress(batch.payload) == encode_records(result, np.arange(20))


def test_records_that_lz4_does_not_shrink_are_not_compressed():
    result = RecordColumns(bytes_column([b"x"]), np.array([0]))
    batch = frame(result, np.arange(1), "lz4")
    assert batch.codec == "none"
    assert batch.payload == encode_records(result, np.arange(1))


@family("ratio", [0.5, 1.0, 4.0, 1000.0])
@family("limit", [100, 1000, 20_000])
def test_batches_are_within_the_limit(limit, ratio):
    random = np.random.default_rng(1)
    values = [random.bytes(random.integers(0, 60)) * 2 for _ in range(500)]
    values[250] = random.bytes(2000)
    result = RecordColumns(bytes_column(values), np.arange(500))
    rows = np.arange(0, 500, 2)
    batches = list(split(result, rows, "lz4", limit, ratio))
    assert np.concatenate([batch.rows for batch in batches]).tolist() == rows.tolist()
    for batch in batches:
        assert batch.size <= limit or batch.rows.tolist() == [250] or batch.count == 1
    assert all(batch.count for batch in batches)


def test_no_rows_have_no_batches():
    result = RecordColumns(bytes_column([b"x"]), np.array([0]))
    assert list(split(result, np.array([], np.int64), "lz4", 1000)) == []


@given(st.lists(st.binary(max_size=40), min_size=1), st.integers(1, 50))
@settings(deadline=None)
def test_key_partitions_match_another_port_of_the_partitioner(keys, partitions):
    wanted = [(murmur2(key) & 0x7FFFFFFF) % partitions for key in keys]
    assert key_partitions(bytes_column(keys), partitions).tolist() == wanted
    hashes = murmur2_compiled(bytes_column(keys))
    assert (hashes % partitions).tolist() == wanted
    assert murmur2_in_python(bytes_column(keys)).tolist() == hashes.tolist()


def test_murmur2_of_known_strings():
    """From Kafka's own UtilsTest."""
    known = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536}
    many = 2**31
    found = key_partitions(bytes_column(list(known)), many)
    assert found.tolist() == [hash_ & 0x7FFFFFFF for hash_ in known.values()]


def test_partition_counts_can_differ_between_rows():
    keys = bytes_column([b"a", b"a", b"a"])
    one, two, three = (int(key_partitions(keys, p)[0]) for p in (1, 7, 1000))
    assert key_partitions(keys, np.array([1, 7, 1000])).tolist() == [one, two, three]


def test_a_column_can_be_a_slice():
    data = np.frombuffer(b"aabbbcc", np.uint8)
    result = RecordColumns(BytesColumn(np.array([2, 5, 7]), data), np.array([1, 1]))
    _, records = read_back(frame(result, np.arange(2), "none").seal(ProducerState()))
    assert [record.value for record in records] == [b"bbb", b"cc"]
    assert BATCH_HEADER_BYTES == 61
