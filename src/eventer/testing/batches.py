"""Batches of values that a test states."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa

from eventer.core.batch import Batch
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue, PositionKey
from eventer.plan.json_fields import JsonFields

START_NS = 1_700_000_000_000_000_000
"""The default due time of event 0."""


def batch_of(
    first: int,
    values: Sequence[JsonValue],
    *,
    scheduled: Sequence[int] | None = None,
    skipped: Collection[int] = (),
) -> Batch:
    """A batch whose event `first + i` is `values[i]`, except for the indices in `skipped`.

    `scheduled` has a due time per value; by default event n is due n ms after `START_NS`.
    """
    index = np.arange(first, first + len(values), dtype=np.int64)
    due = START_NS + index * 1_000_000 if scheduled is None else np.array(scheduled, np.int64)
    kept = ~np.isin(index, list(skipped))
    rows = [value for value, keep in zip(values, kept, strict=True) if keep]
    return Batch(
        index=index[kept],
        scheduled=due[kept],
        text=pa.array([json_text(row).encode() for row in rows], pa.large_binary()),
        fields=JsonFields(rows, index[kept]),
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

    async def batches(self, key: PositionKey, first: int, end: int) -> AsyncIterator[Batch]:
        """See `EventReplayer.batches`."""
        for batch in self._batches[key]:
            start, stop = max(first, batch.first), min(end, batch.next)
            if start < stop:
                yield _slice_batch(batch, start, stop)


def _slice_batch(batch: Batch, first: int, end: int) -> Batch:
    if (first, end) == (batch.first, batch.next):
        return batch
    low, high = np.searchsorted(batch.index, (first, end))
    text = batch.text[low:high]
    return Batch(
        index=batch.index[low:high],
        scheduled=batch.scheduled[low:high],
        text=text,
        fields=JsonFields(list(map(json.loads, text.to_pylist())), batch.index[low:high]),
        first=first,
        count=end - first,
    )
