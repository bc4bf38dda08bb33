"""An engine that drops null events: nothing is emitted for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.operations import read_operations
from eventer.plan.engine import WrappingEngine

_NULL: Final = b"null"


@dataclass(frozen=True, slots=True)
class NullDroppingEngine(WrappingEngine):
    """Drops the events of which null would be written, unless `op` says that they delete.

    `op` names a field or a JSON pointer; a deletion needs no value.
    """

    op: str | None = None

    def changed(self, batch: Batch) -> Batch:
        """The batch without null events."""
        return without_nulls(batch, self.op)


def without_nulls(batch: Batch, op: str | None) -> Batch:
    """The batch without the events of which null would be written, unless `op` deletes."""
    nulls = null_rows(batch)
    if op is not None and nulls.any():
        nulls = nulls & ~read_operations(batch, op).deletes
    return batch.drop(nulls)


def null_rows(batch: Batch) -> NDArray[np.bool_]:
    """The rows of which null is written."""
    _, offsets_buffer, data_buffer = batch.text.buffers()
    begin, count = batch.text.offset, len(batch.text)
    offsets = np.frombuffer(offsets_buffer, np.int64)[begin : begin + count + 1]
    nulls: NDArray[np.bool_] = np.diff(offsets) == len(_NULL)
    if nulls.any():
        # No other JSON text of this length begins like it.
        data = np.frombuffer(data_buffer, np.uint8)
        nulls[nulls] = data[offsets[:-1][nulls]] == _NULL[0]
    return nulls
