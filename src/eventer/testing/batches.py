"""Batches of values that a test states."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from eventer.core.batch import Batch
from eventer.core.cursor import Cursor
from eventer.core.json_text import json_text
from eventer.core.model import WHOLE_EVENT, JsonValue, PositionKey, WrittenPart
from eventer.core.written_part import written_value
from eventer.plan.json_fields import JsonFields

START_NS = 1_700_000_000_000_000_000
"""The default due time of event 0."""


def batch_of(
    first: int,
    values: Sequence[JsonValue],
    *,
    scheduled: Sequence[int] | None = None,
    skipped: Collection[int] = (),
    part: WrittenPart = WHOLE_EVENT,
) -> Batch:
    """A batch whose event `first + i` is `values[i]`, except for the indices in `skipped`.

    `part` is the part of each that is written.
    `scheduled` has a due time per value; by default event n is due n ms after `START_NS`.
    """
    index = np.arange(first, first + len(values), dtype=np.int64)
    due = START_NS + index * 1_000_000 if scheduled is None else np.array(scheduled, np.int64)
    kept = ~np.isin(index, list(skipped))
    rows = [value for value, keep in zip(values, kept, strict=True) if keep]
    fields = JsonFields(rows, index[kept])
    texts = [json_text(written_value(row, part)).encode() for row in rows]
    return Batch(
        index=index[kept],
        scheduled=due[kept],
        text=pa.array(texts, pa.large_binary()),
        fields=fields,
        part_fields=None if part.is_whole else fields.of_part(part),
        first=first,
        count=len(values),
    )


class RecordedEvents:
    """An `EventReplayer` of recorded batches. Events below `since` count as not recomputable."""

    def __init__(self, batches: Mapping[PositionKey, Sequence[Batch]], since: int = 0) -> None:
        self._batches = batches
        self._since = since

    def recomputable(self, key: PositionKey, end: int) -> Sequence[tuple[int, int]]:
        """See `EventReplayer.recomputable`."""
        del key
        return [(self._since, end)] if self._since < end else []

    async def batches(
        self, key: PositionKey, first: int, end: int, cursor: Cursor | None = None
    ) -> AsyncIterator[Batch]:
        """See `EventReplayer.batches`."""
        del cursor
        for batch in self._batches[key]:
            start, stop = max(first, batch.first), min(end, batch.next)
            if start < stop:
                yield _slice_batch(batch, start, stop)


def _slice_batch(batch: Batch, first: int, end: int) -> Batch:
    if (first, end) == (batch.first, batch.next):
        return batch
    inside = (batch.index >= first) & (batch.index < end)
    of_range = (batch.dropped >= first) & (batch.dropped < end)
    kept = batch.take(inside)
    return replace(kept, first=first, count=end - first, dropped=batch.dropped[of_range])
