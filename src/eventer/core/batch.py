"""The batch: consecutive generated events on their way to a destination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

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
        """The top-level field names that occur in any row."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Batch:
    """The events of the indices [first, first + count): immutable, compared by identity.

    A skipped index has no row. Per row, `index` (int64, ascending) is the event's index,
    `scheduled` (int64 ns since 1970) its due time, `text` (large_binary) its compact JSON.
    `match_hints` locate repeated text, if known.
    """

    first: int
    count: int
    index: NDArray[np.int64]
    scheduled: NDArray[np.int64]
    text: pa.LargeBinaryArray
    fields: FieldReader
    match_hints: MatchHints | None = None

    @property
    def next(self) -> int:
        """The first index after the batch."""
        return self.first + self.count

    @property
    def rows(self) -> int:
        """Number of events: `count` minus skipped indices."""
        return len(self.index)

    @property
    def skipped(self) -> int:
        """Number of indices without an event."""
        return self.count - len(self.index)

    @property
    def nbytes(self) -> int:
        """Bytes of JSON text."""
        offsets = np.frombuffer(self.text.buffers()[1], dtype=np.int64)
        start = self.text.offset
        return int(offsets[start + len(self.text)] - offsets[start])


def advance_position(position: Position, batches: Sequence[Batch]) -> Position:
    """The position after delivering consecutive batches that begin at it."""
    return replace(
        position,
        next=batches[-1].next,
        skipped=position.skipped + sum(batch.skipped for batch in batches),
        bytes=position.bytes + sum(batch.nbytes for batch in batches),
    )
