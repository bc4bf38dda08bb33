"""The clock that all other modules take as an argument. Only this module reads the time."""

from __future__ import annotations

import time
from typing import Protocol

NS_PER_SECOND = 1_000_000_000


class Clock(Protocol):
    """Source of time. Tests pass a clock that they advance."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00Z."""

    def monotonic_ns(self) -> int:
        """Nanoseconds since an arbitrary instant; never decreases."""


class SystemClock:
    """The clocks of the operating system."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00Z."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Nanoseconds since an arbitrary instant; never decreases."""
        return time.monotonic_ns()
