"""Measures the cost of events: by plan, by column, and by the interpreter."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.batch import MAX_EVENT_BYTES
from eventer.core.errors import BudgetError, EvaluationError
from eventer.kernels.json.assemble import assemble
from eventer.plan.engine import Engine
from eventer.plan.execution import BatchTooLargeError, Execution
from eventer.plan.explanation import EngineSpeed, Measurement
from eventer.plan.graph import Node
from eventer.plan.stream_plan import StreamPlan

ROWS: Final = 10_000
SECONDS: Final = 0.3
"""Seconds for which an engine is measured."""
SLOWEST: Final = 3
_BATCH: Final = 10_000
_SLICE_NS: Final = 50_000_000
_LIMIT: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class ColumnCosts:
    """Nanoseconds per event of a batch of `rows` events, the best of several runs.

    A column costs its own operation, and the domains that it is the first to use.
    """

    rows: int
    program_ns: float
    columns_ns: Mapping[Node, float]


class TimedExecution(Execution):
    """A run that measures the operation of each column."""

    def __init__(
        self, plan: StreamPlan, index: NDArray[np.int64], scheduled: NDArray[np.int64]
    ) -> None:
        graph, restart_meter = plan.traced.tracer.graph, plan.traced.restart_meter
        super().__init__(graph, index, scheduled, restart_meter, plan.inputs)
        self.own_ns: dict[Node, int] = {}
        self._inner = 0

    @property
    def all_ns(self) -> int:
        """The nanoseconds of all columns."""
        return sum(self.own_ns.values())

    def value(self, node: Node) -> Any:
        """See `Execution.value`."""
        if node in self.own_ns:
            return super().value(node)
        self.own_ns[node] = 0
        before, self._inner = self._inner, 0
        begun = time.perf_counter_ns()
        found = super().value(node)
        whole = time.perf_counter_ns() - begun
        self.own_ns[node] = whole - self._inner
        self._inner = before + whole
        return found


def measure_columns(plan: StreamPlan, at: int, rows: int = ROWS, repeats: int = 3) -> ColumnCosts:
    """The costs of the columns and the row program for the first events, due at `at`."""
    return min((_costs(plan, at, rows) for _ in range(repeats)), key=_total)


def _total(costs: ColumnCosts) -> float:
    return costs.program_ns + sum(costs.columns_ns.values())


def _costs(plan: StreamPlan, at: int, rows: int) -> ColumnCosts:
    while True:
        try:
            return _costs_of(plan, at, rows)
        except BatchTooLargeError:
            rows = max(rows // 8, 1)


def _costs_of(plan: StreamPlan, at: int, rows: int) -> ColumnCosts:
    run = TimedExecution(plan, np.arange(rows, dtype=np.int64), np.full(rows, at, dtype=np.int64))
    begun = time.perf_counter_ns()
    columns = plan.program.columns(run)
    laid = time.perf_counter_ns() - begun - run.all_ns
    run.find_raised(plan.checks)
    guess = 0
    for _ in range(2):  # the second run knows the size of the text
        begun = time.perf_counter_ns()
        texts = assemble(
            plan.program.rows, columns, rows, limit=_LIMIT, event_limit=MAX_EVENT_BYTES, guess=guess
        )
        spent = time.perf_counter_ns() - begun
        guess = len(texts.text) + 1
    own = {node: ns / rows for node, ns in run.own_ns.items()}
    return ColumnCosts(rows, laid / rows + spent / max(len(texts), 1), own)


def measure_engine(engine: Engine, at: int, seconds: float = SECONDS) -> EngineSpeed:
    """The speed of an engine for the first events, due at `at`; events that raise are skipped."""
    _batch(engine, 0, at)  # imports and compiles
    events = size = raising = index = 0
    begun = time.perf_counter()
    while (spent := time.perf_counter() - begun) < seconds:
        batch = _batch(engine, index, at)
        if batch is None:
            raising += 1
            index += 1
            continue
        index = batch.next
        events += len(batch.text)
        size += batch.nbytes
    return EngineSpeed(events / spent, size / max(events, 1), events, raising)


def _batch(engine: Engine, first: int, at: int) -> Any:
    """A batch from `first` on, or None if its first event raises."""
    due = np.full(_BATCH, at, dtype=np.int64)
    try:
        return engine.generate(first, due, time.monotonic_ns() + _SLICE_NS)
    except (EvaluationError, BudgetError):
        return None


def measure(
    engine: Engine,
    interpreter: Engine,
    at: int,
    *,
    plan: StreamPlan | None = None,
    name: Callable[[Node], str | None] = repr,
    rows: int = ROWS,
) -> Measurement:
    """Measures both engines of a template, and the columns of its plan by their names."""
    slow = measure_engine(interpreter, at)
    if plan is None:
        return Measurement(slow)
    costs = measure_columns(plan, at, rows)
    named = [(label, ns) for node, ns in costs.columns_ns.items() if (label := name(node))]
    dearest = sorted(named, key=lambda item: -item[1])[:SLOWEST]
    fast = measure_engine(engine, at)
    return Measurement(slow, fast, costs.rows, costs.program_ns, tuple(dearest))
