"""Measures the rate at which a generator's events are committed."""

from __future__ import annotations

from collections import deque
from typing import Final

from eventer.core.clock import NS_PER_SECOND

SHORTEST_NS: Final = 10 * NS_PER_SECOND
LONGEST_NS: Final = 3_600 * NS_PER_SECOND
_SAMPLES: Final = 256


class RateMeter:
    """Samples of a generator's position, over a few of its intervals."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque()

    def reset(self, now: int, position: int) -> None:
        """Drops all samples and starts at this position."""
        self._samples.clear()
        self._samples.append((now, position))

    def record(self, now: int, position: int, interval: int) -> None:
        """Adds a sample. Merges samples closer than 1/128 of the window."""
        window = _window(interval)
        samples = self._samples
        if len(samples) > 1 and samples[-1][0] - samples[-2][0] < window * 2 // _SAMPLES:
            samples.pop()
        samples.append((now, position))
        self._forget(now - window)

    def rate(self, now: int, interval: int) -> float:
        """Events per second over the window, or since the first sample."""
        self._forget(now - _window(interval))
        if not self._samples:
            return 0.0
        (began, first), (_, last) = self._samples[0], self._samples[-1]
        seconds = (now - began) / NS_PER_SECOND
        return (last - first) / seconds if seconds > 0 else 0.0

    def _forget(self, before: int) -> None:
        """Drops samples before the window, except for the newest: counting starts there."""
        while len(self._samples) > 1 and self._samples[1][0] <= before:
            self._samples.popleft()


def _window(interval: int) -> int:
    return min(max(SHORTEST_NS, 3 * interval), LONGEST_NS)
