"""Columns of `series` of any length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels import draw
from eventer.kernels.draw import Key, Words, series

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


def entity_keys(key: Key, entity: Words | int, rows: int) -> Words:
    """The key of the series of each row."""
    if isinstance(key, int) and isinstance(entity, int):
        return np.full(rows, draw.child(key, entity), dtype=np.uint64)
    return draw.child_column(key, entity)


def signals(
    keys: Words, index: draw.Index, times: Ints, period: int, shares: float | Doubles
) -> Doubles:
    """`series.noisy_signal` of each row."""
    rows = len(keys)
    if draw.use_compiled_samples(rows):
        from eventer.kernels.draw import series_loops

        return series_loops.signals(keys, index, times, period, np.atleast_1d(shares))
    each = np.broadcast_to(shares, rows).tolist()
    given = zip(keys.tolist(), index.tolist(), times.tolist(), each, strict=True)
    return np.array([series.noisy_signal(key, n, at, period, share) for key, n, at, share in given])


def walks(keys: Words, steps: Ints) -> Doubles:
    """`series.walk` of each row."""
    if draw.use_compiled_walks(len(keys)):
        from eventer.kernels.draw import series_loops

        return series_loops.walks(keys, steps)
    rows = zip(keys.tolist(), steps.tolist(), strict=True)
    return np.array([series.walk(key, step) for key, step in rows])
