"""Fields of the events of steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import ColumnType
from eventer.core.timelines import Steps
from eventer.plan.timelines.field_columns import FieldColumns, TakenColumns, TextFields
from eventer.plan.timelines.timeline_rows import TimelineUnit


@dataclass(frozen=True)
class StepFields:
    """Typed columns of steps with these delivery numbers.

    They are read from the JSON texts if `columns` do not have them, or a value is rejected: then
    the error names the step.
    """

    texts: pa.LargeBinaryArray
    columns: FieldColumns | None
    steps: Steps
    numbers: NDArray[np.int64]
    unit: TimelineUnit
    written: bool

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.FieldReader.column`; errors name the timeline and the step."""
        columns = self.columns
        known = None if columns is None else columns.column((pointer, kind, self.written))
        return self._read(pointer, kind) if known is None else known

    def _read(self, pointer: str, kind: ColumnType) -> pa.Array:
        try:
            return self._fields.column(pointer, kind)
        except DestinationRejectedError as error:
            row = int(np.searchsorted(self.numbers, error.index or 0))
            message = error.message.partition(": ")[2]
            where = step_name(self.unit, self.steps, row)
            raise DestinationRejectedError(f"{where}: {message}", index=error.index) from None

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.FieldReader.names`."""
        known = None if self.columns is None else self.columns.names(written=self.written)
        return self._fields.names() if known is None else known

    def cut(self, start: int, stop: int) -> StepFields:
        """See `eventer.core.batch.BatchFields.cut`."""
        columns = self.columns
        return replace(
            self,
            texts=self.texts[start:stop],
            columns=columns and TakenColumns(columns, np.arange(start, stop)),
            steps=self.steps.cut(start, stop),
            numbers=self.numbers[start:stop],
        )

    @cached_property
    def _fields(self) -> TextFields:
        return TextFields(self.texts, self.numbers)


def step_name(unit: TimelineUnit, steps: Steps, row: int) -> str:
    """A step in a message: its timeline and its number, or the event that it delivers."""
    name = f"{unit} {steps.index[row]}"
    return name if unit == "event" else f"{name}, step {steps.step[row]}"
