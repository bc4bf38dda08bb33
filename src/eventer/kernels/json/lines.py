"""Texts as lines in one buffer, each with a line feed at its end."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.jit import frozen

_SLACK: Final = 64
"""Bytes after the lines that block copies may write to."""


def lines(offsets: NDArray[np.int64], data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The lines of rows; row i is `data[offsets[i]:offsets[i + 1]]`."""
    from eventer.kernels.json.line_loops import write_lines

    size = int(offsets[-1] - offsets[0]) + len(offsets) - 1
    out = np.empty(size + _SLACK, np.uint8)
    write_lines(frozen(offsets), frozen(data), out)
    return out[:size]
