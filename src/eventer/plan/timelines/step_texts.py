"""What is delivered of steps: texts, labels of faults, and columns of fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.plan.timelines.field_columns import FieldColumns, JoinedColumns, TakenColumns

NO_TEXTS: Final = pa.array([], pa.large_binary())


@dataclass(frozen=True, slots=True, eq=False)
class StepTexts:
    """The texts of steps: of the written part of each event, and of the whole event.

    The text of a dropped event is null. `labels` (large_binary) are those of faults, and `kinds`
    (uint8) the bits of their kinds. `columns` are None where fields are read from the texts.
    """

    texts: pa.LargeBinaryArray
    events: pa.LargeBinaryArray
    labels: pa.LargeBinaryArray | None = None
    columns: FieldColumns | None = None
    kinds: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def whole(self) -> bool:
        """Whether the whole events are written."""
        return self.events is self.texts

    @property
    def nbytes(self) -> int:
        """Bytes of memory, except for columns."""
        return int(self.texts.nbytes + (0 if self.whole else self.events.nbytes))

    def take(self, places: NDArray[np.int64]) -> StepTexts:
        """The texts of the steps at these places."""
        rows = pa.array(places)
        texts = self.texts.take(rows)
        return StepTexts(
            texts,
            texts if self.whole else self.events.take(rows),
            None if self.labels is None else self.labels.take(rows),
            None if self.columns is None else TakenColumns(self.columns, places),
            None if self.kinds is None else self.kinds[places],
        )

    def cut(self, stop: int) -> StepTexts:
        """The texts of the steps before `stop`."""
        return self if stop >= len(self) else self.take(np.arange(stop))


def joined_texts(parts: Sequence[StepTexts]) -> StepTexts:
    """The texts of several parts, one after the other."""
    parts = [part for part in parts if len(part)]
    if len(parts) == 1:
        return parts[0]
    texts = pa.concat_arrays([NO_TEXTS, *(part.texts for part in parts)])
    whole = all(part.whole for part in parts)
    columns = [part.columns for part in parts if part.columns is not None]
    return StepTexts(
        texts,
        texts if whole else pa.concat_arrays([part.events for part in parts]),
        _joined_labels(parts),
        JoinedColumns(columns) if columns and len(columns) == len(parts) else None,
        _joined_kinds(parts),
    )


def _joined_kinds(parts: Sequence[StepTexts]) -> NDArray[np.uint8] | None:
    if all(part.kinds is None for part in parts):
        return None
    return np.concatenate(
        [np.zeros(len(part), np.uint8) if part.kinds is None else part.kinds for part in parts]
    )


def _joined_labels(parts: Sequence[StepTexts]) -> pa.LargeBinaryArray | None:
    if all(part.labels is None for part in parts):
        return None
    return pa.concat_arrays(
        [
            pa.nulls(len(part), pa.large_binary()) if part.labels is None else part.labels
            for part in parts
        ]
    )
