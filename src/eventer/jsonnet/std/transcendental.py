"""Transcendental functions in plain arithmetic on doubles: the same bits on every machine.

The `sin` or `log` of C libraries differ in the last bits, and events must not. The methods
(FreeBSD's `log`, Shibata's `exp`, Cephes' trigonometry, Payne and Hanek's reduction) and the order
of operations are those of Go's library on x86-64, so go-jsonnet agrees to the last bit, except
that its `log` of subnormal numbers is wrong and its `exp` overflows above 709.43. The digits of
`format` depend on `natural_log` and `power`.

Functions raise ValueError without a real result, OverflowError for one that is too large.
"""

from __future__ import annotations

import math
from functools import reduce
from typing import Final

PI: Final = math.pi
_HALF_PI: Final = math.pi / 2.0
_QUARTER_PI: Final = math.pi / 4.0

# -- logarithm and exponential ----------------------------------------------------------------

_LN2_HIGH: Final = 6.93147180369123816490e-01
_LN2_LOW: Final = 1.90821492927058770002e-10
_LOG_ODD: Final = (
    1.479819860511658591e-01, 1.818357216161805012e-01, 2.857142874366239149e-01,
    6.666666666666735130e-01,
)  # fmt: skip
_LOG_EVEN: Final = (1.531383769920937332e-01, 2.222219843214978396e-01, 3.999999999940941908e-01)
_EXP: Final = (
    2.4801587301587301587e-5, 1.9841269841269841270e-4, 1.3888888888888888889e-3,
    8.3333333333333333333e-3, 4.1666666666666666667e-2, 1.6666666666666666667e-1, 0.5, 1.0,
)  # fmt: skip
_EXP_LN2_HIGH: Final = 0.69314718055966295651160180568695068359375
_EXP_LN2_LOW: Final = 0.28235290563031577122588448175013436025525412068e-12
_EXP_LARGEST: Final = 7.09782712893384e02
_EXP_SMALLEST: Final = -7.4513321910194122e02
_LOG2_E: Final = 1.4426950408889634073599246810018920


def _polynomial(coefficients: tuple[float, ...], x: float) -> float:
    """A polynomial, the coefficient of the highest power first."""
    return reduce(lambda sum_, coefficient: sum_ * x + coefficient, coefficients)


def natural_log(value: float) -> float:
    """The natural logarithm."""
    if value <= 0.0:
        raise ValueError("no logarithm")
    fraction, exponent = math.frexp(value)
    if fraction < math.sqrt(0.5):
        fraction, exponent = fraction * 2.0, exponent - 1
    f = fraction - 1.0
    s = f / (2.0 + f)
    s2 = s * s
    s4 = s2 * s2
    series = s2 * _polynomial(_LOG_ODD, s4) + s4 * _polynomial(_LOG_EVEN, s4)
    half = 0.5 * f * f
    low = s * (half + series) + exponent * _LN2_LOW
    return exponent * _LN2_HIGH - ((half - low) - f)


def exponential(x: float) -> float:
    """A power of e: that of a sixteenth of the reduced exponent, squared four times."""
    if x > _EXP_LARGEST:
        raise OverflowError
    if x < _EXP_SMALLEST:
        return 0.0
    twos = round(x * _LOG2_E)
    rest = _fused(-twos * 1.0, _EXP_LN2_HIGH, x)
    rest = _fused(-twos * 1.0, _EXP_LN2_LOW, rest) * 0.0625
    less_one = rest * reduce(lambda sum_, c: _fused(sum_, rest, c), _EXP)
    for _ in range(3):
        less_one *= less_one + 2.0
    return math.ldexp(_fused(less_one, less_one + 2.0, 1.0), twos)


def _fused(a: float, b: float, c: float) -> float:
    """`a * b + c`, rounded once; Python has it from 3.13 on."""
    (p, q), (r, s), (t, u) = a.as_integer_ratio(), b.as_integer_ratio(), c.as_integer_ratio()
    return (p * r * u + t * q * s) / (q * s * u)


def power(base: float, exponent: float) -> float:
    """A power, by repeated squaring and `exponential` for the fraction of the exponent."""
    if exponent == 0.0 or base == 1.0:
        return 1.0
    if exponent == 1.0:
        return base
    if base == 0.0 or abs(exponent) >= 2.0**63:
        return math.pow(base, exponent)
    if abs(exponent) == 0.5:
        return math.sqrt(base) if exponent > 0 else 1.0 / math.sqrt(base)
    fraction, whole = math.modf(abs(exponent))
    if fraction and base < 0.0:
        raise ValueError("no real number")
    result = 1.0
    if fraction:
        if fraction > 0.5:
            fraction, whole = fraction - 1.0, whole + 1.0
        result = exponential(fraction * natural_log(base))
    return _whole_power(base, int(whole), result, inverse=exponent < 0.0)


def _whole_power(base: float, times: int, start: float, *, inverse: bool) -> float:
    """`start * base**times`, or its inverse, with separate exponents of two."""
    result, exponent = start, 0
    factor, factor_exponent = math.frexp(base)
    while times:
        if abs(factor_exponent) > 1 << 12:
            exponent += factor_exponent
            break
        if times & 1:
            result *= factor
            exponent += factor_exponent
        factor *= factor
        factor_exponent *= 2
        if factor < 0.5:
            factor += factor
            factor_exponent -= 1
        times >>= 1
    if inverse:
        result, exponent = 1.0 / result, -exponent
    return math.ldexp(result, exponent)


def hypotenuse(x: float, y: float) -> float:
    """The length of (x, y), scaled by the larger one."""
    large, small = max(abs(x), abs(y)), min(abs(x), abs(y))
    if large == 0.0:
        return 0.0
    ratio = small / large
    return large * math.sqrt(1.0 + ratio * ratio)


# -- sine, cosine, tangent ----------------------------------------------------------------------

_SINE: Final = (
    1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6,
    -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1,
)  # fmt: skip
_COSINE: Final = (
    -1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7,
    2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2,
)  # fmt: skip
_TANGENT_P: Final = (
    -1.30936939181383777646e4, 1.15351664838587416140e6, -1.79565251976484877988e7,
)  # fmt: skip
_TANGENT_Q: Final = (
    1.0, 1.36812963470692954678e4, -1.32089234440210967447e6, 2.50083801823357915839e7,
    -5.38695755929454629881e7,
)  # fmt: skip
_QUARTER_PI_PARTS: Final = (
    7.85398125648498535156e-1, 3.77489470793079817668e-8, 2.69515142907905952645e-15,
)  # fmt: skip
_LARGE: Final = float(1 << 29)
"""Above this angle, the reduction needs more than three parts of pi/4."""

_FOUR_OVER_PI: Final = int(
    "145f306dc9c882a53f84eafa3ea69bb81b6c52b3278872083fca2c757bd778ac36e48dc74849ba5c0"
    "0c925dd413a32439fc3bd63962534e7dd1046bea5d768909d338e04d68befc827323ac7306a673e9"
    "3908bf177bf250763ff12fffbc0b301fde5e2316b414da3eda6cfd9e4f96136e9e8c7ecd3cbfd45a"
    "ea4f758fd7cbe2f67a0e73ef14a525d4d7f6bf623f1aba10ac06608df8f6d757",
    16,
)
_FOUR_OVER_PI_BITS: Final = 19 * 64
"""Bits of `_FOUR_OVER_PI` after the binary point."""


def sine(x: float) -> float:
    """The sine."""
    if x == 0.0:
        return x
    octant, rest = _reduced(abs(x))
    value = _cosine_series(rest) if octant & 3 in {1, 2} else _sine_series(rest)
    return -value if (octant > 3) is not (x < 0.0) else value


def cosine(x: float) -> float:
    """The cosine."""
    octant, rest = _reduced(abs(x))
    value = _sine_series(rest) if octant & 3 in {1, 2} else _cosine_series(rest)
    return -value if octant in {2, 3, 4, 5} else value


def tangent(x: float) -> float:
    """The tangent."""
    if x == 0.0:
        return x
    octant, rest = _reduced(abs(x))
    square = rest * rest
    value = rest
    if square > 1e-14:
        ratio = square * _polynomial(_TANGENT_P, square) / _polynomial(_TANGENT_Q, square)
        value = rest + rest * ratio
    if octant & 2:
        value = -1.0 / value
    return -value if x < 0.0 else value


def _sine_series(x: float) -> float:
    square = x * x
    return x + x * square * _polynomial(_SINE, square)


def _cosine_series(x: float) -> float:
    square = x * x
    return 1.0 - 0.5 * square + square * square * _polynomial(_COSINE, square)


def _reduced(x: float) -> tuple[int, float]:
    """The even octant nearest to a positive angle, modulo 8, and the angle from there."""
    if x >= _LARGE:
        return _reduced_large(x)
    octant = int(x * (4.0 / PI))
    octant += octant & 1
    for part in _QUARTER_PI_PARTS:
        x -= octant * part
    return octant & 7, x


def _reduced_large(x: float) -> tuple[int, float]:
    """`_reduced` of a large angle, by a product with enough bits of 4/pi."""
    fraction, exponent = math.frexp(x)
    mantissa, exponent = int(math.ldexp(fraction, 53)), exponent - 53
    window = _FOUR_OVER_PI >> (_FOUR_OVER_PI_BITS + 64 - 192 - 61 - exponent)
    product = ((window & ((1 << 192) - 1)) * mantissa >> 64) & ((1 << 128) - 1)
    octant, high, low = product >> 125, (product >> 61) & ((1 << 64) - 1), product & ((1 << 64) - 1)
    shift = 64 - high.bit_length() + 1
    bits = ((high << shift) | (low >> (64 - shift))) & ((1 << 64) - 1)
    rest = math.ldexp(float((1 << 52) | (bits >> 12)), -52 - shift)
    if octant & 1:
        octant, rest = (octant + 1) & 7, rest - 1.0
    return octant, rest * _QUARTER_PI


# -- arcs ---------------------------------------------------------------------------------------

_ARC_P: Final = (
    -8.750608600031904122785e-01, -1.615753718733365076637e01, -7.500855792314704667340e01,
    -1.228866684490136173410e02, -6.485021904942025371773e01,
)  # fmt: skip
_ARC_Q: Final = (
    1.0, 2.485846490142306297962e01, 1.650270098316988542046e02, 4.328810604912902668951e02,
    4.853903996359136964868e02, 1.945506571482613964425e02,
)  # fmt: skip
_MORE_BITS: Final = 6.123233995736765886130e-17
"""pi/2 minus its nearest double."""

_TANGENT_3_PI_8: Final = 2.41421356237309504880


def arc_tangent(x: float) -> float:
    """The angle of a tangent."""
    if x == 0.0:
        return x
    return _arc(x) if x > 0.0 else -_arc(-x)


def _arc(x: float) -> float:
    """The angle of a positive tangent."""
    if x <= 0.66:
        return _arc_series(x)
    if x > _TANGENT_3_PI_8:
        return _HALF_PI - _arc_series(1.0 / x) + _MORE_BITS
    return _QUARTER_PI + _arc_series((x - 1.0) / (x + 1.0)) + 0.5 * _MORE_BITS


def _arc_series(x: float) -> float:
    square = x * x
    ratio = square * _polynomial(_ARC_P, square) / _polynomial(_ARC_Q, square)
    return x * ratio + x


def arc_sine(x: float) -> float:
    """The angle of a sine."""
    if x == 0.0:
        return x
    size = abs(x)
    if size > 1.0:
        raise ValueError("no angle")
    leg = math.sqrt(1.0 - size * size)
    angle = _HALF_PI - _arc(leg / size) if size > 0.7 else _arc(size / leg)
    return math.copysign(angle, x)


def arc_cosine(x: float) -> float:
    """The angle of a cosine."""
    return _HALF_PI - arc_sine(x)


def arc_tangent_of(y: float, x: float) -> float:
    """The angle of the point (x, y)."""
    if y == 0.0:
        return math.copysign(PI if math.copysign(1.0, x) < 0.0 else 0.0, y)
    if x == 0.0:
        return math.copysign(_HALF_PI, y)
    angle = arc_tangent(y / x)
    if x > 0.0:
        return angle
    return angle + PI if angle <= 0.0 else angle - PI
