"""Copies between addresses, for kernels. Importing this module imports Numba."""

from __future__ import annotations

from typing import Final

import numpy as np

from eventer.kernels.support.intrinsics import (
    BLOCK,
    WIDE_BLOCK,
    copy_block,
    copy_wide_block,
    load_byte,
    load_word,
    store_byte,
    store_word,
)
from eventer.kernels.support.jit import callable_from_kernels

UNBOUNDED: Final = 1 << 62
"""The end of a buffer that certainly has enough space."""
NO_ROOM: Final = 1 << 62
"""The result of a copy that does not fit."""
_WORD: Final = 8


@callable_from_kernels
def _copy_bytes(at: int, start: int, end: int) -> None:
    while at < end:
        store_byte(at, load_byte(start))
        at += 1
        start += 1


@callable_from_kernels
def copy(at: int, out_end: int, start: int, stop: int, src_end: int) -> int:
    """Copies the bytes [start, stop) unless they end after `out_end`; returns the end.

    Blocks are read only before `src_end`, and may write beyond the end.
    """
    end = at + stop - start
    if end > out_end:
        return NO_ROOM
    if stop + WIDE_BLOCK <= src_end:
        while at < end:
            copy_wide_block(at, start)
            at += WIDE_BLOCK
            start += WIDE_BLOCK
    else:
        _copy_bytes(at, start, end)
    return end


@callable_from_kernels
def copy_exactly(at: int, start: int, stop: int) -> int:
    """Copies exactly the bytes [start, stop); returns the address after them."""
    end = at + stop - start
    if stop - start >= BLOCK:
        while at + BLOCK <= end:
            copy_block(at, start)
            at += BLOCK
            start += BLOCK
        copy_block(end - BLOCK, stop - BLOCK)
    elif stop - start >= _WORD:
        first, last = np.uint64(load_word(start)), np.uint64(load_word(stop - _WORD))
        store_word(at, first)
        store_word(end - _WORD, last)
    else:
        _copy_bytes(at, start, end)
    return end
