"""Totals of a shard for the metrics, and its slowest stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from eventer.core.clock import NS_PER_SECOND
from eventer.core.model import Guarantee
from eventer.runs.lateness import LATENESS_BOUNDS
from eventer.workers.messages import CommitSummary

Stage: TypeAlias = Literal["template", "encode", "destination"]
STAGES: Final[tuple[Stage, ...]] = ("template", "encode", "destination")
"""The stages that an event passes."""

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
            self.recent[stage] = _DECAY * self.recent[stage] + seconds

    @property
    def slowest(self) -> Stage:
        """The stage that took most of the recent time."""
        if not self.connected:
            return "destination"
        return max(STAGES, key=lambda stage: self.recent[stage])
