"""Reads parts of canonical JSON texts, for kernels. Importing this module imports Numba.

Texts are followed by zeros, so that every loop ends. What these functions do not cover, they
report, and the caller leaves it to Python.

Decimals become doubles by D. Lemire, "Number parsing at a gigabyte per second" (2021): the digits
are multiplied by a 128-bit approximation of the power of ten, which in nearly all cases decides
about rounding.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.intrinsics import (
    BLOCK,
    Word,
    double_of,
    escapes_in_block,
    high_product,
    leading_zeros,
    load_byte,
    load_word,
    store_byte,
    trailing_zeros,
)
from eventer.kernels.support.jit import callable_from_kernels

_LEAST_POWER: Final = -342
_GREATEST_POWER: Final = 308
_MAX_DIGITS: Final = 19
_EXACT: Final = np.uint64(1 << 53)
_EXACT_POWER: Final = 22

_MAX_DECIMAL_DIGITS: Final = 18
_WHOLE_TENS: Final = np.array([10**k for k in range(_MAX_DECIMAL_DIGITS + 1)], np.int64)
_MONTH_DAYS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)

_0: Final = np.uint64(0)
_1: Final = np.uint64(1)
_NINE_BITS: Final = np.uint64(0x1FF)


def _powers() -> NDArray[np.uint64]:
    """10^k for each k, scaled by a power of two to 128 bits and rounded down: high, low."""
    rows = []
    for k in range(_LEAST_POWER, _GREATEST_POWER + 1):
        scaled = 10**k << 1200 if k >= 0 else (1 << 2400) // 10**-k
        factor = scaled >> (scaled.bit_length() - 128)
        rows.append((factor >> 64, factor & (1 << 64) - 1))
    return np.array(rows, np.uint64)


_POWERS: Final = _powers()
_TENS: Final = np.array([10.0**k for k in range(_EXACT_POWER + 1)])
_UNESCAPED: Final = np.zeros(256, np.int64)
"""The byte that a backslash and a character stand for; 0 if it is another form."""
for _letter, _byte in zip(b'"\\bfnrt', b'"\\\b\f\n\r\t', strict=True):
    _UNESCAPED[_letter] = _byte


@callable_from_kernels
def has_text(src: int, name: int, length: int) -> bool:
    """Whether these bytes are at an address."""
    while length >= 8:
        if load_word(src) != load_word(name):
            return False
        src += 8
        name += 8
        length -= 8
    return length == 0 or (load_word(src) ^ load_word(name)) << (64 - 8 * length) == 0


@callable_from_kernels
def find_escape(src: int) -> int:
    """The address of the next quote, backslash or control character."""
    while True:
        clean = trailing_zeros(escapes_in_block(src) | np.uint64(1 << BLOCK))
        src += clean
        if clean < BLOCK:
            return src


@callable_from_kernels
def text_extent(src: int) -> tuple[int, int]:
    """The address of a string's closing quote, and its bytes without escapes; 0 if not covered."""
    length = 0
    while True:
        at = find_escape(src)
        length += at - src
        byte = load_byte(at)
        if byte == 0x22:
            return at, length
        if byte != 0x5C:
            return 0, 0
        wide = load_byte(at + 1) == 0x75
        if wide and load_byte(at + 2) | load_byte(at + 3) != 0x30:
            return 0, 0
        if wide and load_byte(at + 4) >= 0x32:
            return 0, 0
        if not wide and _UNESCAPED[load_byte(at + 1)] == 0:
            return 0, 0
        length += 1
        src = at + (6 if wide else 2)


@callable_from_kernels
def unescape(at: int, src: int, stop: int) -> int:
    """Copies the string [src, stop) without escapes; `text_extent` has found it to be covered."""
    while src < stop:
        byte = load_byte(src)
        if byte != 0x5C:
            src += 1
        elif load_byte(src + 1) != 0x75:
            byte = _UNESCAPED[load_byte(src + 1)]
            src += 2
        else:
            low = load_byte(src + 5)
            byte = 16 * (load_byte(src + 4) - 0x30) + (low & 15) + (9 if low >= 0x41 else 0)
            src += 6
        store_byte(at, byte)
        at += 1
    return at


@callable_from_kernels
def value_end(src: int) -> int:
    """The address after a JSON value; 0 if it does not end."""
    depth = 0
    while True:
        byte = load_byte(src)
        if byte == 0x22:
            src += 1
            while True:
                src = find_escape(src)
                byte = load_byte(src)
                if byte == 0x22:
                    break
                if byte != 0x5C:
                    return 0
                src += 2
            src += 1
        elif byte in (0x7B, 0x5B):
            depth += 1
            src += 1
            continue
        elif byte in (0x7D, 0x5D):
            depth -= 1
            src += 1
        elif byte in (0x2C, 0x3A):
            src += 1
            continue
        elif byte == 0:
            return 0
        else:
            while byte not in (0x2C, 0x7D, 0x5D, 0):
                src += 1
                byte = load_byte(src)
        if depth <= 0:
            return src if depth == 0 else 0


@callable_from_kernels
def read_integer(src: int) -> tuple[int, int]:
    """A whole number of 64 bits, and the address after it; 0 if it is something else.

    Numbers are doubles: of a large one, the digits are those of the nearest.
    """
    negative = load_byte(src) == 0x2D
    at = begin = src + 1 if negative else src
    value = _0
    while True:
        digit = load_byte(at) - 0x30
        if digit < 0 or digit > 9:
            break
        value = value * np.uint64(10) + np.uint64(digit)
        at += 1
    byte = load_byte(at)
    if at == begin or at - begin > _MAX_DIGITS or byte in (0x2E, 0x65):
        return 0, 0
    if value > _EXACT:
        whole = np.float64(value)
        if whole >= 9223372036854775808.0:
            return 0, 0
        value = np.uint64(whole)
    number: int = np.int64(value)  # type: ignore[assignment]  # Numba's int
    return (-number if negative else number), at


@callable_from_kernels
def read_double(src: int) -> tuple[float, int]:
    """A number, and the address after it; 0 if it is not one, or not covered."""
    negative = load_byte(src) == 0x2D
    at = src + 1 if negative else src
    value, digits, power = _0, 0, 0
    pointed = False
    while True:
        byte = load_byte(at)
        if byte == 0x2E and not pointed:
            pointed = True
        elif 0x30 <= byte <= 0x39:
            value = value * np.uint64(10) + np.uint64(byte - 0x30)
            digits += 1 if value != _0 else 0
            power -= 1 if pointed else 0
        else:
            break
        at += 1
    if digits > _MAX_DIGITS or at == src + (1 if negative else 0):
        return 0.0, 0
    if byte == 0x65:
        below = load_byte(at + 1) == 0x2D
        at += 2
        exponent = 0
        while 0x30 <= load_byte(at) <= 0x39 and exponent < 10_000:
            exponent = 10 * exponent + load_byte(at) - 0x30
            at += 1
        power += -exponent if below else exponent
    number, known = decimal_value(value, power)
    if not known:
        return 0.0, 0
    return (-number if negative else number), at


@callable_from_kernels
def decimal_value(digits: Word, power: int) -> tuple[float, bool]:
    """The double nearest to digits·10^power, and whether it is known."""
    if digits == _0:
        return 0.0, True
    if digits <= _EXACT and -_EXACT_POWER <= power <= _EXACT_POWER:
        if power < 0:
            return np.float64(digits) / _TENS[-power], True
        return np.float64(digits) * _TENS[power], True
    if power < _LEAST_POWER or power > _GREATEST_POWER:
        return 0.0, False
    zeros = leading_zeros(digits)
    scaled = digits << np.uint64(zeros)
    factor = _POWERS[power - _LEAST_POWER, 0]
    high, low = high_product(scaled, factor), scaled * factor
    if high & _NINE_BITS == _NINE_BITS and low + scaled < scaled:
        rest = _POWERS[power - _LEAST_POWER, 1]
        carried = high_product(scaled, rest)
        merged = low + carried
        if merged < low:
            high += _1
        tail = scaled * rest
        if high & _NINE_BITS == _NINE_BITS and merged + _1 == _0 and tail + scaled < scaled:
            return 0.0, False
        low = merged
    top = high >> np.uint64(63)
    mantissa = high >> (top + np.uint64(9))
    if low == _0 and high & _NINE_BITS == _0 and mantissa & np.uint64(3) == _1:
        return 0.0, False
    exponent = ((217706 * power) >> 16) + 64 + 1023 - zeros - (1 if top == _0 else 0)
    mantissa = (mantissa + (mantissa & _1)) >> _1
    if mantissa >> np.uint64(53) != _0:
        mantissa >>= _1
        exponent += 1
    if exponent < 1 or exponent >= 0x7FF:
        return 0.0, False
    fraction = mantissa & np.uint64((1 << 52) - 1)
    return double_of(fraction | np.uint64(exponent) << np.uint64(52)), True


@callable_from_kernels
def _digits(src: int, count: int) -> int:
    """The number of `count` digits; very negative if one is not a digit."""
    value = 0
    for at in range(src, src + count):
        digit = load_byte(at) - 0x30
        if digit < 0 or digit > 9:
            return -1_000_000
        value = 10 * value + digit
    return value


@callable_from_kernels
def _days(year: int, month: int, day: int) -> tuple[int, bool]:
    """The days from 1970 to a date, and whether there is such a date."""
    if year < 1 or month < 1 or month > 12 or day < 1:
        return 0, False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day > _MONTH_DAYS[month] + (1 if leap and month == 2 else 0):
        return 0, False
    shifted = year - (1 if month <= 2 else 0)
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146_097 + day_of_era - 719_468, True


@callable_from_kernels
def read_instant(src: int) -> tuple[int, int, int]:
    """Seconds and nanoseconds of a quoted instant in UTC, and the address after it; 0 if not so.

    The form is that of RFC 3339 with `T` and `Z` and at most nine decimals.
    """
    at = src + 1
    year, month, day = _digits(at, 4), _digits(at + 5, 2), _digits(at + 8, 2)
    hour, minute, second = _digits(at + 11, 2), _digits(at + 14, 2), _digits(at + 17, 2)
    if min(year, month, day, hour, minute, second) < 0 or load_byte(at + 10) != 0x54:
        return 0, 0, 0
    if load_byte(at + 4) != 0x2D or load_byte(at + 7) != 0x2D:
        return 0, 0, 0
    if load_byte(at + 13) != 0x3A or load_byte(at + 16) != 0x3A:
        return 0, 0, 0
    days, known = _days(year, month, day)
    if not known or hour >= 24 or minute >= 60:
        return 0, 0, 0
    at += 19
    nanoseconds, scale = 0, 1_000_000_000
    if load_byte(at) == 0x2E:
        at += 1
        while 0x30 <= load_byte(at) <= 0x39 and scale > 1:
            scale //= 10
            nanoseconds += (load_byte(at) - 0x30) * scale
            at += 1
        if scale == 1_000_000_000:
            return 0, 0, 0
    if load_byte(src) != 0x22 or load_byte(at) != 0x5A or load_byte(at + 1) != 0x22 or second > 59:
        return 0, 0, 0
    return days * 86_400 + hour * 3_600 + minute * 60 + second, nanoseconds, at + 2


@callable_from_kernels
def read_date(src: int) -> tuple[int, int]:
    """The days since 1970 of a quoted date or instant, and the address after it; 0 if not so."""
    if load_byte(src + 11) != 0x22:
        seconds, _, end = read_instant(src)
        return seconds // 86_400, end
    year, month, day = _digits(src + 1, 4), _digits(src + 6, 2), _digits(src + 9, 2)
    days, known = _days(year, month, day)
    if load_byte(src) != 0x22 or load_byte(src + 5) != 0x2D or load_byte(src + 8) != 0x2D:
        return 0, 0
    return days, src + 12 if known else 0


@callable_from_kernels
def read_decimal(src: int, precision: int, scale: int) -> tuple[int, int]:
    """A number or its text times ten to the scale, and the address after it; 0 if not covered."""
    quoted = load_byte(src) == 0x22
    at = src + 1 if quoted else src
    negative = load_byte(at) == 0x2D
    at += 1 if negative else 0
    number, digits, decimals = 0, 0, 0
    pointed = False
    while True:
        byte = load_byte(at)
        if byte == 0x2E and not pointed and digits > 0:
            pointed = True
        elif 0x30 <= byte <= 0x39 and digits < _MAX_DECIMAL_DIGITS:
            number = 10 * number + byte - 0x30
            digits += 1
            decimals += 1 if pointed else 0
        else:
            break
        at += 1
    shift = scale - decimals
    if digits == 0 or shift < 0 or digits + shift > _MAX_DECIMAL_DIGITS:
        return 0, 0
    if (pointed and decimals == 0) or byte == 0x65 or 0x30 <= byte <= 0x39:
        return 0, 0
    if quoted and byte != 0x22:
        return 0, 0
    number *= _WHOLE_TENS[shift]
    if precision < _MAX_DECIMAL_DIGITS and number >= _WHOLE_TENS[precision]:
        return 0, 0
    return (-number if negative else number), at + (1 if quoted else 0)


@callable_from_kernels
def find_field(src: int, begin: int, name: int, length: int) -> int:
    """The address after the name of a field of the object that begins before `begin`.

    The search begins at `src`, which is between two fields. Returns 0 if there is none.
    """
    start = at = src + 1 if load_byte(src) == 0x2C else src
    again = False
    while not (again and at == start):
        if load_byte(at) != 0x22:
            if again or load_byte(at) != 0x7D:
                return 0
            again = True
            at = begin
            continue
        if has_text(at, name, length):
            return at + length
        at = member_end(at)
        if at == 0:
            return 0
        at += 1 if load_byte(at) == 0x2C else 0
    return 0


@callable_from_kernels
def member_end(src: int) -> int:
    """The address after a field of an object; 0 if it does not end."""
    colon = value_end(src)
    return value_end(colon + 1) if colon != 0 and load_byte(colon) == 0x3A else 0


@callable_from_kernels
def count_fields(begin: int) -> tuple[int, int]:
    """The number of fields of the object that begins before `begin`, and the address after it.

    The address is 0 if it does not end.
    """
    count, at = 0, begin
    while load_byte(at) == 0x22:
        at = member_end(at)
        if at == 0:
            return 0, 0
        count += 1
        at += 1 if load_byte(at) == 0x2C else 0
    return count, at + 1 if load_byte(at) == 0x7D else 0
