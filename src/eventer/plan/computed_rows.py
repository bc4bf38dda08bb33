"""Events that the plan has computed, as batches: ahead of requests, and with recomputed rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.match_hints import MatchHints
from eventer.plan.execution import Execution
from eventer.plan.plan_fields import CachedFields, FieldsSlice, PatchedFields, PlanFields


@dataclass(slots=True)
class PrefetchedBatch:
    """Events [first, stop) generated ahead: rows of `batch`, from the row `offset` on.

    `timed` if they depend on their scheduled times.
    """

    batch: Batch
    fields: CachedFields
    part_fields: CachedFields | None
    timed: bool
    first: int
    stop: int
    offset: int = 0

    @classmethod
    def of(cls, batch: Batch, *, timed: bool) -> PrefetchedBatch:
        """The events of a batch of the plan; `timed` if they depend on their scheduled times."""
        fields, part_fields = batch.fields, batch.part_fields
        assert isinstance(fields, PlanFields)
        assert isinstance(part_fields, PlanFields | None)
        cached = None if part_fields is None else CachedFields(part_fields)
        return cls(batch, CachedFields(fields), cached, timed, batch.first, batch.next)

    def part(self, first: int, offset: int, count: int) -> PrefetchedBatch:
        """The events of a generator in a batch of several ones."""
        return replace(self, first=first, stop=first + count, offset=offset)

    def cut(self, first: int, scheduled: NDArray[np.int64]) -> Batch | None:
        """The requested events if all are present and have the requested times; else None."""
        if first < self.first or first + len(scheduled) > self.stop:
            return None
        start = first - self.first + self.offset
        stop = start + len(scheduled)
        known = self.batch.scheduled[start:stop]
        if self.timed and known.tobytes() != scheduled.tobytes():  # faster than array_equal
            return None
        part = self.part_fields
        return Batch(
            first=first,
            count=len(scheduled),
            index=self.batch.index[start:stop],
            scheduled=scheduled,
            text=self.batch.text[start:stop],
            fields=FieldsSlice(self.fields, start, stop),
            part_fields=None if part is None else FieldsSlice(part, start, stop),
            match_hints=self.batch.match_hints and self.batch.match_hints.cut(start, stop),
        )


@dataclass(frozen=True, slots=True)
class ComputedRows:
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
            part_fields=fields.of_part(),
            match_hints=self.match_hints and self.match_hints.cut(start, stop),
        )


def patched_batch(batch: Batch, recomputed: list[tuple[int, Batch]]) -> Batch:
    """A batch in which recomputed events replace its own."""
    planned, part = batch.fields, batch.part_fields
    assert isinstance(planned, PlanFields)
    assert isinstance(part, PlanFields | None)
    order = np.arange(batch.count, dtype=np.int64)
    order[[row for row, _ in recomputed]] = batch.count + np.arange(len(recomputed))
    texts = [batch.text, *(single.text for _, single in recomputed)]
    of_part = [(row, single.written) for row, single in recomputed]
    return Batch(
        first=batch.first,
        count=batch.count,
        index=batch.index,
        scheduled=batch.scheduled,
        text=pa.concat_arrays(texts).take(pa.array(order)),
        fields=PatchedFields(planned, [(row, single.fields) for row, single in recomputed]),
        part_fields=None if part is None else PatchedFields(part, of_part),
    )
