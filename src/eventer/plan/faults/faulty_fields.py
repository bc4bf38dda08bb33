"""Fields of what is written of a batch in which some events have faults."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import BatchFields, FieldReader, SelectedFields
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import ColumnType
from eventer.core.pointer import parse_pointer
from eventer.plan.json_fields import JsonFields


@dataclass(frozen=True, slots=True)
class FaultyFields:
    """Healthy fields of the events `index`, of which those in `rows` (ascending) have other texts.

    Only the top-level fields of `changed_names` may differ.
    """

    healthy: BatchFields
    index: NDArray[np.int64]
    rows: NDArray[np.int64]
    texts: Sequence[str]
    changed_names: Collection[str]

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.FieldReader.column`."""
        tokens = parse_pointer(pointer)
        if tokens and tokens[0] not in self.changed_names:
            return self.healthy.column(pointer, kind)
        kept = np.ones(len(self.index), np.bool_)
        kept[self.rows] = False
        order = np.empty(len(self.index), np.int64)
        order[np.flatnonzero(kept)] = np.arange(len(self.index) - len(self.rows))
        order[self.rows] = len(self.index) - len(self.rows) + np.arange(len(self.rows))
        sides = (SelectedFields(self.healthy, np.flatnonzero(kept)), self._faulty)
        return pa.concat_arrays(_columns(sides, pointer, kind)).take(pa.array(order))

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.FieldReader.names`; it may have those of the healthy events."""
        return self.healthy.names()

    def cut(self, start: int, stop: int) -> FaultyFields:
        """See `eventer.core.batch.BatchFields.cut`."""
        first, end = np.searchsorted(self.rows, [start, stop]).tolist()
        return replace(
            self,
            healthy=self.healthy.cut(start, stop),
            index=self.index[start:stop],
            rows=self.rows[first:end] - start,
            texts=self.texts[first:end],
        )

    @property
    def _faulty(self) -> JsonFields:
        return JsonFields([json.loads(text) for text in self.texts], self.index[self.rows])


def _columns(sides: Sequence[FieldReader], pointer: str, kind: ColumnType) -> list[pa.Array]:
    """A column of each side.

    Raises:
        DestinationRejectedError: the first rejected event of both.
    """
    columns: list[pa.Array] = []
    rejected: list[DestinationRejectedError] = []
    for fields in sides:
        try:
            columns.append(fields.column(pointer, kind))
        except DestinationRejectedError as error:
            rejected.append(error)
    if rejected:
        raise min(rejected, key=lambda error: error.index or 0)
    return columns
