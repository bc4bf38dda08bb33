"""Which events have which faults: draws of each rule's own site, for many events at a time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.fault_rules import FaultRule
from eventer.kernels import draw

_SITE: Final = draw.step_of("faults")
_DOUBLES: Final = 1 << 53
_SHIFT: Final = 11
_AHEAD: Final = 1_024
"""Events whose draws are computed at once if fewer are requested: small batches follow in turn."""


class FaultDraws:
    """The draws of the rules of one stream.

    The key of a rule is H(root, "faults", kind, occurrence): its number among the rules of its
    kind. So a rule decides the same whatever other kinds there are.
    """

    def __init__(self, rules: Sequence[FaultRule], root_key: int) -> None:
        self.keys = tuple(_keys(rules, root_key))
        self._last_words = [_last_word(rule.probability) for rule in rules]
        self._first = 0
        self._known = np.zeros((len(rules), 0), np.bool_)

    def hits(self, index: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which rules the events have: a row per rule, a column per index; they ascend."""
        if not len(index):
            return self._known[:, :0]
        first, last = int(index[0]), int(index[-1])
        if last - first >= _AHEAD:
            return self._drawn(index)
        if not self._first <= first <= last < self._first + self._known.shape[1]:
            self._first = first
            self._known = self._drawn(np.arange(first, first + _AHEAD, dtype=np.int64))
        start = first - self._first
        if last - first == len(index) - 1:
            return self._known[:, start : start + len(index)]
        return self._known[:, index - self._first]

    def _drawn(self, index: NDArray[np.int64]) -> NDArray[np.bool_]:
        hits = np.zeros((len(self.keys), len(index)), np.bool_)
        for row, (key, last) in enumerate(zip(self.keys, self._last_words, strict=True)):
            if last is not None:
                np.less_equal(draw.draw_column(key, index), last, out=hits[row])
        return hits


def _keys(rules: Sequence[FaultRule], root_key: int) -> list[int]:
    keys, occurrences = [], Counter[str]()
    for rule in rules:
        step = draw.step_of(rule.kind.value)
        keys.append(draw.descend(root_key, _SITE, step, occurrences[rule.kind]))
        occurrences[rule.kind] += 1
    return keys


def _last_word(probability: float) -> np.uint64 | None:
    """The largest word whose `draw.unit` is less than the probability; None if there is none."""
    units = math.ceil(probability * _DOUBLES)
    return np.uint64((units << _SHIFT) - 1) if units else None
