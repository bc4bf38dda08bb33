"""Counts how late events were committed, in buckets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.clock import NS_PER_SECOND
from eventer.core.model import PositionKey
from eventer.destinations.base import Delivery

LATENESS_BOUNDS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0,
)  # fmt: skip
"""Inclusive upper bounds of the buckets in seconds; one more bucket holds later events."""

_BOUNDS_NS: Final = np.array(
    [int(bound * NS_PER_SECOND) for bound in LATENESS_BOUNDS], dtype=np.int64
)


def live_events(
    deliveries: Iterable[Delivery], live_from: Mapping[PositionKey, int]
) -> list[NDArray[np.int64]]:
    """The scheduled times of delivered events, from the `live_from` of their generator on.

    Earlier events are the past that a `start` asks for: they are delivered late on purpose.
    """
    times = []
    for delivery in deliveries:
        since = live_from.get(delivery.flow.key, 0)
        for batch in delivery.batches:
            scheduled = batch.scheduled
            past = len(scheduled) > 0 and scheduled[0] < since
            times.append(scheduled[scheduled >= since] if past else scheduled)
    return times


def count_lateness(
    scheduled: Iterable[NDArray[np.int64]], at: int
) -> tuple[tuple[int, ...], float]:
    """Events by bucket of their lateness at the instant `at`, and its sum in seconds."""
    counts: NDArray[np.int64] = np.zeros(len(LATENESS_BOUNDS) + 1, dtype=np.int64)
    total = 0.0
    for times in scheduled:
        late = np.maximum(at - times, 0)
        counts += np.bincount(np.searchsorted(_BOUNDS_NS, late), minlength=len(counts))
        total += float(late.sum()) / NS_PER_SECOND
    return tuple(counts.tolist()), total


def quantile(counts: Sequence[int], share: float) -> float | None:
    """An upper bound in seconds of the lateness of that share of the events; None without events.

    Infinite if it exceeds the last bound.
    """
    total = sum(counts)
    if total == 0:
        return None
    passed = 0
    for bound, count in zip((*LATENESS_BOUNDS, float("inf")), counts, strict=True):
        passed += count
        if passed >= share * total:
            return bound
    return float("inf")
