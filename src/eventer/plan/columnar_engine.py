"""The plan as an engine: it generates batches; the interpreter generates events that raise."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import RLock
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import MAX_BYTES, MAX_EVENT_BYTES, Batch
from eventer.core.errors import BudgetError, EvaluationError
from eventer.core.logs import event
from eventer.core.model import ColumnType, EngineName
from eventer.kernels.json.assemble import assemble
from eventer.plan.column_reader import ColumnRequest, read_column
from eventer.plan.computed_rows import ComputedRows, PrefetchedBatch, patched_batch
from eventer.plan.engine import ScheduledTimes
from eventer.plan.execution import BatchTooLargeError, Execution
from eventer.plan.field_sources import FieldSource, TracedPart, find_field_sources
from eventer.plan.graph import Graph, Node
from eventer.plan.grouped_inputs import GroupedInputs
from eventer.plan.inputs import PlanInputs
from eventer.plan.interpreter_engine import InterpreterEngine
from eventer.plan.ops.documents import text_array
from eventer.plan.ops.operation import RAISING
from eventer.plan.plan_fields import PlanFields
from eventer.plan.prefetch_group import GroupMember
from eventer.plan.row_program import BoundRowProgram
from eventer.plan.row_program_writer import NOTHING
from eventer.plan.stream_plan import StreamPlan
from eventer.plan.trace.traced_event import TracedEvent

MAX_PREFETCHED: Final = 256
"""Events generated at once if fewer are requested."""
_MIN_PREFETCHED: Final = 16
_PREFETCH_STAGGER: Final = 48
_MIN_ROWS: Final = 512
"""Rows generated even if the last events were slow: enough for kernels."""
_MIN_ROWS_IN_CACHE: Final = 256
_MAX_ROWS: Final = 10_000
_CACHE_BYTES: Final = 2 << 20
"""Text of one batch: with its columns it fits into the processor's cache."""


_log = logging.getLogger(__name__)

_T = TypeVar("_T")

FieldRequest: TypeAlias = tuple[str, ColumnType, bool]
"""The pointer and the type of a field, and whether it is one of the written part."""


def raising_nodes(graph: Graph) -> tuple[Node, ...]:
    """Columns that find events that raise; every batch computes them."""
    return tuple(filter(_may_raise, graph.nodes))


def _may_raise(node: Node) -> bool:
    call = node.parameters[0] if node.operation == "draw" else None
    return node.operation in RAISING or (call is not None and call.may_raise)


def _raises_by_time(node: Node) -> bool:
    """Whether index and due time alone decide which rows raise."""
    return node.operation == "draw" and not any(isinstance(each, Node) for each in node.arguments)


class Plan:
    """A traced event and the program that writes it, or a `part` of it.

    Generators and threads can share it.
    """

    def __init__(
        self,
        traced: TracedEvent,
        program: BoundRowProgram,
        part: TracedPart | None = None,
        *,
        has_context: bool = True,
    ) -> None:
        """`has_context`: it contains the dataset and the instance id of its generators."""
        self.traced = traced
        self._has_context = has_context
        self.program = program
        self.part = part
        self._event = TracedPart(traced.value, NOTHING)
        self.checks = raising_nodes(traced.tracer.graph)
        """See `raising_nodes`."""
        self._lock = RLock()
        self._field_sources: dict[FieldRequest, tuple[FieldSource, ...]] = {}

    @property
    def timed(self) -> bool:
        """Whether events depend on their due times."""
        return self.traced.timed

    @property
    def raises_alike(self) -> bool:
        """Whether the same events raise in all streams and contexts, as far as is known."""
        raising_rows = self.traced.tracer.graph.raising_rows
        return not (self._has_context or raising_rows) and all(map(_raises_by_time, self.checks))

    def extend(self, work: Callable[[], _T]) -> _T:
        """The result of `work`, which may add columns to the traced event.

        Raises:
            BudgetError: the steps or the time of a trace are exceeded.
        """
        with self._lock:
            self.traced.restart_meter()
            return work()

    def run(
        self,
        index: NDArray[np.int64],
        scheduled: NDArray[np.int64],
        inputs: PlanInputs | GroupedInputs,
    ) -> Execution:
        """A run for events of a generator, or of several."""
        graph, restart_meter = self.traced.tracer.graph, self.traced.restart_meter
        return Execution(graph, index, scheduled, restart_meter, inputs)

    def read(self, run: Execution, field: FieldRequest, rows: tuple[int, int]) -> Any:
        """A field of rows [start, stop) of a run as a column."""
        graph, (pointer, kind, written) = self.traced.tracer.graph, field
        with self._lock:
            sources = self._field_sources.get(field)
            if sources is None:
                self.traced.restart_meter()
                part = self._part(written=written)
                sources = find_field_sources(self.traced.tracer, part, pointer, kind)
                self._field_sources[field] = sources
        return read_column(sources, run, graph.root, ColumnRequest(pointer, kind, *rows))

    def names(self, run: Execution, rows: tuple[int, int], *, written: bool) -> frozenset[str]:
        """The top-level field names of the events [start, stop) of a run, or of what is written."""
        part = self._part(written=written)
        omitted = {name for name, inner in part.omitted.items() if inner is None}
        with self._lock:
            return self.traced.names(part.value, run, rows) - omitted

    def _part(self, *, written: bool) -> TracedPart:
        return self.part if written and self.part is not None else self._event


class ColumnarEngine:
    """Runs a plan; the interpreter generates rows that raise or that exceed a limit."""

    name: EngineName = "plan"
    reason: str | None = None

    def __init__(
        self,
        plan: StreamPlan,
        interpreter: Callable[[], InterpreterEngine],
        max_event_bytes: int = MAX_EVENT_BYTES,
        *,
        number: int = 0,
        match_hints: bool = False,
        group: GroupMember | None = None,
    ) -> None:
        """`number` staggers the ticks at which engines that start together generate ahead.

        In a `group`, they generate ahead together.
        """
        self._plan, self._inputs = plan.plan, plan.inputs
        self._make_interpreter = interpreter
        self._group = group
        self._interpreter_engine: InterpreterEngine | None = None
        self._max_event_bytes = max_event_bytes
        self._repeats = match_hints
        self._row_bytes = 256.0
        self._row_ns = 20_000.0
        self._prefetched: PrefetchedBatch | None = None
        self._prefetch_rows = _MIN_PREFETCHED + number % _PREFETCH_STAGGER
        self._leftover: ComputedRows | None = None
        """Rows after an event that raises, for the next call."""
        self.broken = False
        """Whether a batch failed because of a defect of the plan."""

    @property
    def raises_alike(self) -> bool:
        """See `Plan.raises_alike`."""
        return not self.broken and self._plan.raises_alike

    def expect(self, first: int, later: ScheduledTimes) -> None:
        """The events from `first` on will be requested: another engine may generate them, too."""
        if self._group is not None:
            self._group.expect(first, later)

    def generate(
        self,
        first: int,
        scheduled: NDArray[np.int64],
        deadline_ns: int | None = None,
        later: ScheduledTimes | None = None,
    ) -> Batch:
        """See `eventer.plan.engine.Engine.generate`."""
        try:
            return self._generate(first, scheduled, deadline_ns, later)
        except (EvaluationError, BudgetError):
            raise
        except Exception:  # noqa: BLE001  the interpreter generates the batch
            _log.exception(
                "a plan failed at event %d; the interpreter generates the batch",
                first,
                extra=event("plan_failed", index=first),
            )
            self.broken = True
            return self._interpreter.generate(first, scheduled, deadline_ns)

    def _generate(
        self,
        first: int,
        scheduled: NDArray[np.int64],
        deadline_ns: int | None,
        later: ScheduledTimes | None,
    ) -> Batch:
        if len(scheduled) >= MAX_PREFETCHED // 2 or (self._plan.timed and later is None):
            return self._batch(first, scheduled, deadline_ns)
        if self._group is not None and later is not None:
            together = self._group.take(first, scheduled, later)
            if together is not None:
                return together
        batch = self._prefetched.cut(first, scheduled) if self._prefetched is not None else None
        if batch is None:
            due = self._times_ahead(first, scheduled, later)
            batch = self._prefetch(first, scheduled, due, deadline_ns)
        return batch

    def _times_ahead(
        self, first: int, scheduled: NDArray[np.int64], later: ScheduledTimes | None
    ) -> NDArray[np.int64]:
        """The scheduled times of more events than requested; any times if they are not known."""
        rows = max(self._prefetch_rows, len(scheduled))
        self._prefetch_rows = min(4 * self._prefetch_rows, MAX_PREFETCHED)
        if later is None:
            return np.full(rows, scheduled[0], dtype=np.int64)
        return np.concatenate([scheduled, later(first + len(scheduled), rows - len(scheduled))])

    def _prefetch(
        self,
        first: int,
        scheduled: NDArray[np.int64],
        due: NDArray[np.int64],
        deadline_ns: int | None,
    ) -> Batch:
        """Generates events with the times `due`, for this and the next ticks."""
        try:
            ahead = self._batch(first, due, deadline_ns)
        except (EvaluationError, BudgetError):
            self._prefetched = None
            raise
        if not isinstance(ahead.fields, PlanFields):
            # The interpreter generated some, and it may read the time.
            self._prefetched = None
            return self._batch(first, scheduled, deadline_ns)
        self._prefetched = PrefetchedBatch.of(ahead, timed=self._plan.timed)
        batch = self._prefetched.cut(first, scheduled[: ahead.count])
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
        computed = self._leftover
        if computed is None or not computed.continues_with(first, scheduled):
            computed = self._compute_rows(first, scheduled)
        start = first - computed.first
        stop = min(len(computed.text), start + len(scheduled))
        if start == stop:
            return self._rerun_or_refuse(computed, start)
        batch = self._cut(computed, start, stop)
        self._leftover = computed if batch.next < computed.first + stop else None
        return batch

    def _compute_rows(self, first: int, scheduled: NDArray[np.int64]) -> ComputedRows:
        """Computes the columns and the texts of events."""
        index = np.arange(first, first + len(scheduled), dtype=np.int64)
        run = self._plan.run(index, scheduled, self._inputs)
        columns = self._plan.program.columns(run)
        run.find_raised(self._plan.checks)
        texts = assemble(
            self._inputs.context.bound(self._plan.program).rows,
            columns,
            len(index),
            limit=MAX_BYTES,
            event_limit=self._max_event_bytes,
            guess=int(self._row_bytes * len(index) * 1.05),
            match_hints=self._repeats,
        )
        if len(texts):
            self._row_bytes = max(len(texts.text) / len(texts), 1.0)
        raised = np.flatnonzero(run.raised)
        array = text_array(texts.ends, texts.text, pa.large_binary())
        return ComputedRows(first, scheduled, run, raised, array, texts.match_hints, texts.oversize)

    def _rerun_or_refuse(self, computed: ComputedRows, row: int) -> Batch:
        """An event that is too large: the interpreter's if it raises in the plan; else an error."""
        index = computed.first + row
        if row in computed.raised:
            return self._interpreter.generate(index, computed.scheduled[row : row + 1])
        error = BudgetError(
            f"event {index} has {computed.oversize:,} bytes, more than {self._max_event_bytes:,}"
        )
        error.index = index
        raise error

    def _cut(self, computed: ComputedRows, start: int, stop: int) -> Batch:
        """The events of the rows [start, stop), or up to an event that raises.

        The interpreter generates the rows that raised in the plan again.
        """
        recomputed: list[tuple[int, Batch]] = []
        for row in computed.raised[(computed.raised >= start) & (computed.raised < stop)].tolist():
            try:
                single = self._interpreter.generate(
                    computed.first + row, computed.scheduled[row : row + 1]
                )
            except (EvaluationError, BudgetError):
                if row == start:
                    self._leftover = computed
                    raise
                stop = row
                break
            recomputed.append((row - start, single))
        batch = computed.batch(PlanFields(self._plan, computed.run, start, stop))
        return patched_batch(batch, recomputed) if recomputed else batch
