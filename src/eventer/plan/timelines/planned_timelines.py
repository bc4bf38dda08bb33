"""Timelines by the plan: many timelines at once; the interpreter evaluates those that raise."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.core.logs import event
from eventer.core.model import EngineName
from eventer.functions.durations import nanoseconds
from eventer.plan.execution import BatchTooLargeError, Execution
from eventer.plan.graph import Node, Type
from eventer.plan.ops.documents import program_texts
from eventer.plan.stream_plan import StreamPlan
from eventer.plan.timelines.field_columns import ReaderColumns, TextFields
from eventer.plan.timelines.interpreted_timelines import InterpretedTimelines
from eventer.plan.timelines.planned_step_fields import PlannedStepFields
from eventer.plan.timelines.step_texts import StepTexts
from eventer.plan.timelines.timeline_plan import TimelinePlan
from eventer.plan.timelines.timeline_rows import (
    StepColumns,
    TimelineRows,
    TimelineUnit,
    timeline_rows,
)
from eventer.plan.timelines.traced_steps import StepSource

_NEVER: Final = -1
"""In place of an `after` that is not a duration."""
_NS_PER_SECOND: Final = 1e9
_MAX_SECONDS: Final = 1e9

_log = logging.getLogger(__name__)


class PlannedTimelines:
    """Runs a plan; the interpreter evaluates timelines that raise or that are too large."""

    name: EngineName = "plan"
    unit: TimelineUnit = "timeline"
    reason: str | None = None

    def __init__(
        self,
        plan: StreamPlan,
        timeline_plan: TimelinePlan,
        interpreter: Callable[[], InterpretedTimelines],
        horizon: int,
    ) -> None:
        self._plan = plan
        self._timeline_plan = timeline_plan
        self._make_interpreter = interpreter
        self._interpreted: InterpretedTimelines | None = None
        self._horizon = horizon
        self.broken = False
        """Whether timelines failed because of a defect of the plan."""

    def evaluate(
        self,
        index: NDArray[np.int64],
        starts: NDArray[np.int64],
        deadline_ns: int | None = None,
    ) -> TimelineRows:
        """See `Timelines.evaluate`."""
        rows = len(index)
        while True:
            try:
                return self._evaluate(index[:rows], starts[:rows], deadline_ns)
            except (BatchTooLargeError, MemoryError):
                if rows == 1:
                    break
                rows = max(rows // 8, 1)
            except Exception:  # noqa: BLE001  the interpreter evaluates them
                _log.exception(
                    "a plan failed at timeline %d; the interpreter continues",
                    index[0],
                    extra=event("plan_failed", index=int(index[0])),
                )
                self.broken = True
                break
        return self._interpreter.evaluate(index[:rows], starts[:rows], deadline_ns)

    @property
    def step_names(self) -> frozenset[str | None] | None:
        """See `Timelines.step_names`."""
        names: set[str | None] = set()
        for to in (source.to for source in self._timeline_plan.sources):
            if not isinstance(to, Node):
                names.add(to)
            elif to.type is Type.DICTIONARY:
                names.update(entry for entry in to.entries if isinstance(entry, str | None))
            else:
                return None
        return frozenset(names)

    @property
    def _interpreter(self) -> InterpretedTimelines:
        if self._interpreted is None:
            self._interpreted = self._make_interpreter()
        return self._interpreted

    def _evaluate(
        self, index: NDArray[np.int64], starts: NDArray[np.int64], deadline_ns: int | None
    ) -> TimelineRows:
        run = self._plan.run(index, starts)
        run.find_raised(self._timeline_plan.checks)
        sources = self._timeline_plan.sources
        structures = [self._structure(run, source) for source in sources]
        raised = np.flatnonzero(run.raised)
        parts = [self._steps(run, *each) for each in zip(sources, structures, strict=True)]
        if not len(raised):
            return timeline_rows(len(index), parts, {})
        # The interpreter decides about rows that raise in the plan.
        found = self._interpreter.evaluate(index[raised], starts[raised], deadline_ns)
        count = len(index) if len(found) == len(raised) else int(raised[len(found)])
        parts.append(_columns_of(found, raised))
        errors = {int(raised[row]): error for row, error in found.errors.items()}
        return timeline_rows(count, [part.of_rows_below(count) for part in parts], errors)

    def _structure(self, run: Execution, source: StepSource) -> _Structure:
        """The structure of a source's steps; rows of those that are malformed are marked raised."""
        rows = run.rows(source.domain, self._plan.traced.tracer.graph.root)
        after = _durations(run, source.after, len(rows))
        to, names = _names(run, source.to, len(rows))
        wrong = (after < 0) | (after > self._horizon)
        if not all(isinstance(name, str | None) for name in names):
            wrong |= np.array([not isinstance(name, str | None) for name in names])[to]
            names = tuple(name if isinstance(name, str) else None for name in names)
        run.raised[rows[wrong]] = True
        return _Structure(rows, after, to, names)

    def _steps(self, run: Execution, source: StepSource, structure: _Structure) -> StepColumns:
        """The steps of a source in the rows that do not raise."""
        rows, number = structure.rows, source.number
        texts = program_texts(run, source.written, source.domain).view(pa.large_binary())
        events = texts
        if source.event is not source.written:
            events = program_texts(run, source.event, source.domain).view(pa.large_binary())
        numbers = np.full(len(rows), number) if isinstance(number, int) else run.value(number)
        whole, written = (
            PlannedStepFields(self._plan.plan, run, source, written) for written in (False, True)
        )
        content = StepTexts(texts, events, columns=ReaderColumns(whole, written))
        steps = StepColumns(rows, numbers, structure.after, structure.to, structure.names, content)
        kept = ~run.raised[rows]
        return steps if kept.all() else steps.take(np.flatnonzero(kept))


@dataclass(frozen=True, slots=True)
class _Structure:
    """The row, `after` (ns) and `to`, a code of `names`, of each step of a source."""

    rows: NDArray[np.int64]
    after: NDArray[np.int64]
    to: NDArray[np.int64]
    names: tuple[str | None, ...]


def _columns_of(found: TimelineRows, rows: NDArray[np.int64]) -> StepColumns:
    """The steps of evaluated timelines that are these rows of others."""
    sizes, content = np.diff(found.offsets), found.content
    places = np.repeat(np.arange(len(sizes)), sizes)
    numbers = np.arange(len(places)) - found.offsets[places]
    assert np.all(found.place[1:] > found.place[:-1]), "the interpreter has steps in order"
    fields = [TextFields(texts, rows[places]) for texts in (content.events, content.texts)]
    content = replace(content, columns=ReaderColumns(*fields))
    return StepColumns(rows[places], numbers, found.after, found.to, found.names, content)


def _durations(run: Execution, after: float | str | Node, rows: int) -> NDArray[np.int64]:
    """Durations in ns; `_NEVER` where a value is not one, or is out of all bounds."""
    if not isinstance(after, Node):
        return np.full(rows, _duration(after), dtype=np.int64)
    values = run.value(after)
    if after.type is Type.DICTIONARY:
        return _looked_up(after.entries, values)
    if after.type is Type.TEXT:
        texts = values.dictionary_encode()
        return _looked_up(texts.dictionary.to_pylist(), texts.indices.to_numpy())
    seconds = np.asarray(values, dtype=np.float64)
    inside = np.abs(seconds) < _MAX_SECONDS
    exact = np.where(inside, seconds, -1.0) * _NS_PER_SECOND
    found: NDArray[np.int64] = np.rint(exact).astype(np.int64)
    return found


def _looked_up(entries: Sequence[Any], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    known = np.array([_duration(entry) for entry in entries], dtype=np.int64)
    found: NDArray[np.int64] = known[codes]
    return found


def _duration(value: Any) -> int:
    try:
        return int(nanoseconds("a step", "after", value))
    except EvaluationError:
        return _NEVER


def _names(
    run: Execution, to: str | Node | None, rows: int
) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """The code of each step, and the names, of which some may be neither text nor null."""
    if not isinstance(to, Node):
        return np.zeros(rows, dtype=np.int64), (to,)
    values = run.value(to)
    if to.type is Type.DICTIONARY:
        return values, to.entries
    texts = values.dictionary_encode()
    return texts.indices.to_numpy().astype(np.int64), tuple(texts.dictionary.to_pylist())
