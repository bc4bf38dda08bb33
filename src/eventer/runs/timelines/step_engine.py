"""An engine whose events are the steps of timelines: it generates them by delivery number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import MAX_BYTES, MAX_EVENT_BYTES, MAX_EVENTS, Batch
from eventer.core.errors import BudgetError
from eventer.core.fault_rules import FaultKind
from eventer.core.model import EngineName
from eventer.core.timelines import FAILED, Steps
from eventer.plan.engine import ScheduledTimes
from eventer.plan.timelines.step_texts import StepTexts
from eventer.plan.timelines.timeline_rows import Timelines, TimelineUnit
from eventer.runs.timelines.step_fields import StepFields, step_name
from eventer.runs.timelines.step_timetable import StepTimetable


@dataclass(frozen=True, slots=True)
class StepEngine:
    """Generates the steps of a timetable; `index` in its batches is the delivery number.

    A timeline that raises has one delivery number, without an event. So has a dropped event.
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
        unit = self.timelines.unit
        count = _count_within_limits(texts.texts, steps, unit)
        return step_batch(first, steps.cut(0, count), texts.cut(count), unit)


def _count_within_limits(texts: pa.LargeBinaryArray, steps: Steps, unit: TimelineUnit) -> int:
    """How many texts one batch can have.

    Raises:
        BudgetError: the first one is too large.
    """
    ends = _ends(texts)
    large = np.flatnonzero(np.diff(ends) > MAX_EVENT_BYTES)
    if len(large) and large[0] == 0:
        where = step_name(unit, steps, 0) + (": the event" if unit == "timeline" else "")
        error = BudgetError(
            f"{where} has {ends[1] - ends[0]:,} bytes, more than {MAX_EVENT_BYTES:,}"
        )
        error.index = int(steps.index[0])
        raise error
    most = int(np.searchsorted(ends, ends[0] + MAX_BYTES))
    return int(min([max(most, 1), len(texts), *large[:1]]))


def _ends(texts: pa.LargeBinaryArray) -> NDArray[np.int64]:
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int64)
    return offsets[texts.offset : texts.offset + len(texts) + 1]


def step_batch(
    first: int, steps: Steps, texts: StepTexts, unit: TimelineUnit = "timeline"
) -> Batch:
    """The events of steps that have the delivery numbers from `first` on."""
    numbers = np.arange(first, first + len(steps), dtype=np.int64)

    def fields(of: pa.LargeBinaryArray, *, written: bool) -> StepFields:
        return StepFields(of, texts.columns, steps, numbers, unit, written)

    batch = Batch(
        first=first,
        count=len(steps),
        index=numbers,
        scheduled=steps.due,
        text=texts.texts,
        cursors=steps.cursors if len(steps) else None,
        fields=fields(texts.events, written=False),
        part_fields=None if texts.whole else fields(texts.texts, written=True),
        fault_labels=texts.labels,
        fault_kinds=texts.kinds,
        fault_drops=_fault_drops(texts.kinds),
    )
    return batch.drop(texts.texts.is_null().to_numpy(zero_copy_only=False))


def _fault_drops(kinds: NDArray[np.uint8] | None) -> int:
    """How many steps are events that a fault dropped."""
    return 0 if kinds is None else int(np.count_nonzero(kinds & FaultKind.DROP.bit))
