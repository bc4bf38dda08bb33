"""Running totals over the UTC days of a calendar, computed as far as they are needed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from eventer.core.clock import NS_PER_SECOND
from eventer.runs.pace.zones import DAY

DAY_NS: Final = DAY * NS_PER_SECOND
LAST_DAY: Final = (1 << 63) // DAY_NS
"""Instants after this day do not fit into signed 64-bit nanoseconds."""


class DayTotals:
    """`total_of(day)` for each day from `first_day` on, and their sums."""

    def __init__(self, first_day: int, total_of: Callable[[int], int]) -> None:
        self._first_day = first_day
        self._total_of = total_of
        self._sums = [0]

    def before(self, day: int) -> int:
        """The sum of the days [first_day, day)."""
        day = min(day, LAST_DAY)
        while len(self._sums) <= day - self._first_day:
            self._extend()
        return self._sums[day - self._first_day]

    def day_of(self, amount: int) -> int | None:
        """The day in which the sum exceeds `amount`; None if it does not before the year 2262."""
        while self._sums[-1] <= amount:
            if self._first_day + len(self._sums) > LAST_DAY:
                return None
            self._extend()
        return self._first_day + bisect_right(self._sums, amount) - 1

    def _extend(self) -> None:
        day = self._first_day + len(self._sums) - 1
        self._sums.append(self._sums[-1] + self._total_of(day))
