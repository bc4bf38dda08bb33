"""Kafka's record batches (format v2), built whole from columns.

A batch is made in three steps: `split` and `frame` cut columns into record sections and compress
them, which depends on the events alone; `RecordBatch.seal` adds the header with what only the
producer knows at the time of sending (its id, epoch and sequence) and the checksum over it all.

LZ4 frames have independent blocks: the Java broker does not read linked ones.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]
A = TypeVar("A", Ints, Bytes)
Codec: TypeAlias = Literal["lz4", "none"]

_HEADER: Final = struct.Struct(">qiibIhiqqqhii")
_CRC_AT: Final = 17
_ATTRIBUTES_AT: Final = 21
_LENGTH_COVERS_FROM: Final = 12
_MAGIC: Final = 2
_TRANSACTIONAL: Final = 0x10
_CODECS: Final[dict[Codec, int]] = {"none": 0, "lz4": 3}
HEADER_BYTES: Final = _HEADER.size

_RECORD_OVERHEAD: Final = 5 + 1 + 10 + 5 + 5 + 5 + 5
"""The most that a record takes besides key, value and headers: the longest of every varint."""
_HEADER_OVERHEAD: Final = 5 + 5


@dataclass(frozen=True, slots=True)
class BytesColumn:
    """A byte string a row: `data[offsets[row]:offsets[row + 1]]`, null where `valid` is 0."""

    offsets: Ints
    data: Bytes
    valid: Bytes | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "offsets", _frozen(self.offsets))
        object.__setattr__(self, "data", _frozen(self.data))
        if self.valid is not None:
            object.__setattr__(self, "valid", _frozen(self.valid))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def validity(self) -> Bytes:
        """A byte a row: 1 where it is not null."""
        return _frozen(np.ones(len(self), np.uint8)) if self.valid is None else self.valid

    def lengths(self) -> Ints:
        """How long each row's byte string is."""
        return np.diff(self.offsets)


@dataclass(frozen=True, slots=True)
class Header:
    """A record header: a constant name and a value a row."""

    name: bytes
    values: BytesColumn


@dataclass(frozen=True, slots=True)
class RecordColumns:
    """What records are made of, a row each; `timestamps` are milliseconds since 1970."""

    values: BytesColumn
    timestamps: Ints
    keys: BytesColumn | None = None
    headers: tuple[Header, ...] = ()

    def bounds(self) -> Ints:
        """The most bytes that each row's record can take, whatever the batch it is in."""
        names = sum(len(header.name) + _HEADER_OVERHEAD for header in self.headers)
        bound = self.values.lengths() + (_RECORD_OVERHEAD + names)
        for column in (self.keys, *(header.values for header in self.headers)):
            if column is not None:
                bound = bound + column.lengths()
        return bound


@dataclass(frozen=True, slots=True)
class ProducerState:
    """Who sends a batch; the default is a producer without an identity."""

    id: int = -1
    epoch: int = -1
    sequence: int = -1
    transactional: bool = False


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """A record section, compressed, on its way to one partition.

    `rows` are the rows of the columns that it was made from, `payload` their records, which took
    `raw_bytes` before compression.
    """

    rows: Ints
    payload: bytes | memoryview
    codec: Codec
    first_timestamp: int
    max_timestamp: int
    raw_bytes: int = field(compare=False)

    @property
    def count(self) -> int:
        """How many records."""
        return len(self.rows)

    @property
    def size(self) -> int:
        """How many bytes the sealed batch has: what the broker compares with its limit."""
        return HEADER_BYTES + len(self.payload)

    def seal(self, producer: ProducerState) -> bytes:
        """The batch as it is sent: header, checksum and records."""
        import google_crc32c

        payload = bytes(self.payload)  # the same object, where it is one
        attributes = _CODECS[self.codec] | (_TRANSACTIONAL if producer.transactional else 0)
        head = bytearray(HEADER_BYTES)
        _HEADER.pack_into(
            head,
            0,
            0,  # base offset: the broker's business
            self.size - _LENGTH_COVERS_FROM,
            -1,  # partition leader epoch: the broker's business
            _MAGIC,
            0,  # checksum: below
            attributes,
            self.count - 1,
            self.first_timestamp,
            self.max_timestamp,
            producer.id,
            producer.epoch,
            producer.sequence,
            self.count,
        )
        checksum = google_crc32c.extend(google_crc32c.value(bytes(head[_ATTRIBUTES_AT:])), payload)
        struct.pack_into(">I", head, _CRC_AT, checksum)
        return b"".join((head, payload))


def frame(columns: RecordColumns, rows: Ints, codec: Codec) -> RecordBatch:
    """One batch of the given rows, at least one, in their order."""
    records = encode_records(columns, rows)
    timestamps = columns.timestamps[rows]
    payload, used = _compress(records, codec)
    return RecordBatch(
        rows=rows,
        payload=payload,
        codec=used,
        first_timestamp=int(timestamps[0]),
        max_timestamp=int(timestamps.max()),
        raw_bytes=len(records),
    )


def split(
    columns: RecordColumns, rows: Ints, codec: Codec, limit: int, ratio: float = 1.0
) -> Iterator[RecordBatch]:
    """Batches of at most `limit` bytes each, but for a single record that takes more by itself.

    `ratio` is a guess at how many times smaller compression makes the records: where it is too
    high a batch is cut in two and made again, where it is too low batches are smaller than needed.
    """
    bound = columns.bounds()[rows]
    budget = max(1, int((limit - HEADER_BYTES) * ratio))
    if bound.sum() <= budget:
        yield from _fitting(columns, rows, codec, limit)
        return
    groups = np.cumsum(bound) // budget
    edges = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), len(rows)]
    for start, stop in pairwise(edges):
        yield from _fitting(columns, rows[start:stop], codec, limit)


def _fitting(columns: RecordColumns, rows: Ints, codec: Codec, limit: int) -> Iterator[RecordBatch]:
    if not len(rows):
        return
    batch = frame(columns, rows, codec)
    if batch.size <= limit or batch.count == 1:
        yield batch
        return
    pieces = -(-batch.size // limit)
    for piece in np.array_split(rows, min(pieces + 1, len(rows))):
        yield from _fitting(columns, piece, codec, limit)


def encode_records(columns: RecordColumns, rows: Ints) -> memoryview:
    """The record section of a batch, not compressed."""
    from eventer.kernels.kafka_loops import write_records

    out = np.empty(int(columns.bounds()[rows].sum()), np.uint8)
    keys = columns.keys or _NOTHING
    names, offsets, data, valid = _headers(columns.headers, len(columns.values))
    size = write_records(
        _frozen(rows),
        columns.values.offsets,
        columns.values.data,
        _frozen(columns.timestamps),
        columns.keys is not None,
        keys.offsets,
        keys.data,
        keys.validity(),
        len(columns.headers),
        names.offsets,
        names.data,
        offsets,
        data,
        valid,
        out,
    )
    return out.data[:size]


def key_partitions(keys: BytesColumn, partitions: int | Ints) -> Ints:
    """Where Java's default partitioner puts each key; rows without one get a number as well."""
    from eventer.kernels.kafka_loops import murmur2_each

    hashes = np.empty(len(keys), np.int64)
    murmur2_each(keys.offsets, keys.data, hashes)
    return hashes % partitions


def bytes_column(values: Sequence[bytes | None]) -> BytesColumn:
    """A column of the given byte strings."""
    lengths = np.fromiter((len(value or b"") for value in values), np.int64, len(values))
    offsets = np.zeros(len(values) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    data = np.frombuffer(b"".join(value or b"" for value in values), np.uint8)
    valid = np.fromiter((value is not None for value in values), np.uint8, len(values))
    return BytesColumn(offsets, data, valid)


def _frozen(array: A) -> A:
    """The array for reading only: kernels are compiled once where all are alike."""
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view


_NOTHING: Final = BytesColumn(np.zeros(1, np.int64), np.zeros(0, np.uint8))
_NO_HEADERS: Final = (
    _NOTHING,
    _frozen(np.zeros((0, 1), np.int64)),
    _NOTHING.data,
    _frozen(np.zeros((0, 1), np.uint8)),
)


def _headers(headers: Sequence[Header], rows: int) -> tuple[BytesColumn, Ints, Bytes, Bytes]:
    """Names, then offsets, data and validity of all values: one row of the matrix a header."""
    if not headers:
        return _NO_HEADERS
    names = bytes_column([header.name for header in headers])
    offsets = np.zeros((len(headers), rows + 1), np.int64)
    valid = np.ones((len(headers), rows), np.uint8)
    base = 0
    for number, header in enumerate(headers):
        offsets[number] = header.values.offsets + base
        valid[number] = header.values.validity()
        base += len(header.values.data)
    data = (header.values.data for header in headers)
    return names, _frozen(offsets), _frozen(np.concatenate(list(data))), _frozen(valid)


def _compress(records: memoryview, codec: Codec) -> tuple[bytes | memoryview, Codec]:
    """The payload and the codec it is in: none where compression would make it larger."""
    if codec == "none":
        return records, codec
    import lz4.frame

    compressed: bytes = lz4.frame.compress(records, block_linked=False)
    return (compressed, codec) if len(compressed) < len(records) else (records, "none")
