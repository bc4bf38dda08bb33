"""Fields of the events of steps."""

from __future__ import annotations

import json
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import ColumnType, JsonValue
from eventer.core.timelines import Steps
from eventer.plan.json_fields import JsonFields


class StepFields:
    """Reads typed columns from the JSON texts of steps with these delivery numbers."""

    def __init__(
        self, texts: pa.LargeBinaryArray, steps: Steps, numbers: NDArray[np.int64]
    ) -> None:
        self._texts = texts
        self._steps = steps
        self._numbers = numbers

    @cached_property
    def _values(self) -> list[JsonValue]:
        return [json.loads(text) for text in self._texts.to_pylist()]

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.FieldReader.column`; errors name the timeline and the step."""
        try:
            return self._fields.column(pointer, kind)
        except DestinationRejectedError as error:
            row = int(np.searchsorted(self._numbers, error.index or 0))
            message = error.message.partition(": ")[2]
            where = f"timeline {self._steps.index[row]}, step {self._steps.step[row]}"
            raise DestinationRejectedError(f"{where}: {message}", index=error.index) from None

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.FieldReader.names`."""
        return self._fields.names()

    def cut(self, start: int, stop: int) -> StepFields:
        """See `eventer.core.batch.BatchFields.cut`."""
        return StepFields(
            self._texts[start:stop], self._steps.cut(start, stop), self._numbers[start:stop]
        )

    @cached_property
    def _fields(self) -> JsonFields:
        return JsonFields(self._values, self._numbers)
