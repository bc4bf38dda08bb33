"""Samples of distributions of whole numbers, as doubles. See `scalars`."""

from __future__ import annotations

import math
from typing import Final

from eventer.kernels.draw import child, draw
from eventer.kernels.draw.exact_math import (
    exp,
    expm1,
    log,
    log1p,
    stirling_entry,
)
from eventer.kernels.draw.exact_tables import HALF_LOG_2PI
from eventer.kernels.draw.normals import ATTEMPTS, Parameters
from eventer.kernels.draw.scalars import floor, open_unit, scalar

SEARCH_BELOW: Final = 10.0
"""Below this mean, the distribution function is summed up."""
_MOST_SEARCHED: Final = 200
"""A number that no sample with such a mean exceeds."""
_SERIES_TERMS: Final = 40
_CORRECTIONS: Final = 3


@scalar
def _stirling_error(n: float) -> float:
    """The error of Stirling's formula: ln n! - ln(√(2πn) (n/e)^n)."""
    if n < 16.0:
        return stirling_entry(math.floor(n))
    square = 1.0 / (n * n)
    series = 1.0 / 1260.0 - square * (1.0 / 1680.0 - square * (1.0 / 1188.0))
    return (1.0 / 12.0 - square * (1.0 / 360.0 - square * series)) / n


@scalar
def _deviance(x: float, mean: float) -> float:
    """The value of x ln(x / mean) + mean - x, without cancellation (Loader 2000)."""
    gap = x - mean
    if abs(gap) >= 0.1 * (x + mean):
        return x * log(x / mean) - gap
    v = gap / (x + mean)
    total, power = gap * v, 2.0 * x * v
    v *= v
    for term in range(1, _SERIES_TERMS):
        power *= v
        more = total + power / (2.0 * term + 1.0)
        if more == total:
            break
        total = more
    return total


@scalar
def log_poisson(count: float, mean: float) -> float:
    """The logarithm of the probability of a count."""
    if count == 0.0:
        return -mean
    roots = HALF_LOG_2PI + 0.5 * log(count)
    return -_stirling_error(count) - _deviance(count, mean) - roots


@scalar
def log_binomial(count: float, trials: float, p: float) -> float:
    """The logarithm of the probability of a count, for 0 < count < trials."""
    missed = trials - count
    errors = _stirling_error(trials) - _stirling_error(count) - _stirling_error(missed)
    gaps = _deviance(count, trials * p) + _deviance(missed, trials * (1.0 - p))
    return errors - gaps - (HALF_LOG_2PI + 0.5 * (log(count) + log1p(-count / trials)))


@scalar
def prepared_poisson(mean: float, _b: float, _c: float, _d: float) -> Parameters:
    """The probability of 0 for small means, else the constants of Hörmann's PTRS (1993)."""
    if mean < SEARCH_BELOW:
        return mean, exp(-mean), 0.0, 0.0
    root = math.sqrt(mean)
    b = 0.931 + 2.53 * root
    return mean, -0.059 + 0.02483 * b, b, 0.9277 - 3.6224 / (b - 2.0)


@scalar
def poisson(key: int, index: int, given: Parameters) -> float:
    """A count with a mean."""
    mean, a, b, quick = given
    if mean < SEARCH_BELOW:
        return _searched_poisson(open_unit(draw(key, index)), mean, a)
    for attempt in range(ATTEMPTS):
        own = child(key, attempt)
        u = open_unit(draw(child(own, 0), index)) - 0.5
        v = open_unit(draw(child(own, 1), index))
        us = 0.5 - abs(u)
        count = floor((2.0 * a / us + b) * u + mean + 0.43)
        if us >= 0.07 and v <= quick:
            return count
        if count >= 0.0 and (us >= 0.013 or v <= us):
            scale = (1.1239 + 1.1328 / (b - 3.4)) / (a / (us * us) + b)
            if log(v * scale) <= log_poisson(count, mean):
                return count
    return floor(mean)


@scalar
def _searched_poisson(unit: float, mean: float, none: float) -> float:
    probability, count = none, 0.0
    while unit > probability and count < _MOST_SEARCHED:
        unit -= probability
        count += 1.0
        probability *= mean / count
    return count


@scalar
def prepared_binomial(trials: float, p: float, _c: float, _d: float) -> Parameters:
    """The rarer outcome's probability, whether it is the failure, and the probability of none."""
    flipped = 1.0 if p > 0.5 else 0.0
    rare = 1.0 - p if p > 0.5 else p
    none = exp(trials * log1p(-rare)) if trials * rare < SEARCH_BELOW else 0.0
    return trials, rare, flipped, none


@scalar
def binomial(key: int, index: int, given: Parameters) -> float:
    """The number of successes."""
    trials, p, flipped, none = given
    if none > 0.0:
        count = _searched_binomial(open_unit(draw(key, index)), given)
    else:
        count = _rejected_binomial(key, index, trials, p)
    return trials - count if flipped > 0.0 else count


@scalar
def _searched_binomial(unit: float, given: Parameters) -> float:
    trials, p, _, probability = given
    odds, count = p / (1.0 - p), 0.0
    most = trials if trials < _MOST_SEARCHED else float(_MOST_SEARCHED)
    while unit > probability and count < most:
        unit -= probability
        probability *= odds * ((trials - count) / (count + 1.0))
        count += 1.0
    return count


@scalar
def _rejected_binomial(key: int, index: int, trials: float, p: float) -> float:
    """Hörmann's BTRS (1993)."""
    deviation = math.sqrt(trials * p * (1.0 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    quick = 0.92 - 4.2 / b
    for attempt in range(ATTEMPTS):
        own = child(key, attempt)
        u = open_unit(draw(child(own, 0), index)) - 0.5
        v = open_unit(draw(child(own, 1), index))
        us = 0.5 - abs(u)
        count = floor((2.0 * a / us + b) * u + trials * p + 0.5)
        if us >= 0.07 and v <= quick:
            return count
        if 0.0 <= count <= trials:
            # `scale` makes v a sample below the probability of the count: see log_poisson.
            scale = (2.83 + 5.1 / b) * deviation / (a / (us * us) + b)
            if _accepts_binomial(v * scale, count, trials, p):
                return count
    return floor(trials * p)


@scalar
def _accepts_binomial(height: float, count: float, trials: float, p: float) -> bool:
    mode = floor((trials + 1.0) * p)
    if count == 0.0:
        here = trials * log1p(-p)
    elif count == trials:
        here = trials * log(p)
    else:
        here = log_binomial(count, trials, p)
    return log(height) <= here - log_binomial(mode, trials, p)


@scalar
def prepared_geometric(p: float, _b: float, _c: float, _d: float) -> Parameters:
    """The inverse of the logarithm of a failure's probability."""
    return (1.0 / log1p(-p) if p < 1.0 else 0.0), 0.0, 0.0, 0.0


@scalar
def geometric(key: int, index: int, given: Parameters) -> float:
    """The number of trials up to the first success, from 1."""
    return 1.0 + floor(log(open_unit(draw(key, index))) * given[0])


@scalar
def prepared_zipf(size: float, exponent: float, _c: float, _d: float) -> Parameters:
    """The ends of the areas that `zipf` draws from."""
    return size, exponent, _area(1.5, exponent) - 1.0, _area(size + 0.5, exponent)


@scalar
def zipf(key: int, index: int, given: Parameters) -> float:
    """A rank from 1 to `size`, by the rejection-inversion of Hörmann and Derflinger (1996)."""
    size, exponent, first, last = given
    for attempt in range(ATTEMPTS):
        area = last - open_unit(draw(child(key, attempt), index)) * (last - first)
        rank = _rank_of(area, size, exponent)
        if area >= least_accepted_area(rank, exponent):
            return rank
    return 1.0


@scalar
def least_area(rank: float, exponent: float) -> float:
    """The least area that has the rank, from 2 on."""
    return _area(rank - 0.5, exponent)


@scalar
def least_accepted_area(rank: float, exponent: float) -> float:
    """The least area from which a rank is accepted."""
    return _area(rank + 0.5, exponent) - exp(-exponent * log(rank))


@scalar
def _rank_of(area: float, size: float, exponent: float) -> float:
    """The rank of an area: the inverse of `least_area`, which corrects the rounding here."""
    rank = min(max(floor(_rank_at(area, exponent) + 0.5), 1.0), size)
    for _ in range(_CORRECTIONS):
        if rank > 1.0 and area < least_area(rank, exponent):
            rank -= 1.0
        elif rank < size and area >= least_area(rank + 1.0, exponent):
            rank += 1.0
        else:
            break
    return rank


@scalar
def _area(x: float, exponent: float) -> float:
    """The integral of t^-exponent from 1 to x."""
    logarithm = log(x)
    return logarithm * _expm1_ratio((1.0 - exponent) * logarithm)


@scalar
def _rank_at(area: float, exponent: float) -> float:
    """The inverse of `_area`."""
    t = max(area * (1.0 - exponent), -1.0 + 2.0**-53)
    return exp(_log1p_ratio(t) * area)


@scalar
def _expm1_ratio(x: float) -> float:
    return expm1(x) / x if abs(x) > 1e-8 else 1.0 + x * 0.5


@scalar
def _log1p_ratio(x: float) -> float:
    return log1p(x) / x if abs(x) > 1e-8 else 1.0 - x * 0.5
