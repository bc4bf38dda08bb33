"""The firings of a cron expression, by UTC day.

As in Debian's cron, an expression with a fixed minute and hour follows the clock on the wall: a
time that a change of the clock skips fires at the end of the gap, a repeated one fires once. If the
minute or the hour begins with `*`, the expression fires in the hours as they pass.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

import numpy as np
from cronsim import CronSim, CronSimError

from eventer.core.errors import RequestError
from eventer.core.pace import Cron
from eventer.runs.pace.pieces import Integers
from eventer.runs.pace.zones import DAY, OffsetPeriod, load_zone, offset_periods

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FIELDS = 5
_FORM: Final = "write minute, hour, day of month, month and day of week, as in `0 9 * * MON-FRI`"


def parse_cron(expression: str) -> CronSim:
    """The fields of an expression.

    Raises:
        RequestError: it is not a cron expression of five fields, or never fires.
    """
    if len(expression.split()) != _FIELDS:
        raise _cron_error(expression, "is not a cron expression: it must have five fields")
    try:
        fields = CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
        next(CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        field = str(error).removeprefix("Bad ")
        if field == "day-of-month" and _has_valid_days(expression):
            raise _never_fires(expression) from error
        raise _cron_error(expression, f"is not a cron expression: the {field} is wrong") from error
    except StopIteration as error:
        raise _never_fires(expression) from error
    return fields


def _has_valid_days(expression: str) -> bool:
    """Whether the days are wrong only for the months, as the 31st of February is."""
    fields = expression.split()
    try:
        CronSim(" ".join([*fields[:3], "*", *fields[4:]]), datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return True


def _cron_error(expression: str, said: str, hint: str = _FORM) -> RequestError:
    error = RequestError(f"{expression[:100]!r} {said}")
    error.hint = hint
    return error


def _never_fires(expression: str) -> RequestError:
    return _cron_error(expression, "never fires", "name a day that one of its months has")


class Firings:
    """The firings of a cron expression. Instants are seconds since 1970."""

    def __init__(self, cron: Cron) -> None:
        self._zone = load_zone(cron.timezone)
        self._fields = parse_cron(cron.expression)
        minute, hour = cron.expression.split()[:2]
        self._fixed = not minute.startswith("*") and not hour.startswith("*")
        self._times = np.array(
            [
                hour * 3_600 + minute * 60
                for hour in sorted(self._fields.hours)
                for minute in sorted(self._fields.minutes)
            ],
            dtype=np.int64,
        )
        self.of_day = lru_cache(maxsize=64)(self._of_day)
        self._names = lru_cache(maxsize=4)(self._is_named)
        self._times_before = lru_cache(maxsize=16)(self._count_times_before)

    def count(self, day: int) -> int:
        """The number of firings in a UTC day; many days are counted to find one."""
        found = offset_periods(self._zone, day - 1, day + 1)
        if len(found) > 1:
            return len(self.of_day(day))
        local_day, time = divmod(day * DAY + found[0].offset, DAY)
        before = self._times_before(time)
        after = len(self._times) - before
        return after * self._names(local_day) + before * self._names(local_day + 1)

    def _count_times_before(self, time: int) -> int:
        return int(np.searchsorted(self._times, time))

    def _of_day(self, day: int) -> Integers:
        """The firings in a UTC day. The day before tells which local times are repeated."""
        found = [np.empty(0, dtype=np.int64)]
        passed: int | None = None
        for period in offset_periods(self._zone, day - 1, day + 1):
            begin, end = period.start + period.offset, period.end + period.offset
            if self._fixed and passed is not None:
                if passed < begin and len(self._local(passed, begin)):
                    found.append(np.array([period.start]))
                begin = max(begin, passed)
            found.append(self._in_offset_period(period, begin, end, day))
            passed = end if passed is None else max(end, passed)
        firings = np.unique(np.concatenate(found))
        return firings[np.searchsorted(firings, day * DAY) :]

    def _in_offset_period(self, period: OffsetPeriod, begin: int, end: int, day: int) -> Integers:
        """The firings of a period at the local times [begin, end), from the UTC day on."""
        begin = max(begin, day * DAY + period.offset)
        return self._local(begin, end) - period.offset

    def _local(self, begin: int, end: int) -> Integers:
        """The local times [begin, end) that the expression names."""
        times = [np.empty(0, dtype=np.int64)]
        for day in range(begin // DAY, -(-end // DAY)):
            if self._names(day):
                low, high = np.searchsorted(self._times, (begin - day * DAY, end - day * DAY))
                times.append(self._times[low:high] + day * DAY)
        return np.concatenate(times)

    def _is_named(self, day: int) -> bool:
        """Whether the expression names a local day."""
        named = date.fromordinal(_EPOCH_DAY + day)
        return named.month in self._fields.months and self._fields.match_day(named)
