"""Counts what a run delivered, how fast and how late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from eventer.core.clock import NS_PER_SECOND
from eventer.runs.lateness import LATENESS_BOUNDS, quantile
from eventer.runs.pacing import Pace
from eventer.runs.shard_messages import TransactionCommitted

QUANTILES = (0.5, 0.95, 0.99)
MAX_LATENESS_SECONDS: Final = LATENESS_BOUNDS[-1]
"""Above this, lateness is not measured: the summary has -1."""
_MAX_COMMIT_SAMPLES = 100_000


@dataclass(slots=True)
class RunStats:
    """Totals of one run. Instants are ns since 1970."""

    began: int
    pace: Pace | None = None
    events: int = 0
    bytes: int = 0
    skipped: int = 0
    retries: int = 0
    last_commit: int = 0
    commits: list[float] = field(default_factory=list)
    late: list[int] = field(default_factory=lambda: [0] * (len(LATENESS_BOUNDS) + 1))

    def committed(self, report: TransactionCommitted) -> None:
        """Counts a committed transaction."""
        for delivery in report.deliveries:
            for batch in delivery.batches:
                self.events += batch.rows
                self.bytes += batch.nbytes
                self._count_lateness(batch.first, batch.count, report.at)
        self.last_commit = report.at

    def _count_lateness(self, first: int, count: int, at: int) -> None:
        if self.pace is None:
            return
        import numpy as np

        bounds = np.array(LATENESS_BOUNDS) * NS_PER_SECOND
        late = np.maximum(at - self.pace.scheduled(first, count), 0)
        found = np.bincount(np.searchsorted(bounds, late), minlength=len(self.late))
        self.late = [old + int(new) for old, new in zip(self.late, found, strict=True)]

    def record_commit_seconds(self, seconds: float) -> None:
        """Counts the time that a transaction took to commit."""
        if len(self.commits) < _MAX_COMMIT_SAMPLES:
            self.commits.append(seconds)

    def rate(self, now: int) -> float:
        """Events per second so far."""
        return self.events * NS_PER_SECOND / max(1, now - self.began)

    def summary(self, now: int) -> dict[str, Any]:
        """The totals as a JSON value."""
        return {
            "events": self.events,
            "events_per_second": round(self.rate(now), 1),
            "bytes": self.bytes,
            "skipped": self.skipped,
            "seconds": round((now - self.began) / NS_PER_SECOND, 3),
            "retries": self.retries,
            "commit_seconds": _named_quantiles(quantiles(self.commits)),
            "lateness_seconds": _named_quantiles(self._lateness()),
        }

    def _lateness(self) -> list[float] | None:
        if self.pace is None:
            return None
        found = [quantile(tuple(self.late), share) for share in QUANTILES]
        return None if None in found else [bound for bound in found if bound is not None]


def quantiles(values: Sequence[float]) -> list[float] | None:
    """The `QUANTILES` of the values; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in QUANTILES]


def _named_quantiles(values: Sequence[float] | None) -> dict[str, float] | None:
    if values is None:
        return None
    names = (f"p{share * 100:.0f}" for share in QUANTILES)
    return {
        name: round(value, 6) if value != float("inf") else -1.0
        for name, value in zip(names, values, strict=True)
    }
