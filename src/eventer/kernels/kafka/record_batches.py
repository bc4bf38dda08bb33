"""Kafka's record batches (format v2), built from columns.

`split` and `frame` write and compress record sections, which depend only on the events.
`RecordBatch.seal` adds the header with the id, epoch and sequence of the producer, and the
checksum. LZ4 frames have independent blocks: the Java broker does not read linked ones.
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
from eventer.kernels.kafka.record_python import encode_records_in_python, murmur2_in_python
from eventer.kernels.support.background_load import BackgroundLoad
from eventer.kernels.support.jit import address_of, frozen

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]
Codec: TypeAlias = Literal["lz4", "none"]

_UP_TO_CHECKSUM: Final = struct.Struct(">qiibI")
_AFTER_CHECKSUM: Final = struct.Struct(">hiqqqhii")
_LENGTH_COVERS_FROM: Final = 12
_MAGIC: Final = 2
_TRANSACTIONAL: Final = 0x10
_CODECS: Final[dict[Codec, int]] = {"none": 0, "lz4": 3}
BATCH_HEADER_BYTES: Final = _UP_TO_CHECKSUM.size + _AFTER_CHECKSUM.size

_RECORD_OVERHEAD: Final = 5 + 1 + 10 + 5 + 5 + 5 + 5
"""The most bytes of a record besides key, value and headers."""
_HEADER_OVERHEAD: Final = 5 + 5

ABSENT: Final = 2
"""The validity of a header in a row whose record does not have it."""

_FRAME_HEADER: Final = bytes.fromhex("04224d18 6050 fb")
"""An LZ4 frame of independent blocks of at most 256 KiB, without checksums."""
_BLOCK: Final = 256_000
"""Bytes of records in a block; even if nothing repeats, the block is not too large."""
_MAX_PACKED_RECORD_BYTES: Final = 64 << 10
_SLACK: Final = 4096


@dataclass(frozen=True, slots=True)
class BytesColumn:
    """A byte string per row: `data[offsets[row]:offsets[row + 1]]`, null if `valid` is 0."""

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
        """A byte per row: 0 if it is null, else 1."""
        return frozen(np.ones(len(self), np.uint8)) if self.valid is None else self.valid

    def lengths(self) -> Ints:
        """The length of each byte string."""
        return np.diff(self.offsets)


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """A record header: a constant name and a value per row.

    The validity `ABSENT` of a row means that its record does not have the header.
    """

    name: bytes
    values: BytesColumn


@dataclass(frozen=True, slots=True)
class RecordColumns:
    """Records, one per row; `timestamps` are milliseconds since 1970, hints those of the values."""

    values: BytesColumn
    timestamps: Ints
    keys: BytesColumn | None = None
    headers: tuple[RecordHeader, ...] = ()
    match_hints: MatchHints | None = None

    def bounds(self) -> Ints:
        """An upper bound for the bytes of each record in any batch."""
        names = sum(len(header.name) + _HEADER_OVERHEAD for header in self.headers)
        bound = self.values.lengths() + (_RECORD_OVERHEAD + names)
        for column in (self.keys, *(header.values for header in self.headers)):
            if column is not None:
                bound = bound + column.lengths()
        return bound


@dataclass(frozen=True, slots=True)
class ProducerState:
    """The identity of the sender of a batch; by default it has none."""

    id: int = -1
    epoch: int = -1
    sequence: int = -1
    transactional: bool = False


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """A compressed record section for one partition.

    `rows` are its rows of the columns, `payload` their records, `raw_bytes` the bytes of the
    records before compression.
    """

    rows: Ints
    payload: bytes | memoryview
    codec: Codec
    first_timestamp: int
    max_timestamp: int
    raw_bytes: int = field(compare=False)

    @property
    def count(self) -> int:
        """The number of records."""
        return len(self.rows)

    @property
    def size(self) -> int:
        """The bytes of the sealed batch, which the broker compares with its limit."""
        return BATCH_HEADER_BYTES + len(self.payload)

    def seal(self, producer: ProducerState) -> bytes:
        """The batch as it is sent: header, checksum and records."""
        import google_crc32c

        payload = bytes(self.payload)
        checked = _AFTER_CHECKSUM.pack(
            _CODECS[self.codec] | (_TRANSACTIONAL if producer.transactional else 0),
            self.count - 1,
            self.first_timestamp,
            self.max_timestamp,
            producer.id,
            producer.epoch,
            producer.sequence,
            self.count,
        )
        checksum = google_crc32c.extend(google_crc32c.value(checked), payload)
        # The broker sets the base offset (0) and the partition leader epoch (-1).
        length = self.size - _LENGTH_COVERS_FROM
        start = _UP_TO_CHECKSUM.pack(0, length, -1, _MAGIC, checksum)
        return b"".join((start, checked, payload))


def frame(columns: RecordColumns, rows: Ints, codec: Codec) -> RecordBatch:
    """One batch of the given rows, at least one, in their order."""
    payload, used, raw_bytes = _payload(columns, rows, codec)
    timestamps = columns.timestamps[rows]
    first, last = int(timestamps[0]), int(timestamps.max())
    return RecordBatch(rows, payload, used, first, last, raw_bytes)


def split(
    columns: RecordColumns, rows: Ints, codec: Codec, limit: int, ratio: float = 1.0
) -> Iterator[RecordBatch]:
    """Batches of at most `limit` bytes each, except for single records that are larger.

    `ratio` is the expected compression ratio: if it is too high, batches are divided and compressed
    again; if it is too low, batches are smaller than necessary.
    """
    bound = columns.bounds()[rows]
    budget = max(1, int((limit - BATCH_HEADER_BYTES) * ratio))
    if bound.sum() <= budget:
        yield from _split_to_limit(columns, rows, codec, limit)
        return
    groups = np.cumsum(bound) // budget
    stops = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), len(rows)]
    for start, stop in pairwise(stops):
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
    """The record section of a batch without compression."""
    if WRITERS.use_python(len(rows)):
        return memoryview(encode_records_in_python(columns, rows))
    return encode_records_compiled(columns, rows)


def encode_records_compiled(columns: RecordColumns, rows: Ints) -> memoryview:
    """See `encode_records`; always by the kernel."""
    from eventer.kernels.kafka.record_loops import write_records

    out = np.empty(int(columns.bounds()[rows].sum()) + _SLACK, np.uint8)
    fields, _names = _fields(columns)
    size = write_records(frozen(rows), frozen(columns.timestamps), fields, out)
    return out.data[:size]


def pack_records(columns: RecordColumns, rows: Ints) -> tuple[bytes, int] | None:
    """The record section as an LZ4 frame, and its size before compression.

    None if there are no match hints, values are null, records are large, or rows do not ascend.
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
    match_hints, begin = columns.match_hints, len(_FRAME_HEADER)
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
    """The fields by addresses, as `record_loops.write_records` reads them, and their names."""
    names = b"".join(header.name for header in columns.headers) + bytes(_SLACK)
    pending = np.frombuffer(names, np.uint8)
    fields = [_field(columns.values), _field(columns.keys)]
    at = address_of(pending)
    for header in columns.headers:
        fields.append([*_field(header.values)[:4], at, at + len(header.name)])
        at += len(header.name)
    return frozen(np.array(fields, np.int64)), pending


def _field(column: BytesColumn | None) -> list[int]:
    if column is None:
        return [0] * 6
    data = address_of(column.data)
    valid = 0 if column.valid is None else address_of(column.valid)
    return [address_of(column.offsets), data, data + len(column.data), valid, 0, 0]


def key_partitions(keys: BytesColumn, partitions: int | Ints) -> Ints:
    """The partition of each key by Java's default partitioner; rows without a key get one, too."""
    python = _HASHES.use_python(len(keys))
    return (murmur2_in_python(keys) if python else murmur2_compiled(keys)) % partitions


def murmur2_compiled(keys: BytesColumn) -> Ints:
    """See `murmur2_in_python`; always by the kernel."""
    from eventer.kernels.kafka.record_loops import murmur2_each

    hashes = np.empty(len(keys), np.int64)
    murmur2_each(keys.offsets, keys.data, hashes)
    return hashes


def bytes_column(values: Sequence[bytes | None]) -> BytesColumn:
    """A column of byte strings."""
    lengths = np.fromiter((len(value or b"") for value in values), np.int64, len(values))
    offsets = np.zeros(len(values) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    data = np.frombuffer(b"".join(value or b"" for value in values), np.uint8)
    valid = np.fromiter((value is not None for value in values), np.uint8, len(values))
    return BytesColumn(offsets, data, valid)


def _payload(
    columns: RecordColumns, rows: Ints, codec: Codec
) -> tuple[bytes | memoryview, Codec, int]:
    """Records, their codec and their raw bytes; no codec if it would make them larger."""
    if codec == "lz4" and not WRITERS.use_python(len(rows)):
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


def _load_writers() -> None:
    """Calls the kernels that write records."""
    nothing, row = np.zeros(0, np.int64), np.zeros(1, np.int64)
    hints = MatchHints(np.zeros(0, np.uint32), np.zeros(2, np.int64), nothing, nothing)
    columns = RecordColumns(bytes_column([b""]), row, match_hints=hints)
    encode_records_compiled(columns, row)
    pack_records(columns, row)


WRITERS: Final = BackgroundLoad(_load_writers)
"""The kernels that write records."""
_HASHES: Final = BackgroundLoad(lambda: murmur2_compiled(bytes_column([b""])))
