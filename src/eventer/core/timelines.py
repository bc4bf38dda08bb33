"""Timelines as frozen values: their bounds, their steps, and places in the order of the steps.

A timeline is an array of steps that a template gives for one index. Steps of all timelines of a
generator are in the order (due time, index of the timeline, number of the step).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.clock import NS_PER_SECOND
from eventer.core.cursor import BEGIN, FAILED, Cursor, read_cursor
from eventer.core.duration import DurationError, parse_duration
from eventer.core.errors import RequestError
from eventer.core.model import TimelineSpec

__all__ = [
    "BEGIN",
    "FAILED",
    "MAX_BEGUN_TIMELINES",
    "MAX_HORIZON_NS",
    "MAX_PENDING_STEPS",
    "MAX_STEPS",
    "NO_STEPS",
    "Cursor",
    "Steps",
    "TimelineSpec",
    "in_order",
    "joined",
    "parse_horizon",
    "read_cursor",
]

MAX_STEPS: Final = 1_000
"""Steps of one timeline."""
MAX_HORIZON_NS: Final = 24 * 3_600 * NS_PER_SECOND
MAX_PENDING_STEPS: Final = 5_000_000
"""Steps of begun timelines that wait for their time."""
MAX_BEGUN_TIMELINES: Final = 5_000_000
"""Timelines that begin within one horizon."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Steps as columns (int64): when they are due (ns since 1970), timeline, number in it."""

    due: NDArray[np.int64]
    index: NDArray[np.int64]
    step: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.due)

    def cut(self, start: int, stop: int) -> Steps:
        """The steps [start, stop), which share memory with these."""
        return Steps(self.due[start:stop], self.index[start:stop], self.step[start:stop])

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Steps:
        """Some of the steps, copied."""
        return Steps(self.due[rows], self.index[rows], self.step[rows])

    def count_due(self, until: int) -> int:
        """How many are due by an instant; the steps must be in order."""
        return int(np.searchsorted(self.due, until, side="right"))

    def cursor(self, row: int) -> Cursor:
        """The place of a step."""
        return Cursor(int(self.due[row]), int(self.index[row]), int(self.step[row]))

    @property
    def cursors(self) -> tuple[Cursor, Cursor]:
        """The places of the first step and after the last one."""
        return self.cursor(0), self.cursor(-1).after

    def not_before(self, cursor: Cursor) -> NDArray[np.bool_]:
        """Which steps are at a cursor or after it."""
        later: NDArray[np.bool_] = (self.index == cursor.index) & (self.step >= cursor.step)
        later |= self.index > cursor.index
        later &= self.due == cursor.due
        later |= self.due > cursor.due
        return later


NO_STEPS: Final = Steps(*(np.empty(0, np.int64) for _ in range(3)))


def joined(parts: Sequence[Steps]) -> Steps:
    """The steps of several parts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NO_STEPS
    return Steps(
        np.concatenate([part.due for part in parts]),
        np.concatenate([part.index for part in parts]),
        np.concatenate([part.step for part in parts]),
    )


def in_order(parts: Sequence[Steps]) -> Steps:
    """The steps of several parts by due time.

    Steps with equal due times stay as they are: the parts must have them in order.
    """
    steps = joined(parts)
    return steps if len(parts) == 1 else steps.take(np.argsort(steps.due, kind="stable"))


def no_step_text(only: str) -> str:
    """Says that no step has the name `only`."""
    return f"no step has `to`: {only!r}"


def parse_horizon(text: str) -> int:
    """The horizon of a duration such as `30m`, in ns.

    Raises:
        RequestError: it is not a duration, or not between zero and 24 hours.
    """
    try:
        horizon = parse_duration(text)
    except DurationError as error:
        raise RequestError(error.message) from error
    if not 0 < horizon <= MAX_HORIZON_NS:
        raise RequestError("must be greater than zero and at most 24h")
    return horizon
