"""The kernels of `record_loops` in Python, for a few records while the kernels are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from eventer.kernels.kafka.record_batches import BytesColumn, RecordColumns

Ints: TypeAlias = NDArray[np.int64]

_ABSENT: Final = 2
_MURMUR_SEED: Final = 0x9747B28C
_MURMUR_M: Final = 0x5BD1E995
_LOW_32: Final = 0xFFFFFFFF


def encode_records_in_python(columns: RecordColumns, rows: Ints) -> bytes:
    """See `record_batches.encode_records`."""
    count = len(rows)
    values = _sized_values(columns.values, rows)
    keys = [_NULL] * count if columns.keys is None else _sized_values(columns.keys, rows)
    headers = _headers(columns, rows)
    times = (columns.timestamps[rows] - columns.timestamps[rows[:1]]).tolist()
    out = bytearray()
    for number, parts in enumerate(zip(keys, values, headers, strict=True)):
        record = b"".join((b"\0", varint(times[number]), varint(number), *parts))
        out += varint(len(record)) + record
    return bytes(out)


def varint(value: int) -> bytes:
    """A variable-length integer."""
    rest = value << 1 if value >= 0 else (~value << 1) | 1
    out = bytearray()
    while rest >= 0x80:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


_NULL: Final = varint(-1)


def _sized(value: bytes | None) -> bytes:
    return _NULL if value is None else varint(len(value)) + value


def _sized_values(column: BytesColumn, rows: Ints) -> list[bytes]:
    return [_sized(value) for value in _values(column, rows)]


def _values(column: BytesColumn, rows: Ints) -> Iterator[bytes | None]:
    """The byte strings of the rows."""
    data, valid = column.data, column.validity()[rows].tolist()
    starts, stops = column.offsets[rows].tolist(), column.offsets[rows + 1].tolist()
    for start, stop, present in zip(starts, stops, valid, strict=True):
        yield data[start:stop].tobytes() if present else None


def _headers(columns: RecordColumns, rows: Ints) -> list[bytes]:
    """The headers of each record, after their number."""
    found: list[list[bytes]] = [[] for _ in range(len(rows))]
    for header in columns.headers:
        valid = header.values.validity()[rows].tolist()
        for number, value in enumerate(_values(header.values, rows)):
            if valid[number] != _ABSENT:
                found[number].append(_sized(header.name) + _sized(value))
    return [varint(len(each)) + b"".join(each) for each in found]


def murmur2_in_python(column: BytesColumn) -> Ints:
    """The hash of each byte string without its sign bit, of nulls, too."""
    data, offsets = column.data, column.offsets.tolist()
    hashes = [
        _murmur2(data[start:stop].tobytes()) & 0x7FFFFFFF for start, stop in pairwise(offsets)
    ]
    return np.array(hashes, np.int64)


def _murmur2(text: bytes) -> int:
    whole = len(text) & ~3
    h = (_MURMUR_SEED ^ len(text)) & _LOW_32
    for at in range(0, whole, 4):
        k = int.from_bytes(text[at : at + 4], "little") * _MURMUR_M & _LOW_32
        k = (k ^ k >> 24) * _MURMUR_M & _LOW_32
        h = (h * _MURMUR_M & _LOW_32) ^ k
    if whole < len(text):
        h = (h ^ int.from_bytes(text[whole:], "little")) * _MURMUR_M & _LOW_32
    h = (h ^ h >> 13) * _MURMUR_M & _LOW_32
    return h ^ h >> 15
