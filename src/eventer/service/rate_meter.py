"""The rate at which a generator's events are committed, over the last while."""

from __future__ import annotations

from collections import deque
from typing import Final

from eventer.core.clock import NS_PER_SECOND

SHORTEST_NS: Final = 10 * NS_PER_SECOND
LONGEST_NS: Final = 3_600 * NS_PER_SECOND
_SAMPLES: Final = 256


class RateMeter:
    """Remembers how far it was when, over a few intervals of its generator."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque()

    def reset(self, now: int, position: int) -> None:
        """Begins to count here."""
        self._samples.clear()
        self._samples.append((now, position))

    def record(self, now: int, position: int, interval: int) -> None:
        """So far it is now. Samples closer than a hundredth of the window are one."""
        window = _window(interval)
        samples = self._samples
        if len(samples) > 1 and samples[-1][0] - samples[-2][0] < window * 2 // _SAMPLES:
            samples.pop()
        samples.append((now, position))
        self._forget(now - window)

    def rate(self, now: int, interval: int) -> float:
        """Events a second over the window, or over as much of it as there was."""
        self._forget(now - _window(interval))
        if not self._samples:
            return 0.0
        (began, first), (_, last) = self._samples[0], self._samples[-1]
        seconds = (now - began) / NS_PER_SECOND
        return (last - first) / seconds if seconds > 0 else 0.0

    def _forget(self, before: int) -> None:
        """Keeps one sample from before the window: events since then are counted from it."""
        while len(self._samples) > 1 and self._samples[1][0] <= before:
            self._samples.popleft()


def _window(interval: int) -> int:
    return min(max(SHORTEST_NS, 3 * interval), LONGEST_NS)
