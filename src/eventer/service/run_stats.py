"""Counts what a run delivered, how fast and how late."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.clock import NS_PER_SECOND
from eventer.runs.lateness import LATENESS_BOUNDS, live_events, quantile
from eventer.runs.shard_messages import TransactionCommitted
from eventer.service.shard_totals import ShardTotals
from eventer.service.thresholds import Threshold, ThresholdFailure
from eventer.workers.messages import summarize_commit

QUANTILES = (0.5, 0.95, 0.99)
MAX_LATENESS_SECONDS: Final = LATENESS_BOUNDS[-1]
"""Above this, lateness is not measured: the summary has -1."""
_MAX_COMMIT_SAMPLES = 100_000


@dataclass(slots=True)
class RunStats:
    """Totals of one run. Instants are ns since 1970.

    `shift` is scheduled minus due time (ns); None without a pace, which has no lateness. Lateness
    is counted for events scheduled from `live_from` on. `position` is the next index to commit.
    """

    began: int
    shift: int | None = None
    totals: ShardTotals = field(default_factory=ShardTotals)
    skipped: int = 0
    commits: list[float] = field(default_factory=list)
    dropped: int = 0
    live_from: int = 0
    thresholds: tuple[Threshold, ...] = ()
    position: int = 0
    last_commit: int = 0
    _beyond: dict[Threshold, int] = field(default_factory=dict)

    def committed(self, report: TransactionCommitted) -> None:
        """Counts a committed transaction."""
        late_at = None if self.shift is None else report.at + self.shift
        keys = [delivery.flow.key for delivery in report.deliveries]
        live_from = dict.fromkeys(keys, self.live_from)
        self.totals.add(summarize_commit(report, late_at, live_from))
        batches = [batch for delivery in report.deliveries for batch in delivery.batches]
        self.dropped += sum(len(batch.dropped) for batch in batches)
        self.position = max([self.position, *(each.next for each in report.positions.values())])
        self.last_commit = report.at
        if late_at is not None and self.thresholds:
            self._count_beyond(live_events(report.deliveries, live_from), late_at)
        if len(self.commits) < _MAX_COMMIT_SAMPLES:
            self.commits.append(report.stage_times.destination / NS_PER_SECOND)

    def _count_beyond(self, scheduled: Sequence[NDArray[np.int64]], late_at: int) -> None:
        """Counts the events beyond each limit of lateness: its buckets are too coarse."""
        late = [(late_at - times) / NS_PER_SECOND for times in scheduled]
        for threshold in self.thresholds:
            if threshold.is_lateness:
                beyond = sum(threshold.count_beyond(each) for each in late)
                self._beyond[threshold] = self._beyond.get(threshold, 0) + beyond

    def failures(self, progress: float | None, *, settled: bool) -> list[ThresholdFailure]:
        """The thresholds that the run has passed; `progress` is its delivered share of the rate.

        Unless `settled`, only counts are looked at: the first commits say little about the rest.
        """
        found = []
        for threshold in self.thresholds:
            if not settled and threshold.metric not in ("skipped", "retries"):
                continue
            value = self._value(threshold, progress)
            if value is not None and self._fails(threshold, value):
                found.append(ThresholdFailure(threshold, value))
        return found

    def _fails(self, threshold: Threshold, value: float) -> bool:
        if threshold.is_lateness:
            return threshold.fails_quantile(
                self._beyond.get(threshold, 0), sum(self.totals.lateness)
            )
        return threshold.fails(value)

    def _value(self, threshold: Threshold, progress: float | None) -> float | None:
        if threshold.is_lateness:
            return quantile(self.totals.lateness, threshold.share)
        match threshold.metric:
            case "rate":
                return progress
            case "skipped":
                return self.skipped
            case "retries":
                return self.totals.retries
            case "events":
                return self.totals.events
            case _:
                values = quantiles(self.commits)
                return None if values is None else values[QUANTILES.index(threshold.share)]

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
