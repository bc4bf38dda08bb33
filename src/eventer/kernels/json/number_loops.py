"""Numbers as text, for kernels. Importing this module imports Numba.

The shortest digits of a double are found by Schubfach: R. Giulietti, "The Schubfach way to render
doubles" (2020). A double c·2^q and the ends of the interval that reads back as it are divided by
a power of ten with one 128-bit factor, rounded to odd, which is enough to compare them exactly.

Every function writes at the address `at`, may overwrite `SLACK` bytes from there, and returns the
address after its text.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.intrinsics import (
    Bytes,
    Word,
    address,
    high_product,
    leading_zeros,
    load_byte,
    store_byte,
    store_word,
    trailing_zeros,
)
from eventer.kernels.support.jit import callable_from_kernels, kernel

SLACK: Final = 48
"""Bytes that the text of a number, and the bytes overwritten after it, never exceed."""

_LEAST_POWER: Final = -292
_GREATEST_POWER: Final = 324


def _factors() -> NDArray[np.uint64]:
    """10^k for each k, scaled by a power of two to 128 bits and rounded up: high, low."""
    rows = []
    for k in range(_LEAST_POWER, _GREATEST_POWER + 1):
        shift = 127 - ((k * 1741647) >> 19)
        if k >= 0:
            factor = 10**k << shift if shift >= 0 else -(-(10**k) >> -shift)
        else:
            factor = -(-(1 << shift) // 10**-k)
        rows.append((factor >> 64, factor & (1 << 64) - 1))
    return np.array(rows, np.uint64)


_FACTORS: Final = _factors()
_TENS: Final = np.array([10**k for k in range(20)], np.uint64)

_0: Final = np.uint64(0)
_1: Final = np.uint64(1)
_2: Final = np.uint64(2)
_10: Final = np.uint64(10)
_40: Final = np.uint64(40)
_EIGHT_DIGITS: Final = np.uint64(10**8)
_SIXTEEN_DIGITS: Final = np.uint64(10**16)
_ZEROS: Final = np.uint64(0x3030303030303030)
_ZERO_POINT_ZEROS: Final = np.uint64(int.from_bytes(b"0.000000", "little"))
_FRACTION: Final = np.uint64((1 << 52) - 1)
_HIDDEN: Final = np.uint64(1 << 52)


@callable_from_kernels
def eight_digits(value: Word) -> Word:
    """The eight decimal digits of a number below 10^8, the first in the lowest byte."""
    upper = value // np.uint64(10000)
    pair = upper | (value - upper * np.uint64(10000)) << np.uint64(32)
    hundreds = ((pair * np.uint64(10486)) >> np.uint64(20)) & np.uint64(0x7F0000007F)
    quad = hundreds | (pair - hundreds * np.uint64(100)) << np.uint64(16)
    tens = ((quad * np.uint64(103)) >> _10) & np.uint64(0xF000F000F000F)
    return tens | (quad - tens * _10) << np.uint64(8)


@callable_from_kernels
def write_digits(at: int, value: Word) -> int:
    """Writes an unsigned number."""
    if value >= _EIGHT_DIGITS:
        upper = value // _EIGHT_DIGITS
        if upper >= _EIGHT_DIGITS:
            top = upper // _EIGHT_DIGITS
            at = _write_few(at, top)
            store_word(at, eight_digits(upper - top * _EIGHT_DIGITS) | _ZEROS)
            at += 8
        else:
            at = _write_few(at, upper)
        store_word(at, eight_digits(value - upper * _EIGHT_DIGITS) | _ZEROS)
        return at + 8
    return _write_few(at, value)


@callable_from_kernels
def _write_few(at: int, value: Word) -> int:
    """Writes a number below 10^8."""
    digits = eight_digits(value)
    zeros = trailing_zeros(digits | np.uint64(1 << 56)) >> 3
    store_word(at, (digits | _ZEROS) >> np.uint64(8 * zeros))
    return at + 8 - zeros


@callable_from_kernels
def write_integer(at: int, value: int) -> int:
    """Writes a 64-bit integer."""
    if value < 0:
        store_byte(at, 0x2D)
        return write_digits(at + 1, _0 - np.uint64(value))
    return write_digits(at, np.uint64(value))


@callable_from_kernels
def _rounded_to_odd(high: Word, low: Word, factor: Word) -> Word:
    """The upper 64 of the 192 bits of a product; the last bit is set if lower bits are."""
    carried = high_product(low, factor)
    middle = high * factor + carried
    upper = high_product(high, factor)
    if middle < carried:
        upper += _1
    return upper | (_1 if middle > _1 else _0)


@callable_from_kernels
def shortest(fraction: Word, exponent: int) -> tuple[Word, int]:
    """Digits and power of ten of a finite double that is not zero, by the fields of its bits."""
    if exponent != 0:
        c = fraction | _HIDDEN
        q = exponent - 1075
    else:
        c = fraction
        q = -1074
    odd = c & _1
    closer = fraction == _0 and exponent > 1  # the double below is nearer than the one above
    k = (q * 1262611 - (524031 if closer else 0)) >> 22
    shift = np.uint64(q + ((-k * 1741647) >> 19) + 1)
    high = _FACTORS[-k - _LEAST_POWER, 0]
    low = _FACTORS[-k - _LEAST_POWER, 1]
    four = c << _2
    lower = _rounded_to_odd(high, low, (four - (_1 if closer else _2)) << shift) + odd
    value = _rounded_to_odd(high, low, four << shift)
    upper = _rounded_to_odd(high, low, (four + _2) << shift) - odd
    s = value >> _2
    if s >= _10:
        tenth = s // _10
        below_fits = lower <= _40 * tenth
        above_fits = _40 * tenth + _40 <= upper
        if below_fits != above_fits:
            return tenth + (_1 if above_fits else _0), k + 1
    below_fits = lower <= s << _2
    above_fits = (s << _2) + np.uint64(4) <= upper
    if below_fits != above_fits:
        return s + (_1 if above_fits else _0), k
    middle = (s << _2) + _2
    up = value > middle or (value == middle and s & _1 != _0)
    return s + (_1 if up else _0), k


@callable_from_kernels
def write_double(at: int, bits: int) -> int:
    """Writes the finite double of these bits as `core.json_text.number_text` does."""
    fraction = np.uint64(bits) & _FRACTION
    exponent = (bits >> 52) & 0x7FF
    if exponent == 0 and fraction == _0:
        store_byte(at, 0x30)
        return at + 1
    if bits < 0:
        store_byte(at, 0x2D)
        at += 1
    if 1023 <= exponent <= 1075:
        whole = fraction | _HIDDEN
        binary_places = 1075 - exponent
        if trailing_zeros(whole) >= binary_places:
            return write_digits(at, whole >> np.uint64(binary_places))
    digits, power = shortest(fraction, exponent)
    return write_decimal(at, digits, power)


@callable_from_kernels
def digit_count(value: Word) -> int:
    """The number of decimal digits of a number between 1 and 10^19."""
    guess = ((64 - leading_zeros(value)) * 1233) >> 12
    return guess + (1 if value >= _TENS[guess] else 0)


@callable_from_kernels
def write_decimal(at: int, value: Word, power: int) -> int:
    """Writes value·10^power, of at most 17 digits, as ECMAScript lays out numbers."""
    count = digit_count(value)
    point = count + power
    value *= _TENS[17 - count]
    first = value // _SIXTEEN_DIGITS
    value -= first * _SIXTEEN_DIGITS
    upper = value // _EIGHT_DIGITS
    middle = eight_digits(upper)
    last = eight_digits(value - upper * _EIGHT_DIGITS)
    count = 17 - (leading_zeros(last) >> 3) if last != _0 else 9 - (leading_zeros(middle) >> 3)
    first |= np.uint64(0x30)
    middle |= _ZEROS
    last |= _ZEROS
    if 0 < point <= 21:
        if point >= count:
            _store_digits(at, first, middle, last)
            store_word(at + 17, _ZEROS)
            return at + point
        return _write_pointed(at, first, middle, last, count, point)
    if -6 < point <= 0:
        store_word(at, _ZERO_POINT_ZEROS)
        at += 2 - point
        _store_digits(at, first, middle, last)
        return at + count
    if count > 1:
        at = _write_pointed(at, first, middle, last, count, 1)
    else:
        store_byte(at, np.int64(first))  # type: ignore[arg-type]  # Numba's int
        at += 1
    return _write_exponent(at, point - 1)


@callable_from_kernels
def _store_digits(at: int, first: Word, middle: Word, last: Word) -> None:
    store_byte(at, np.int64(first))  # type: ignore[arg-type]  # Numba's int
    store_word(at + 1, middle)
    store_word(at + 9, last)


@callable_from_kernels
def _write_pointed(  # noqa: PLR0917 - compiled code takes arguments by position
    at: int, first: Word, middle: Word, last: Word, count: int, point: int
) -> int:
    """Writes `count` digits with a point after the first `point`, at least one."""
    _store_digits(at + 1, first, middle, last)
    if point < 8:  # moves the digits before the point one byte to the left
        places = np.uint64(8 * point)
        head = first | middle << np.uint64(8)
        kept = (_1 << places) - _1
        moved = (head << np.uint64(8)) & ~(kept << np.uint64(8) | np.uint64(0xFF))
        store_word(at, (head & kept) | np.uint64(0x2E) << places | moved)
    else:
        for i in range(point):
            store_byte(at + i, load_byte(at + i + 1))
        store_byte(at + point, 0x2E)
    return at + count + 1


@callable_from_kernels
def _write_exponent(at: int, exponent: int) -> int:
    store_byte(at, 0x65)
    store_byte(at + 1, 0x2D if exponent < 0 else 0x2B)
    return _write_few(at + 2, np.uint64(abs(exponent)))


@kernel
def write_doubles(bits: NDArray[np.int64], out: Bytes, offsets: NDArray[np.int64]) -> None:
    """Writes the texts of finite doubles, and their offsets after the first."""
    start = at = address(out)
    for row in range(len(bits)):
        at = write_double(at, bits[row])
        offsets[row + 1] = at - start
