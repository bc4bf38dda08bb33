"""Which generator is to blame for the deaths of workers, and when it is given up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eventer.core.errors import BudgetError
from eventer.core.model import Position, PositionKey
from eventer.workers.crash_marker import InFlightWork

CRASHES: Final = 3
"""How many deaths at one place, one after the other, are no accident."""


@dataclass(frozen=True, slots=True)
class _CrashCount:
    first: int
    crashes: int


class CrashCounter:
    """Deaths by generator. They count only until it gets past the place."""

    def __init__(self) -> None:
        self._counts: dict[PositionKey, _CrashCount] = {}

    def record_crash(self, at: InFlightWork) -> int:
        """A worker died while it made events of a generator; the how-manieth time at that place."""
        current = self._counts.get(at.key)
        crashes = current.crashes + 1 if current is not None and current.first == at.first else 1
        self._counts[at.key] = _CrashCount(at.first, crashes)
        return crashes

    def record_commit(self, key: PositionKey, position: Position) -> None:
        """Its events before `position.next` are delivered."""
        current = self._counts.get(key)
        if current is not None and position.next > current.first:
            del self._counts[key]

    def forget(self, key: PositionKey) -> None:
        """It is no more."""
        self._counts.pop(key, None)


def poison_event_error(at: InFlightWork) -> BudgetError:
    """The error of a generator that has brought down `CRASHES` workers at one place."""
    error = BudgetError(
        f"making events from {at.first} on brought their worker process down {CRASHES} times, one "
        "after the other: that takes too much memory, or does not end",
        hint=f"change the template; `eventer resume {at.key.generator}` tries again as it is",
    )
    error.index = at.first
    return error
