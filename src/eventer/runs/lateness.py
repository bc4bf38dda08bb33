"""Counts how late events were committed, in buckets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.clock import NS_PER_SECOND

if TYPE_CHECKING:
    from eventer.core.batch import Batch

LATENESS_BOUNDS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0,
)  # fmt: skip
"""Inclusive upper bounds of the buckets in seconds; one more bucket holds later events."""

_BOUNDS_NS: Final = np.array(
    [int(bound * NS_PER_SECOND) for bound in LATENESS_BOUNDS], dtype=np.int64
)


def count_lateness(
    batches: Iterable[Batch], at: int, since: int = 0
) -> tuple[tuple[int, ...], float]:
    """Events by bucket of their lateness at the instant `at`, and its sum in seconds.

    Events that were scheduled before `since` do not count.
    """
    counts: NDArray[np.int64] = np.zeros(len(LATENESS_BOUNDS) + 1, dtype=np.int64)
    total = 0.0
    for batch in batches:
        late = lateness_of(batch, at, since)
        counts += np.bincount(np.searchsorted(_BOUNDS_NS, late), minlength=len(counts))
        total += float(late.sum()) / NS_PER_SECOND
    return tuple(counts.tolist()), total


def lateness_of(batch: Batch, at: int, since: int = 0) -> NDArray[np.int64]:
    """The lateness (ns) of the events of a batch that were scheduled from `since` on."""
    scheduled = batch.scheduled
    if since > 0 and len(scheduled) and scheduled[0] < since:
        scheduled = scheduled[scheduled >= since]
    return np.maximum(at - scheduled, 0)


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
