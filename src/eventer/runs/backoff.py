"""How long to wait before trying again."""

from __future__ import annotations

from typing import Final

BASE_NS: Final = 100_000_000
CAP_NS: Final = 4_000_000_000
"""The end of an outage is noticed within this time; the goals for recovery are 5 s and 10 s."""

FENCED_NS: Final = 5_000_000_000
"""Another owner is alive: two owners must not take over from each other all the time."""

COSTLY_BASE_NS: Final = 20_000_000_000
COSTLY_CAP_NS: Final = 240_000_000_000
"""Retries are rarer if a failure costs other flows their connection."""

RETRY_NS: Final = 300_000_000_000
"""How long an event that the destination rejects is retried, if `on_error` is `retry`."""


def costly_delay_ns(tries: int, jitter: float) -> int:
    """The same as `delay_ns`, for retries whose failure delays other flows."""
    return delay_ns(tries, jitter, COSTLY_BASE_NS, COSTLY_CAP_NS)


def delay_ns(tries: int, jitter: float, base: int = BASE_NS, cap: int = CAP_NS) -> int:
    """The wait after `tries` failures in a row: doubling, capped, spread over its upper half.

    `jitter` is uniform in [0, 1).
    """
    full = min(cap, base << min(tries, 16))
    return full // 2 + int(full / 2 * jitter)
