"""An engine whose events are the steps of timelines: it generates them by delivery number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import MAX_BYTES, MAX_EVENT_BYTES, MAX_EVENTS, Batch
from eventer.core.errors import BudgetError
from eventer.core.model import EngineName
from eventer.core.timelines import FAILED, Steps
from eventer.plan.engine import ScheduledTimes
from eventer.plan.timelines.timeline_rows import Timelines
from eventer.runs.timelines.opened_timelines import StepTexts
from eventer.runs.timelines.step_fields import StepFields
from eventer.runs.timelines.step_timetable import StepTimetable


@dataclass(frozen=True, slots=True)
class StepEngine:
    """Generates the steps of a timetable; `index` in its batches is the delivery number.

    A timeline that raises has one delivery number, without an event.
    """

    timelines: Timelines
    timetable: StepTimetable

    @property
    def name(self) -> EngineName:
        """See `Engine.name`."""
        return self.timelines.name

    @property
    def reason(self) -> str | None:
        """See `Engine.reason`."""
        return self.timelines.reason

    def generate(
        self,
        first: int,
        scheduled: NDArray[np.int64],
        deadline_ns: int | None = None,
        later: ScheduledTimes | None = None,
    ) -> Batch:
        """See `Engine.generate`; an error has the index of the timeline."""
        del deadline_ns, later
        steps = self.timetable.steps(first, min(len(scheduled), MAX_EVENTS))
        if steps.step[0] == FAILED:
            raise self.timetable.error(int(steps.index[0]))
        failed = np.flatnonzero(steps.step == FAILED)
        steps = steps.cut(0, int(failed[0]) if len(failed) else len(steps))
        texts = self.timetable.texts(steps)
        count = _count_within_limits(texts.texts, steps)
        return step_batch(first, steps.cut(0, count), texts.cut(count))


def _count_within_limits(texts: pa.LargeBinaryArray, steps: Steps) -> int:
    """How many texts one batch can have.

    Raises:
        BudgetError: the first one is too large.
    """
    ends = _ends(texts)
    large = np.flatnonzero(np.diff(ends) > MAX_EVENT_BYTES)
    if len(large) and large[0] == 0:
        where = f"timeline {steps.index[0]}, step {steps.step[0]}"
        error = BudgetError(
            f"{where}: the event has {ends[1] - ends[0]:,} bytes, more than {MAX_EVENT_BYTES:,}"
        )
        error.index = int(steps.index[0])
        raise error
    most = int(np.searchsorted(ends, ends[0] + MAX_BYTES))
    return int(min([max(most, 1), len(texts), *large[:1]]))


def _ends(texts: pa.LargeBinaryArray) -> NDArray[np.int64]:
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64)
    return offsets[texts.offset : texts.offset + len(texts) + 1]


def step_batch(first: int, steps: Steps, texts: StepTexts) -> Batch:
    """The events of steps that have the delivery numbers from `first` on."""
    numbers = np.arange(first, first + len(steps), dtype=np.int64)
    fields = StepFields(texts.events, steps, numbers)
    whole = texts.events is texts.texts
    return Batch(
        first=first,
        count=len(steps),
        index=numbers,
        scheduled=steps.due,
        text=texts.texts,
        cursors=steps.cursors if len(steps) else None,
        fields=fields,
        part_fields=None if whole else StepFields(texts.texts, steps, numbers),
    )
