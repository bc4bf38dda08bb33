"""The kernels of `series`. Importing this module imports Numba."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import Index, Words, series
from eventer.kernels.draw.draw_loops import as_words
from eventer.kernels.draw.scalar_intrinsics import register_scalars
from eventer.kernels.support.intrinsics import leading_zeros
from eventer.kernels.support.jit import frozen, kernel

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

register_scalars()

_PATHS: Final = 1 << 10
"""The walks whose last path is kept; a power of two."""
_SLOT: Final = np.uint64(_PATHS - 1)
_UNUSED_BITS: Final = 64 - series.LEVELS


@kernel
def _fill_signals(  # noqa: PLR0917  compiled code takes arguments by position
    keys: Words, index: Words, times: Ints, period: int, shares: Doubles, out: Doubles
) -> None:
    """`series.noisy_signal` of each row; one share for all rows, or one for each."""
    one_share = len(shares) == 1
    for row in range(len(out)):
        share = shares[0] if one_share else shares[row]
        out[row] = series.noisy_signal(keys[row], index[row], times[row], period, share)


@kernel
def _fill_walks(keys: Words, steps: Ints, out: Doubles) -> None:
    """`series.walk` of each row.

    The intervals around a step are its path. A row begins where its path parts from the last path
    of its walk, so that neighbouring steps cost little.
    """
    lefts = np.empty((_PATHS, series.LEVELS + 1))
    rights = np.empty((_PATHS, series.LEVELS + 1))
    middles = np.empty((_PATHS, series.LEVELS + 1))
    owners = np.zeros(_PATHS, dtype=np.uint64)
    last_steps = np.full(_PATHS, -1)
    deviations = np.empty(series.LEVELS)
    for level in range(series.LEVELS):
        deviations[level] = series.deviation_of_middle(series.MOST_STEPS >> (level + 1))
    for row in range(len(out)):
        key, step = keys[row], steps[row]
        slot = np.int64(key & _SLOT)
        level = 0
        if last_steps[slot] >= 0 and owners[slot] == key:
            level = leading_zeros(np.uint64(last_steps[slot] ^ step)) - _UNUSED_BITS
        else:
            owners[slot] = key
            left, right = 0.0, series.end_of_walk(key)
            half = series.MOST_STEPS >> 1
            lefts[slot, 0], rights[slot, 0] = left, right
            middles[slot, 0] = series.middle_of_walk(key, half, left, right, deviations[0])
        left, right = lefts[slot, level], rights[slot, level]
        middle = middles[slot, level]
        while level < series.LEVELS:
            half = series.MOST_STEPS >> (level + 1)
            upper = step & half != 0
            left, right = (middle if upper else left), (right if upper else middle)
            level += 1
            if level < series.LEVELS:
                place = (step & ~(half - 1)) + (half >> 1)
                middle = series.middle_of_walk(key, place, left, right, deviations[level])
            lefts[slot, level], rights[slot, level], middles[slot, level] = left, right, middle
        last_steps[slot] = step
        out[row] = left


def signals(keys: Words, index: Index, times: Ints, period: int, shares: Doubles) -> Doubles:
    """`series.noisy_signal` of each row; one share for all rows, or one for each."""
    out = np.empty(len(keys), dtype=np.float64)
    times, shares = frozen(np.ascontiguousarray(times)), frozen(np.ascontiguousarray(shares))
    _fill_signals(as_words(keys), as_words(index), times, period, shares, out)
    return out


def walks(keys: Words, steps: Ints) -> Doubles:
    """`series.walk` of each row."""
    out = np.empty(len(keys), dtype=np.float64)
    _fill_walks(as_words(keys), frozen(np.ascontiguousarray(steps)), out)
    return out
