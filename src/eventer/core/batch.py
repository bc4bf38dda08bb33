"""The batch: a run of consecutive events, generated, on its way to a destination."""

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
    """Reads fields of all rows of a batch as typed columns; row i is the batch's row i."""

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """One value a row, null where the field is absent (and where it is JSON null).

        `pointer` is a JSON pointer (RFC 6901). The Arrow types: BIGINT int64, DOUBLE float64,
        BOOLEAN bool, TEXT large_string, TIMESTAMPTZ timestamp[us, UTC], JSONB large_string of
        canonical JSON text, KEY large_binary.

        Raises:
            DestinationRejectedError: a value is not of that kind; it names the event's index.
        """

    def names(self) -> frozenset[str]:
        """The top-level field names that occur in any row."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Batch:
    """The events of the indices [first, first + count), immutable; equal to itself alone.

    A skipped index has no row, so `index` (int64, ascending) says which event each row is;
    `scheduled` (int64 ns since 1970) when each was due; `text` (large_binary) its compact JSON.
    `match_hints`, where they are known, say what texts have in common.
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
        """The index after the last one covered."""
        return self.first + self.count

    @property
    def rows(self) -> int:
        """How many events there are: `count` less the skipped ones."""
        return len(self.index)

    @property
    def skipped(self) -> int:
        """How many indices emit nothing."""
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
