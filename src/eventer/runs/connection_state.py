"""Whether a shard's connection is open, of use, and when a lost one is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eventer.core.errors import EventerError, FencedError
from eventer.runs.backoff import FENCED_NS, delay_ns

IDLE_NS: Final = 10_000_000_000
"""How long a connection that nothing uses is kept."""


@dataclass(slots=True)
class ConnectionState:
    """The state of a connection. `unusable` is one that still has to be closed, and is of no use."""

    opened: bool = False
    unusable: bool = False
    tries: int = 0
    retry_at: int = 0
    idle_since: int = 0

    def mark_lost(
        self, error: EventerError, now: int, jitter: float, *, at_fault: bool = False
    ) -> None:
        """It is of no use any more; the next one may be opened after a while.

        That is short where a generator is to blame, which will not be there the next time.
        """
        if at_fault:
            self.tries = 0
        self.opened, self.unusable = False, True
        fenced = isinstance(error, FencedError)
        self.retry_at = now + delay_ns(self.tries, jitter) + (FENCED_NS if fenced else 0)
        self.tries += 1

    def close(self) -> None:
        """It is closed."""
        self.opened = self.unusable = False

    def record_success(self) -> None:
        """It did what it is for: earlier failures do not count any more."""
        self.tries = 0

    @property
    def idle_until(self) -> int:
        """When it is closed if nothing uses it."""
        return self.idle_since + IDLE_NS
