"""The kernels of `record_reading_loops` in Python, for a few records while kernels are loaded."""

from __future__ import annotations

import struct
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Ints: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]

_HEADER: Final = struct.Struct(">qi4xB4xhiqqq6xi")
"""Base offset, length, format, attributes, last delta, times, producer, number of records."""
_BEFORE_LENGTH: Final = 12
_FORMAT: Final = 2
_MASK: Final = (1 << 64) - 1


def walk_batches_in_python(data: Bytes, out: Ints) -> int:
    """See `record_reading_loops.walk_batches`."""
    at = count = 0
    while count < len(out) and at + _HEADER.size <= len(data):
        head = data[at : at + _HEADER.size].tobytes()
        base, length, version, attributes, delta, first, most, producer, number = _HEADER.unpack(
            head
        )
        end = at + _BEFORE_LENGTH + length
        if end > len(data):
            break
        number = number if version == _FORMAT else -1
        out[count] = at, end, base, base + delta, attributes & 0xFFFF, first, most, producer, number
        at, count = end, count + 1
    return count


def parse_records_in_python(  # noqa: PLR0917 - as the kernel
    data: Bytes,
    starts: Ints,
    counts: Ints,
    offsets: Ints,
    timestamps: Ints,
    spans: Ints,
    headers: Words,
) -> int:
    """See `record_reading_loops.parse_records`."""
    plain, row = data.tobytes(), 0
    for at, count in zip(starts.tolist(), counts.tolist(), strict=True):
        base, first = (int(offsets[row]), int(timestamps[row])) if count > 0 else (0, 0)
        for _ in range(count):
            length, at = _varint(plain, at)  # noqa: PLW2901  the position in the section
            end = at + length
            if length < 0 or end > len(plain):
                return row
            time_delta, at = _varint(plain, at + 1)  # noqa: PLW2901
            offset_delta, at = _varint(plain, at)  # noqa: PLW2901
            timestamps[row], offsets[row] = first + time_delta, base + offset_delta
            spans[row], headers[row] = _fields(plain, at)
            at, row = end, row + 1  # noqa: PLW2901
    return row


def _fields(data: bytes, at: int) -> tuple[tuple[int, int, int, int], int]:
    """Start and length of key and value, and the digest of the headers."""
    key_length, key = _varint(data, at)
    value_length, value = _varint(data, key + max(0, key_length))
    number, at = _varint(data, value + max(0, value_length))
    chained = 0
    for _ in range(2 * number):
        length, at = _varint(data, at)
        chained = _chain(chained, _digest(data[at : at + max(0, length)], length))
        at += max(0, length)
    return (key, key_length, value, value_length), chained


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A zigzag variable-length integer, and the position after it."""
    shift = word = 0
    while at < len(data):
        byte = data[at]
        at += 1
        word |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return (word >> 1) ^ -(word & 1), at


def _digest(text: bytes, length: int) -> int:
    """See `digest_loops.digest`."""
    h = 0x9E3779B97F4A7C15 ^ ((length + 1) * 0xC2B2AE3D27D4EB4F & _MASK)
    whole = len(text) & ~7
    for (word,) in struct.iter_unpack("<Q", text[:whole]):
        h ^= word * 0x87C37B91114253D5 & _MASK
        h = ((h << 27 | h >> 37) & _MASK) * 0x4CF5AD432745937F & _MASK
    for byte in text[whole:]:
        h = (h ^ byte) * 0x100000001B3 & _MASK
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & _MASK
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return h ^ h >> 33


def _chain(h: int, other: int) -> int:
    """See `digest_loops.chain`."""
    h = (h ^ other * 0x87C37B91114253D5 & _MASK) * 0x4CF5AD432745937F & _MASK
    return h ^ h >> 29
