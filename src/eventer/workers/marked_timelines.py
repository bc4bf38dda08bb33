"""Timelines whose evaluation is marked, so that a crash of the process names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventer.core.model import EngineName
from eventer.plan.timelines.timeline_rows import TimelineRows, Timelines, TimelineUnit


@dataclass(frozen=True, slots=True)
class MarkedTimelines:
    """Implements `Timelines`: gives `mark` the first index of each evaluation before it begins."""

    timelines: Timelines
    mark: Callable[[int], object]

    @property
    def name(self) -> EngineName:
        """See `Timelines.name`."""
        return self.timelines.name

    @property
    def reason(self) -> str | None:
        """See `Timelines.reason`."""
        return self.timelines.reason

    @property
    def unit(self) -> TimelineUnit:
        """See `Timelines.unit`."""
        return self.timelines.unit

    @property
    def step_names(self) -> frozenset[str | None] | None:
        """See `Timelines.step_names`."""
        return self.timelines.step_names

    def evaluate(
        self,
        index: NDArray[np.int64],
        starts: NDArray[np.int64],
        deadline_ns: int | None = None,
    ) -> TimelineRows:
        """See `Timelines.evaluate`."""
        self.mark(int(index[0]))
        return self.timelines.evaluate(index, starts, deadline_ns)
