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
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.match_hints import MatchHints
from eventer.kernels.support.jit import address_of, frozen

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]
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

_FRAME_HEADER: Final = bytes.fromhex("04224d18 6050 fb")
"""An LZ4 frame of independent blocks of 256 KiB at most, without checksums: Kafka has its own."""
_BLOCK: Final = 256_000
"""Bytes of records in a block: even if nothing repeats, it then is no larger than it may be."""
_MAX_PACKED_RECORD_BYTES: Final = 64 << 10
_SLACK: Final = 4096


@dataclass(frozen=True, slots=True)
class BytesColumn:
    """A byte string a row: `data[offsets[row]:offsets[row + 1]]`, null where `valid` is 0."""

    offsets: Ints
    data: Bytes
    valid: Bytes | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "offsets", frozen(np.ascontiguousarray(self.offsets, np.int64)))
        object.__setattr__(self, "data", frozen(np.ascontiguousarray(self.data, np.uint8)))
        if self.valid is not None:
            object.__setattr__(self, "valid", frozen(np.ascontiguousarray(self.valid, np.uint8)))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def validity(self) -> Bytes:
        """A byte a row: 1 where it is not null."""
        return frozen(np.ones(len(self), np.uint8)) if self.valid is None else self.valid

    def lengths(self) -> Ints:
        """How long each row's byte string is."""
        return np.diff(self.offsets)


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """A record header: a constant name and a value a row."""

    name: bytes
    values: BytesColumn


@dataclass(frozen=True, slots=True)
class RecordColumns:
    """What records are made of, a row each; `timestamps` are milliseconds since 1970.

    `match_hints`, where they are known, are those of the values.
    """

    values: BytesColumn
    timestamps: Ints
    keys: BytesColumn | None = None
    headers: tuple[RecordHeader, ...] = ()
    match_hints: MatchHints | None = None

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
    payload, used, raw_bytes = _payload(columns, rows, codec)
    timestamps = columns.timestamps[rows]
    return RecordBatch(
        rows=rows,
        payload=payload,
        codec=used,
        first_timestamp=int(timestamps[0]),
        max_timestamp=int(timestamps.max()),
        raw_bytes=raw_bytes,
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
        yield from _split_to_limit(columns, rows, codec, limit)
        return
    groups = np.cumsum(bound) // budget
    edges = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), len(rows)]
    for start, stop in pairwise(edges):
        yield from _split_to_limit(columns, rows[start:stop], codec, limit)


def _split_to_limit(
    columns: RecordColumns, rows: Ints, codec: Codec, limit: int
) -> Iterator[RecordBatch]:
    if not len(rows):
        return
    batch = frame(columns, rows, codec)
    if batch.size <= limit or batch.count == 1:
        yield batch
        return
    pieces = -(-batch.size // limit)
    for piece in np.array_split(rows, min(pieces + 1, len(rows))):
        yield from _split_to_limit(columns, piece, codec, limit)


def encode_records(columns: RecordColumns, rows: Ints) -> memoryview:
    """The record section of a batch, not compressed."""
    from eventer.kernels.kafka.record_loops import write_records

    out = np.empty(int(columns.bounds()[rows].sum()) + _SLACK, np.uint8)
    fields, _names = _fields(columns)
    size = write_records(frozen(rows), frozen(columns.timestamps), fields, out)
    return out.data[:size]


def pack_records(columns: RecordColumns, rows: Ints) -> tuple[bytes, int] | None:
    """The same as an LZ4 frame, and how many bytes it stands for; None where it cannot be.

    It needs to know what is repeated, and takes no values that are null, no record that is large,
    and rows in ascending order only.
    """
    bounds = columns.bounds()[rows]
    if columns.match_hints is None or not columns.values.validity().all():
        return None
    if int(bounds.max()) > _MAX_PACKED_RECORD_BYTES or bool((np.diff(rows) <= 0).any()):
        return None
    from eventer.kernels.kafka.lz4_packing_loops import pack_records as pack

    most = int(bounds.sum())
    out = np.empty(most + most // 128 + _SLACK, np.uint8)
    pending = np.empty(_BLOCK + _SLACK, np.uint8)
    fields, _names = _fields(columns)
    match_hints = columns.match_hints
    begin = len(_FRAME_HEADER)
    size, raw_bytes = pack(
        frozen(rows),
        frozen(columns.timestamps),
        fields,
        frozen(match_hints.marks),
        frozen(match_hints.ends),
        frozen(match_hints.lengths),
        frozen(match_hints.prefix_identities),
        _BLOCK,
        pending,
        out[begin:],
    )
    end = begin + size
    out[:begin] = np.frombuffer(_FRAME_HEADER, np.uint8)
    out[end : end + 4] = 0
    return out[: end + 4].tobytes(), raw_bytes


def _fields(columns: RecordColumns) -> tuple[Ints, Bytes]:
    """What kernels read, by addresses, see `kafka_loops.write_records`; and the names there."""
    names = b"".join(header.name for header in columns.headers) + bytes(_SLACK)
    pending = np.frombuffer(names, np.uint8)
    made = [_field(columns.values), _field(columns.keys)]
    at = address_of(pending)
    for header in columns.headers:
        made.append([*_field(header.values)[:4], at, at + len(header.name)])
        at += len(header.name)
    return frozen(np.array(made, np.int64)), pending


def _field(column: BytesColumn | None) -> list[int]:
    if column is None:
        return [0] * 6
    data = address_of(column.data)
    valid = 0 if column.valid is None else address_of(column.valid)
    return [address_of(column.offsets), data, data + len(column.data), valid, 0, 0]


def key_partitions(keys: BytesColumn, partitions: int | Ints) -> Ints:
    """Where Java's default partitioner puts each key; rows without one get a number as well."""
    from eventer.kernels.kafka.record_loops import murmur2_each

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


def _payload(
    columns: RecordColumns, rows: Ints, codec: Codec
) -> tuple[bytes | memoryview, Codec, int]:
    """Records, the codec they are in, and their bytes: none where it would make them larger."""
    if codec == "lz4":
        packed = pack_records(columns, rows)
        if packed is not None and len(packed[0]) < packed[1]:
            return packed[0], codec, packed[1]
    records = encode_records(columns, rows)
    if codec == "none":
        return records, codec, len(records)
    import lz4.frame

    compressed: bytes = lz4.frame.compress(records, block_linked=False)
    if len(compressed) < len(records):
        return compressed, codec, len(records)
    return records, "none", len(records)
