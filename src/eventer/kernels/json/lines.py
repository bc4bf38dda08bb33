"""Texts as lines: each ended by a line feed, in one buffer."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.jit import frozen

_ROOM: Final = 64
"""Bytes behind the lines: they are copied in blocks, and the last one may reach beyond them."""


def lines(offsets: NDArray[np.int64], data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Row i is `data[offsets[i]:offsets[i + 1]]`; there is one offset more than rows."""
    from eventer.kernels.json.line_loops import write_lines

    size = int(offsets[-1] - offsets[0]) + len(offsets) - 1
    out = np.empty(size + _ROOM, np.uint8)
    write_lines(frozen(offsets), frozen(data), out)
    return out[:size]
