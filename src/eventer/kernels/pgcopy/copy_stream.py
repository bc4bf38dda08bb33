"""Rows in PostgreSQL's binary COPY format, from typed Arrow columns.

A stream is a header, rows and a trailer. A row is the number of its fields (16 bits) and the
fields; a field is its length in bytes (32 bits, -1 for NULL) and that many bytes; numbers are
big-endian. Source: PostgreSQL's documentation of COPY, "Binary Format". Kernels write a column at
a time, each row at its own cursor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.kernels.support.background_load import BackgroundLoad
from eventer.kernels.support.jit import frozen

HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER: Final = b"\xff\xff"
EPOCH_US: Final = 946_684_800_000_000
"""2000-01-01T00:00:00Z, the epoch of PostgreSQL, in microseconds since 1970."""

PIECE_BYTES: Final = 1 << 18

_COUNT_BYTES: Final = 2
_LENGTH_BYTES: Final = 4
_JSONB_VERSION: Final = 1
_NULL: Final = b"\xff" * _LENGTH_BYTES

Rows: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]


class WireType(Enum):
    """The binary form of a column's values.

    TEXT is the form of all types whose binary form is their text: text, varchar, json, enums.
    """

    INT2 = "int2"
    INT4 = "int4"
    INT8 = "int8"
    FLOAT4 = "float4"
    FLOAT8 = "float8"
    BOOL = "bool"
    TIMESTAMP = "timestamp"
    TEXT = "text"
    JSONB = "jsonb"


_WIDTHS: Final = {
    WireType.INT2: 2,
    WireType.INT4: 4,
    WireType.INT8: 8,
    WireType.FLOAT4: 4,
    WireType.FLOAT8: 8,
    WireType.BOOL: 1,
    WireType.TIMESTAMP: 8,
}


@dataclass(frozen=True, slots=True)
class CopyColumn:
    """A column and its binary form; row i of every column is the same event.

    Arrow types: INT2 int16, INT4 int32, INT8 int64, FLOAT4 float32, FLOAT8 float64, BOOL bool,
    TIMESTAMP timestamp[us], TEXT and JSONB large_string (or large_binary).
    """

    wire: WireType
    values: pa.Array


def copy_stream(columns: Sequence[CopyColumn], rows: Rows) -> Bytes:
    """The stream that copies the given rows of the columns, in their order."""
    return copy_streams(columns, rows, np.array([len(rows)]))[0]


def copy_streams(columns: Sequence[CopyColumn], rows: Rows, stops: Rows) -> list[Bytes]:
    """A stream for each run of the given rows; run i ends before position `stops[i]`."""
    if _KERNELS.use_python(len(rows)):
        return copy_streams_in_python(columns, rows, stops)
    return copy_streams_compiled(columns, rows, stops)


def copy_streams_in_python(columns: Sequence[CopyColumn], rows: Rows, stops: Rows) -> list[Bytes]:
    """See `copy_streams`; without kernels."""
    start = len(columns).to_bytes(_COUNT_BYTES, "big")
    fields = [_prepare(column).fields(rows) for column in columns]
    lines = [start + b"".join(row) for row in zip(*fields, strict=True)] or [start] * len(rows)
    bounds = pairwise([0, *stops.tolist()])
    streams = (b"".join((HEADER, *lines[begin:end], TRAILER)) for begin, end in bounds)
    return [np.frombuffer(bytearray(stream), np.uint8) for stream in streams]


def copy_streams_compiled(columns: Sequence[CopyColumn], rows: Rows, stops: Rows) -> list[Bytes]:
    """See `copy_streams`; always by the kernels."""
    from eventer.kernels.pgcopy.copy_stream_loops import put_counts

    parts = [_prepare(column) for column in columns]
    sizes = np.full(len(rows), _COUNT_BYTES + _LENGTH_BYTES * len(columns), dtype=np.int64)
    for part in parts:
        part.add_sizes(sizes, rows)
    before = np.concatenate(([0], np.cumsum(sizes)))  # bytes before each row
    around = len(HEADER) + len(TRAILER)
    ends = before[stops] + np.arange(1, len(stops) + 1) * around
    starts = np.concatenate(([0], ends[:-1]))
    out = np.empty(int(ends[-1]), dtype=np.uint8)
    out[starts[:, None] + np.arange(len(HEADER))] = np.frombuffer(HEADER, dtype=np.uint8)
    out[ends[:, None] - np.arange(len(TRAILER), 0, -1)] = np.frombuffer(TRAILER, dtype=np.uint8)
    run = np.repeat(np.arange(len(stops)), np.diff(stops, prepend=0))
    cursors = before[:-1] + run * around + len(HEADER)
    put_counts(out, cursors, len(columns))
    for part in parts:
        part.put(out, cursors, rows)
    return [out[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def pieces(streams: Iterable[Bytes], size: int = PIECE_BYTES) -> Iterator[Bytes]:
    """One stream of the rows of all streams, in pieces of about `size` bytes at most.

    The streams have the same columns. Small streams are joined; large ones are not copied.
    """
    pending, pending_bytes = [np.frombuffer(HEADER, np.uint8)], len(HEADER)
    for stream in streams:
        rows = stream[len(HEADER) : -len(TRAILER)]
        pending.append(rows[:size])
        pending_bytes += len(pending[-1])
        if pending_bytes >= size:
            yield np.concatenate(pending)
            pending, pending_bytes = [], 0
            yield from (rows[at : at + size] for at in range(size, len(rows), size))
    yield np.concatenate([*pending, np.frombuffer(TRAILER, np.uint8)])


@dataclass(frozen=True, slots=True)
class _FixedWidthColumn:
    """Values of a fixed width, each in the low bytes of a word."""

    valid: Bytes
    words: NDArray[np.uint64]
    width: int

    def add_sizes(self, sizes: Rows, rows: Rows) -> None:
        if len(self.valid):
            sizes += self.valid[rows].astype(np.int64) * self.width
        else:
            sizes += self.width

    def put(self, out: Bytes, cursors: Rows, rows: Rows) -> None:
        from eventer.kernels.pgcopy.copy_stream_loops import put_words

        put_words(out, cursors, rows, self.valid, self.words, self.width)

    def fields(self, rows: Rows) -> list[bytes]:
        """The field of each row."""
        words = self.words[rows].astype(">u8").tobytes()
        width = self.width
        ends = range(8, len(words) + 1, 8)
        return _sized_or_null((words[end - width : end] for end in ends), self.valid, rows)


@dataclass(frozen=True, slots=True)
class _VariableWidthColumn:
    """Texts in one buffer; `version` is a byte before each text, or -1."""

    valid: Bytes
    offsets: Rows
    data: Bytes
    version: int

    def add_sizes(self, sizes: Rows, rows: Rows) -> None:
        from eventer.kernels.pgcopy.copy_stream_loops import add_text_sizes

        add_text_sizes(sizes, rows, self.valid, self.offsets, int(self.version >= 0))

    def put(self, out: Bytes, cursors: Rows, rows: Rows) -> None:
        from eventer.kernels.pgcopy.copy_stream_loops import put_texts

        put_texts(out, cursors, rows, self.valid, self.offsets, self.data, self.version)

    def fields(self, rows: Rows) -> list[bytes]:
        """The field of each row."""
        prefix = b"" if self.version < 0 else bytes([self.version])
        starts, stops = self.offsets[rows].tolist(), self.offsets[rows + 1].tolist()
        pairs = zip(starts, stops, strict=True)
        texts = (prefix + self.data[start:stop].tobytes() for start, stop in pairs)
        return _sized_or_null(texts, self.valid, rows)


def _sized_or_null(values: Iterable[bytes], valid: Bytes, rows: Rows) -> list[bytes]:
    """Each value after its length, or -1 for null."""
    present = valid[rows].tolist() if len(valid) else [1] * len(rows)
    return [
        len(value).to_bytes(_LENGTH_BYTES, "big") + value if known else _NULL
        for value, known in zip(values, present, strict=True)
    ]


def _prepare(column: CopyColumn) -> _FixedWidthColumn | _VariableWidthColumn:
    valid = _valid(column.values)
    if column.wire in _WIDTHS:
        return _FixedWidthColumn(valid, _words(column), _WIDTHS[column.wire])
    offsets, data = text_buffers(column.values)
    return _VariableWidthColumn(
        valid, frozen(offsets), data, _JSONB_VERSION if column.wire is WireType.JSONB else -1
    )


def text_buffers(values: pa.Array) -> tuple[Rows, Bytes]:
    """Offsets (one more than rows) and bytes of an array of large strings, read-only."""
    _, offsets, data = values.buffers()
    count = len(values)
    starts = np.frombuffer(offsets, dtype=np.int64, count=values.offset + count + 1)
    data_bytes = np.frombuffer(data if data is not None else b"", dtype=np.uint8)
    return starts[values.offset :], frozen(data_bytes)


def _valid(values: pa.Array) -> Bytes:
    """A byte per row, 0 for null; empty without nulls."""
    if values.null_count == 0:
        return frozen(np.empty(0, dtype=np.uint8))
    bits = np.frombuffer(values.buffers()[0], dtype=np.uint8)
    mask = np.unpackbits(bits, count=values.offset + len(values), bitorder="little")
    return frozen(mask[values.offset :])


def _words(column: CopyColumn) -> NDArray[np.uint64]:
    """The bits of each value in a word; those of nulls are not read."""
    values = column.values
    if column.wire is WireType.BOOL:
        values = values.cast(pa.uint8())
    numbers = _numbers(values)
    if column.wire is WireType.TIMESTAMP:
        numbers = numbers - EPOCH_US
    unsigned = np.dtype(f"u{numbers.dtype.itemsize}")
    words: NDArray[np.uint64] = numbers.view(unsigned).astype(np.uint64)
    return frozen(words)


def _numbers(values: pa.Array) -> NDArray[Any]:
    kind = (
        np.dtype("int64") if pa.types.is_timestamp(values.type) else values.type.to_pandas_dtype()
    )
    return np.frombuffer(values.buffers()[1], dtype=kind, count=values.offset + len(values))[
        values.offset :
    ]


def _load() -> None:
    """Calls the kernels."""
    columns = [CopyColumn(WireType.INT8, pa.array([1])), CopyColumn(WireType.TEXT, _TEXT)]
    copy_streams_compiled(columns, np.arange(1), np.array([1]))


_TEXT: Final = pa.array(["x"], pa.large_string())
_KERNELS: Final = BackgroundLoad(_load)
