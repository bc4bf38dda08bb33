"""Logarithms and exponentials that have the same bits on every machine.

The functions of the C library differ between machines in the last bits. These use only operations
that IEEE 754 rounds exactly; `docs/reference/draws.md` specifies them and states their errors.
"""

from __future__ import annotations

import math
from typing import Final

from eventer.kernels.draw.exact_tables import (
    LN2_PER_STEP,
    LOGARITHMS,
    POWERS,
    STEPS_PER_UNIT,
    STIRLING_ERRORS,
)
from eventer.kernels.draw.scalars import power_of_two, scalar, split

LOG_INVERSES: Final = tuple(1.0 / (1.0 + i / 128.0) for i in range(len(LOGARITHMS)))
_LN2_HIGH, _LN2_LOW = LOGARITHMS[-1]
_STEP_HIGH, _STEP_LOW = LN2_PER_STEP
_OVERFLOW: Final = 709.79
_UNDERFLOW: Final = -745.2
_SAFE_EXPONENT: Final = 1000
_THIRD: Final = 1.0 / 3.0
_SIXTH: Final = 1.0 / 6.0
_SEVENTH: Final = 1.0 / 7.0
_1_24: Final = 1.0 / 24.0
_1_120: Final = 1.0 / 120.0


def log_entry(place: int) -> tuple[float, float, float]:
    """1/c, and ln c in two parts, for c = 1 + place/128."""
    return LOG_INVERSES[place], *LOGARITHMS[place]


def exp_entry(place: int) -> tuple[float, float]:
    """2^(place/128) in two parts."""
    return POWERS[place]


def stirling_entry(place: int) -> float:
    """The error of Stirling's formula for n < 16."""
    return STIRLING_ERRORS[place]


@scalar
def log(x: float) -> float:
    """The natural logarithm of a positive normal double; the error is below 1.1 ulp."""
    mantissa, exponent = split(x)
    place = math.floor(mantissa * 128.0 + 0.5) - 128
    inverse, high, low = log_entry(place)
    r = (mantissa - (1.0 + place * 0.0078125)) * inverse
    series = _THIRD + r * (-0.25 + r * (0.2 + r * (-_SIXTH + r * _SEVENTH)))
    rest = r * r * (-0.5 + r * series) + (exponent * _LN2_LOW + low)
    return (exponent * _LN2_HIGH + high) + (r + rest)


@scalar
def exp(x: float) -> float:
    """e^x; 0 and infinity beyond the doubles; the error is below 0.6 ulp of a normal result."""
    if x > _OVERFLOW:
        return math.inf
    if x < _UNDERFLOW:
        return 0.0
    steps = math.floor(x * STEPS_PER_UNIT + 0.5)
    r = (x - steps * _STEP_HIGH) - steps * _STEP_LOW
    series = r + r * r * (0.5 + r * (_SIXTH + r * (_1_24 + r * _1_120)))
    high, low = exp_entry(steps & 127)
    value = high + (low + high * series)
    exponent = steps >> 7
    if exponent > _SAFE_EXPONENT:
        return value * power_of_two(_SAFE_EXPONENT) * power_of_two(exponent - _SAFE_EXPONENT)
    if exponent < -_SAFE_EXPONENT:
        return value * power_of_two(-_SAFE_EXPONENT) * power_of_two(exponent + _SAFE_EXPONENT)
    return value * power_of_two(exponent)


@scalar
def log1p(x: float) -> float:
    """ln(1 + x) for x > -1; the error is below 4 ulp."""
    whole = 1.0 + x
    if whole == 1.0:
        return x
    return log(whole) * (x / (whole - 1.0))


@scalar
def expm1(x: float) -> float:
    """e^x - 1; the error is below 4 ulp."""
    if -1e-5 < x < 1e-5:
        return x + x * x * (0.5 + x * _SIXTH)
    whole = exp(x)
    if whole == 1.0 or whole - 1.0 == -1.0 or whole == math.inf:
        return whole - 1.0
    return (whole - 1.0) * (x / log(whole))
