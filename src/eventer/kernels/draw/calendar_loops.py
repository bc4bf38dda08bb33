"""Dates and times from counts of days and seconds. Importing this module imports Numba.

The calendar is the proleptic Gregorian one, of the years 1 to 9999. Days are counted from 1 March
of year 0, so that leap days end years; 400 years are a period.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.jit import callable_from_kernels, frozen, kernel

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_DAYS_TO_EPOCH: Final = 719_468
_PERIOD: Final = np.uint64(146_097)
_DAY: Final = 86_400
_DATE_WIDTH: Final = 10
_CLOCK_WIDTH: Final = 8
_ZERO: Final = np.uint8(0x30)
_DASH: Final = 0x2D
_COLON: Final = 0x3A
_POINT: Final = 0x2E
_T: Final = 0x54
_Z: Final = 0x5A


@callable_from_kernels
def date_of(days: int) -> tuple[Any, Any, Any]:
    """Year, month and day of the month of a day since 1970-01-01, as words."""
    shifted = np.uint64(days + _DAYS_TO_EPOCH)
    period = shifted // _PERIOD
    of_period = shifted - period * _PERIOD
    leaps = of_period // np.uint64(1460) - of_period // np.uint64(36_524)
    leaps += of_period // np.uint64(146_096)
    year = (of_period - leaps) // np.uint64(365)
    before = np.uint64(365) * year + year // np.uint64(4) - year // np.uint64(100)
    of_year = of_period - before
    from_march = (np.uint64(5) * of_year + np.uint64(2)) // np.uint64(153)
    day = of_year - (np.uint64(153) * from_march + np.uint64(2)) // np.uint64(5) + np.uint64(1)
    year += period * np.uint64(400)
    if from_march >= np.uint64(10):
        return year + np.uint64(1), from_march - np.uint64(9), day
    return year, from_march + np.uint64(3), day


@callable_from_kernels
def _write_pair(out: Bytes, at: int, value: Any) -> None:
    tens = value // np.uint64(10)
    out[at] = np.uint8(tens) + _ZERO
    out[at + 1] = np.uint8(value - tens * np.uint64(10)) + _ZERO


@callable_from_kernels
def write_date(out: Bytes, at: int, days: int) -> int:
    """Writes a day since 1970-01-01 as `2006-01-02`; returns the position after it."""
    year, month, day = date_of(days)
    target = out[at : at + _DATE_WIDTH]
    century = year // np.uint64(100)
    _write_pair(target, 0, century)
    _write_pair(target, 2, year - century * np.uint64(100))
    target[4] = _DASH
    _write_pair(target, 5, month)
    target[7] = _DASH
    _write_pair(target, 8, day)
    return at + _DATE_WIDTH


@callable_from_kernels
def write_clock(out: Bytes, at: int, seconds: int) -> int:
    """Writes a second of a day as `15:04:05`; returns the position after it."""
    target = out[at : at + _CLOCK_WIDTH]
    rest = np.uint64(seconds)
    minutes = rest // np.uint64(60)
    hours = minutes // np.uint64(60)
    _write_pair(target, 0, hours)
    target[2] = _COLON
    _write_pair(target, 3, minutes - hours * np.uint64(60))
    target[5] = _COLON
    _write_pair(target, 6, rest - minutes * np.uint64(60))
    return at + _CLOCK_WIDTH


@kernel
def _split(days: Ints, years: Ints, months: Ints, month_days: Ints) -> None:
    for row in range(len(days)):
        year, month, day = date_of(days[row])
        years[row] = np.int64(year)
        months[row] = np.int64(month)
        month_days[row] = np.int64(day)


@kernel
def _write_instants(units: Ints, digits: int, out: Bytes) -> None:
    scale = 1
    for _ in range(digits):
        scale *= 10
    at = 0
    for row in range(len(units)):
        seconds = units[row] // scale
        days = seconds // _DAY
        at = write_date(out, at, days)
        out[at] = _T
        at = write_clock(out, at + 1, seconds - days * _DAY)
        if digits:
            out[at] = _POINT
            rest = np.uint64(units[row] - seconds * scale)
            for place in range(digits, 0, -1):
                higher = rest // np.uint64(10)
                out[at + place] = np.uint8(rest - higher * np.uint64(10)) + _ZERO
                rest = higher
            at += digits + 1
        out[at] = _Z
        at += 1


def split_dates(days: Ints) -> tuple[Ints, Ints, Ints]:
    """Year, month and day of the month of each day since 1970-01-01."""
    years, months, month_days = (np.empty(len(days), dtype=np.int64) for _ in range(3))
    _split(frozen(np.ascontiguousarray(days)), years, months, month_days)
    return years, months, month_days


def instants(units: Ints, digits: int) -> tuple[Bytes, int]:
    """Concatenated RFC 3339 texts of counts of 10^-digits seconds since 1970, and their length."""
    width = _DATE_WIDTH + _CLOCK_WIDTH + 2 + (digits + 1 if digits else 0)
    out = np.empty(len(units) * width, dtype=np.uint8)
    _write_instants(frozen(np.ascontiguousarray(units)), digits, out)
    return out, width
