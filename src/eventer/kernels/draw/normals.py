"""Samples of the normal distribution, also within a window. See `scalars`."""

from __future__ import annotations

import math
from typing import Final

from eventer.kernels.draw import child, draw
from eventer.kernels.draw.exact_math import exp, log
from eventer.kernels.draw.scalars import open_unit, scalar, signed_unit

Parameters = tuple[float, float, float, float]
WindowParameters = tuple[float, float, float, float, float, float]

ATTEMPTS: Final = 512
"""Attempts of a rejection. Each succeeds with a probability above 0.2: 512 fail at 2^-160."""
CENTRAL: Final = 0.425
_WIDE: Final = 2.5066282746310002
"""√(2π): a window around 0 that is wider has a probability above 0.49."""


@scalar
def standard_normal(word: int) -> float:
    """A word as a sample with mean 0 and standard deviation 1.

    Wichura's algorithm AS 241 inverts the distribution function with a relative error of 1e-16.
    """
    q = signed_unit(word)
    return central_normal(q) if -CENTRAL <= q <= CENTRAL else tail_normal(q)


@scalar
def central_normal(q: float) -> float:
    """The inverse at 1/2 + q for q within ±CENTRAL."""
    return q * _central_ratio(0.180625 - q * q)


@scalar
def tail_normal(q: float) -> float:
    """The inverse at 1/2 + q beyond ±CENTRAL."""
    r = math.sqrt(-log(0.5 - abs(q)))
    tail = _near_tail(r - 1.6) if r <= 5.0 else _far_tail(r - 5.0)
    return -tail if q < 0.0 else tail


@scalar
def _central_ratio(r: float) -> float:
    a = r * 2509.0809287301226727 + 33430.575583588128105
    a = a * r + 67265.770927008700853
    a = a * r + 45921.953931549871457
    a = a * r + 13731.693765509461125
    a = a * r + 1971.5909503065514427
    a = a * r + 133.14166789178437745
    a = a * r + 3.387132872796366608
    b = r * 5226.495278852854561 + 28729.085735721942674
    b = b * r + 39307.89580009271061
    b = b * r + 21213.794301586595867
    b = b * r + 5394.1960214247511077
    b = b * r + 687.1870074920579083
    b = b * r + 42.313330701600911252
    return a / (b * r + 1.0)


@scalar
def _near_tail(r: float) -> float:
    c = r * 7.7454501427834140764e-4 + 0.0227238449892691845833
    c = c * r + 0.24178072517745061177
    c = c * r + 1.27045825245236838258
    c = c * r + 3.64784832476320460504
    c = c * r + 5.7694972214606914055
    c = c * r + 4.6303378461565452959
    c = c * r + 1.42343711074968357734
    d = r * 1.05075007164441684324e-9 + 5.475938084995344946e-4
    d = d * r + 0.0151986665636164571966
    d = d * r + 0.14810397642748007459
    d = d * r + 0.68976733498510000455
    d = d * r + 1.6763848301838038494
    d = d * r + 2.05319162663775882187
    return c / (d * r + 1.0)


@scalar
def _far_tail(r: float) -> float:
    e = r * 2.01033439929228813265e-7 + 2.71155556874348757815e-5
    e = e * r + 0.0012426609473880784386
    e = e * r + 0.026532189526576123093
    e = e * r + 0.29656057182850489123
    e = e * r + 1.7848265399172913358
    e = e * r + 5.4637849111641143699
    e = e * r + 6.6579046435011037772
    f = r * 2.04426310338993978564e-15 + 1.4215117583164458887e-7
    f = f * r + 1.8463183175100546818e-5
    f = f * r + 7.868691311456132591e-4
    f = f * r + 0.0148753612908506148525
    f = f * r + 0.13692988092273580531
    f = f * r + 0.59983220655588793769
    return e / (f * r + 1.0)


@scalar
def as_given(a: float, b: float, c: float, d: float) -> Parameters:
    """Parameters that need no preparation."""
    return a, b, c, d


@scalar
def normal(key: int, index: int, given: Parameters) -> float:
    """A sample with a mean and a standard deviation."""
    return given[0] + given[1] * standard_normal(draw(key, index))


@scalar
def lognormal(key: int, index: int, given: Parameters) -> float:
    """A sample with a median and the standard deviation of its logarithm."""
    return given[0] * exp(given[1] * standard_normal(draw(key, index)))


@scalar
def _window(low: float, high: float) -> Parameters:
    """A window of standard normal samples with its greater part above 0, and the method.

    Robert's choices (1995): normal samples (0), uniform ones (-1), or the rate of exponential ones.
    """
    sign = 1.0
    if low + high < 0.0:
        low, high, sign = -high, -low, -1.0
    if low < 0.0:
        return low, high, sign, 0.0 if high - low > _WIDE else -1.0
    root = math.sqrt(low * low + 4.0)
    rate = (low + root) * 0.5
    narrow = exp((low * low - low * root) * 0.25 + 0.5) / rate
    return low, high, sign, rate if high - low > narrow else -1.0


@scalar
def _within(key: int, index: int, window: Parameters) -> float:
    """A standard normal sample within a window."""
    low, high, sign, rate = window
    for attempt in range(ATTEMPTS):
        own = child(key, attempt)
        x = _proposed(draw(child(own, 0), index), window)
        if low <= x <= high:
            loss = _loss(x, max(0.0, low), rate)
            if loss == 0.0 or open_unit(draw(child(own, 1), index)) < exp(-loss):
                return sign * x
    return sign * max(0.0, low)


@scalar
def _proposed(word: int, window: Parameters) -> float:
    low, high, _, rate = window
    if rate == 0.0:
        return standard_normal(word)
    if rate > 0.0:
        return low - log(open_unit(word)) / rate
    return low + (high - low) * open_unit(word)


@scalar
def _loss(x: float, nearest: float, rate: float) -> float:
    """The logarithm of the inverse probability to accept a proposed sample."""
    if rate == 0.0:
        return 0.0
    if rate > 0.0:
        return (x - rate) * (x - rate) * 0.5
    return (x - nearest) * (x + nearest) * 0.5


@scalar
def normal_window(mean: float, deviation: float, low: float, high: float) -> WindowParameters:
    """Prepares `windowed_normal`; the deviation is above 0."""
    a, b, sign, rate = _window((low - mean) / deviation, (high - mean) / deviation)
    return mean, deviation, a, b, sign, rate


@scalar
def windowed_normal(key: int, index: int, given: WindowParameters) -> float:
    """A sample between two ends."""
    mean, deviation, low, high, sign, rate = given
    return mean + deviation * _within(key, index, (low, high, sign, rate))


@scalar
def lognormal_window(median: float, sigma: float, low: float, high: float) -> WindowParameters:
    """Prepares `windowed_lognormal`; sigma is above 0."""
    a = log(low / median) / sigma if low > 0.0 else -math.inf
    b = log(high / median) / sigma if high < math.inf else math.inf
    a, b, sign, rate = _window(a, b)
    return median, sigma, a, b, sign, rate


@scalar
def windowed_lognormal(key: int, index: int, given: WindowParameters) -> float:
    """A sample between two ends."""
    median, sigma, low, high, sign, rate = given
    return median * exp(sigma * _within(key, index, (low, high, sign, rate)))
