"""Values of random series at a time: smooth signals and random walks. See `scalars`.

A series is a pure function of its key and the time; nothing is kept between calls.
"""

from __future__ import annotations

import math
from typing import Final

from eventer.kernels.draw import child, draw
from eventer.kernels.draw.normals import standard_normal
from eventer.kernels.draw.scalars import open_unit, scalar, signed_unit

OCTAVES: Final = 4
_NOISE: Final = OCTAVES
"""The step of the key of noise."""
_WEIGHTS: Final = 1.0 + 0.5 + 0.25 + 0.125
LEVELS: Final = 40
MOST_STEPS: Final = 1 << LEVELS
"""A walk has fewer steps."""
_END: Final = 0
_MIDDLE: Final = 1


@scalar
def signal(key: int, time: int, period: int) -> float:
    """A smooth value in (-1, 1) at a time; time and period in nanoseconds.

    It is the sum of four octaves of value noise: random heights at equally distant times, and
    between them a polynomial that is smooth up to the second derivative.
    """
    total, weight = 0.0, 1.0 / _WEIGHTS
    for octave in range(OCTAVES):
        own = child(key, octave)
        width = period >> octave
        shifted = time + math.floor(open_unit(own) * width)
        place = shifted // width
        x = float(shifted - place * width) / float(width)
        first, second = signed_unit(draw(own, place)), signed_unit(draw(own, place + 1))
        part = x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
        total += weight * 2.0 * (first + (second - first) * part)
        weight *= 0.5
    return total


@scalar
def noise(key: int, time: int, index: int) -> float:
    """A value in (-1, 1) that is independent of all others."""
    return 2.0 * signed_unit(draw(child(child(key, _NOISE), time), index))


@scalar
def noisy_signal(key: int, index: int, time: int, period: int, share: float) -> float:
    """A value in (-1, 1) with a share of noise."""
    smooth = signal(key, time, period)
    if share == 0.0:
        return smooth
    return (1.0 - share) * smooth + share * noise(key, time, index)


@scalar
def end_of_walk(key: int) -> float:
    """The value of a walk after all steps."""
    return 2.0 ** (LEVELS // 2) * standard_normal(draw(child(key, _END), 0))


@scalar
def deviation_of_middle(half: int) -> float:
    """The standard deviation of the middle of an interval of 2·half steps around its ends' mean."""
    return math.sqrt(0.5 * half)


@scalar
def middle_of_walk(key: int, middle: int, left: float, right: float, deviation: float) -> float:
    """The value in the middle of an interval whose ends are known."""
    noise = standard_normal(draw(child(key, _MIDDLE), middle))
    return 0.5 * (left + right) + deviation * noise


@scalar
def walk(key: int, step: int) -> float:
    """The sum of independent standard normal steps, from 0; fewer than MOST_STEPS."""
    left, right, start, half = 0.0, end_of_walk(key), 0, MOST_STEPS >> 1
    while start < step:
        middle = middle_of_walk(key, start + half, left, right, deviation_of_middle(half))
        if step >= start + half:
            start, left = start + half, middle
        else:
            right = middle
        half >>= 1
    return left
