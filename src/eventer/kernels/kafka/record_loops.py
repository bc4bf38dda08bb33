"""The kernels of `record_batches`. Importing this module imports Numba.

Variable-length integers are zigzag encoded, seven bits a byte, least significant first. Source:
Kafka's protocol guide, "Record Batch" and "Record"; murmur2 as Kafka's Java client computes it.

Callers allocate the output by `record_batches.RecordColumns.bounds`, which must allow for every
byte written here; `record_reading_loops` reads it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.copy_loops import UNBOUNDED, copy
from eventer.kernels.support.intrinsics import address, load_byte, load_word, store_byte
from eventer.kernels.support.jit import callable_from_kernels, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

FIELD_NUMBERS: Final = 6
FIELD_BYTES: Final = 8 * FIELD_NUMBERS
_OFFSETS: Final = 0
_DATA: Final = 8
_EDGE: Final = 16
_VALID: Final = 24
_NAME: Final = 32
_NAME_STOP: Final = 40
_WORD: Final = 8
_ABSENT: Final = 2

_MURMUR_SEED = 0x9747B28C
_MURMUR_M = 0x5BD1E995
_LOW_32 = 0xFFFFFFFF


@callable_from_kernels
def varint_size(value: int) -> int:
    """The bytes of a variable-length integer."""
    rest = np.uint64((value << 1) ^ (value >> 63)) >> np.uint64(7)
    size = 1
    while rest != 0:
        rest >>= np.uint64(7)
        size += 1
    return size


@callable_from_kernels
def write_varint(at: int, value: int) -> int:
    """Writes a variable-length integer; returns the address after it."""
    rest = np.uint64((value << 1) ^ (value >> 63))
    while rest >= np.uint64(0x80):
        store_byte(at, int(rest) | 0x80)
        rest >>= np.uint64(7)
        at += 1
    store_byte(at, int(rest))
    return at + 1


@callable_from_kernels
def is_null(field: int, row: int) -> bool:
    """Whether the field described at an address has no value in a row."""
    valid = load_word(field + _VALID)
    return load_word(field + _OFFSETS) == 0 or (valid != 0 and load_byte(valid + row) == 0)


@callable_from_kernels
def field_length(field: int, row: int) -> int:
    """The bytes of its value in a row."""
    offset = load_word(field + _OFFSETS) + _WORD * row
    return load_word(offset + _WORD) - load_word(offset)


@callable_from_kernels
def field_size(field: int, row: int) -> int:
    """The bytes of its length and its value in a row."""
    if is_null(field, row):
        return 1
    length = field_length(field, row)
    return varint_size(length) + length


@callable_from_kernels
def write_field(at: int, field: int, row: int) -> int:
    """Writes its length and its value; returns the address after them."""
    if is_null(field, row):
        return write_varint(at, -1)
    length = field_length(field, row)
    start = load_word(field + _DATA) + load_word(load_word(field + _OFFSETS) + _WORD * row)
    at = write_varint(at, length)
    return copy(at, UNBOUNDED, start, start + length, load_word(field + _EDGE))


@callable_from_kernels
def is_absent(header: int, row: int) -> bool:
    """Whether a record does not have the header described at an address."""
    valid = load_word(header + _VALID)
    return valid != 0 and load_byte(valid + row) == _ABSENT


@callable_from_kernels
def count_headers(value: int, fields: int, row: int) -> int:
    """The number of headers of a record."""
    header = value + 2 * FIELD_BYTES
    count = (fields - header) // FIELD_BYTES
    while header < fields:
        count -= is_absent(header, row)
        header += FIELD_BYTES
    return count


@callable_from_kernels
def record_size(value: int, fields: int, row: int, offset_delta: int, timestamp_delta: int) -> int:
    """The bytes of a record after its size.

    The value is described at the address `value`, followed by the key and the headers, up to the
    address `fields`.
    """
    size = 1 + varint_size(timestamp_delta) + varint_size(offset_delta)
    size += field_size(value + FIELD_BYTES, row) + field_size(value, row)
    header = value + 2 * FIELD_BYTES
    size += varint_size(count_headers(value, fields, row))
    while header < fields:
        if not is_absent(header, row):
            length = load_word(header + _NAME_STOP) - load_word(header + _NAME)
            size += varint_size(length) + length + field_size(header, row)
        header += FIELD_BYTES
    return size


@callable_from_kernels
def write_record_prefix(
    at: int, value: int, row: int, offset_delta: int, timestamp_delta: int
) -> int:
    """Writes a record between its size and its value; returns the address after it."""
    store_byte(at, 0)
    at = write_varint(at + 1, timestamp_delta)
    at = write_varint(at, offset_delta)
    return write_field(at, value + FIELD_BYTES, row)


@callable_from_kernels
def write_headers(at: int, value: int, fields: int, row: int) -> int:
    """Writes the headers of a record; returns the address after them."""
    header = value + 2 * FIELD_BYTES
    at = write_varint(at, count_headers(value, fields, row))
    while header < fields:
        if not is_absent(header, row):
            start, stop = load_word(header + _NAME), load_word(header + _NAME_STOP)
            at = write_varint(at, stop - start)
            at = copy(at, UNBOUNDED, start, stop, UNBOUNDED)
            at = write_field(at, header, row)
        header += FIELD_BYTES
    return at


@kernel
def write_records(rows: Ints, timestamps: Ints, fields: Ints, out: Bytes) -> int:
    """Writes one record for each of `rows`, in their order; returns the number of bytes.

    `fields` describes the value, the key and the headers, each by FIELD_NUMBERS numbers: the
    addresses of the offsets, of the data and their end, of the validity, and of a header's name and
    its end. The byte string of row r is the data from offset r to offset r + 1, and null if its
    validity is 0; a record does not have a header whose validity is 2. The address 0 of validity
    means no nulls, that of offsets only nulls. Names are padded.
    Timestamps are deltas to the first of `rows`.
    """
    begin = address(out)
    value = address(fields)  # type: ignore[arg-type]  # it takes any array
    stop = value + FIELD_BYTES * len(fields)
    at = begin
    base = timestamps[rows[0]] if len(rows) else 0
    for offset_delta in range(len(rows)):
        row = rows[offset_delta]
        timestamp_delta = timestamps[row] - base
        at = write_varint(at, record_size(value, stop, row, offset_delta, timestamp_delta))
        at = write_record_prefix(at, value, row, offset_delta, timestamp_delta)
        at = write_field(at, value, row)
        at = write_headers(at, value, stop, row)
    return at - begin


@callable_from_kernels
def murmur2(start: int, stop: int) -> int:
    """Kafka's murmur2 of the bytes [start, stop), as an unsigned 32-bit number."""
    length = stop - start
    low = np.uint64(_LOW_32)
    m = np.uint64(_MURMUR_M)
    h = np.uint64(_MURMUR_SEED ^ length) & low
    at = start
    for _ in range(length // 4):
        k = (
            np.uint64(load_byte(at))
            | np.uint64(load_byte(at + 1)) << np.uint64(8)
            | np.uint64(load_byte(at + 2)) << np.uint64(16)
            | np.uint64(load_byte(at + 3)) << np.uint64(24)
        )
        k = (k * m) & low
        k ^= k >> np.uint64(24)
        k = (k * m) & low
        h = ((h * m) & low) ^ k
        at += 4
    rest = length & 3
    if rest == 3:
        h ^= np.uint64(load_byte(at + 2)) << np.uint64(16)
    if rest >= 2:
        h ^= np.uint64(load_byte(at + 1)) << np.uint64(8)
    if rest >= 1:
        h ^= np.uint64(load_byte(at))
        h = (h * m) & low
    h ^= h >> np.uint64(13)
    h = (h * m) & low
    h ^= h >> np.uint64(15)
    return int(h)


@kernel
def murmur2_each(offsets: Ints, data: Bytes, out: Ints) -> None:
    """The hash of each byte string without its sign bit, as Java makes it positive."""
    base = address(data)
    for row in range(len(out)):
        out[row] = murmur2(base + offsets[row], base + offsets[row + 1]) & 0x7FFFFFFF
