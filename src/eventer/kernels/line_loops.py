"""The kernel of `lines`: importing this module imports Numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.compiled import kernel
from eventer.kernels.copy_loops import ANYWHERE, copy
from eventer.kernels.instructions import Bytes, address, store_byte

_LINE_FEED = 10


@kernel
def write_lines(offsets: NDArray[np.int64], data: Bytes, out: Bytes) -> None:
    """Writes them all; `out` has room for a block more."""
    at, start = address(out), address(data)
    edge = start + len(data)
    for row in range(len(offsets) - 1):
        at = copy(at, ANYWHERE, start + offsets[row], start + offsets[row + 1], edge)
        store_byte(at, _LINE_FEED)
        at += 1
