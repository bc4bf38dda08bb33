"""The columns of BRANCH instructions, from masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import use_compiled
from eventer.kernels.support.jit import frozen, kernel


def selectors(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Each row's number among the rows in the mask, or ~ its number among the other rows."""
    if not use_compiled(len(mask)):
        inside = np.cumsum(mask) - 1
        return np.where(mask, inside, ~(np.arange(len(mask)) - inside - 1))
    out = np.empty(len(mask), np.int64)
    _select(frozen(mask), out)
    return out


@kernel
def _select(mask: NDArray[np.bool_], out: NDArray[np.int64]) -> None:
    inside, outside = 0, -1
    for row in range(len(mask)):
        held = mask[row]
        out[row] = inside if held else outside
        inside += held
        outside -= not held
