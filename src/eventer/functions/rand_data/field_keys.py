"""The draw keys of fields: H(the call's key, the step of a name).

Fields that agree draw their common part from the same name.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels import draw


def named_key(key: draw.Key, name: str) -> draw.Key:
    """The key of a name under a call's key."""
    return draw.child_key(key, draw.step_of(name))


def integers(key: draw.Key, name: str, index: draw.Index, low: int, high: int) -> NDArray[np.int64]:
    """An integer in [low, high] per row, drawn with a name."""
    return draw.integer_column(named_key(key, name), index, low, high)


def codes(key: draw.Key, name: str, index: draw.Index, size: int) -> NDArray[np.int64]:
    """A number below `size` per row, drawn with a name."""
    return integers(key, name, index, 0, size - 1)
