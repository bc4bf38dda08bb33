"""Numbers as the language prints them inside strings. Importing this module imports Numba.

Integers are written in full, others with 17 digits, rounded half to even and without zeros at
the end. For numbers from 0.0001 to 2^53 all of that is exact in 128 bits: c·2^q with q < 0, times
10^k for a k of at most 20, is c·5^k, shifted.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.json.number_loops import write_decimal, write_digits
from eventer.kernels.support.intrinsics import (
    Bytes,
    Word,
    address,
    high_product,
    store_byte,
    trailing_zeros,
)
from eventer.kernels.support.jit import callable_from_kernels, kernel

_FIVES: Final = np.array([5**k for k in range(22)], np.uint64)
_FRACTION: Final = np.uint64((1 << 52) - 1)
_HIDDEN: Final = np.uint64(1 << 52)
_0: Final = np.uint64(0)
_1: Final = np.uint64(1)
_17_DIGITS: Final = np.uint64(10**16)
_18_DIGITS: Final = np.uint64(10**17)
_LEAST: Final = int(np.float64(1e-4).view(np.int64))
"""The bits of the lowest number that is written without an exponent."""
_INTEGER_FROM: Final = 1075
_TOO_LARGE: Final = 1086
"""The exponents of 2^52, from which all doubles are integers, and of 2^63."""


@callable_from_kernels
def seventeen_digits(c: Word, q: int) -> tuple[Word, int]:
    """17 digits and the power of ten of c·2^q, which has a fraction and is at least 0.0001."""
    k = 16 - (((q + 52) * 1233) >> 12)  # the logarithm of a power of two, or one less
    while True:
        five = _FIVES[k]
        high = high_product(c, five)
        low = c * five
        shift = np.uint64(-q - k)
        if shift == _0:
            digits = low
            rest = half = _0
        else:
            digits = high << (np.uint64(64) - shift) | low >> shift
            rest = low & ((_1 << shift) - _1)
            half = _1 << (shift - _1)
        if digits < _18_DIGITS:
            break
        k -= 1
    if shift != _0 and (rest > half or (rest == half and digits & _1 != _0)):
        digits += _1
        if digits == _18_DIGITS:
            return _17_DIGITS, 1 - k
    return digits, -k


@kernel
def write_string_numbers(bits: NDArray[np.int64], out: Bytes, offsets: NDArray[np.int64]) -> int:
    """Writes the texts of doubles and their offsets after the first; returns the number of gaps."""
    start = at = address(out)
    left_out = 0
    for row in range(len(bits)):
        magnitude = bits[row] & 0x7FFFFFFFFFFFFFFF
        exponent = magnitude >> 52
        if exponent >= _TOO_LARGE or 0 < magnitude < _LEAST:
            left_out += 1
            offsets[row + 1] = at - start
            continue
        if bits[row] < 0:
            store_byte(at, 0x2D)
            at += 1
        c = np.uint64(magnitude) & _FRACTION | _HIDDEN
        q = exponent - _INTEGER_FROM
        if magnitude == 0:
            at = write_digits(at, _0)
        elif q >= 0:
            at = write_digits(at, c << np.uint64(q))
        elif exponent >= 1023 and trailing_zeros(c) >= -q:
            at = write_digits(at, c >> np.uint64(-q))
        else:
            digits, power = seventeen_digits(c, q)
            at = write_decimal(at, digits, power)
        offsets[row + 1] = at - start
    return left_out
