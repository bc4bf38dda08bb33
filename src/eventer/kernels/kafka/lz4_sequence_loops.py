"""The sequences of LZ4 blocks, for kernels. Importing this module imports Numba.

A sequence has literals, which are copied, then a match: earlier bytes, given by distance and
length. Source: the LZ4 block format description.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from eventer.kernels.support.copy_loops import UNBOUNDED, copy
from eventer.kernels.support.intrinsics import (
    WIDE_BLOCK,
    copy_wide_block,
    leading_zeros,
    load_byte,
    load_word,
    store_byte,
    trailing_zeros,
)
from eventer.kernels.support.jit import callable_from_kernels

MAX_DISTANCE: Final = 65_535
MIN_MATCH: Final = 4
"""The shortest match."""
LAST_LITERALS: Final = 12
"""No match begins in the last 12 bytes of a block, and none includes the last five."""
_NIBBLE_MAX: Final = 15
_BYTE_MAX: Final = 255
_WORD: Final = 8


@callable_from_kernels
def write_length_rest(at: int, rest: int) -> int:
    """Writes the part of a length beyond its nibble; returns the address after it."""
    while rest >= _BYTE_MAX:
        store_byte(at, _BYTE_MAX)
        at += 1
        rest -= _BYTE_MAX
    store_byte(at, rest)
    return at + 1


@callable_from_kernels
def write_literals(  # noqa: PLR0917  as the kernel that calls it
    at: int, length: int, pending: int, pending_end: int, start: int, stop: int, src_end: int
) -> int:
    """Writes the start of a sequence: the pending literals, then those of [start, stop).

    `length` is the length of the match that follows.
    """
    match = min(length - MIN_MATCH, _NIBBLE_MAX)
    count = pending_end - pending + stop - start
    if count < _NIBBLE_MAX:
        store_byte(at, count << 4 | match)
        at += 1
    else:
        store_byte(at, _NIBBLE_MAX << 4 | match)
        at = write_length_rest(at + 1, count - _NIBBLE_MAX)
    if pending != pending_end:
        at = copy(at, UNBOUNDED, pending, pending_end, UNBOUNDED)
    if start + WIDE_BLOCK > src_end or stop - start > WIDE_BLOCK:
        return copy(at, UNBOUNDED, start, stop, src_end)
    copy_wide_block(at, start)  # also if nothing is left: a branch would be mispredicted
    return at + stop - start


@callable_from_kernels
def write_match(at: int, distance: int, length: int) -> int:
    """Writes the match of a sequence; returns the address after it."""
    store_byte(at, distance)
    store_byte(at + 1, distance >> 8)
    rest = length - MIN_MATCH
    return at + 2 if rest < _NIBBLE_MAX else write_length_rest(at + 2, rest - _NIBBLE_MAX)


@callable_from_kernels
def equal_bytes_before(at: int, back: int, most: int, begin: int) -> int:
    """The number of bytes before `at`, at most `most`, that equal those `back` bytes earlier.

    It reads nothing before `begin`.
    """
    count = 0
    while count < most:
        end = at - count
        if end - back - _WORD >= begin:
            differ = np.uint64(load_word(end - _WORD) ^ load_word(end - back - _WORD))
            if differ != 0:
                return min(most, count + (leading_zeros(differ) >> 3))
            count += _WORD
        elif load_byte(end - 1) == load_byte(end - 1 - back):
            count += 1
        else:
            return count
    return most


@callable_from_kernels
def equal_bytes_after(at: int, back: int, most: int, src_end: int) -> int:
    """Equal bytes after `at`, as `equal_bytes_before`; reads no byte from `src_end` on."""
    count = 0
    while count < most:
        if at + count + _WORD <= src_end:
            differ = np.uint64(load_word(at + count) ^ load_word(at + count - back))
            if differ != 0:
                return min(most, count + (trailing_zeros(differ) >> 3))
            count += _WORD
        elif load_byte(at + count) == load_byte(at + count - back):
            count += 1
        else:
            return count
    return most
