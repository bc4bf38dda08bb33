"""Counts what a run delivered, how fast and how late."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from eventer.core.clock import NS_PER_SECOND
from eventer.runs.lateness import LATENESS_BOUNDS, quantile
from eventer.runs.shard_messages import TransactionCommitted
from eventer.service.shard_totals import ShardTotals
from eventer.workers.messages import summarize_commit

QUANTILES = (0.5, 0.95, 0.99)
MAX_LATENESS_SECONDS: Final = LATENESS_BOUNDS[-1]
"""Above this, lateness is not measured: the summary has -1."""
_MAX_COMMIT_SAMPLES = 100_000


@dataclass(slots=True)
class RunStats:
    """Totals of one run. Instants are ns since 1970.

    `shift` is scheduled minus due time (ns); None without a pace, which has no lateness.
    """

    began: int
    shift: int | None = None
    totals: ShardTotals = field(default_factory=ShardTotals)
    skipped: int = 0
    commits: list[float] = field(default_factory=list)
    dropped: int = 0

    def committed(self, report: TransactionCommitted) -> None:
        """Counts a committed transaction."""
        late_at = None if self.shift is None else report.at + self.shift
        self.totals.add(summarize_commit(report, late_at))
        batches = [batch for delivery in report.deliveries for batch in delivery.batches]
        self.dropped += sum(len(batch.dropped) for batch in batches)
        if len(self.commits) < _MAX_COMMIT_SAMPLES:
            self.commits.append(report.stage_times.destination / NS_PER_SECOND)

    def rate(self, now: int) -> float:
        """Events per second so far."""
        return self.totals.events * NS_PER_SECOND / max(1, now - self.began)

    def summary(self, now: int) -> dict[str, Any]:
        """The totals as a JSON value."""
        return {
            "events": self.totals.events,
            "events_per_second": round(self.rate(now), 1),
            "bytes": self.totals.bytes,
            "skipped": self.skipped,
            "dropped": self.dropped,
            "seconds": round((now - self.began) / NS_PER_SECOND, 3),
            "retries": self.totals.retries,
            "commit_seconds": _named_quantiles(quantiles(self.commits)),
            "lateness_seconds": _named_quantiles(
                self._lateness((now - self.began) / NS_PER_SECOND)
            ),
        }

    def _lateness(self, elapsed: float) -> list[float] | None:
        """Upper bounds in seconds; no event of a run is later than the time since it began."""
        bounds = [quantile(self.totals.lateness, share) for share in QUANTILES]
        if self.shift is None or None in bounds:
            return None
        return [b if b == math.inf else min(b, elapsed) for b in bounds if b is not None]


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
        name: round(value, 6) if value != math.inf else -1.0
        for name, value in zip(names, values, strict=True)
    }
