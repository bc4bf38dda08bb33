"""The steps of a flow in a shard, from the committed position on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventer.core.cursor import Cursor
from eventer.plan.engine import Engine
from eventer.runs.timelines.step_timetable import LOOKAHEAD, StepTimetable


@dataclass(frozen=True, slots=True)
class OpenedSteps:
    """The steps from a delivery number on, and the engine that generates their events."""

    timetable: StepTimetable
    engine: Engine


class FlowSteps:
    """A `Timetable` of delivery numbers for a process with many flows.

    Only the generation thread calls `engine` and `scheduled`, which evaluate templates, and `open`.
    Other threads never wait for it: they read the steps that it has found so far. Before it has
    found any, the step with the number `first` may be due from `due` on.
    """

    def __init__(self, open: Callable[[], OpenedSteps], first: int, due: int) -> None:  # noqa: A002
        self._open = open
        self._opened: OpenedSteps | None = None
        self._now = 0
        self.total: int | None = None
        """See `Timetable`."""
        self._released = first
        self._found = (first, due)
        """The number after the known steps, and when that step may be due.

        They are one value, so that other threads always read two that belong together.
        """

    def due_end(self, now: int) -> int:
        """See `Timetable`; if more steps may be due, a number of which some are perhaps not."""
        self._now = now
        end, due = self._found
        return end + LOOKAHEAD if due <= now else end

    def due_at(self, index: int) -> int:
        """See `Timetable`: 0 for a known step, which is due; for others perhaps too early."""
        end, due = self._found
        return due if index >= end else 0

    def backlog(self, number: int, now: int) -> tuple[int, int]:
        """How many steps from a number on are known to be due, and when the first may be due."""
        end, due = self._found
        return max(0, end - number), due if number >= end else now

    def release(self, number: int) -> None:
        """Steps before a number are not asked for again."""
        self._released = max(self._released, number)

    # -- in the generation thread ---------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """The engine that generates the events.

        Raises:
            TemplateError: this version of Eventer rejects the template.
        """
        if self._opened is None:
            self._opened = self._open()
        return self._opened.engine

    def scheduled(self, first: int, count: int) -> NDArray[np.int64]:
        """See `Timetable`: the times of those steps that are due, perhaps none.

        Raises:
            EventerError: the sequence has failed at the first of these steps.
        """
        assert self._opened is not None
        timetable = self._opened.timetable
        timetable.release(self._released)
        end = timetable.due_end(self._now)
        self._found, self.total = (end, timetable.due_at(end)), timetable.total
        return timetable.scheduled(first, min(count, end - first))

    def cursors(self, number: int) -> tuple[Cursor, Cursor] | None:
        """The places of a known step and after it; None if the sequence has failed there."""
        if self._opened is None or self._opened.timetable.failed_at == number:
            return None
        return self._opened.timetable.steps(number, 1).cursors
