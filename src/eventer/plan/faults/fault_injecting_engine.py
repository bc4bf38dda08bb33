"""An engine that gives some events faults; the others stay as they are, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.plan.engine import WrappingEngine
from eventer.plan.faults.faulty_events import FaultInjector, FaultyEvent
from eventer.plan.faults.faulty_fields import FaultyFields


@dataclass(frozen=True, slots=True)
class FaultInjectingEngine(WrappingEngine):
    """Injects faults into the events of a healthy engine.

    Options of the target are read from `Batch.fields`, which stay healthy.
    """

    injector: FaultInjector

    def changed(self, batch: Batch) -> Batch:
        """The batch with faults."""
        events = self.injector.faulty_events(batch)
        if not events:
            return batch
        changed = [event for event in events if event.text is not None]
        dropped = np.zeros(batch.rows, np.bool_)
        dropped[[event.row for event in events if event.text is None]] = True
        if changed:
            batch = _with_texts(batch, changed, self.injector)
        return replace(batch, fault_drops=int(np.count_nonzero(dropped))).drop(dropped)


def _with_texts(batch: Batch, events: Sequence[FaultyEvent], injector: FaultInjector) -> Batch:
    """The batch with the texts of faulty events."""
    rows = np.array([event.row for event in events], np.int64)
    texts = [event.text or "" for event in events]
    order = np.arange(batch.rows, dtype=np.int64)
    order[rows] = batch.rows + np.arange(len(rows))
    faulty = pa.array([text.encode() for text in texts], pa.large_binary())
    valued = [number for number, event in enumerate(events) if event.is_json]
    return replace(
        batch,
        text=pa.concat_arrays([batch.text, faulty]).take(pa.array(order)),
        part_fields=FaultyFields(
            batch.written,
            batch.index,
            rows[valued],
            [texts[number] for number in valued],
            injector.changed_names,
        ),
        fault_labels=_labels(batch.rows, events),
        fault_kinds=_kinds(batch.rows, events),
        match_hints=None,
    )


def _kinds(rows: int, events: Sequence[FaultyEvent]) -> NDArray[np.uint8]:
    """The kinds of faults of each row."""
    kinds = np.zeros(rows, np.uint8)
    for event in events:
        kinds[event.row] = event.kinds
    return kinds


def _labels(rows: int, events: Sequence[FaultyEvent]) -> pa.Array | None:
    """The label of each row; None if no row has one."""
    labels: list[bytes | None] = [None] * rows
    for event in events:
        if event.label is not None:
            labels[event.row] = event.label.encode()
    labelled = any(event.label is not None for event in events)
    return pa.array(labels, pa.large_binary()) if labelled else None
