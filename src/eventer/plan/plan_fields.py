"""Fields of a batch of the plan, as typed columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from eventer.core.batch import FieldReader
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import ColumnType

if TYPE_CHECKING:
    from eventer.plan.columnar_engine import Plan
    from eventer.plan.execution import Execution


@dataclass(frozen=True, slots=True)
class PlanFields:
    """The rows [start, stop) of a run; with `written`, the fields of the written part."""

    plan: Plan
    run: Execution
    start: int
    stop: int
    written: bool = False

    def of_part(self) -> PlanFields | None:
        """The fields of the written part, if that is not the whole event."""
        return None if self.plan.part is None else replace(self, written=True)

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.FieldReader.column`."""
        return self.plan.read(self.run, (pointer, kind, self.written), (self.start, self.stop))

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.FieldReader.names`."""
        return self.plan.names(self.run, (self.start, self.stop), written=self.written)

    def cut(self, start: int, stop: int) -> PlanFields:
        """See `eventer.core.batch.BatchFields.cut`."""
        return replace(self, start=self.start + start, stop=self.start + stop)


@dataclass(frozen=True, slots=True)
class CachedFields:
    """Fields of events generated ahead: each column is read once for many ticks.

    `columns` are those read so far; None if the value of a row was rejected.
    """

    fields: PlanFields
    columns: dict[tuple[str, ColumnType], pa.Array | None] = field(default_factory=dict)

    def column(self, pointer: str, kind: ColumnType) -> pa.Array | None:
        """A column of all rows, or None if each tick must read its own rows."""
        if (pointer, kind) not in self.columns:
            try:
                self.columns[pointer, kind] = self.fields.column(pointer, kind)
            except DestinationRejectedError:
                self.columns[pointer, kind] = None
        return self.columns[pointer, kind]


@dataclass(frozen=True, slots=True)
class FieldsSlice:
    """The rows [start, stop) of cached fields."""

    cached: CachedFields
    start: int
    stop: int

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.FieldReader.column`."""
        column = self.cached.column(pointer, kind)
        if column is None:
            return self._own.column(pointer, kind)
        return column[self.start : self.stop]

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.FieldReader.names`."""
        return self._own.names()

    def cut(self, start: int, stop: int) -> FieldsSlice:
        """See `eventer.core.batch.BatchFields.cut`."""
        return FieldsSlice(self.cached, self.start + start, self.start + stop)

    @property
    def _own(self) -> PlanFields:
        return self.cached.fields.cut(self.start, self.stop)


@dataclass(frozen=True, slots=True)
class PatchedFields:
    """Rows of a plan of which some are replaced (`recomputed`: row number and fields)."""

    planned: PlanFields
    recomputed: Sequence[tuple[int, FieldReader]]

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.FieldReader.column`."""
        columns: list[pa.Array] = []
        rejected: list[DestinationRejectedError] = []
        for fields in (self.planned, *(fields for _, fields in self.recomputed)):
            try:
                columns.append(fields.column(pointer, kind))
            except DestinationRejectedError as error:
                rejected.append(error)
        if rejected:
            raise min(rejected, key=_index)
        order = np.arange(len(columns[0]))
        order[[row for row, _ in self.recomputed]] = len(order) + np.arange(len(self.recomputed))
        return pa.concat_arrays(columns).take(pa.array(order))

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.FieldReader.names`."""
        return self.planned.names().union(*(fields.names() for _, fields in self.recomputed))

    def cut(self, start: int, stop: int) -> PatchedFields:
        """See `eventer.core.batch.BatchFields.cut`."""
        inside = [(row - start, each) for row, each in self.recomputed if start <= row < stop]
        return PatchedFields(self.planned.cut(start, stop), inside)


def _index(error: DestinationRejectedError) -> int:
    assert error.index is not None
    return error.index
