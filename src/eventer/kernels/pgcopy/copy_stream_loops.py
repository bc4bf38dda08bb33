"""The kernels of `copy_stream`. Importing this module imports Numba.

They write a column at a time and nothing beyond a field: the next field may be written already.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.copy_loops import copy_exactly
from eventer.kernels.support.intrinsics import Bytes, address, store_byte
from eventer.kernels.support.jit import callable_from_kernels, kernel

Ints = NDArray[np.int64]

_LENGTH_BYTES: Final = 4


@callable_from_kernels
def put_length(at: int, length: int) -> int:
    """Writes the length of a field, -1 for null; returns the address after it."""
    for byte in range(_LENGTH_BYTES):
        store_byte(at + byte, length >> (24 - 8 * byte))
    return at + _LENGTH_BYTES


@kernel
def put_counts(out: Bytes, cursors: Ints, count: int) -> None:
    """Writes the number of fields of a row at each cursor, and advances the cursors."""
    for i in range(len(cursors)):
        at = cursors[i]
        out[at] = count >> 8
        out[at + 1] = count & 255
        cursors[i] = at + 2


@kernel
def put_words(  # noqa: PLR0917  compiled code takes arguments by position
    out: Bytes, cursors: Ints, rows: Ints, valid: Bytes, words: NDArray[np.uint64], width: int
) -> None:
    """Writes fields of `width` bytes; a row is null if its byte in `valid` (if any) is 0."""
    base = address(out)
    for i in range(len(rows)):
        row, at = rows[i], base + cursors[i]
        if len(valid) and not valid[row]:
            cursors[i] = put_length(at, -1) - base
            continue
        at = put_length(at, width)
        word = words[row]
        for k in range(width):
            store_byte(at + width - 1 - k, int(word))
            word >>= np.uint64(8)
        cursors[i] = at + width - base


@kernel
def add_text_sizes(sizes: Ints, rows: Ints, valid: Bytes, offsets: Ints, extra: int) -> None:
    """Adds the bytes of texts, and `extra` bytes for each text that is not null."""
    for i in range(len(rows)):
        row = rows[i]
        if len(valid) == 0 or valid[row]:
            sizes[i] += offsets[row + 1] - offsets[row] + extra


@kernel
def put_texts(  # noqa: PLR0917  compiled code takes arguments by position
    out: Bytes,
    cursors: Ints,
    rows: Ints,
    valid: Bytes,
    offsets: Ints,
    data: Bytes,
    version: int,
) -> None:
    """Writes texts as fields, each after the byte `version` unless that is negative."""
    base, texts = address(out), address(data)
    for i in range(len(rows)):
        row, at = rows[i], base + cursors[i]
        if len(valid) and not valid[row]:
            cursors[i] = put_length(at, -1) - base
            continue
        start, stop = texts + offsets[row], texts + offsets[row + 1]
        if version >= 0:
            at = put_length(at, stop - start + 1)
            store_byte(at, version)
            at += 1
        else:
            at = put_length(at, stop - start)
        cursors[i] = copy_exactly(at, start, stop) - base
