"""The steps of a flow by delivery number: the steps of a sequence, counted from 0."""

from __future__ import annotations

import time
from bisect import bisect_right
from threading import RLock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EventerError
from eventer.core.timelines import NO_STEPS, Steps, joined
from eventer.runs.pacing import END
from eventer.runs.timelines.opened_timelines import StepTexts
from eventer.runs.timelines.step_sequence import StepSequence

LOOKAHEAD: Final = 20_000
"""Steps that are taken from the sequence before they are generated."""
_EXTENDING_NS: Final = 50_000_000
"""How long steps are taken at a time: other work waits meanwhile."""


class StepTimetable:
    """A `Timetable` of delivery numbers.

    A step is due `shift` ns before its scheduled time; with `simulated` time, at once. Steps are
    kept from the last `release` on, so that they can be generated again. The next step of the
    sequence has the number `first`. Threads can share it.
    """

    def __init__(
        self,
        sequence: StepSequence,
        shift: int = 0,
        *,
        simulated: bool = False,
        first: int = 0,
    ) -> None:
        self._sequence = sequence
        self.shift = None if simulated else shift
        """Scheduled minus due time (ns); None with simulated time."""
        self._shift = shift
        self._simulated = simulated
        self._lock = RLock()
        self._parts: list[Steps] = []
        self._numbers: list[int] = []
        """The number of the first step of each part."""
        self._released = first
        self._end = first
        self._asked = first
        self._error: EventerError | None = None

    @property
    def total(self) -> int | None:
        """The number of all steps, as soon as it is known."""
        with self._lock:
            known = self._error is None and self._sequence.next_due >= END
            return self._end if known else None

    @property
    def failed_at(self) -> int | None:
        """The number at which the sequence has failed."""
        with self._lock:
            return None if self._error is None else self._end

    # -- Timetable ------------------------------------------------------------------------------

    def due_end(self, now: int) -> int:
        """See `Timetable`: the first number that is not due yet, or of those after `LOOKAHEAD`.

        After an error it is one more: asking for that step raises the error.
        """
        with self._lock:
            if self._error is None and self._end - self._asked < LOOKAHEAD:
                self._extend(END - 1 if self._simulated else now + self._shift)
            return self._end if self._error is None else self._end + 1

    def due_at(self, index: int) -> int:
        """See `Timetable`: for a step that is not due yet, perhaps too early."""
        with self._lock:
            if index < self._end:
                part = self._part(max(index, self._released))
                due = int(part.due[0]) if len(part) else END
            else:
                due = 0 if self._error is not None else self._sequence.next_due
            if due >= END:
                return END
            return 0 if self._simulated else due - self._shift

    def scheduled(self, first: int, count: int) -> NDArray[np.int64]:
        """See `Timetable`.

        Raises:
            EventerError: the sequence has failed at the first of these steps.
        """
        return self.steps(first, count).due

    # -- steps ----------------------------------------------------------------------------------

    def steps(self, first: int, count: int) -> Steps:
        """The steps [first, first + count), or fewer: those that were taken so far.

        Raises:
            EventerError: the sequence has failed at the first of these steps.
        """
        with self._lock:
            if self._error is not None and first >= self._end:
                raise self._error
            self._asked = max(self._asked, first + count)
            parts: list[Steps] = []
            while count > 0 and first < self._end:
                part = self._part(first)
                parts.append(part.cut(0, min(count, len(part))))
                count -= len(parts[-1])
                first += len(parts[-1])
            return joined(parts)

    def texts(self, steps: Steps) -> StepTexts:
        """See `StepSequence.texts`."""
        with self._lock:
            return self._sequence.texts(steps)

    def error(self, index: int) -> EventerError:
        """See `StepSequence.error`."""
        with self._lock:
            return self._sequence.error(index)

    def release(self, number: int) -> None:
        """Steps before a number are not asked for again."""
        with self._lock:
            self._released = max(self._released, number)
            while len(self._parts) > 1 and self._numbers[1] <= number:
                del self._parts[0], self._numbers[0]
            if self._parts and number < self._end:
                self._sequence.release(int(self._part(number).due[0]))

    def _extend(self, until: int) -> None:
        try:
            steps = self._sequence.take(LOOKAHEAD, until, time.monotonic_ns() + _EXTENDING_NS)
        except EventerError as error:
            self._error = error
            return
        if len(steps):
            self._parts.append(steps)
            self._numbers.append(self._end)
            self._end += len(steps)

    def _part(self, number: int) -> Steps:
        """Taken steps from a number on."""
        place = bisect_right(self._numbers, number) - 1
        if place < 0:
            return NO_STEPS
        part = self._parts[place]
        return part.cut(number - self._numbers[place], len(part))
