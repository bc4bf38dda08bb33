"""Time as an argument: the one place that reads a clock, and the protocol everything else takes."""

from __future__ import annotations

import time
from typing import Protocol

NS_PER_SECOND = 1_000_000_000


class Clock(Protocol):
    """Tells the time. Tests pass one that they move by hand."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00Z."""

    def monotonic_ns(self) -> int:
        """Nanoseconds since some fixed instant; never goes back."""


class SystemClock:
    """The machine's clocks."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00Z."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Nanoseconds since some fixed instant; never goes back."""
        return time.monotonic_ns()
