"""Counts crashes of workers by generator, to find poison events. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eventer.core.errors import BudgetError
from eventer.core.model import Position, PositionKey
from eventer.workers.crash_marker import InFlightWork

CRASHES: Final = 3
"""After this many crashes in a row at one index, the generator fails."""


@dataclass(frozen=True, slots=True)
class _CrashCount:
    first: int
    crashes: int


class CrashCounter:
    """Crashes by generator, at its current index. A commit past that index resets them."""

    def __init__(self) -> None:
        self._counts: dict[PositionKey, _CrashCount] = {}

    def record_crash(self, at: InFlightWork) -> int:
        """A worker crashed during this work. Returns the number of crashes at that index."""
        current = self._counts.get(at.key)
        crashes = current.crashes + 1 if current is not None and current.first == at.first else 1
        self._counts[at.key] = _CrashCount(at.first, crashes)
        return crashes

    def record_commit(self, key: PositionKey, position: Position) -> None:
        """A generator's events before `position.next` are committed."""
        current = self._counts.get(key)
        if current is not None and position.next > current.first:
            del self._counts[key]

    def forget(self, key: PositionKey) -> None:
        """The generator was removed."""
        self._counts.pop(key, None)


def poison_event_error(at: InFlightWork) -> BudgetError:
    """The error of a generator during which `CRASHES` workers crashed at one index."""
    first, what = (at.first, "events") if at.timeline is None else (at.timeline, "timelines")
    error = BudgetError(
        f"the worker process crashed {CRASHES} times in a row while it generated {what} from "
        f"{first} on: they take too much memory, or too long",
        hint=f"change the template, or retry with `eventer resume {at.key.generator}`",
    )
    error.index = first
    return error
