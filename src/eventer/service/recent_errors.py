"""The errors that a generator had since the service started."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from eventer.core.errors import EventerError

MAX_RECENT_ERRORS: Final = 20


@dataclass(frozen=True, slots=True)
class PastError:
    """An error, and how often it occurred without another one between; instants in ns since 1970.

    `error` is the newest of them.
    """

    error: EventerError
    first_at: int
    at: int
    count: int = 1


@dataclass(slots=True)
class RecentErrors:
    """The newest errors. One that repeats is counted instead of pushing out the others."""

    _errors: deque[PastError] = field(default_factory=lambda: deque(maxlen=MAX_RECENT_ERRORS))

    def add(self, error: EventerError, at: int) -> None:
        """Adds an error."""
        newest = self._errors[-1] if self._errors else None
        if newest is not None and _kind(newest.error) == _kind(error):
            self._errors[-1] = PastError(error, newest.first_at, at, newest.count + 1)
        else:
            self._errors.append(PastError(error, at, at))

    def discard(self, error: EventerError) -> None:
        """Forgets an error that turned out to be none."""
        kept = [past for past in self._errors if past.error is not error]
        self._errors.clear()
        self._errors.extend(kept)

    def newest_first(self) -> Sequence[PastError]:
        """The errors."""
        return tuple(reversed(self._errors))


def _kind(error: EventerError) -> object:
    return type(error), error.message, getattr(error, "place", None)
