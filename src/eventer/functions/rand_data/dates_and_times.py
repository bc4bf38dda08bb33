"""Dates and times: one `get_rand_data()` has one instant, except for its century.

The instant is between 1970 and a fixed end, so events do not depend on the current date.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.functions.calendar import SECONDS_PER_DAY, Dates, dates
from eventer.functions.columns import Column, DictionaryColumn, IntegerColumn
from eventer.functions.formatted_parts import DatePart, TimePart
from eventer.functions.rand_data.field_keys import codes
from eventer.functions.random_texts import TextDefinition, text_field, word
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.text_numbers import BoundedNumber
from eventer.kernels import draw

END: Final = 1_767_225_600
"""2026-01-01T00:00:00Z; all instants are before it."""
_INSTANT: Final = BoundedNumber(0, (END,))

_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_YEARS: Final = tuple(str(year) for year in range(1970, 2026))
_DAYS: Final = tuple(f"{day:2}" for day in range(1, 32))
_CENTURIES: Final = tuple(
    "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI".split()
)


def _seconds(key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
    return codes(key, "unix_time", index, END)


def dates_of(key: draw.Key, index: draw.Index) -> Dates:
    """The dates of rows."""
    return dates(_seconds(key, index) // SECONDS_PER_DAY)


def _unix_time(key: draw.Key, index: draw.Index) -> Column:
    return IntegerColumn(_seconds(key, index))


@text_field
def _date() -> TextDefinition:
    return [word("unix_time")], (DatePart(_INSTANT),)


@text_field
def _time() -> TextDefinition:
    return [word("unix_time")], (TimePart(_INSTANT),)


@text_field
def _timestamp() -> TextDefinition:
    return [word("unix_time")], (DatePart(_INSTANT), b" ", TimePart(_INSTANT))


def _year(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(dates_of(key, index).year - int(_YEARS[0]), _YEARS)


def _month_name(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(dates_of(key, index).month - 1, _MONTHS)


def _day_of_month(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(dates_of(key, index).day - 1, _DAYS)


def _time_period(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(
        _seconds(key, index) % SECONDS_PER_DAY // (SECONDS_PER_DAY // 2), ("AM", "PM")
    )


def _century(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(codes(key, "century", index, len(_CENTURIES)), _CENTURIES)


FIELDS: Final = (
    FieldSpec(
        "unix_time",
        ReturnType.INTEGER,
        "Seconds since 1970, before 2026-01-01T00:00:00Z.",
        _unix_time,
    ),
    FieldSpec("date", ReturnType.TEXT, "The date of `unix_time` in UTC: `2006-01-02`.", _date),
    FieldSpec("time", ReturnType.TEXT, "The time of day of `unix_time` in UTC: `15:04:05`.", _time),
    FieldSpec("month_name", ReturnType.TEXT, "The English month of `date`.", _month_name),
    FieldSpec("year", ReturnType.TEXT, "The year of `date`, as text.", _year),
    FieldSpec(
        "day_of_month",
        ReturnType.TEXT,
        "The day of `date`, as text of two characters, with a space before a single digit.",
        _day_of_month,
    ),
    FieldSpec("timestamp", ReturnType.TEXT, "`date`, a space and `time`.", _timestamp),
    FieldSpec(
        "century",
        ReturnType.TEXT,
        "A Roman number from I to XXI, which has nothing to do with `date`.",
        _century,
    ),
    FieldSpec(
        "time_period", ReturnType.TEXT, "`AM` before noon of `time`, else `PM`.", _time_period
    ),
)
