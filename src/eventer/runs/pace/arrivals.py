"""The levels of events on a curve: even, or random within blocks of 64 events."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from eventer.core.model import Stream
from eventer.kernels import draw
from eventer.registry.base import stream_key
from eventer.runs.pace.pieces import LEVEL, LEVEL_BITS, Integers

BLOCK: Final = 64
"""Events that are drawn together: counts differ from even ones by less than this."""
_BLOCK_BITS: Final = LEVEL_BITS + 6


class Arrivals(Protocol):
    """Where on a curve the event k of a segment is."""

    def level(self, number: int) -> int:
        """The level of an event."""

    def levels(self, first: int, count: int) -> tuple[int, Integers]:
        """The level of the first of some events, and the distances of all from it."""

    def count_before(self, level: int) -> int:
        """The number of events before a level."""


class EvenArrivals:
    """Event k has the level of exactly k events."""

    def level(self, number: int) -> int:
        """See `Arrivals`."""
        return number << LEVEL_BITS

    def levels(self, first: int, count: int) -> tuple[int, Integers]:
        """See `Arrivals`."""
        return first << LEVEL_BITS, np.arange(count, dtype=np.int64) << LEVEL_BITS

    def count_before(self, level: int) -> int:
        """See `Arrivals`."""
        return -(-level >> LEVEL_BITS)


class RandomArrivals:
    """Each block of 64 events has sorted uniform levels in the range of the even ones.

    `key` is the draw key, `index` the index of event 0, and `total` the end of the curve: its last
    block has the events and the range that are left.
    """

    def __init__(self, key: int, index: int, total: Fraction | None) -> None:
        self._key = key
        self._index = index
        self._end = None if total is None else ceil(total)
        self._events = None if total is None else ceil(total / LEVEL)
        self._block = lru_cache(maxsize=2)(lambda number: self._blocks(number, number + 1))

    def level(self, number: int) -> int:
        """See `Arrivals`."""
        first, _ = self.levels(number, 1)
        return first

    def levels(self, first: int, count: int) -> tuple[int, Integers]:
        """See `Arrivals`."""
        block, skipped = divmod(first, BLOCK)
        end = -(-(first + count) // BLOCK)
        drawn = self._block(block) if end == block + 1 else self._blocks(block, end)
        drawn = drawn[skipped : skipped + count]
        if len(drawn) < count:
            assert self._end is not None
            beyond = np.full(count - len(drawn), self._end - (block << _BLOCK_BITS))
            drawn = np.concatenate([drawn, beyond])
        return (block << _BLOCK_BITS) + int(drawn[0]), drawn - drawn[0]

    def count_before(self, level: int) -> int:
        """See `Arrivals`."""
        block, rest = divmod(level, 1 << _BLOCK_BITS)
        count = block * BLOCK + int(np.searchsorted(self._block(block), rest))
        return count if self._events is None else min(count, self._events)

    def _blocks(self, first: int, end: int) -> Integers:
        """The levels in the blocks [first, end), from the first block's begin on.

        Events beyond the end of the curve have none.
        """
        last = end * BLOCK if self._events is None else min(end * BLOCK, self._events)
        numbers = np.arange(first * BLOCK, max(first * BLOCK, last), dtype=np.int64)
        unit = (draw.draw_column(self._key, numbers + self._index) >> np.uint64(11)) * 2.0**-53
        widths = self._widths(numbers // BLOCK)
        drawn = np.minimum(unit * widths, widths - 1).astype(np.int64)
        whole = len(drawn) - len(drawn) % BLOCK
        drawn[:whole].reshape(-1, BLOCK).sort(axis=1)
        drawn[whole:].sort()
        return drawn + ((numbers // BLOCK - first) << _BLOCK_BITS)

    def _widths(self, blocks: Integers) -> NDArray[np.float64]:
        """The levels that each block ranges over: fewer in the last one of a curve."""
        widths = np.full(len(blocks), float(1 << _BLOCK_BITS))
        if self._events is not None and self._end is not None:
            last = max(0, self._events - 1) // BLOCK
            rest = self._end - (last << _BLOCK_BITS)
            widths[blocks == last] = min(rest, 1 << _BLOCK_BITS)
        return widths


def arrivals_key(stream: Stream, digest: str) -> int:
    """The draw key of random arrivals in the events of a stream and template."""
    steps = (draw.step_of("arrivals"), draw.step_of(stream_key(stream.name, digest)))
    return draw.descend(stream.seed, *steps)
