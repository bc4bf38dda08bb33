"""The kernel of `permutations`. Importing this module imports Numba."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import Index, Key, Words, mixed_step
from eventer.kernels.draw.draw_loops import as_keys, as_words, drawn, mixed
from eventer.kernels.draw.permutations import (
    FIRST_FACTOR,
    ROUNDS,
    SECOND_FACTOR,
    sides,
)
from eventer.kernels.support.intrinsics import high_product
from eventer.kernels.support.jit import callable_from_kernels, kernel

_U0: Final = np.uint64(0)
_U32: Final = np.uint64(32)
_FIRST: Final = np.uint64(FIRST_FACTOR)
_SECOND: Final = np.uint64(SECOND_FACTOR)


@callable_from_kernels
def _moved(half: np.uint64, other: np.uint64, size: np.uint64) -> np.uint64:
    """A half below the size, moved by a number that depends on the other and on the round."""
    word = other * _FIRST
    word = (word ^ (word >> _U32)) * _SECOND
    half += high_product(word, size)
    return half - size if half >= size else half


@kernel
def _enciphered(  # noqa: PLR0917  compiled code takes arguments by position
    keys: Words,
    index: Words,
    steps: Words,
    size: np.uint64,
    high_size: np.uint64,
    low_size: np.uint64,
    out: Words,
) -> None:
    shared = len(keys) == 1
    round_keys = np.empty(ROUNDS, dtype=np.uint64)
    repeat, first, known = _U0, _U0, False  # the pass and its first index
    for row in range(len(out)):
        place = index[row] - first
        if place >= size:  # also if the index is below the first
            repeat = index[row] // size
            first = repeat * size
            place = index[row] - first
            known = False
        if not (shared and known):
            for number in range(ROUNDS):
                key = mixed(keys[0 if shared else row] ^ steps[number])
                round_keys[number] = drawn(key, repeat)
            known = True
        high = place // low_size
        low = place - high * low_size
        result = size
        while result >= size:
            for number in range(0, ROUNDS, 2):
                high = _moved(high, low ^ round_keys[number], high_size)
                low = _moved(low, high ^ round_keys[number + 1], low_size)
            result = high * low_size + low
        out[row] = result


def enciphered(key: Key, index: Index, size: int) -> NDArray[np.int64]:
    """`permutations.permuted` for sizes that are not small."""
    high_size, low_size = sides(size)
    steps = np.array([mixed_step(number) for number in range(ROUNDS)], dtype=np.uint64)
    out = np.empty(len(index), dtype=np.uint64)
    _enciphered(
        as_keys(key, len(index)),
        as_words(index),
        as_words(steps),
        np.uint64(size),
        np.uint64(high_size),
        np.uint64(low_size),
        out,
    )
    return out.view(np.int64)
