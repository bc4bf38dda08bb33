"""The kernel of `lines`: importing this module imports Numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.compiled import kernel
from eventer.kernels.instructions import (
    WIDE_BLOCK,
    Bytes,
    address,
    copy_wide_block,
    load_byte,
    store_byte,
)

_LINE_FEED = 10


@kernel
def write_lines(offsets: NDArray[np.int64], data: Bytes, out: Bytes) -> None:
    """Writes them all; `out` has room for a block more."""
    at, start = address(out), address(data)
    edge = start + len(data)
    for row in range(len(offsets) - 1):
        source, stop = start + offsets[row], start + offsets[row + 1]
        end = at + stop - source
        if stop + WIDE_BLOCK <= edge:
            while at < end:
                copy_wide_block(at, source)
                at += WIDE_BLOCK
                source += WIDE_BLOCK
        else:
            while at < end:
                store_byte(at, load_byte(source))
                at += 1
                source += 1
        store_byte(end, _LINE_FEED)
        at = end + 1
