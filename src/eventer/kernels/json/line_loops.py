"""The kernel of `lines`. Importing this module imports Numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.copy_loops import UNBOUNDED, copy
from eventer.kernels.support.intrinsics import Bytes, address, store_byte
from eventer.kernels.support.jit import kernel

_LINE_FEED = 10


@kernel
def write_lines(offsets: NDArray[np.int64], data: Bytes, out: Bytes) -> None:
    """Writes all lines; `out` has slack for a block copy."""
    at, start = address(out), address(data)
    src_end = start + len(data)
    for row in range(len(offsets) - 1):
        at = copy(at, UNBOUNDED, start + offsets[row], start + offsets[row + 1], src_end)
        store_byte(at, _LINE_FEED)
        at += 1
