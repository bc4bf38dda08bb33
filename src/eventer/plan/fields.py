"""Fields of a batch made by a plan: typed columns without a detour through text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from eventer.core.batch import Fields
from eventer.core.model import ColumnType

if TYPE_CHECKING:
    from eventer.plan.columnar import Plan
    from eventer.plan.execute import Run


@dataclass(frozen=True, slots=True)
class PlanFields:
    """The rows [start, stop) of a run; what other rows hold is nobody's business."""

    plan: Plan
    run: Run
    start: int
    stop: int

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.Fields.column`."""
        return self.plan.read(self.run, pointer, kind, (self.start, self.stop))

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.Fields.names`."""
        return self.plan.names(self.run)

    def cut(self, start: int, stop: int) -> PlanFields:
        """Some of the rows."""
        return PlanFields(self.plan, self.run, self.start + start, self.start + stop)


@dataclass(frozen=True, slots=True)
class MixedFields:
    """Rows of a plan, but for those (`again`: row, and fields of that row alone) made again."""

    planned: PlanFields
    again: Sequence[tuple[int, Fields]]

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.Fields.column`."""
        columns = [self.planned.column(pointer, kind)]
        columns += [fields.column(pointer, kind) for _, fields in self.again]
        order = np.arange(len(columns[0]))
        order[[row for row, _ in self.again]] = len(order) + np.arange(len(self.again))
        return pa.concat_arrays(columns).take(pa.array(order))

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.Fields.names`."""
        return self.planned.names().union(*(fields.names() for _, fields in self.again))
