"""The kernel of `selections`. Importing this module imports Numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import Index, Key, Words, mixed_step
from eventer.kernels.draw.draw_loops import as_keys, as_words, below, drawn, mixed
from eventer.kernels.support.jit import frozen, kernel

Ints = NDArray[np.int64]


@kernel
def _select(  # noqa: PLR0917  compiled code takes arguments by position
    keys: Words, index: Words, steps: Words, counts: Ints, order: Ints, others: Ints, out: Ints
) -> None:
    """`order` has the numbers from 0 on; each row swaps some, and swaps them back."""
    shared = len(keys) == 1
    size, at = len(order), 0
    for row in range(len(counts)):
        key = keys[0] if shared else keys[row]
        count = counts[row]
        for place in range(count):
            word = drawn(mixed(key ^ steps[place]), index[row])
            other = place + np.int64(below(word, np.uint64(size - place)))
            others[place] = other
            number = order[other]
            order[other] = order[place]
            order[place] = number
            out[at] = number
            at += 1
        for place in range(count - 1, -1, -1):
            other = others[place]
            number = order[other]
            order[other] = order[place]
            order[place] = number


def select(key: Key, index: Index, counts: Ints, size: int) -> Ints:
    """`selections.select`."""
    most = int(counts.max(initial=0))
    steps = np.array([mixed_step(place) for place in range(most)], dtype=np.uint64)
    out = np.empty(int(counts.sum()), dtype=np.int64)
    _select(
        as_keys(key, len(index)),
        as_words(index),
        as_words(steps),
        frozen(np.ascontiguousarray(counts)),
        np.arange(size, dtype=np.int64),
        np.empty(most, dtype=np.int64),
        out,
    )
    return out
