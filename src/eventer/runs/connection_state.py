"""The state of a shard's connection, and when the next one may be opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eventer.core.errors import EventerError, FencedError
from eventer.runs.backoff import FENCED_NS, delay_ns

IDLE_NS: Final = 10_000_000_000
"""How long an unused connection stays open."""


@dataclass(slots=True)
class ConnectionState:
    """The state of a connection. An `unusable` one must still be closed."""

    opened: bool = False
    unusable: bool = False
    tries: int = 0
    retry_at: int = 0
    idle_since: int = 0

    def mark_lost(
        self, error: EventerError, now: int, jitter: float, *, at_fault: bool = False
    ) -> None:
        """The connection is unusable; the next one may be opened after a delay.

        The delay is short if a flow is at fault: the next connection starts without that flow.
        """
        if at_fault:
            self.tries = 0
        self.opened, self.unusable = False, True
        fenced = isinstance(error, FencedError)
        self.retry_at = now + delay_ns(self.tries, jitter) + (FENCED_NS if fenced else 0)
        self.tries += 1

    def close(self) -> None:
        """The connection is closed."""
        self.opened = self.unusable = False

    def record_success(self) -> None:
        """A commit succeeded: earlier failures do not count any more."""
        self.tries = 0

    @property
    def idle_until(self) -> int:
        """When an unused connection is closed."""
        return self.idle_since + IDLE_NS
