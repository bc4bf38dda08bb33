"""When the timelines of a generator start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventer.runs.pacing import END, Pace


@dataclass(frozen=True, slots=True)
class TimelineStarts:
    """Timeline i starts when index i of the pace is due, `shift` ns later; there are `limit`."""

    pace: Pace
    limit: int = END
    shift: int = 0

    def times(self, first: int, count: int) -> NDArray[np.int64]:
        """The starts of the timelines [first, first + count), in ascending order."""
        return self.pace.scheduled(first, count) + np.int64(self.shift)

    def at(self, index: int) -> int:
        """The start of a timeline; `END` if it never starts."""
        if index >= self.limit:
            return END
        due = self.pace.due_at(index)
        return END if due >= END else due + self.shift

    def count_until(self, instant: int) -> int:
        """The first index that does not start by an instant."""
        return min(self.limit, self.pace.due_end(instant - self.shift))
