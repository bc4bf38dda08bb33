"""When small transactions follow one another: so that many ticks share the fixed price of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TIME_SHARE_DIVISOR: Final = 4
"""Small transactions take no more than one part in so many of a connection's time."""
MAX_PAUSE_NS: Final = 100_000_000
"""However long one took, the next one may begin when it began so long ago."""
GENERATION_STEP_NS: Final = 20_000_000
"""What becomes due during a transaction is made in steps of this, what is closer together at once:
making is not without a price either."""


@dataclass(slots=True)
class CommitThrottle:
    """When the next small transaction may begin, and when what it holds is made.

    It is nobody's concern where there is a backlog: that is made and delivered as fast as can be.
    """

    until: int = 0
    _generated_at: int = 0

    def record_commit(self, began: int, now: int) -> None:
        """A transaction that began then was committed just now."""
        self.until = began + min(TIME_SHARE_DIVISOR * max(0, now - began), MAX_PAUSE_NS)

    def generated(self, now: int) -> None:
        """What was due is being made."""
        self._generated_at = now

    def generate_at(self, *, busy: bool) -> int:
        """From when on what becomes due is made; `busy` says if the connection is in use."""
        step = self._generated_at + GENERATION_STEP_NS
        return step if busy else max(step, self.until)
