"""The plan as an engine: many events at a time; those that raise are the interpreter's."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import MAX_BYTES, MAX_EVENT_BYTES, Batch
from eventer.core.errors import BudgetError, EvaluationError
from eventer.core.model import ColumnType, EngineName
from eventer.core.repeats import Repeats
from eventer.functions.timestamps import MovingGrid
from eventer.kernels.assemble import assemble
from eventer.plan.execute import Run, TooLargeError
from eventer.plan.fields import CutFields, KeptFields, MixedFields, PlanFields
from eventer.plan.graph import Node
from eventer.plan.interpreted import InterpretedEngine
from eventer.plan.ops.operation import RAISING
from eventer.plan.projection import Leaf, Wanted, project, read
from eventer.plan.row_program import Program
from eventer.plan.trace.event import TracedEvent

AHEAD: Final = 256
"""Events made at once where fewer are asked for, if none depends on when it is due."""
_FIRST_AHEAD: Final = 16
_SPREAD: Final = 48
_FIRST_ROWS: Final = 512
"""Taken however slow the last events were: enough for compiled code, which may make them fast."""
_LEAST_NEAR: Final = 256
_MOST_ROWS: Final = 10_000
_NEAR_BYTES: Final = 2 << 20
"""Text made in one go: with its columns it stays near the processor."""


_log = logging.getLogger(__name__)


def _may_raise(node: Node) -> bool:
    timed = node.operation == "draw" and isinstance(node.parameters[0], MovingGrid)
    return timed or node.operation in RAISING


class Plan:
    """A traced event with the program that writes it. Shared by the threads of a process."""

    def __init__(self, traced: TracedEvent, program: Program) -> None:
        self.traced = traced
        self.program = program
        self.checks = tuple(filter(_may_raise, traced.tracer.graph.nodes))
        """Columns that tell which events raise, whether their values are written or not."""
        self._lock = RLock()
        self._projections: dict[tuple[str, ColumnType], tuple[Leaf, ...]] = {}

    @property
    def timed(self) -> bool:
        """Whether events depend on when they are due."""
        return self.traced.timed

    def run(self, index: NDArray[np.int64], scheduled: NDArray[np.int64]) -> Run:
        """A run over some events."""
        return Run(self.traced.tracer.graph, index, scheduled, self.traced.restart_meter)

    def read(self, run: Run, pointer: str, kind: ColumnType, rows: tuple[int, int]) -> Any:
        """A field of some rows (from, up to) of a run as a column."""
        graph = self.traced.tracer.graph
        with self._lock:
            leaves = self._projections.get((pointer, kind))
            if leaves is None:
                self.traced.restart_meter()
                leaves = project(self.traced.tracer, self.traced.value, pointer, kind)
                self._projections[pointer, kind] = leaves
        return read(leaves, run, graph.root, Wanted(pointer, kind, *rows))

    def names(self, run: Run) -> frozenset[str]:
        """The top-level field names that occur in any row of a run."""
        with self._lock:
            return frozenset(self.traced.names(run))


@dataclass(slots=True)
class _Ahead:
    """Events made beforehand: rows of `batch`."""

    batch: Batch
    fields: KeptFields

    def cut(self, first: int, scheduled: NDArray[np.int64]) -> Batch | None:
        """The events asked for, where they are all there."""
        start, stop = first - self.batch.first, first - self.batch.first + len(scheduled)
        if start < 0 or stop > self.batch.count:
            return None
        return Batch(
            first=first,
            count=len(scheduled),
            index=self.batch.index[start:stop],
            scheduled=scheduled,
            text=self.batch.text[start:stop],
            fields=CutFields(self.fields, start, stop),
            repeats=self.batch.repeats and self.batch.repeats.cut(start, stop),
        )


@dataclass(frozen=True, slots=True)
class _Made:
    """The events from `first` on, as far as they have texts.

    Those of the rows `raised` count for nothing. `oversize` is the size of the next event, if that
    is why there are no more.
    """

    first: int
    scheduled: NDArray[np.int64]
    run: Run
    raised: NDArray[np.int64]
    text: pa.LargeBinaryArray
    repeats: Repeats | None
    oversize: int | None

    def goes_on_with(self, first: int, scheduled: NDArray[np.int64]) -> bool:
        """Whether the event `first`, due as said, is among these, and all after it that are."""
        start = first - self.first
        if not 0 <= start < len(self.text):
            return False
        both = min(len(scheduled), len(self.scheduled) - start)
        return bool(np.array_equal(self.scheduled[start : start + both], scheduled[:both]))

    def batch(self, fields: PlanFields) -> Batch:
        """The rows of some fields as a batch."""
        start, stop = fields.start, fields.stop
        first = self.first + start
        return Batch(
            first=first,
            count=stop - start,
            index=np.arange(first, self.first + stop, dtype=np.int64),
            scheduled=self.scheduled[start:stop],
            text=self.text[start:stop],
            fields=fields,
            repeats=self.repeats and self.repeats.cut(start, stop),
        )


class ColumnarEngine:
    """Runs a plan. Rows that raise, or that it cannot hold, are made by the interpreter."""

    name: EngineName = "plan"
    reason: str | None = None

    def __init__(
        self,
        plan: Plan,
        interpreter: Callable[[], InterpretedEngine],
        max_event_bytes: int = MAX_EVENT_BYTES,
        *,
        number: int = 0,
        repeats: bool = False,
    ) -> None:
        """Engines that differ in `number` make events ahead at different ticks.

        Else a thousand that begin together would run out of them in one and the same.
        """
        self._plan = plan
        self._make_interpreter = interpreter
        self._interpreted: InterpretedEngine | None = None
        self._max_event_bytes = max_event_bytes
        self._repeats = repeats
        self._row_bytes = 256.0
        self._row_ns = 20_000.0
        self._ahead: _Ahead | None = None
        self._ahead_rows = _FIRST_AHEAD + number % _SPREAD
        self._rest: _Made | None = None
        """What was made beyond an event that raises, for the call that goes on there."""
        self.broken = False
        """Whether a batch failed for a reason that is a defect of ours."""

    def generate(
        self, first: int, scheduled: NDArray[np.int64], deadline_ns: int | None = None
    ) -> Batch:
        """See `eventer.plan.engine.Engine.generate`."""
        try:
            return self._generated(first, scheduled, deadline_ns)
        except (EvaluationError, BudgetError):
            raise
        except Exception:  # noqa: BLE001  the interpreter can do all that a plan can
            _log.exception("a plan failed at event %d; the interpreter goes on", first)
            self.broken = True
            return self._interpreter.generate(first, scheduled, deadline_ns)

    def _generated(
        self, first: int, scheduled: NDArray[np.int64], deadline_ns: int | None
    ) -> Batch:
        if len(scheduled) >= AHEAD // 2 or self._plan.timed:
            return self._batch(first, scheduled, deadline_ns)
        batch = self._ahead.cut(first, scheduled) if self._ahead is not None else None
        if batch is None:
            batch = self._made_ahead(first, scheduled, deadline_ns)
        return batch

    def _made_ahead(
        self, first: int, scheduled: NDArray[np.int64], deadline_ns: int | None
    ) -> Batch:
        """More events than asked for, kept for the ticks to come."""
        rows = max(self._ahead_rows, len(scheduled))
        self._ahead_rows = min(4 * self._ahead_rows, AHEAD)
        due = np.full(rows, scheduled[0], dtype=np.int64)
        try:
            made = self._batch(first, due, deadline_ns)
        except (EvaluationError, BudgetError):
            self._ahead = None
            raise
        if not isinstance(made.fields, PlanFields):
            # The interpreter made some: of it nobody knows that it does not look at the time.
            self._ahead = None
            return self._batch(first, scheduled, deadline_ns)
        self._ahead = _Ahead(made, KeptFields(made.fields))
        batch = self._ahead.cut(first, scheduled[: made.count])
        assert batch is not None
        return batch

    def _batch(self, first: int, scheduled: NDArray[np.int64], deadline_ns: int | None) -> Batch:
        near = max(int(_NEAR_BYTES / self._row_bytes), _LEAST_NEAR)
        rows = min(len(scheduled), near, self._rows_until(deadline_ns))
        while True:
            begun = time.monotonic_ns()
            try:
                batch = self._attempt(first, scheduled[:rows])
            except (TooLargeError, MemoryError):
                if rows == 1:
                    return self._interpreter.generate(first, scheduled[:1], deadline_ns)
                rows = max(rows // 8, 1)
                continue
            self._row_ns = (time.monotonic_ns() - begun) / max(batch.count, 1)
            return batch

    def _rows_until(self, deadline_ns: int | None) -> int:
        """How many events may be made in the time that is left."""
        if deadline_ns is None:
            return _MOST_ROWS
        left = deadline_ns - time.monotonic_ns()
        return min(max(int(left / self._row_ns), _FIRST_ROWS), _MOST_ROWS)

    @property
    def _interpreter(self) -> InterpretedEngine:
        if self._interpreted is None:
            self._interpreted = self._make_interpreter()
        return self._interpreted

    def _attempt(self, first: int, scheduled: NDArray[np.int64]) -> Batch:
        made = self._rest
        if made is None or not made.goes_on_with(first, scheduled):
            made = self._make(first, scheduled)
        start = first - made.first
        stop = min(len(made.text), start + len(scheduled))
        if start == stop:
            return self._without_text(made, start)
        batch = self._cut(made, start, stop)
        self._rest = made if batch.next < made.first + stop else None
        return batch

    def _make(self, first: int, scheduled: NDArray[np.int64]) -> _Made:
        """Computes the columns and the texts of some events."""
        index = np.arange(first, first + len(scheduled), dtype=np.int64)
        run = self._plan.run(index, scheduled)
        columns = self._plan.program.columns(run)
        run.raise_effects(self._plan.checks)
        made = assemble(
            self._plan.program.rows,
            columns,
            len(index),
            limit=MAX_BYTES,
            event_limit=self._max_event_bytes,
            guess=int(self._row_bytes * len(index) * 1.05),
            repeats=self._repeats,
        )
        if len(made):
            self._row_bytes = max(len(made.text) / len(made), 1.0)
        raised = np.flatnonzero(run.raised)
        return _Made(first, scheduled, run, raised, _texts(made), made.repeats, made.oversize)

    def _without_text(self, made: _Made, row: int) -> Batch:
        """An event too large to be written: the interpreter's, if it raises; else an error."""
        index = made.first + row
        if row in made.raised:
            return self._interpreter.generate(index, made.scheduled[row : row + 1])
        error = BudgetError(
            f"event {index} has {made.oversize:,} bytes, more than {self._max_event_bytes:,}"
        )
        error.index = index
        raise error

    def _cut(self, made: _Made, start: int, stop: int) -> Batch:
        """The events of the rows [start, stop), or up to one that raises.

        The rows that the plan cannot make are made again by the interpreter, one by one.
        """
        again: list[tuple[int, Batch]] = []
        for row in made.raised[(made.raised >= start) & (made.raised < stop)].tolist():
            try:
                single = self._interpreter.generate(made.first + row, made.scheduled[row : row + 1])
            except (EvaluationError, BudgetError):
                if row == start:
                    self._rest = made
                    raise
                stop = row
                break
            again.append((row - start, single))
        batch = made.batch(PlanFields(self._plan, made.run, start, stop))
        return _laid_over(batch, again) if again else batch


def _laid_over(batch: Batch, again: list[tuple[int, Batch]]) -> Batch:
    """A batch with single events, made again, in the places of its own."""
    planned = batch.fields
    assert isinstance(planned, PlanFields)
    order = np.arange(batch.count, dtype=np.int64)
    order[[row for row, _ in again]] = batch.count + np.arange(len(again))
    texts = [batch.text, *(single.text for _, single in again)]
    return Batch(
        first=batch.first,
        count=batch.count,
        index=batch.index,
        scheduled=batch.scheduled,
        text=pa.concat_arrays(texts).take(pa.array(order)),
        fields=MixedFields(planned, [(row, single.fields) for row, single in again]),
    )


def _texts(made: Any) -> Any:
    buffers = [None, pa.py_buffer(made.ends), pa.py_buffer(made.text)]
    return pa.Array.from_buffers(pa.large_binary(), len(made), buffers)
