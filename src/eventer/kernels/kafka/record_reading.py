"""Reads Kafka's record batches (format v2) as columns, a fetch at a time.

Compiled loops read the records and digest their bytes. The checksum of every batch is checked.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.kafka.record_batches import BATCH_HEADER_BYTES, BytesColumn
from eventer.kernels.kafka.record_reading_python import (
    parse_records_in_python,
    walk_batches_in_python,
)
from eventer.kernels.support.background_load import BackgroundLoad

Ints: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]
Bytes: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = NDArray[np.bool_]

APPEND_TIME: Final = np.iinfo(np.int64).min
"""The timestamp of records whose timestamp the broker replaced by its own."""

_CRC: Final = struct.Struct(">I")
_CRC_AT: Final = 17
_ATTRIBUTES_AT: Final = 21
_CODEC: Final = 0x07
_APPEND_TIME: Final = 0x08
_TRANSACTIONAL: Final = 0x10
_CONTROL: Final = 0x20
_COLUMNS: Final = 9
_XERIAL: Final = b"\x82SNAPPY\x00"


class UnreadableRecordsError(ValueError):
    """A record batch is damaged or has an obsolete format."""


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """The header of a record batch, and its position [start, end) in the fetch."""

    start: int
    end: int
    base_offset: int
    last_offset: int
    attributes: int
    first_timestamp: int
    max_timestamp: int
    producer_id: int
    count: int

    @property
    def is_control(self) -> bool:
        """Whether it ends a transaction and has no records of events."""
        return bool(self.attributes & _CONTROL)

    @property
    def is_transactional(self) -> bool:
        """Whether it is valid only if its transaction was committed."""
        return bool(self.attributes & _TRANSACTIONAL)


@dataclass(frozen=True, slots=True)
class ByteSpans:
    """A byte string per row: `length` bytes of `data` from `start`; null if the length is -1."""

    data: Bytes
    start: Ints
    length: Ints

    def digests(self) -> Words:
        """A 64-bit digest of each row."""
        from eventer.kernels.support.digest_loops import digest_spans

        out = np.empty(len(self.start), np.uint64)
        digest_spans(self.data, self.start, self.length, out)
        return out

    def value(self, row: int) -> bytes | None:
        """The byte string of a row."""
        start, length = int(self.start[row]), int(self.length[row])
        return None if length < 0 else self.data[start : start + length].tobytes()

    def take(self, rows: NDArray[Any]) -> ByteSpans:
        """Some of the rows."""
        return ByteSpans(self.data, self.start[rows], self.length[rows])


@dataclass(frozen=True, slots=True)
class Records:
    """Records as columns, in the order of their offsets; timestamps are milliseconds since 1970.

    `headers` are digests of the header names and values of each record (`header_digests`).
    """

    offset: Ints
    timestamp: Ints
    keys: ByteSpans
    values: ByteSpans
    headers: Words

    def __len__(self) -> int:
        return len(self.offset)

    def take(self, rows: NDArray[Any]) -> Records:
        """Some of the records."""
        return Records(
            self.offset[rows],
            self.timestamp[rows],
            self.keys.take(rows),
            self.values.take(rows),
            self.headers[rows],
        )


def read_batch_headers(data: Bytes) -> list[BatchHeader]:
    """The complete batches in `data`, which begins with a batch."""
    out = np.empty((len(data) // BATCH_HEADER_BYTES + 1, _COLUMNS), np.int64)
    if _WALKER.use_python(len(out)):
        count = walk_batches_in_python(data, out)
    else:
        from eventer.kernels.kafka.record_reading_loops import walk_batches

        count = walk_batches(data, out)
    return [BatchHeader(*row) for row in out[:count].tolist()]


def read_records(data: Bytes, headers: Sequence[BatchHeader]) -> Records:
    """The records of the given batches of `data`.

    Raises:
        UnreadableRecordsError: a checksum is wrong, a codec unknown, a batch damaged.
    """
    if not headers:
        return _NONE
    sections = [_section(data, header) for header in headers]
    joined = np.frombuffer(b"".join(sections), np.uint8)
    sizes = np.array([len(section) for section in sections], np.int64)
    counts = np.array([header.count for header in headers], np.int64)
    total = int(counts.sum())
    offset, timestamp = np.empty(total, np.int64), np.empty(total, np.int64)
    firsts = np.cumsum(counts) - counts
    full = counts > 0
    offset[firsts[full]] = np.array([h.base_offset for h in headers], np.int64)[full]
    timestamp[firsts[full]] = np.array([h.first_timestamp for h in headers], np.int64)[full]
    spans, digests = np.empty((4, total), np.int64).T, np.empty(total, np.uint64)
    parse = _parser(total)
    read = parse(joined, np.cumsum(sizes) - sizes, counts, offset, timestamp, spans, digests)
    if read < total:
        raise UnreadableRecordsError(
            f"a record batch near offset {headers[0].base_offset} is damaged"
        )
    appended = np.array([bool(h.attributes & _APPEND_TIME) for h in headers], np.bool_)
    timestamp[np.repeat(appended, counts)] = APPEND_TIME
    key_start, key_length, value_start, value_length = np.ascontiguousarray(spans.T)
    return Records(
        offset,
        timestamp,
        ByteSpans(joined, key_start, key_length),
        ByteSpans(joined, value_start, value_length),
        digests,
    )


def _parser(records: int) -> Callable[..., int]:
    """What reads this many records: the kernel, or Python."""
    if _PARSER.use_python(records):
        return parse_records_in_python
    from eventer.kernels.kafka.record_reading_loops import parse_records

    return parse_records


def _load_walker() -> None:
    """Calls the kernel that reads the headers of batches."""
    from eventer.kernels.kafka.record_reading_loops import walk_batches

    walk_batches(np.zeros(0, np.uint8), np.zeros((1, _COLUMNS), np.int64))


def _load_parser() -> None:
    """Calls the kernel that reads records, with the types of `read_records`."""
    from eventer.kernels.kafka.record_reading_loops import parse_records

    data, none = np.frombuffer(b"", np.uint8), np.zeros(0, np.int64)
    parse_records(data, none, none, none, none, np.empty((4, 2), np.int64).T, none.view(np.uint64))


_WALKER: Final = BackgroundLoad(_load_walker)
_PARSER: Final = BackgroundLoad(_load_parser)

_NOTHING: Final = ByteSpans(np.zeros(0, np.uint8), np.zeros(0, np.int64), np.zeros(0, np.int64))
_NONE: Final = Records(_NOTHING.start, _NOTHING.start, _NOTHING, _NOTHING, np.zeros(0, np.uint64))


def _section(data: Bytes, header: BatchHeader) -> bytes:
    """The records of a batch, checked and decompressed."""
    import google_crc32c

    if header.count < 0:
        raise UnreadableRecordsError(
            f"the records at offset {header.base_offset} have an old format, without checksums"
        )
    batch = data[header.start : header.end].tobytes()
    (checksum,) = _CRC.unpack_from(batch, _CRC_AT)
    if google_crc32c.value(batch[_ATTRIBUTES_AT:]) != checksum:
        raise UnreadableRecordsError(
            f"the checksum of the records at offset {header.base_offset} is wrong"
        )
    payload = batch[BATCH_HEADER_BYTES:]
    codec = header.attributes & _CODEC
    if codec not in _DECOMPRESS:
        raise UnreadableRecordsError(f"the codec {codec} at offset {header.base_offset} is unknown")
    try:
        return _DECOMPRESS[codec](payload)
    except Exception as error:
        raise UnreadableRecordsError(
            f"the records at offset {header.base_offset} cannot be decompressed: {error}"
        ) from error


def _lz4(payload: bytes) -> bytes:
    import lz4.frame

    plain: bytes = lz4.frame.decompress(payload)
    return plain


def _zstd(payload: bytes) -> bytes:
    import pyarrow as pa

    plain: bytes = pa.CompressedInputStream(pa.BufferReader(payload), "zstd").read()
    return plain


def _snappy(payload: bytes) -> bytes:
    """Raw, or in the frames of Java's client: a header and blocks with their lengths."""
    if not payload.startswith(_XERIAL):
        return _raw_snappy(payload)
    at, parts = 16, []
    while at < len(payload):
        (size,) = _CRC.unpack_from(payload, at)
        parts.append(_raw_snappy(payload[at + 4 : at + 4 + size]))
        at += 4 + size
    return b"".join(parts)


def _raw_snappy(block: bytes) -> bytes:
    import pyarrow as pa

    size = shift = 0
    for byte in block:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    plain: bytes = pa.Codec("snappy").decompress(block, decompressed_size=size, asbytes=True)
    return plain


_DECOMPRESS: Final[Mapping[int, Callable[[bytes], bytes]]] = {
    0: bytes,
    1: gzip.decompress,
    2: _snappy,
    3: _lz4,
    4: _zstd,
}


# --- digests of expected records ------------------------------------------------------------------


def column_digests(column: BytesColumn) -> Words:
    """The digests of a column of expected records."""
    lengths = column.lengths()
    if column.valid is not None:
        lengths = np.where(column.valid, lengths, -1)
    return ByteSpans(column.data, np.ascontiguousarray(column.offsets[:-1]), lengths).digests()


def null_digests(count: int) -> Words:
    """The digests of null rows."""
    nothing = np.zeros(0, np.uint8)
    starts, lengths = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    return ByteSpans(nothing, starts, lengths).digests()


def header_digests(headers: Sequence[tuple[Words, Words, Mask | None]], count: int) -> Words:
    """The digests of all headers of each row, from the digests of their names and values.

    The third part of a header says which rows have it; None means all of them.
    """
    from eventer.kernels.support.digest_loops import chain_each

    chained = np.zeros(count, np.uint64)
    for names, values, present in headers:
        without = chained.copy()
        chain_each(chained, names)
        chain_each(chained, values)
        if present is not None:
            np.copyto(chained, without, where=~present)
    return chained
