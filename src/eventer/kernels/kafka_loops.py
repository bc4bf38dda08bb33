"""Compiled loops of `kafka_records`: importing this module imports Numba.

Variable-length integers are zigzag encoded, seven bits a byte, least significant first. Source:
Kafka's protocol guide, "Record Batch" and "Record"; murmur2 as Kafka's Java client computes it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.compiled import callable_from_kernels, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

_MURMUR_SEED = 0x9747B28C
_MURMUR_M = 0x5BD1E995
_LOW_32 = 0xFFFFFFFF


@callable_from_kernels
def varint_size(value: int) -> int:
    """How many bytes a variable-length integer takes."""
    rest = np.uint64((value << 1) ^ (value >> 63)) >> np.uint64(7)
    size = 1
    while rest != 0:
        rest >>= np.uint64(7)
        size += 1
    return size


@callable_from_kernels
def write_varint(out: Bytes, at: int, value: int) -> int:
    """Writes a variable-length integer; the place after it."""
    rest = np.uint64((value << 1) ^ (value >> 63))
    while rest >= np.uint64(0x80):
        out[at] = np.uint8(rest & np.uint64(0x7F)) | np.uint8(0x80)
        rest >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(rest)
    return at + 1


@callable_from_kernels
def write_bytes(out: Bytes, at: int, data: Bytes, start: int, stop: int) -> int:
    """Writes a length and the bytes [start, stop); the place after them."""
    length = stop - start
    at = write_varint(out, at, length)
    # Through slices, whose indices are known not to be negative, LLVM copies many bytes at a time.
    target = out[at : at + length]
    source = data[start:stop]
    for i in range(length):
        target[i] = source[i]
    return at + length


@kernel
def write_records(  # noqa: PLR0917 - a kernel takes its arguments by position
    rows: Ints,
    value_offsets: Ints,
    value_data: Bytes,
    timestamps: Ints,
    keyed: bool,  # noqa: FBT001
    key_offsets: Ints,
    key_data: Bytes,
    key_valid: Bytes,
    headers: int,
    name_offsets: Ints,
    names: Bytes,
    header_offsets: Ints,
    header_data: Bytes,
    header_valid: Bytes,
    out: Bytes,
) -> int:
    """Writes one record for each of `rows`, in their order; how many bytes that were.

    Header h has the name `names[name_offsets[h]:name_offsets[h+1]]`; its value in row r is
    `header_data` from `header_offsets[h, r]` to the next. Where a `valid` byte is 0, a key or a
    header value is null. Timestamps are deltas to the first of `rows`.
    """
    at = 0
    base = timestamps[rows[0]] if len(rows) else 0
    for delta in range(len(rows)):
        row = rows[delta]
        size = 1 + varint_size(timestamps[row] - base) + varint_size(delta)
        if keyed and key_valid[row]:
            length = key_offsets[row + 1] - key_offsets[row]
            size += varint_size(length) + length
        else:
            size += 1
        length = value_offsets[row + 1] - value_offsets[row]
        size += varint_size(length) + length + varint_size(headers)
        for h in range(headers):
            length = name_offsets[h + 1] - name_offsets[h]
            size += varint_size(length) + length
            if header_valid[h, row]:
                length = header_offsets[h, row + 1] - header_offsets[h, row]
                size += varint_size(length) + length
            else:
                size += 1

        at = write_varint(out, at, size)
        out[at] = 0
        at = write_varint(out, at + 1, timestamps[row] - base)
        at = write_varint(out, at, delta)
        if keyed and key_valid[row]:
            at = write_bytes(out, at, key_data, key_offsets[row], key_offsets[row + 1])
        else:
            at = write_varint(out, at, -1)
        at = write_bytes(out, at, value_data, value_offsets[row], value_offsets[row + 1])
        at = write_varint(out, at, headers)
        for h in range(headers):
            at = write_bytes(out, at, names, name_offsets[h], name_offsets[h + 1])
            if header_valid[h, row]:
                at = write_bytes(
                    out, at, header_data, header_offsets[h, row], header_offsets[h, row + 1]
                )
            else:
                at = write_varint(out, at, -1)
    return at


@callable_from_kernels
def murmur2(data: Bytes, start: int, stop: int) -> int:
    """Kafka's murmur2 of the bytes [start, stop), as an unsigned 32-bit number."""
    length = stop - start
    low = np.uint64(_LOW_32)
    m = np.uint64(_MURMUR_M)
    h = np.uint64(_MURMUR_SEED ^ length) & low
    at = start
    for _ in range(length // 4):
        k = (
            np.uint64(data[at])
            | np.uint64(data[at + 1]) << np.uint64(8)
            | np.uint64(data[at + 2]) << np.uint64(16)
            | np.uint64(data[at + 3]) << np.uint64(24)
        )
        k = (k * m) & low
        k ^= k >> np.uint64(24)
        k = (k * m) & low
        h = ((h * m) & low) ^ k
        at += 4
    rest = length & 3
    if rest == 3:
        h ^= np.uint64(data[at + 2]) << np.uint64(16)
    if rest >= 2:
        h ^= np.uint64(data[at + 1]) << np.uint64(8)
    if rest >= 1:
        h ^= np.uint64(data[at])
        h = (h * m) & low
    h ^= h >> np.uint64(13)
    h = (h * m) & low
    h ^= h >> np.uint64(15)
    return int(h)


@kernel
def murmur2_each(offsets: Ints, data: Bytes, out: Ints) -> None:
    """The hash of each of the byte strings, made positive as Java does: its sign bit dropped."""
    for row in range(len(out)):
        out[row] = murmur2(data, offsets[row], offsets[row + 1]) & 0x7FFFFFFF
