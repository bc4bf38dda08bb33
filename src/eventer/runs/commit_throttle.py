"""Throttles small transactions so that ticks share the fixed cost of a commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TIME_SHARE_DIVISOR: Final = 4
"""Small transactions take at most this fraction of a connection's time."""
MAX_PAUSE_NS: Final = 100_000_000
"""The longest time between the starts of two small transactions."""
GENERATION_STEP_NS: Final = 20_000_000
"""Events that become due within one step are generated together, to share the fixed cost."""


@dataclass(slots=True)
class CommitThrottle:
    """When the next small transaction may begin, and when its events are generated.

    A backlog is not throttled.
    """

    until: int = 0
    _generated_at: int = 0

    def record_commit(self, began: int, now: int) -> None:
        """A transaction that began at `began` was committed."""
        self.until = began + min(TIME_SHARE_DIVISOR * max(0, now - began), MAX_PAUSE_NS)

    def generated(self, now: int) -> None:
        """Due events are being generated."""
        self._generated_at = now

    def generate_at(self, *, busy: bool) -> int:
        """When due events may be generated; `busy` says whether the connection is in use."""
        step = self._generated_at + GENERATION_STEP_NS
        return step if busy else max(step, self.until)
