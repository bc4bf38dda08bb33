"""Keyed permutations of whole numbers; `docs/reference/draws.md` specifies every bit.

Place `index mod size` of pass `floor(index / size)` has a number below the size, and each pass has
every number once. Fewer than `SMALL` numbers are shuffled; more are enciphered by a Feistel network
that adds to each half a number that depends on the other, again until the result is below the size.
"""

from __future__ import annotations

from math import isqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels import draw
from eventer.kernels.draw.selections import select

Ints = NDArray[np.int64]

SMALL: Final = 256
ROUNDS: Final = 8
FIRST_FACTOR: Final = 0xBF58476D1CE4E5B9
SECOND_FACTOR: Final = 0x94D049BB133111EB


def permuted(key: draw.Key, index: draw.Index, size: int) -> Ints:
    """The number of each index, which is not negative; `size` is from 1 to 2^62."""
    if size >= SMALL and draw.use_compiled(len(index)):
        from eventer.kernels.draw import permutation_loops

        return permutation_loops.enciphered(key, index, size)
    places = index.astype(np.int64, copy=False)
    passes = places // size
    places = places - passes * size
    shuffle_or_encipher = _shuffled if size < SMALL else _enciphered
    return shuffle_or_encipher(key, passes, places, size)


def _shuffled(key: draw.Key, passes: Ints, places: Ints, size: int) -> Ints:
    if not len(passes):
        return places
    if not isinstance(key, int):
        ends = places + 1
        return select(key, passes, ends, size)[np.cumsum(ends) - 1]
    first, last = int(passes.min()), int(passes.max())
    if last - first < len(passes):
        distinct, rows = np.arange(first, last + 1, dtype=np.int64), passes - first
    else:
        distinct, rows = np.unique(passes, return_inverse=True)
    counts = np.full(len(distinct), size, dtype=np.int64)
    orders = select(key, distinct, counts, size).reshape(len(distinct), size)
    numbers: Ints = orders[rows, places]
    return numbers


def _enciphered(key: draw.Key, passes: Ints, places: Ints, size: int) -> Ints:
    keys = [draw.draw_column(draw.child_key(key, number), passes) for number in range(ROUNDS)]
    high, low = (half.view(np.uint64) for half in np.divmod(places, sides(size)[1]))
    rows = np.arange(len(places))
    while len(rows):
        halves = _rounds(high[rows], low[rows], [each[rows] for each in keys], size)
        high[rows], low[rows] = halves
        rows = rows[halves[0] * np.uint64(sides(size)[1]) + halves[1] >= np.uint64(size)]
    return (high * np.uint64(sides(size)[1]) + low).view(np.int64)


def _rounds(
    high: draw.Words, low: draw.Words, keys: list[draw.Words], size: int
) -> tuple[draw.Words, draw.Words]:
    high_size, low_size = sides(size)
    for number, key in enumerate(keys):
        if number % 2:
            low = (low + _scrambled(high ^ key, low_size)) % np.uint64(low_size)
        else:
            high = (high + _scrambled(low ^ key, high_size)) % np.uint64(high_size)
    return high, low


def _scrambled(words: draw.Words, size: int) -> draw.Words:
    """A number below the size for each word."""
    words = words * np.uint64(FIRST_FACTOR)
    words ^= words >> np.uint64(32)
    words *= np.uint64(SECOND_FACTOR)
    return draw.scaled(words, size)


def sides(size: int) -> tuple[int, int]:
    """The numbers of high and of low halves, whose product is at least the size, but not much."""
    low = isqrt(size - 1) + 1
    return -(-size // low), low
