"""The steps of all timelines of a generator, in their order, from any place in it on.

Timelines are opened in the order of their starts. A step is safe to take as soon as all timelines
that start before it is due are open. Nothing here reads a clock: the same starts give the same
steps, wherever one begins and in batches of any size.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import BudgetError, TemplateError
from eventer.core.timelines import (
    BEGIN,
    FAILED,
    MAX_PENDING_STEPS,
    Cursor,
    Steps,
    TimelineSpec,
    joined,
)
from eventer.plan.timelines.step_texts import StepTexts
from eventer.plan.timelines.timeline_rows import TimelineRows, Timelines
from eventer.runs.pacing import END
from eventer.runs.timelines.opened_timelines import OpenedTimelines
from eventer.runs.timelines.pending_steps import PendingSteps
from eventer.runs.timelines.starts import TimelineStarts

OPENED_STEPS: Final = 65_536
"""About how many steps are opened at a time."""
MIN_OPENED: Final = 64
MAX_OPENED: Final = 16_384
"""Timelines that are opened at a time: few at first, so that a sequence begins soon."""
AHEAD_NS: Final = 600 * NS_PER_SECOND
"""How far ahead timelines are opened before they start, so that many are opened together."""
PAST_NS: Final = 24 * 3_600 * NS_PER_SECOND
"""How much of the past is opened at a time, at most."""
_OPENING_NS: Final = 50_000_000
"""How long timelines are opened at a time."""


class StepSequence:
    """Takes steps from a cursor on; evaluates the texts of steps that were taken."""

    def __init__(
        self,
        timelines: Timelines,
        starts: TimelineStarts,
        spec: TimelineSpec,
        cursor: Cursor = BEGIN,
        first: int = 0,
    ) -> None:
        """Takes steps at `cursor` or after it, of the timelines from the index `first` on."""
        self._timelines = timelines
        self._starts = starts
        self._spec = spec
        self._cursor = cursor
        self._next = max(first, self._first_index(cursor))
        self._frontier = starts.at(self._next)
        self._pending = PendingSteps()
        self._ready: deque[Steps] = deque()
        self._opened = OpenedTimelines(timelines, starts)
        self._steps_per_timeline = 1.0
        self._most = MIN_OPENED

    def _first_index(self, cursor: Cursor) -> int:
        """The first timeline that can have a step at the cursor or after it."""
        return max(0, self._starts.count_until(cursor.due - self._spec.horizon - 1))

    @property
    def cursor(self) -> Cursor:
        """The place after the last step that was taken."""
        return self._cursor

    @property
    def pending(self) -> int:
        """Steps of opened timelines that were not taken."""
        return len(self._pending) + sum(map(len, self._ready))

    @property
    def next_due(self) -> int:
        """When the next step may be due, not later than it is; `END` if there is none."""
        if self._ready:
            return int(self._ready[0].due[0])
        first = self._pending.first_due
        return self._frontier if first is None else min(first, self._frontier)

    def take(self, count: int, until: int = END - 1, deadline_ns: int | None = None) -> Steps:
        """The next steps that are due by an instant: at most `count`, fewer if there are no more.

        There may also be fewer, or none, after `deadline_ns` of the monotonic clock.

        Raises:
            BudgetError: too many steps wait for their time.
        """
        while sum(map(len, self._ready)) < count and not _is_past(deadline_ns):
            if not self._prepare(until):
                break
        parts: list[Steps] = []
        while self._ready and count > 0:
            steps = self._ready.popleft()
            stop = min(count, steps.count_due(until))
            parts.append(steps.cut(0, stop))
            count -= stop
            if stop < len(steps):
                self._ready.appendleft(steps.cut(stop, len(steps)))
                break
        return self._taken(joined([part for part in parts if len(part)]))

    def _taken(self, steps: Steps) -> Steps:
        if len(steps):
            self._cursor = steps.cursors[1]
        return steps

    def _prepare(self, until: int) -> bool:
        """Makes more steps ready, or opens timelines; False if no more are due."""
        ready = self._pending.take(min(self._frontier, until))
        if len(ready):
            self._ready.append(ready)
            return True
        if self._frontier > until:
            return False
        self._open(until)
        return True

    # -- opening --------------------------------------------------------------------------------

    def _open(self, until: int) -> None:
        """Opens the next timelines, at least one; those that start by an instant are needed."""
        most = min(self._most, max(1, int(OPENED_STEPS / self._steps_per_timeline)))
        self._most = min(2 * self._most, MAX_OPENED)
        ahead = max(AHEAD_NS, min(until - self._frontier, PAST_NS))
        count = min(most, self._starts.count_until(self._frontier + ahead) - self._next)
        index = np.arange(self._next, self._next + count, dtype=np.int64)
        starts = self._starts.times(self._next, count)
        rows = self._timelines.evaluate(index, starts, time.monotonic_ns() + _OPENING_NS)
        steps = self._steps_of(rows, index[: len(rows)], starts[: len(rows)])
        if len(self._pending) + len(steps) > MAX_PENDING_STEPS:
            raise BudgetError(
                f"more than {MAX_PENDING_STEPS:,} steps of timelines wait for their time",
                hint="choose a lower rate or a shorter horizon",
            )
        self._steps_per_timeline = max(1.0, len(rows.after) / len(rows))
        self._pending.add(steps)
        self._opened.add(self._next, rows, steps)
        self._next += len(rows)
        self._frontier = self._starts.at(self._next)

    def _steps_of(
        self, rows: TimelineRows, index: NDArray[np.int64], starts: NDArray[np.int64]
    ) -> Steps:
        """The steps of opened timelines in order, without those before the cursor."""
        failed = np.fromiter(rows.errors, dtype=np.int64, count=len(rows.errors))
        sizes = np.diff(rows.offsets)
        row = np.repeat(np.arange(len(sizes)), sizes)
        step = np.arange(len(row)) - rows.offsets[row]
        steps = Steps(starts[row] + rows.after, index[row], step)
        if self._spec.only is not None:
            steps = steps.take(rows.named(self._spec.only))
        if len(failed):
            numbers = np.full(len(failed), FAILED)
            steps = joined([steps, Steps(starts[failed], index[failed], numbers)])
        if self._cursor != BEGIN:
            steps = steps.take(steps.not_before(self._cursor))
        if len(failed):
            return steps.take(np.lexsort((steps.step, steps.index, steps.due)))
        return steps.take(np.argsort(steps.due, kind="stable"))

    # -- texts ----------------------------------------------------------------------------------

    def texts(self, steps: Steps) -> StepTexts:
        """The texts of steps that were taken and not released; none of them may be `FAILED`."""
        return self._opened.texts(steps)

    def error(self, index: int) -> TemplateError:
        """The error of a timeline that raises, whose step was taken and not released."""
        return self._opened.error(index)

    def release(self, due: int) -> None:
        """Releases timelines whose steps are all due before an instant."""
        self._opened.release(due)


def _is_past(deadline_ns: int | None) -> bool:
    return deadline_ns is not None and time.monotonic_ns() >= deadline_ns
