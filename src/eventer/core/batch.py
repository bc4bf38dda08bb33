"""Generated events on their way to a destination: rows, and batches of consecutive indices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.cursor import Cursor
from eventer.core.errors import DestinationRejectedError
from eventer.core.fault_rules import FaultKind
from eventer.core.match_hints import MatchHints
from eventer.core.model import ColumnType, Position

MAX_EVENTS = 10_000
MAX_BYTES = 4 << 20
MAX_EVENT_BYTES = 1 << 20


class FieldReader(Protocol):
    """Reads a field of all rows of a batch as a typed column."""

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """One value per row; null if the field is absent or JSON null.

        `pointer` is a JSON pointer (RFC 6901). The Arrow types: BIGINT int64, DOUBLE float64,
        BOOLEAN bool, TEXT large_string, TIMESTAMPTZ timestamp[us, UTC], JSONB large_string of
        canonical JSON text, KEY large_binary.

        Raises:
            DestinationRejectedError: a value has another type; the error names the event's index.
        """

    def names(self) -> frozenset[str]:
        """The top-level field names that occur in any row.

        Those of other rows that were generated with these may be among them.
        """


class BatchFields(FieldReader, Protocol):
    """The fields of a batch, which can be cut into parts."""

    def cut(self, start: int, stop: int) -> BatchFields:
        """The fields of the rows [start, stop) alone."""


@dataclass(frozen=True, slots=True)
class SelectedFields:
    """The fields of some `rows` (ascending) of a batch; a value of another row is never rejected.

    `names` may have those of the other rows, too.
    """

    fields: BatchFields
    rows: NDArray[np.int64]

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `FieldReader.column`."""
        try:
            return self.fields.column(pointer, kind).take(pa.array(self.rows))
        except DestinationRejectedError:
            runs = np.split(self.rows, np.flatnonzero(np.diff(self.rows) > 1) + 1)
        ends = [(int(run[0]), int(run[-1]) + 1) if len(run) else (0, 0) for run in runs]
        parts = [self.fields.cut(start, stop).column(pointer, kind) for start, stop in ends]
        return pa.concat_arrays(parts)

    def names(self) -> frozenset[str]:
        """See `FieldReader.names`."""
        return self.fields.names()

    def cut(self, start: int, stop: int) -> SelectedFields:
        """See `BatchFields.cut`."""
        return SelectedFields(self.fields, self.rows[start:stop])


@dataclass(frozen=True, slots=True)
class _TakenFields:
    """The fields of some `rows` of others that cannot be cut."""

    fields: FieldReader
    rows: NDArray[np.int64]

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `FieldReader.column`; a value of another row may be rejected, too."""
        return self.fields.column(pointer, kind).take(pa.array(self.rows))

    def names(self) -> frozenset[str]:
        """See `FieldReader.names`."""
        return self.fields.names()


@dataclass(frozen=True, slots=True, eq=False)
class EventRows:
    """Events as rows, of one generator or of several: immutable, compared by identity.

    Per row, `index` (int64) is the event's index in its generator, `scheduled` (int64 ns since
    1970) its due time, `text` (large_binary) the compact JSON of its written part. `fields` are
    those of the event, `part_fields` those of what is written if that is not the whole event.
    `match_hints` locate repeated text, if known. `fault_labels` (large_binary) name the faults of
    rows that are labelled.
    """

    index: NDArray[np.int64]
    scheduled: NDArray[np.int64]
    text: pa.LargeBinaryArray
    fields: FieldReader
    match_hints: MatchHints | None = None
    part_fields: FieldReader | None = None
    fault_labels: pa.LargeBinaryArray | None = None

    @property
    def written(self) -> FieldReader:
        """The fields of the written part."""
        return self.fields if self.part_fields is None else self.part_fields

    def take(self, kept: NDArray[np.bool_]) -> EventRows:
        """Some of the rows."""
        rows, part = np.flatnonzero(kept), self.part_fields
        return EventRows(
            index=self.index[rows],
            scheduled=self.scheduled[rows],
            text=self.text.take(pa.array(rows)),
            fields=_TakenFields(self.fields, rows),
            part_fields=None if part is None else _TakenFields(part, rows),
            fault_labels=_taken(self.fault_labels, rows),
        )

    @property
    def rows(self) -> int:
        """Number of events."""
        return len(self.index)

    @property
    def nbytes(self) -> int:
        """Bytes of JSON text."""
        offsets = np.frombuffer(self.text.buffers()[1], dtype=np.int64)
        start = self.text.offset
        return int(offsets[start + len(self.text)] - offsets[start])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, weakref_slot=True)
class Batch(EventRows):
    """The events of one generator with the indices [first, first + count).

    `index` is ascending. A skipped index has no row, nor have those of `dropped`, events that are
    not emitted on purpose. `event_bytes` are the bytes of text of the whole events, if `fields` has
    their values and only a part of them is written. If the indices number steps of timelines,
    `cursors` are the places of the first one and after the last one. `fault_kinds` (uint8) has the
    bits of the kinds of faults of each row; `fault_drops` counts the events that faults dropped.
    """

    first: int
    count: int
    dropped: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    event_bytes: int = 0
    cursors: tuple[Cursor, Cursor] | None = None
    fault_kinds: NDArray[np.uint8] | None = None
    fault_drops: int = 0
    fields: BatchFields = field(kw_only=False)
    part_fields: BatchFields | None = None

    @property
    def written(self) -> BatchFields:
        """See `EventRows.written`."""
        return self.fields if self.part_fields is None else self.part_fields

    def without(self, indices: Collection[int]) -> Batch:
        """The batch with these indices skipped; the batch itself if it has none of them."""
        return self.take(~np.isin(self.index, list(indices)))

    def take(self, kept: NDArray[np.bool_]) -> Batch:
        """The batch with the other rows skipped; the batch itself if all are kept."""
        if kept.all():
            return self
        rows, part = np.flatnonzero(kept), self.part_fields
        return replace(
            self,
            index=self.index[rows],
            scheduled=self.scheduled[rows],
            text=self.text.take(pa.array(rows)),
            fields=SelectedFields(self.fields, rows),
            part_fields=None if part is None else SelectedFields(part, rows),
            fault_labels=_taken(self.fault_labels, rows),
            fault_kinds=None if self.fault_kinds is None else self.fault_kinds[rows],
            match_hints=None,
        )

    def rejected_values(self, pointer: str, kind: ColumnType) -> list[DestinationRejectedError]:
        """The errors of all events whose written value `FieldReader.column` rejects."""
        errors: list[DestinationRejectedError] = []
        start = 0
        while start < self.rows:
            try:
                self.written.cut(start, self.rows).column(pointer, kind)
            except DestinationRejectedError as error:
                errors.append(error)
                start = int(np.searchsorted(self.index, error.index or 0)) + 1
            else:
                break
        return errors

    def drop(self, rows: NDArray[np.bool_]) -> Batch:
        """The batch without these rows, which are dropped; the batch itself if there are none."""
        if not rows.any():
            return self
        return replace(self.take(~rows), dropped=np.append(self.dropped, self.index[rows]))

    @property
    def fault_counts(self) -> Counter[FaultKind]:
        """How many events have, or were dropped by, a fault of each kind."""
        counts: Counter[FaultKind] = Counter()
        if self.fault_drops:
            counts[FaultKind.DROP] = self.fault_drops
        if self.fault_kinds is not None:
            for kind in FaultKind:
                counts[kind] += int(np.count_nonzero(self.fault_kinds & kind.bit))
        return +counts

    @property
    def next(self) -> int:
        """The first index after the batch."""
        return self.first + self.count

    @property
    def skipped(self) -> int:
        """Number of indices without an event, except for those dropped."""
        return self.count - len(self.index) - len(self.dropped)


def _taken(array: pa.Array | None, rows: NDArray[np.int64]) -> pa.Array | None:
    return None if array is None else array.take(pa.array(rows))


def advance_position(position: Position, batches: Sequence[Batch]) -> Position:
    """The position after delivering consecutive batches that begin at it."""
    cursors = batches[-1].cursors
    return replace(
        position,
        next=batches[-1].next,
        cursor=None if cursors is None else cursors[1],
        skipped=position.skipped + sum(batch.skipped for batch in batches),
        dropped=position.dropped + sum(len(batch.dropped) for batch in batches),
        bytes=position.bytes + sum(batch.nbytes for batch in batches),
    )
