"""Zipf samples by tables, for few ranks. Importing this module imports Numba.

The tables hold what `discrete.zipf` computes for a rank, and so give the same samples.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import Index, Key, Words, child, discrete, draw
from eventer.kernels.draw.distribution_loops import Doubles, samples
from eventer.kernels.draw.draw_loops import as_keys, as_words
from eventer.kernels.draw.normals import ATTEMPTS
from eventer.kernels.draw.scalars import open_unit
from eventer.kernels.support.jit import frozen, kernel

Ranks = NDArray[np.int32]

_MOST_RANKS: Final = 1 << 14
"""More ranks make tables that are slower than the computation."""
_PARTS_PER_RANK: Final = 8
_MARGIN: Final = 1e-6
"""A part of a part: more than the rounding of an area's part."""
_LEAST_PART: Final = 2.0**-46
"""Ranks with a smaller part of the area are not found surely: rounding may exchange them."""
_TABLES: Final = 64


class _Table(NamedTuple):
    """The least area of each rank, the least accepted one, and the first rank of each part."""

    areas: Doubles
    accepted: Doubles
    starts: Ranks


@kernel
def _fill_table(  # noqa: PLR0917  compiled code takes arguments by position
    exponent: float, first: float, last: float, areas: Doubles, accepted: Doubles, starts: Ranks
) -> None:
    areas[1], accepted[1] = first, first
    for rank in range(2, len(accepted)):
        areas[rank] = discrete.least_area(float(rank), exponent)
        accepted[rank] = discrete.least_accepted_area(float(rank), exponent)
    areas[len(accepted)] = np.inf
    rank, width = 1, (last - first) / (len(starts) - 1)
    for part in range(len(starts)):
        while areas[rank + 1] <= first + width * (part - _MARGIN):
            rank += 1
        starts[part] = rank


@kernel
def _fill_ranks(  # noqa: PLR0917  compiled code takes arguments by position
    keys: Words,
    index: Words,
    first: float,
    last: float,
    areas: Doubles,
    accepted: Doubles,
    starts: Ranks,
    out: Doubles,
) -> None:
    """`discrete.zipf` of each row."""
    one_key = len(keys) == 1
    parts = (len(starts) - 1) / (last - first)
    shared = child(keys[0], 0)
    for row in range(len(out)):
        own = shared if one_key else child(keys[row], 0)
        for attempt in range(1, ATTEMPTS + 1):
            area = last - open_unit(draw(own, index[row])) * (last - first)
            rank = int(starts[int((area - first) * parts)])
            while area >= areas[rank + 1]:
                rank += 1
            if area >= accepted[rank]:
                break
            rank = 1
            own = child(keys[0] if one_key else keys[row], attempt)
        out[row] = rank


@lru_cache(maxsize=_TABLES)
def _table(size: int, exponent: float) -> _Table | None:
    """The tables; None if only `discrete.zipf` finds each rank surely."""
    _, _, first, last = discrete.prepared_zipf(float(size), exponent, 0.0, 0.0)
    starts = np.empty(_PARTS_PER_RANK * size, dtype=np.int32)
    table = _Table(np.empty(size + 2), np.empty(size + 1), starts)
    _fill_table(exponent, first, last, *table)
    if size > 1 and np.diff(table.areas[1:-1]).min() < _LEAST_PART * max(1.0, abs(last)):
        return None
    return table


def zipf(key: Key, index: Index, parameters: Doubles) -> Doubles:
    """`samples` of the distribution "zipf"."""
    size, exponent = parameters[0, :2].tolist()
    one_set = len(parameters) == 1
    table = _table(int(size), exponent) if one_set and size <= _MOST_RANKS else None
    if table is None:
        return samples("zipf", key, index, parameters)
    _, _, first, last = discrete.prepared_zipf(size, exponent, 0.0, 0.0)
    out = np.empty(len(index), dtype=np.float64)
    areas, accepted, starts = frozen(table.areas), frozen(table.accepted), frozen(table.starts)
    keys = as_keys(key, len(index))
    _fill_ranks(keys, as_words(index), first, last, areas, accepted, starts, out)
    return out
