"""Late events and copies of events as timelines: a step for each delivery of an event."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.errors import TemplateError
from eventer.core.fault_rules import FaultKind, InjectedFault
from eventer.core.model import ColumnType, EngineName
from eventer.plan.engine import Engine
from eventer.plan.faults.event_delays import Deliveries, EventDelays, delivery_labels
from eventer.plan.faults.fault_injecting_engine import FaultInjectingEngine
from eventer.plan.timelines.field_columns import NullFields, ReaderColumns
from eventer.plan.timelines.step_texts import StepTexts
from eventer.plan.timelines.timeline_rows import (
    StepColumns,
    TimelineRows,
    TimelineUnit,
    timeline_rows,
)

_MAX_BYTES: Final = 16 << 20
"""Bytes of text after which no more events are evaluated together."""


class DelayedEvents:
    """The `Timelines` of an engine's events.

    Timeline n has the event n, at its scheduled time or later, and then its copies, which are the
    same bytes. The event itself depends on its scheduled time. A dropped event is a step without a
    text.
    """

    unit: TimelineUnit = "event"
    step_names: frozenset[str | None] | None = frozenset({None})

    def __init__(self, engine: Engine, delays: EventDelays) -> None:
        self.engine = engine
        self.delays = delays

    @property
    def name(self) -> EngineName:
        """See `Timelines.name`."""
        return self.engine.name

    @property
    def reason(self) -> str | None:
        """See `Timelines.reason`."""
        return self.engine.reason

    def evaluate(
        self,
        index: NDArray[np.int64],
        starts: NDArray[np.int64],
        deadline_ns: int | None = None,
    ) -> TimelineRows:
        """See `Timelines.evaluate`."""
        parts: list[StepColumns] = []
        errors: dict[int, TemplateError] = {}
        row = size = 0
        while row < len(index):
            end = row + _consecutive(index[row:])
            try:
                healthy = self.engine_of_healthy.generate(
                    int(index[row]), starts[row:end], deadline_ns
                )
            except TemplateError as error:
                errors[row] = error
                row += 1
            else:
                parts += self._steps(healthy, row)
                row += healthy.count
                size += healthy.nbytes
            if size > _MAX_BYTES or (deadline_ns is not None and _is_past(deadline_ns)):
                break
        return timeline_rows(row, parts, errors)

    @property
    def engine_of_healthy(self) -> Engine:
        """The engine of the events without faults in what is written."""
        engine = self.engine
        return engine.engine if isinstance(engine, FaultInjectingEngine) else engine

    def faults(self, healthy: Batch) -> list[tuple[int, tuple[InjectedFault, ...]]]:
        """The rows of a healthy batch that have faults, and these; a dropped event is not late."""
        engine = self.engine
        found: dict[int, tuple[InjectedFault, ...]] = {}
        dropped: set[int] = set()
        if isinstance(engine, FaultInjectingEngine):
            for event in engine.injector.faulty_events(healthy):
                found[event.row] = event.faults
                if event.text is None:
                    dropped.add(event.row)
        for row, faults in self.delays.faults(healthy.index, healthy.scheduled).items():
            if row not in dropped:
                found[row] = (*found.get(row, ()), *faults)
        return sorted(found.items())

    def _steps(self, healthy: Batch, row: int) -> Iterator[StepColumns]:
        """The deliveries of a batch whose first event is that of a row."""
        engine = self.engine
        batch = engine.changed(healthy) if isinstance(engine, FaultInjectingEngine) else healthy
        rows = row + batch.index - batch.first
        events, copies = self.delays.deliveries(batch.index)
        content = _content(batch, healthy)
        yield _step_columns(events, rows, content)
        if len(copies.row):
            yield _step_columns(copies, rows, content.take(copies.row))
        if len(batch.dropped):
            by_fault = ~np.isin(batch.dropped, healthy.dropped)
            yield _dropped(row + batch.dropped - batch.first, by_fault)


def _consecutive(index: NDArray[np.int64]) -> int:
    """How many indices follow each other from the first on."""
    gaps = np.flatnonzero(np.diff(index) != 1)
    return int(gaps[0]) + 1 if len(gaps) else len(index)


def _content(batch: Batch, healthy: Batch) -> StepTexts:
    """What is delivered of a batch."""
    columns = ReaderColumns(batch.fields, batch.written)
    events = batch.text
    if healthy.part_fields is not None:
        events = batch.fields.column("", ColumnType.JSONB).cast(pa.large_binary())
    elif batch.part_fields is not None:
        events = healthy.text.take(pa.array(np.searchsorted(healthy.index, batch.index)))
    return StepTexts(batch.text, events, batch.fault_labels, columns, batch.fault_kinds)


def _step_columns(
    deliveries: Deliveries, rows: NDArray[np.int64], content: StepTexts
) -> StepColumns:
    return StepColumns(
        rows[deliveries.row],
        deliveries.number,
        deliveries.after,
        np.zeros(len(content), np.int64),
        (None,),
        replace(
            content,
            labels=delivery_labels(content.labels, deliveries.label),
            kinds=_both_kinds(content.kinds, deliveries.kinds),
        ),
    )


def _both_kinds(content: NDArray[np.uint8] | None, delays: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The kinds of the faults of what is delivered, and of when it is."""
    return delays if content is None else content | delays


def _dropped(rows: NDArray[np.int64], by_fault: NDArray[np.bool_]) -> StepColumns:
    """A step for each dropped event; faults dropped some of them."""
    zeros, fields = np.zeros(len(rows), np.int64), NullFields(len(rows))
    texts = pa.nulls(len(rows), pa.large_binary())
    kinds = by_fault * np.uint8(FaultKind.DROP.bit)
    content = StepTexts(texts, texts, columns=ReaderColumns(fields, fields), kinds=kinds)
    return StepColumns(rows, zeros, zeros, zeros, (None,), content)


def _is_past(deadline_ns: int) -> bool:
    return time.monotonic_ns() >= deadline_ns
