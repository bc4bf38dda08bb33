"""Samples of continuous distributions. See `scalars`.

`sample(key, index, given)` gives a sample for the parameters that its `prepare` function returns.
"""

from __future__ import annotations

import math

from eventer.kernels.draw import child, draw
from eventer.kernels.draw.exact_math import exp, expm1, log, log1p
from eventer.kernels.draw.normals import ATTEMPTS, Parameters, standard_normal
from eventer.kernels.draw.scalars import open_unit, scalar


@scalar
def exponential(key: int, index: int, given: Parameters) -> float:
    """A sample with a mean."""
    return -given[0] * log(open_unit(draw(key, index)))


@scalar
def exponential_window(mean: float, low: float, high: float, _d: float) -> Parameters:
    """Prepares `windowed_exponential`: the distribution has no memory of what is below `low`."""
    return mean, low, expm1((low - high) / mean), 0.0


@scalar
def windowed_exponential(key: int, index: int, given: Parameters) -> float:
    """A sample between two ends."""
    mean, low, missing, _ = given
    return low - mean * log1p(open_unit(draw(key, index)) * missing)


@scalar
def prepared_pareto(shape: float, least: float, most: float, _d: float) -> Parameters:
    """Prepares `pareto` with the probability beyond the upper end, less 1."""
    missing = -1.0 if most == math.inf else expm1(shape * log(least / most))
    return shape, least, missing, 0.0


@scalar
def pareto(key: int, index: int, given: Parameters) -> float:
    """A sample from `least` on, perhaps up to an end."""
    shape, least, missing, _ = given
    unit = open_unit(draw(key, index))
    tail = log(unit) if missing == -1.0 else log1p(unit * missing)
    return least * exp(-tail / shape)


@scalar
def triangular(key: int, index: int, given: Parameters) -> float:
    """A sample of the triangle from `low` over `mode` to `high`."""
    low, mode, high, _ = given
    unit = open_unit(draw(key, index))
    width = high - low
    if unit * width < mode - low:
        return low + math.sqrt(unit * width * (mode - low))
    return high - math.sqrt((1.0 - unit) * width * (high - mode))


@scalar
def standard_gamma(key: int, index: int, shape: float) -> float:
    """A sample with a shape of at least 1 and the scale 1, by Marsaglia and Tsang (2000)."""
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    for attempt in range(ATTEMPTS):
        own = child(key, attempt)
        x = standard_normal(draw(child(own, 0), index))
        root = 1.0 + c * x
        if root > 0.0:
            v = root * root * root
            unit = open_unit(draw(child(own, 1), index))
            square = x * x
            if unit < 1.0 - 0.0331 * square * square:
                return d * v
            if log(unit) < 0.5 * square + d * (1.0 - v + log(v)):
                return d * v
    return d


@scalar
def gamma(key: int, index: int, given: Parameters) -> float:
    """A sample with a shape and a scale."""
    return given[1] * _unscaled_gamma(key, index, given[0])


@scalar
def _unscaled_gamma(key: int, index: int, shape: float) -> float:
    """A sample with any shape; for shapes far below 1 it may be 0."""
    if shape >= 1.0:
        return standard_gamma(key, index, shape)
    unit = open_unit(draw(child(key, ATTEMPTS), index))
    return standard_gamma(key, index, shape + 1.0) * exp(log(unit) / shape)


@scalar
def beta(key: int, index: int, given: Parameters) -> float:
    """A sample in [0, 1]: the part of the first of two gamma samples in their sum."""
    first, second, _, _ = given
    if first < 1.0 and second < 1.0:
        return _low_beta(key, index, first, second)
    a = _unscaled_gamma(child(key, 0), index, first)
    return a / (a + _unscaled_gamma(child(key, 1), index, second))


@scalar
def _low_beta(key: int, index: int, first: float, second: float) -> float:
    """A sample for parameters below 1, by Jöhnk (1964); powers may underflow."""
    for attempt in range(ATTEMPTS):
        own = child(key, attempt)
        a = log(open_unit(draw(child(own, 0), index))) / first
        b = log(open_unit(draw(child(own, 1), index))) / second
        whole = exp(a) + exp(b)
        if whole <= 1.0:
            return exp(a) / whole if whole > 0.0 else 1.0 / (1.0 + exp(b - a))
    return 0.5
