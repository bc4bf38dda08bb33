"""How long to wait before trying again."""

from __future__ import annotations

from typing import Final

BASE_NS: Final = 100_000_000
CAP_NS: Final = 4_000_000_000
"""An outage's end is noticed within this; goals for recovery are 5 and 10 seconds."""

FENCED_NS: Final = 5_000_000_000
"""Another owner is alive: two that take over from each other must not do so all the time."""


COSTLY_BASE_NS: Final = 20_000_000_000
COSTLY_CAP_NS: Final = 240_000_000_000
"""What costs others their connection if it fails again is tried more rarely."""


def costly_delay_ns(tries: int, jitter: float) -> int:
    """As `delay_ns`, for what holds others up each time that it fails."""
    full = min(COSTLY_CAP_NS, COSTLY_BASE_NS << min(tries, 16))
    return full // 2 + int(full / 2 * jitter)


def delay_ns(tries: int, jitter: float) -> int:
    """The wait after `tries` failures in a row: doubling, capped, spread over its upper half.

    `jitter` is uniform in [0, 1).
    """
    full = min(CAP_NS, BASE_NS << min(tries, 16))
    return full // 2 + int(full / 2 * jitter)
