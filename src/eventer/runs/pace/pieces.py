"""One piece of a cumulative count: a constant rate or a linear ramp, inverted exactly.

A *level* is a number of events in units of 2^-32: even arrivals have level k * 2^32, random
ones lie between. A level is passed in the nanosecond in which the count exceeds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd, isqrt, lcm
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEVEL_BITS: Final = 32
LEVEL: Final = 1 << LEVEL_BITS
"""Positions of one event."""

_ROUNDING: Final = 2.0**-49
"""A generous bound of the relative rounding error of the closed form in doubles."""

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Piece:
    """A rate, in events per nanosecond, that goes from `first` to `last` within `length` ns."""

    first: Fraction
    last: Fraction
    length: int

    @cached_property
    def total(self) -> Fraction:
        """Positions that it passes."""
        return (self.first + self.last) / 2 * self.length * LEVEL

    @cached_property
    def terms(self) -> tuple[int, int, int]:
        """Integers a, b, q: after d nanoseconds it has passed (a * d^2 + b * d) / q levels."""
        square = (self.last - self.first) / (2 * self.length) * LEVEL
        linear = self.first * LEVEL
        q = lcm(square.denominator, linear.denominator)
        return int(square * q), int(linear * q), q


@dataclass(frozen=True, slots=True)
class Run:
    """A piece in its place: it begins at the time `start` and passes the levels [base, end).

    Base and end are integers: `scale` of them are one level.
    """

    piece: Piece
    start: int
    base: int
    end: int
    scale: int

    @property
    def end_level(self) -> int:
        """The first level that it does not pass."""
        return -(-self.end // self.scale)

    def passed_before(self, time: int) -> int:
        """The number of levels that are passed before a time, since the begin of the curve."""
        a, b, q = self.piece.terms
        elapsed = time - self.start
        return -(-(self.base * q + self.scale * (a * elapsed + b) * elapsed) // (self.scale * q))

    def time_of(self, level: int) -> int:
        """The nanosecond in which it passes a level."""
        a, b, _ = self.piece.terms
        return self.start + _root(a, b, self._ahead(level))

    def times_of(self, level: int, offsets: Integers) -> Integers:
        """`time_of` for the levels `level + offset`; the offsets ascend, from 0 on."""
        a, b, q = self.piece.terms
        step = int(offsets[1]) if len(offsets) > 1 else 0
        if a == 0 and np.array_equal(offsets, step * np.arange(len(offsets))):
            return self.start + _divide_sequence(self._ahead(level), q * step, b, len(offsets))
        return self.start + _roots(a, b, self._ahead(level), q, offsets)

    def _ahead(self, level: int) -> int:
        """The levels from the base on, in the terms of the piece, rounded down."""
        return self.piece.terms[2] * (level * self.scale - self.base) // self.scale


def _root(a: int, b: int, c: int) -> int:
    """The floor of the smaller positive root of a * y^2 + b * y = c, exactly."""
    if a == 0:
        return c // b
    square = b * b + 4 * a * c
    if a > 0:
        return (isqrt(square) - b) // (2 * a)
    up = isqrt(square)
    return (b - up - (up * up < square)) // (-2 * a)


def _divide_sequence(start: int, step: int, divisor: int, count: int) -> Integers:
    """(start + i * step) // divisor for i in [0, count), exactly."""
    common = gcd(step, divisor)
    start, step, divisor = start // common, step // common, divisor // common
    (whole, rest), (whole_step, rest_step) = divmod(start, divisor), divmod(step, divisor)
    small = divisor * (count + 1) < 1 << 63
    numbers = np.arange(count, dtype=np.int64)
    rests = numbers if small else numbers.astype(object)
    carried = (rest + rests * rest_step) // divisor
    return np.asarray(whole + numbers * whole_step + carried, dtype=np.int64)


def _roots(a: int, b: int, c: int, scale: int, offsets: Integers) -> Integers:
    """`_root(a, b, c + scale * offset)` for each offset, from 0 on.

    Doubles give the distance from the first root; roots that are too close to an integer to be
    rounded by doubles are computed with integers.
    """
    origin = _root(a, b, c)
    left, slope = c - (a * origin + b) * origin, b + 2 * a * origin
    with np.errstate(all="ignore"):
        distance, error = _approximate_roots(float(a), float(slope), left, scale, offsets)
        low, high = np.floor(distance - error), np.floor(distance + error)
        clear = low == high
        roots = origin + np.where(clear, low, 0).astype(np.int64)
    for number in np.flatnonzero(~clear).tolist():
        roots[number] = origin + _root(a, slope, left + scale * int(offsets[number]))
    return roots


def _approximate_roots(
    a: float, b: float, left: int, scale: int, offsets: Integers
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Roots in doubles, and a bound of the error of each."""
    c = float(left) + float(scale) * offsets
    square = b * b + 4 * a * c
    roots = 2 * c / (b + np.sqrt(square))
    return roots, np.abs(roots) * _ROUNDING * (4 + b * b / square)
