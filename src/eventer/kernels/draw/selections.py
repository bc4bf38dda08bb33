"""Random selections without repetition: the first places of Fisher-Yates shuffles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels import draw

Ints = NDArray[np.int64]


def select(key: draw.Key, index: draw.Index, counts: Ints, size: int) -> Ints:
    """The selected numbers of all rows: row i has `counts[i]` different ones below `size`.

    Place j of a row, from 0 on, swaps its number with the one at place
    j + below(draw(H(key, j), index), size - j).
    """
    if draw.use_compiled(int(counts.sum())):
        from eventer.kernels.draw import selection_loops

        return selection_loops.select(key, index, counts, size)
    most = int(counts.max(initial=0))
    order = np.tile(np.arange(size, dtype=np.int64), (len(index), 1))
    rows = np.arange(len(index))
    for place in range(most):
        words = draw.draw_column(draw.child_key(key, place), index)
        other = place + draw.scaled(words, size - place).view(np.int64)
        order[rows, other], order[:, place] = order[:, place].copy(), order[rows, other]
    selected: Ints = order[:, :most][np.arange(most) < counts[:, np.newaxis]]
    return selected
