"""The operation of each event, which the option `op` of its target reads from it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import EventRows
from eventer.core.model import ColumnType
from eventer.core.pointer import format_pointer
from eventer.core.written_part import option_tokens

Mask: TypeAlias = NDArray[np.bool_]

OPERATION_HINT: Final = "the operation is `upsert`, which is the default, or `delete`"
_MAX_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Operations:
    """The operations of the events of a batch.

    `deletes` says which events delete. An event without the field, or with null there, does not.
    `faults` has the rows whose operation is unknown, and what is wrong there.
    """

    deletes: Mask
    faults: Mapping[int, str] = field(default_factory=dict)


def read_operations(batch: EventRows, op: str | None) -> Operations:
    """The operations of a batch; all are upserts without the option."""
    if op is None:
        return Operations(np.zeros(batch.rows, np.bool_))
    pointer = format_pointer(option_tokens(op))
    # As the bytes of a key: then no value is rejected.
    operations = batch.fields.column(pointer, ColumnType.KEY)
    deletes = _equal(operations, b"delete")
    other = operations.is_valid().to_numpy(zero_copy_only=False)
    other = other & ~deletes & ~_equal(operations, b"upsert")
    faults = {row: _fault(pointer, operations[row]) for row in np.flatnonzero(other).tolist()}
    return Operations(deletes, faults)


def _equal(operations: pa.Array, name: bytes) -> Mask:
    import pyarrow.compute as pc

    equal = pc.equal(operations, pa.scalar(name, operations.type))
    mask: Mask = equal.fill_null(False).to_numpy(zero_copy_only=False)
    return mask


def _fault(pointer: str, operation: pa.Scalar) -> str:
    text = bytes(operation.as_py()).decode("utf-8", "replace")
    shown = text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."
    return f"the value at {pointer} is not an operation: {shown}"
