"""The plan as an engine: it generates batches; the interpreter generates events that raise."""

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
from eventer.core.match_hints import MatchHints
from eventer.core.model import ColumnType, EngineName
from eventer.kernels.json.assemble import assemble
from eventer.plan.column_reader import ColumnRequest, read_column
from eventer.plan.execution import BatchTooLargeError, Execution
from eventer.plan.field_sources import FieldSource, find_field_sources
from eventer.plan.graph import Node
from eventer.plan.interpreter_engine import InterpreterEngine
from eventer.plan.ops.operation import RAISING
from eventer.plan.plan_fields import CachedFields, FieldsSlice, PatchedFields, PlanFields
from eventer.plan.row_program import BoundRowProgram
from eventer.plan.trace.traced_event import TracedEvent

MAX_PREFETCHED: Final = 256
"""Events generated at once if fewer are requested and none depends on its due time."""
_MIN_PREFETCHED: Final = 16
_PREFETCH_STAGGER: Final = 48
_MIN_ROWS: Final = 512
"""Rows generated even if the last events were slow: enough for kernels."""
_MIN_ROWS_IN_CACHE: Final = 256
_MAX_ROWS: Final = 10_000
_CACHE_BYTES: Final = 2 << 20
"""Text of one batch: with its columns it fits into the processor's cache."""


_log = logging.getLogger(__name__)


def _may_raise(node: Node) -> bool:
    call = node.parameters[0] if node.operation == "draw" else None
    return node.operation in RAISING or (call is not None and call.time_dependent)


class Plan:
    """A traced event and the program that writes it; threads can share it."""

    def __init__(self, traced: TracedEvent, program: BoundRowProgram) -> None:
        self.traced = traced
        self.program = program
        self.checks = tuple(filter(_may_raise, traced.tracer.graph.nodes))
        """Columns that find events that raise; every batch computes them."""
        self._lock = RLock()
        self._field_sources: dict[tuple[str, ColumnType], tuple[FieldSource, ...]] = {}

    @property
    def timed(self) -> bool:
        """Whether events depend on their due times."""
        return self.traced.timed

    def run(self, index: NDArray[np.int64], scheduled: NDArray[np.int64]) -> Execution:
        """A run for events."""
        return Execution(self.traced.tracer.graph, index, scheduled, self.traced.restart_meter)

    def read(self, run: Execution, pointer: str, kind: ColumnType, rows: tuple[int, int]) -> Any:
        """A field of rows [start, stop) of a run as a column."""
        graph = self.traced.tracer.graph
        with self._lock:
            sources = self._field_sources.get((pointer, kind))
            if sources is None:
                self.traced.restart_meter()
                sources = find_field_sources(self.traced.tracer, self.traced.value, pointer, kind)
                self._field_sources[pointer, kind] = sources
        return read_column(sources, run, graph.root, ColumnRequest(pointer, kind, *rows))

    def names(self, run: Execution) -> frozenset[str]:
        """The top-level field names that occur in a run."""
        with self._lock:
            return frozenset(self.traced.names(run))


@dataclass(slots=True)
class _PrefetchedBatch:
    """Events generated ahead: rows of `batch`."""

    batch: Batch
    fields: CachedFields

    def cut(self, first: int, scheduled: NDArray[np.int64]) -> Batch | None:
        """The requested events if all are present; else None."""
        start, stop = first - self.batch.first, first - self.batch.first + len(scheduled)
        if start < 0 or stop > self.batch.count:
            return None
        return Batch(
            first=first,
            count=len(scheduled),
            index=self.batch.index[start:stop],
            scheduled=scheduled,
            text=self.batch.text[start:stop],
            fields=FieldsSlice(self.fields, start, stop),
            match_hints=self.batch.match_hints and self.batch.match_hints.cut(start, stop),
        )


@dataclass(frozen=True, slots=True)
class _ComputedRows:
    """The texts of the events from `first` on; those of the rows `raised` are not valid.

    `oversize` is the size of the next event, if it is too large.
    """

    first: int
    scheduled: NDArray[np.int64]
    run: Execution
    raised: NDArray[np.int64]
    text: pa.LargeBinaryArray
    match_hints: MatchHints | None
    oversize: int | None

    def continues_with(self, first: int, scheduled: NDArray[np.int64]) -> bool:
        """Whether these rows have the event `first`, and the same due times from it on."""
        start = first - self.first
        if not 0 <= start < len(self.text):
            return False
        both = min(len(scheduled), len(self.scheduled) - start)
        return bool(np.array_equal(self.scheduled[start : start + both], scheduled[:both]))

    def batch(self, fields: PlanFields) -> Batch:
        """The rows of fields as a batch."""
        start, stop = fields.start, fields.stop
        first = self.first + start
        return Batch(
            first=first,
            count=stop - start,
            index=np.arange(first, self.first + stop, dtype=np.int64),
            scheduled=self.scheduled[start:stop],
            text=self.text[start:stop],
            fields=fields,
            match_hints=self.match_hints and self.match_hints.cut(start, stop),
        )


class ColumnarEngine:
    """Runs a plan; the interpreter generates rows that raise or that exceed a limit."""

    name: EngineName = "plan"
    reason: str | None = None

    def __init__(
        self,
        plan: Plan,
        interpreter: Callable[[], InterpreterEngine],
        max_event_bytes: int = MAX_EVENT_BYTES,
        *,
        number: int = 0,
        match_hints: bool = False,
    ) -> None:
        """`number` staggers the ticks at which engines that start together generate ahead."""
        self._plan = plan
        self._make_interpreter = interpreter
        self._interpreter_engine: InterpreterEngine | None = None
        self._max_event_bytes = max_event_bytes
        self._repeats = match_hints
        self._row_bytes = 256.0
        self._row_ns = 20_000.0
        self._prefetched: _PrefetchedBatch | None = None
        self._prefetch_rows = _MIN_PREFETCHED + number % _PREFETCH_STAGGER
        self._leftover: _ComputedRows | None = None
        """Rows after an event that raises, for the next call."""
        self.broken = False
        """Whether a batch failed because of a defect of the plan."""

    def generate(
        self, first: int, scheduled: NDArray[np.int64], deadline_ns: int | None = None
    ) -> Batch:
        """See `eventer.plan.engine.Engine.generate`."""
        try:
            return self._generate(first, scheduled, deadline_ns)
        except (EvaluationError, BudgetError):
            raise
        except Exception:  # noqa: BLE001  the interpreter generates the batch
            _log.exception("a plan failed at event %d; the interpreter generates the batch", first)
            self.broken = True
            return self._interpreter.generate(first, scheduled, deadline_ns)

    def _generate(self, first: int, scheduled: NDArray[np.int64], deadline_ns: int | None) -> Batch:
        if len(scheduled) >= MAX_PREFETCHED // 2 or self._plan.timed:
            return self._batch(first, scheduled, deadline_ns)
        batch = self._prefetched.cut(first, scheduled) if self._prefetched is not None else None
        if batch is None:
            batch = self._prefetch(first, scheduled, deadline_ns)
        return batch

    def _prefetch(self, first: int, scheduled: NDArray[np.int64], deadline_ns: int | None) -> Batch:
        """Generates more events than requested, for the next ticks."""
        rows = max(self._prefetch_rows, len(scheduled))
        self._prefetch_rows = min(4 * self._prefetch_rows, MAX_PREFETCHED)
        due = np.full(rows, scheduled[0], dtype=np.int64)
        try:
            made = self._batch(first, due, deadline_ns)
        except (EvaluationError, BudgetError):
            self._prefetched = None
            raise
        if not isinstance(made.fields, PlanFields):
            # The interpreter generated some, and it may read the time.
            self._prefetched = None
            return self._batch(first, scheduled, deadline_ns)
        self._prefetched = _PrefetchedBatch(made, CachedFields(made.fields))
        batch = self._prefetched.cut(first, scheduled[: made.count])
        assert batch is not None
        return batch

    def _batch(self, first: int, scheduled: NDArray[np.int64], deadline_ns: int | None) -> Batch:
        near = max(int(_CACHE_BYTES / self._row_bytes), _MIN_ROWS_IN_CACHE)
        rows = min(len(scheduled), near, self._rows_until(deadline_ns))
        while True:
            begun = time.monotonic_ns()
            try:
                batch = self._attempt(first, scheduled[:rows])
            except (BatchTooLargeError, MemoryError):
                if rows == 1:
                    return self._interpreter.generate(first, scheduled[:1], deadline_ns)
                rows = max(rows // 8, 1)
                continue
            self._row_ns = (time.monotonic_ns() - begun) / max(batch.count, 1)
            return batch

    def _rows_until(self, deadline_ns: int | None) -> int:
        """The number of events for the remaining time."""
        if deadline_ns is None:
            return _MAX_ROWS
        left = deadline_ns - time.monotonic_ns()
        return min(max(int(left / self._row_ns), _MIN_ROWS), _MAX_ROWS)

    @property
    def _interpreter(self) -> InterpreterEngine:
        if self._interpreter_engine is None:
            self._interpreter_engine = self._make_interpreter()
        return self._interpreter_engine

    def _attempt(self, first: int, scheduled: NDArray[np.int64]) -> Batch:
        made = self._leftover
        if made is None or not made.continues_with(first, scheduled):
            made = self._compute_rows(first, scheduled)
        start = first - made.first
        stop = min(len(made.text), start + len(scheduled))
        if start == stop:
            return self._rerun_or_refuse(made, start)
        batch = self._cut(made, start, stop)
        self._leftover = made if batch.next < made.first + stop else None
        return batch

    def _compute_rows(self, first: int, scheduled: NDArray[np.int64]) -> _ComputedRows:
        """Computes the columns and the texts of events."""
        index = np.arange(first, first + len(scheduled), dtype=np.int64)
        run = self._plan.run(index, scheduled)
        columns = self._plan.program.columns(run)
        run.find_raised(self._plan.checks)
        made = assemble(
            self._plan.program.rows,
            columns,
            len(index),
            limit=MAX_BYTES,
            event_limit=self._max_event_bytes,
            guess=int(self._row_bytes * len(index) * 1.05),
            match_hints=self._repeats,
        )
        if len(made):
            self._row_bytes = max(len(made.text) / len(made), 1.0)
        raised = np.flatnonzero(run.raised)
        return _ComputedRows(
            first, scheduled, run, raised, _texts(made), made.match_hints, made.oversize
        )

    def _rerun_or_refuse(self, made: _ComputedRows, row: int) -> Batch:
        """An event that is too large: the interpreter's if it raises in the plan; else an error."""
        index = made.first + row
        if row in made.raised:
            return self._interpreter.generate(index, made.scheduled[row : row + 1])
        error = BudgetError(
            f"event {index} has {made.oversize:,} bytes, more than {self._max_event_bytes:,}"
        )
        error.index = index
        raise error

    def _cut(self, made: _ComputedRows, start: int, stop: int) -> Batch:
        """The events of the rows [start, stop), or up to an event that raises.

        The interpreter generates the rows that raised in the plan again.
        """
        recomputed: list[tuple[int, Batch]] = []
        for row in made.raised[(made.raised >= start) & (made.raised < stop)].tolist():
            try:
                single = self._interpreter.generate(made.first + row, made.scheduled[row : row + 1])
            except (EvaluationError, BudgetError):
                if row == start:
                    self._leftover = made
                    raise
                stop = row
                break
            recomputed.append((row - start, single))
        batch = made.batch(PlanFields(self._plan, made.run, start, stop))
        return _patched(batch, recomputed) if recomputed else batch


def _patched(batch: Batch, recomputed: list[tuple[int, Batch]]) -> Batch:
    """A batch in which recomputed events replace its own."""
    planned = batch.fields
    assert isinstance(planned, PlanFields)
    order = np.arange(batch.count, dtype=np.int64)
    order[[row for row, _ in recomputed]] = batch.count + np.arange(len(recomputed))
    texts = [batch.text, *(single.text for _, single in recomputed)]
    return Batch(
        first=batch.first,
        count=batch.count,
        index=batch.index,
        scheduled=batch.scheduled,
        text=pa.concat_arrays(texts).take(pa.array(order)),
        fields=PatchedFields(planned, [(row, single.fields) for row, single in recomputed]),
    )


def _texts(made: Any) -> Any:
    buffers = [None, pa.py_buffer(made.ends), pa.py_buffer(made.text)]
    return pa.Array.from_buffers(pa.large_binary(), len(made), buffers)
