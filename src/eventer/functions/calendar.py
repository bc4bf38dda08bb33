"""The proleptic Gregorian calendar for columns of seconds, and RFC 3339 texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.functions.columns import StringColumn
from eventer.functions.string_building import Bytes, concatenate_parts, padded_digits
from eventer.kernels import draw

NS_PER_SECOND: Final = 1_000_000_000
SECONDS_PER_DAY: Final = 86_400
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_SECOND: Final = -62_135_596_800
"""0001-01-01T00:00:00Z."""
LAST_SECOND: Final = 253_402_300_799
"""9999-12-31T23:59:59Z."""

# Days are counted from 1 March of year 0, so that leap days end years; 400 years are one period.
_DAYS_TO_EPOCH: Final = 719_468
_PERIOD: Final = 146_097

_PAIRS: Final = np.frombuffer("".join(f"{n:02}" for n in range(100)).encode(), np.uint8).reshape(
    100, 2
)


@dataclass(frozen=True, slots=True)
class Dates:
    """Year, month (1 to 12) and day of the month of each row."""

    year: NDArray[np.int64]
    month: NDArray[np.int64]
    day: NDArray[np.int64]

    def write_text(self) -> Bytes:
        """Each as `2006-01-02`."""
        out = np.full((len(self.year), 10), ord("-"), dtype=np.uint8)
        century = self.year // 100
        out[:, 0:2] = _PAIRS[century]
        out[:, 2:4] = _PAIRS[self.year - century * 100]
        out[:, 5:7] = _PAIRS[self.month]
        out[:, 8:10] = _PAIRS[self.day]
        return out


def dates(days: NDArray[np.int64]) -> Dates:
    """The dates of days since 1970-01-01, of the years 1 to 9999."""
    if draw.use_compiled(len(days)):
        from eventer.kernels.draw import calendar_loops

        return Dates(*calendar_loops.split_dates(days))
    shifted = days + _DAYS_TO_EPOCH
    period = shifted // _PERIOD
    of_period = shifted - period * _PERIOD
    leaps = of_period // 1460 - of_period // 36_524 + of_period // 146_096
    year_of_period = (of_period - leaps) // 365
    of_year = of_period - (365 * year_of_period + year_of_period // 4 - year_of_period // 100)
    from_march = (5 * of_year + 2) // 153
    day = of_year - (153 * from_march + 2) // 5 + 1
    late = from_march >= 10
    month = from_march + np.where(late, -9, 3)
    return Dates(year_of_period + period * 400 + late, month, day)


def clock_text(seconds: NDArray[np.int64]) -> Bytes:
    """Seconds of a day as `15:04:05`."""
    out = np.full((len(seconds), 8), ord(":"), dtype=np.uint8)
    minutes = seconds // 60
    hours = minutes // 60
    out[:, 0:2] = _PAIRS[hours]
    out[:, 3:5] = _PAIRS[minutes - hours * 60]
    out[:, 6:8] = _PAIRS[seconds - minutes * 60]
    return out


def rfc3339(units: NDArray[np.int64], digits: int) -> StringColumn:
    """Counts of 10^-digits seconds since 1970 as `2006-01-02T15:04:05.000Z`."""
    if draw.use_compiled(len(units)):
        from eventer.kernels.draw import calendar_loops

        data, width = calendar_loops.instants(units, digits)
        return StringColumn(data, np.arange(len(units) + 1, dtype=np.int64) * width)
    scale = 10**digits
    seconds = units // scale
    days = seconds // SECONDS_PER_DAY
    text_parts: list[Bytes | bytes] = [
        dates(days).write_text(),
        b"T",
        clock_text(seconds - days * SECONDS_PER_DAY),
    ]
    if digits:
        text_parts += [b".", padded_digits(units - seconds * scale, digits)]
    return concatenate_parts(len(units), *text_parts, b"Z")


def rfc3339_one(units: int, digits: int) -> str:
    """The RFC 3339 text of one count."""
    seconds, fraction = divmod(units, 10**digits)
    text = (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
    return f"{text}.{fraction:0{digits}}Z" if digits else text + "Z"
