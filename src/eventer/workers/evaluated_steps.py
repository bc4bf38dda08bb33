"""The steps of timelines that all start at one instant: to show them, or to check them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.errors import TemplateError
from eventer.core.suggestions import did_you_mean
from eventer.core.timelines import Steps, TimelineSpec, joined, no_step_text
from eventer.plan.timelines.timeline_rows import TimelineRows, Timelines
from eventer.runs.timelines.opened_timelines import StepTexts
from eventer.runs.timelines.step_engine import step_batch
from eventer.workers.inspector_messages import TemplateWarning

_STEP_BYTES: Final = 80
"""What the step of an event adds to an answer, without its name."""
_SLICE_NS: Final = 50_000_000
_FEW: Final = 128
_FEW_AT_A_TIME: Final = 8
"""So few timelines are evaluated together that no compiled code needs to be loaded."""


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedSteps:
    """Steps, the name that each has or null, and their texts; the errors of timelines that raise.

    Steps are in the order of timelines, and of the template within them.
    """

    steps: Steps
    names: list[str | None]
    texts: StepTexts
    errors: Mapping[int, TemplateError]

    @property
    def nbytes(self) -> int:
        """About how many bytes an answer with these steps has."""
        names = sum(_STEP_BYTES + len(name or "") for name in self.names)
        return int(self.texts.texts.nbytes) + names

    def batch(self, first: int) -> Batch:
        """The events, numbered from `first` on."""
        return step_batch(first, self.steps, self.texts)


def evaluate_steps(
    timelines: Timelines,
    spec: TimelineSpec,
    at: int | NDArray[np.int64],
    first: int,
    count: int,
) -> Iterator[EvaluatedSteps]:
    """The steps of the timelines [first, first + count) that start `at` times, some at a time."""
    times = np.broadcast_to(np.asarray(at, dtype=np.int64), (count,))
    begin, end, most = first, first + count, _FEW_AT_A_TIME if count <= _FEW else count
    while first < end:
        index = np.arange(first, min(end, first + most), dtype=np.int64)
        starts = times[first - begin : first - begin + len(index)]
        rows = timelines.evaluate(index, starts, time.monotonic_ns() + _SLICE_NS)
        yield _steps_of(rows, first, starts, spec.only)
        first += len(rows)


def _steps_of(
    rows: TimelineRows, first: int, starts: NDArray[np.int64], only: str | None
) -> EvaluatedSteps:
    sizes = np.diff(rows.offsets)
    row = np.repeat(np.arange(len(sizes)), sizes)
    steps = Steps(starts[row] + rows.after, first + row, np.arange(len(row)) - rows.offsets[row])
    kept = np.flatnonzero(rows.named(only))
    places = pa.array(rows.place[kept])
    texts = rows.texts.take(places)
    events = texts if rows.events is rows.texts else rows.events.take(places)
    errors = {first + each: error for each, error in rows.errors.items()}
    names = [rows.names[code] for code in rows.to[rows.place[kept]].tolist()]
    return EvaluatedSteps(steps.take(kept), names, StepTexts(texts, events), errors)


def only_warnings(timelines: Timelines, only: str | None) -> tuple[TemplateWarning, ...]:
    """A warning if it is known in advance that no step has the name `only`."""
    names = timelines.step_names
    if only is None or names is None or only in names:
        return ()
    known = sorted(name for name in names if name is not None)
    hint = did_you_mean(only, known) or (f"steps have {', '.join(map(repr, known))}")
    return (TemplateWarning(no_step_text(only), None, hint if known else None),)


def in_delivery_order(parts: Sequence[EvaluatedSteps]) -> EvaluatedSteps:
    """The steps of several parts by due time, index and number."""
    steps = joined([part.steps for part in parts])
    order = np.lexsort((steps.step, steps.index, steps.due))
    places = pa.array(order)
    texts = pa.concat_arrays([part.texts.texts for part in parts]).take(places)
    events = pa.concat_arrays([part.texts.events for part in parts]).take(places)
    every = [name for part in parts for name in part.names]
    names = [every[row] for row in order.tolist()]
    errors = {index: error for part in parts for index, error in part.errors.items()}
    return EvaluatedSteps(steps.take(order), names, StepTexts(texts, events), errors)
