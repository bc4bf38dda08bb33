"""Batches made of values written down in a test."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue, PositionKey
from eventer.plan.json_fields import JsonFields

START_NS = 1_700_000_000_000_000_000
"""When event 0 is due, where a test does not say otherwise."""


def batch_of(
    first: int,
    values: Sequence[JsonValue],
    *,
    scheduled: Sequence[int] | None = None,
    skipped: Collection[int] = (),
) -> Batch:
    """A batch whose event `first + i` is `values[i]`, but for the indices in `skipped`.

    `scheduled` has an instant for each value; without it event n is due n milliseconds after
    `START_NS`.
    """
    index = np.arange(first, first + len(values), dtype=np.int64)
    due = START_NS + index * 1_000_000 if scheduled is None else np.array(scheduled, np.int64)
    kept = ~np.isin(index, list(skipped))
    rows = [value for value, keep in zip(values, kept, strict=True) if keep]
    return Batch(
        first=first,
        count=len(values),
        index=index[kept],
        scheduled=due[kept],
        text=pa.array([json_text(row).encode() for row in rows], pa.large_binary()),
        fields=JsonFields(rows, index[kept]),
    )


class RecordedEvents:
    """`EventReplayer` that are known: all batches of each generator, in order.

    Those of the indices below `since` are said not to be recomputable.
    """

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
                yield slice_batch(batch, start, stop)


def slice_batch(batch: Batch, first: int, end: int) -> Batch:
    """The events [first, end) of a batch."""
    if (first, end) == (batch.first, batch.next):
        return batch
    kept = (batch.index >= first) & (batch.index < end)
    values = [
        json.loads(text) for text, keep in zip(batch.text.to_pylist(), kept, strict=True) if keep
    ]
    return Batch(
        first=first,
        count=end - first,
        index=batch.index[kept],
        scheduled=batch.scheduled[kept],
        text=pa.array(
            [text for text, k in zip(batch.text.to_pylist(), kept, strict=True) if k],
            pa.large_binary(),
        ),
        fields=JsonFields(values, batch.index[kept]),
    )


def indices(batches: Sequence[Batch]) -> NDArray[np.int64]:
    """The indices of all rows, in order."""
    return np.concatenate([batch.index for batch in batches])
