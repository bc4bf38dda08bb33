"""The kernel of `weighted_picks`. Importing this module imports Numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import Index, Key, Words
from eventer.kernels.draw.draw_loops import as_keys, as_words, below, drawn
from eventer.kernels.support.jit import frozen, kernel

Ints = NDArray[np.int64]


@kernel
def _picks(keys: Words, index: Words, limits: Words, guide: Ints, out: Ints) -> None:
    shared = len(keys) == 1
    size = np.uint64(len(guide))
    last = len(limits)
    for row in range(len(out)):
        word = drawn(keys[0] if shared else keys[row], index[row])
        # The size of the guide is a power of two, so this is the number in its highest bits.
        item = guide[below(word, size)]
        while item < last and limits[item] <= word:
            item += 1
        out[row] = item


def picks(key: Key, index: Index, limits: Words, guide: Ints) -> Ints:
    """`WeightTable.column`."""
    out = np.empty(len(index), dtype=np.int64)
    _picks(as_keys(key, len(index)), as_words(index), as_words(limits), frozen(guide), out)
    return out
