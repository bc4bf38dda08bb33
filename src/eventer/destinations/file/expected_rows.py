"""The rows that files should have: recomputed events, by range of indices."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.model import PositionKey
from eventer.destinations.audit import EventReplayer, unreplayable_ranges
from eventer.destinations.file.event_tables import concatenate
from eventer.destinations.file.file_flow import FileFlow

Span: TypeAlias = tuple[int, int]
"""The indices [first, end)."""

MAX_SPAN_EVENTS: Final = 100_000
"""Events that are compared at a time where no part is."""


@dataclass(frozen=True, slots=True)
class SpanRows:
    """The events of a span as rows, and their indices; `complete` if all can be recomputed."""

    span: Span
    table: pa.Table
    index: NDArray[np.int64]
    complete: bool


class ExpectedRows:
    """Recomputes the events of a generator below `end`, without those that files reject."""

    def __init__(self, flow: FileFlow, key: PositionKey, events: EventReplayer, end: int) -> None:
        self._flow, self._key, self._events = flow, key, events
        self._ranges = list(events.recomputable(key, end))
        self.gaps = unreplayable_ranges(self._ranges, end)
        self.checked = self.skipped = 0
        """The events of the last call of `by_span`, and indices without an event."""

    async def by_span(self, spans: Sequence[Span]) -> AsyncIterator[SpanRows]:
        """The rows of each span; of one that is not complete, those of each part of it."""
        self.checked = self.skipped = 0
        for first, end in self._ranges:
            wanted = [span for span in spans if span[0] < end and first < span[1]]
            rows = _RowsBySpan(wanted, first, end)
            async for batch in self._events.batches(self._key, first, end):
                table, index = self._accepted(batch)
                self.checked += len(index)
                self.skipped += batch.count - len(index)
                for span_rows in rows.add(table, index, batch.next):
                    yield span_rows

    def _accepted(self, batch: Batch) -> tuple[pa.Table, NDArray[np.int64]]:
        encoded, rejected = self._flow.encode_accepted(batch)
        return encoded.table, batch.without([each.index or 0 for each in rejected]).index


class _RowsBySpan:
    """Cuts consecutive rows of the indices [first, end) at the ends of spans."""

    def __init__(self, spans: Sequence[Span], first: int, end: int) -> None:
        self._spans = list(reversed(spans))
        self._first, self._end = first, end
        self._tables: list[pa.Table] = []
        self._index: list[NDArray[np.int64]] = []

    def add(self, table: pa.Table, index: NDArray[np.int64], following: int) -> Iterator[SpanRows]:
        """The spans that end with these rows, which are those before the index `following`."""
        at = 0
        while self._spans and following >= min(self._spans[-1][1], self._end):
            span = self._spans.pop()
            cut = int(np.searchsorted(index, span[1]))
            self._append(table.slice(at, cut - at), index[at:cut])
            yield self._take(span)
            at = cut
        self._append(table.slice(at), index[at:])

    def _append(self, table: pa.Table, index: NDArray[np.int64]) -> None:
        self._tables.append(table)
        self._index.append(index)

    def _take(self, span: Span) -> SpanRows:
        complete = self._first <= span[0] and span[1] <= self._end
        rows = SpanRows(span, concatenate(self._tables), np.concatenate(self._index), complete)
        self._tables, self._index = [], []
        return rows


def adjacent_spans(parts: Sequence[Span], end: int) -> list[Span]:
    """Ranges that cover [0, end): those of parts that do not overlap, and those between them."""
    spans, at = list[Span](), 0
    for first, stop in sorted(set(parts)):
        if at <= first and stop <= end:
            spans += [*_pieces(at, first), (first, stop)]
            at = stop
    return [*spans, *_pieces(at, end)]


def _pieces(first: int, end: int) -> Iterator[Span]:
    for at in range(first, end, MAX_SPAN_EVENTS):
        yield at, min(end, at + MAX_SPAN_EVENTS)
