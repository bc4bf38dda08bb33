"""Logarithms and exponentials that have the same bits on every machine.

The functions of the C library differ between machines in the last bits. These use only operations
that IEEE 754 rounds exactly; `docs/reference/draws.md` specifies them and states their errors.
The tables are rounded from 50 decimal digits.
"""

from __future__ import annotations

import math
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import Final

from eventer.kernels.draw.scalars import power_of_two, scalar, split

_DIGITS: Final = Context(prec=50)
_STEPS: Final = 128
"""The parts of [1, 2] for `log`, and of an octave for `exp`."""
_LOG_GRID: Final = 2.0**42
"""High parts of logarithms are multiples of its inverse, so that sums with k·ln 2 are exact."""
_EXP_GRID: Final = 2.0**42
"""The high part of ln 2 / 128 is a multiple of its inverse: products with 18 bits are exact."""
_PI: Final = Decimal("3.14159265358979323846264338327950288419716939937510")

Pairs = tuple[tuple[float, ...], tuple[float, ...]]


def _pair(exact: Decimal, grid: float) -> tuple[float, float]:
    """A number as the sum of a multiple of 1/grid and a double."""
    high = Fraction(round(Fraction(exact) * Fraction(grid)), int(grid))
    return float(high), float(Fraction(exact) - high)


def _rounded(exact: Decimal) -> tuple[float, float]:
    """A number as the sum of its nearest double and a remainder."""
    high = float(exact)
    return high, float(Fraction(exact) - Fraction(high))


def _log_table() -> Pairs:
    with localcontext(_DIGITS):
        pairs = [_pair((1 + Decimal(i) / _STEPS).ln(), _LOG_GRID) for i in range(_STEPS + 1)]
    return tuple(high for high, _ in pairs), tuple(low for _, low in pairs)


def _exp_table() -> Pairs:
    with localcontext(_DIGITS):
        root = Decimal(2).ln() / _STEPS
        pairs = [_rounded((root * i).exp()) for i in range(_STEPS)]
    return tuple(high for high, _ in pairs), tuple(low for _, low in pairs)


def _stirling_table() -> tuple[float, ...]:
    """The errors of Stirling's formula, ln n! - ln(√(2πn) (n/e)^n), for n < 16; 0 for n = 0."""
    with localcontext(_DIGITS):
        errors = [Decimal(0)]
        for n in range(1, 16):
            stirling = (2 * _PI * n).ln() / 2 + n * (Decimal(n).ln() - 1)
            errors.append(Decimal(math.factorial(n)).ln() - stirling)
    return tuple(map(float, errors))


LOG_INVERSES: Final = tuple(1.0 / (1.0 + i / _STEPS) for i in range(_STEPS + 1))
LOG_HIGHS, LOG_LOWS = _log_table()
EXP_HIGHS, EXP_LOWS = _exp_table()
STIRLING_ERRORS: Final = _stirling_table()
_LN2_HIGH: Final = LOG_HIGHS[_STEPS]
_LN2_LOW: Final = LOG_LOWS[_STEPS]
with localcontext(_DIGITS):
    _STEP_HIGH, _STEP_LOW = _pair(Decimal(2).ln() / _STEPS, _EXP_GRID)
    _STEPS_PER_UNIT: Final = float(_STEPS / Decimal(2).ln())
    HALF_LOG_2PI: Final = float((2 * _PI).ln() / 2)
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
    return LOG_INVERSES[place], LOG_HIGHS[place], LOG_LOWS[place]


def exp_entry(place: int) -> tuple[float, float]:
    """2^(place/128) in two parts."""
    return EXP_HIGHS[place], EXP_LOWS[place]


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
    steps = math.floor(x * _STEPS_PER_UNIT + 0.5)
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
