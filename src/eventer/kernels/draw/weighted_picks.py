"""Weighted picks: the place of a word among limits, in integer arithmetic only."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lcm
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels import draw

_WORD_BITS: Final = 64
_MAX_GUIDE_BITS: Final = 20


@dataclass(frozen=True, eq=False)
class WeightTable:
    """The limits of all items but the last: a word picks the first item whose limit is above it.

    All weights are greater than zero. Item i has the words [limits[i - 1], limits[i]): the limits
    are floor(2^64 · w[0] + … + w[i] / sum of all weights).
    """

    limits: Sequence[int]

    @classmethod
    def of(cls, weights: Sequence[float]) -> WeightTable:
        """The table of weights, which are finite and greater than zero."""
        ratios = [float(weight).as_integer_ratio() for weight in weights]
        scale = lcm(*(denominator for _, denominator in ratios))
        parts = [numerator * (scale // denominator) for numerator, denominator in ratios]
        total, below, limits = sum(parts), 0, []
        for part in parts[:-1]:
            below += part
            limits.append((below << _WORD_BITS) // total)
        return cls(limits)

    def pick(self, word: int) -> int:
        """The item of a word."""
        return bisect_right(self.limits, word)

    def column(self, key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
        """The item of the word of each row."""
        if draw.use_compiled(len(index)):
            from eventer.kernels.draw import weighted_pick_loops

            return weighted_pick_loops.picks(key, index, self.words, self.guide)
        found = np.searchsorted(self.words, draw.draw_column(key, index), side="right")
        return found.astype(np.int64, copy=False)

    @cached_property
    def words(self) -> draw.Words:
        """The limits."""
        return np.array(self.limits, dtype=np.uint64)

    @cached_property
    def guide(self) -> NDArray[np.int64]:
        """For each value of the highest bits of a word, the item of the first such word."""
        bits = min(len(self.limits).bit_length(), _MAX_GUIDE_BITS)
        firsts = np.arange(1 << bits, dtype=np.uint64) << np.uint64(_WORD_BITS - bits)
        if not bits:
            firsts = np.zeros(1, dtype=np.uint64)
        return np.searchsorted(self.words, firsts, side="right").astype(np.int64)
