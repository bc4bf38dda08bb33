"""Totals of a shard for the metrics, and its slowest stage."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from eventer.core.clock import NS_PER_SECOND
from eventer.core.model import Guarantee
from eventer.runs.lateness import LATENESS_BOUNDS
from eventer.workers.messages import CommitSummary

Stage: TypeAlias = Literal["template", "encode", "destination"]
STAGES: Final[tuple[Stage, ...]] = ("template", "encode", "destination")
"""The stages that an event passes."""

STAGE_BOUNDS: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
"""Inclusive upper bounds of the buckets of `stage_durations`, in seconds; one more holds others."""

_DECAY: Final = 0.9
"""Factor by which the recent time of each stage shrinks with every commit."""


@dataclass(slots=True)
class ShardTotals:
    """Totals of one shard since the service started."""

    connected: bool = False
    logged_error: str | None = None
    """The error that was logged last."""
    guarantee: Guarantee | None = None
    events: int = 0
    bytes: int = 0
    commits: int = 0
    retries: int = 0
    lateness: list[int] = field(default_factory=lambda: [0] * (len(LATENESS_BOUNDS) + 1))
    lateness_sum: float = 0.0
    stages: dict[Stage, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    stage_durations: dict[Stage, list[int]] = field(
        default_factory=lambda: {stage: [0] * (len(STAGE_BOUNDS) + 1) for stage in STAGES}
    )
    """Transactions by bucket of the time that each stage took."""
    recent: dict[Stage, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    def add(self, update: CommitSummary) -> None:
        """Counts a transaction."""
        self.connected = True
        self.events += update.events
        self.bytes += update.bytes
        self.commits += 1
        self.lateness = [a + b for a, b in zip(self.lateness, update.lateness, strict=True)]
        self.lateness_sum += update.lateness_sum
        for stage in STAGES:
            seconds = getattr(update.stage_times, stage) / NS_PER_SECOND
            self.stages[stage] += seconds
            self.stage_durations[stage][bisect_left(STAGE_BOUNDS, seconds)] += 1
            self.recent[stage] = _DECAY * self.recent[stage] + seconds

    @property
    def slowest(self) -> Stage:
        """The stage that took most of the recent time."""
        if not self.connected:
            return "destination"
        return max(STAGES, key=lambda stage: self.recent[stage])
