"""The kernels of `record_reading`. Importing this module imports Numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.digest_loops import chain, digest
from eventer.kernels.support.jit import callable_from_kernels, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

_HEADER_BYTES = 61
_BEFORE_LENGTH = 12
_FIELDS = 8


@callable_from_kernels
def read_varint(data: Bytes, at: int) -> tuple[int, int]:
    """A zigzag variable-length integer, and the position after it."""
    shift = np.uint64(0)
    word = np.uint64(0)
    while at < len(data):
        byte = np.uint64(data[at])
        at += 1
        word |= (byte & np.uint64(0x7F)) << shift
        if byte < np.uint64(0x80):
            break
        shift += np.uint64(7)
    return np.int64(word >> np.uint64(1)) ^ -np.int64(word & np.uint64(1)), at  # type: ignore[return-value]


@kernel
def walk_batches(data: Bytes, out: Ints) -> int:
    """Reads the headers of complete record batches; returns their number.

    A row of `out` gets begin and end of the batch, base offset, last offset, attributes, first and
    maximum timestamp, producer id and the number of records (-1 if the format is not version 2).
    """
    at = 0
    count = 0
    while count < len(out) and at + _HEADER_BYTES <= len(data):
        words = np.zeros(_FIELDS, np.int64)
        # base offset, length, attributes, last delta, first and max timestamp, producer, records
        places = (0, 8, 21, 23, 27, 35, 43, 57)
        sizes = (8, 4, 2, 4, 8, 8, 8, 4)
        for field in range(_FIELDS):
            word = np.uint64(0)
            for i in range(sizes[field]):
                word = word << np.uint64(8) | np.uint64(data[at + places[field] + i])
            words[field] = np.int64(word)
        end = at + _BEFORE_LENGTH + words[1]
        if end > len(data):
            break
        out[count, 0] = at
        out[count, 1] = end
        out[count, 2] = words[0]
        out[count, 3] = words[0] + words[3]
        out[count, 4] = words[2]
        out[count, 5] = words[4]
        out[count, 6] = words[5]
        out[count, 7] = words[6]
        out[count, 8] = words[7] if data[at + 16] == 2 else -1
        at = end
        count += 1
    return count


@kernel
def parse_records(  # noqa: PLR0917 - a kernel takes its arguments by position
    data: Bytes,
    starts: Ints,
    counts: Ints,
    offsets: Ints,
    timestamps: Ints,
    spans: Ints,
    headers: Words,
) -> int:
    """Reads sections of `counts[s]` records from `starts[s]` on; returns the number of records.

    `offsets` and `timestamps` have the base of each section in the row of its first record, and get
    the values of each record. A row of `spans` gets the start and length of key and value,
    `headers` a digest of names and values.
    """
    row = 0
    for section in range(len(starts)):
        at = starts[section]
        base = offsets[row] if row < len(offsets) else 0
        first = timestamps[row] if row < len(timestamps) else 0
        for _ in range(counts[section]):
            length, at = read_varint(data, at)
            end = at + length
            if length < 0 or end > len(data):
                return row
            delta, at = read_varint(data, at + 1)
            timestamps[row] = first + delta
            delta, at = read_varint(data, at)
            offsets[row] = base + delta
            length, at = read_varint(data, at)
            spans[row, 0] = at
            spans[row, 1] = length
            length, at = read_varint(data, at + max(0, length))
            spans[row, 2] = at
            spans[row, 3] = length
            number, at = read_varint(data, at + max(0, length))
            h = np.uint64(0)
            for _ in range(2 * number):
                length, at = read_varint(data, at)
                h = chain(h, digest(data, at, length))
                at += max(0, length)
            headers[row] = h
            at = end
            row += 1
    return row
