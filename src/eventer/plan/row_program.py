"""A row program: what the kernel does to write each row's JSON text.

It names its columns by numbers; `Program.columns` lays those of a run out as the kernel reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import numpy as np
import pyarrow as pa

from eventer.kernels.assemble import NUMBERS, TEXTS, Column, RowProgram
from eventer.kernels.columns import selectors
from eventer.kernels.pgcopy import text_buffers
from eventer.plan.execute import Run
from eventer.plan.graph import Node


class Lay(Enum):
    """What a slot's column is laid out as."""

    NUMBERS = "numbers"
    DOUBLES = "doubles"
    BOOLEANS = "booleans"
    TEXT = "text"
    SELECTOR = "selector"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Slot:
    """A column that the program reads."""

    lay: Lay
    node: Node


@dataclass(frozen=True, slots=True)
class Program:
    """Instructions, and the columns that they read: first dictionaries, then those of slots."""

    rows: RowProgram
    dictionaries: tuple[Column, ...]
    slots: tuple[Slot, ...]

    def columns(self, run: Run) -> list[Column]:
        """The columns for one run."""
        return [*self.dictionaries, *(_laid(slot, run) for slot in self.slots)]

    def slot(self, instruction: int) -> Slot | None:
        """The slot that an instruction reads, if it reads any."""
        op, column, _ = self.rows.code[instruction].tolist()
        return self.slots[column - len(self.dictionaries)] if op in _READING else None


_READING: Final = TEXTS | NUMBERS


def _laid(slot: Slot, run: Run) -> Column:
    value = run.value(slot.node)
    if slot.lay is Lay.TEXT:
        return Column(*text_buffers(_whole(value)))
    if slot.lay is Lay.SELECTOR:
        return Column(selectors(value))
    if slot.lay is Lay.LIST:
        offsets = np.zeros(len(value) + 1, dtype=np.int64)
        np.cumsum(value, out=offsets[1:])
        return Column(offsets)
    wanted = _DTYPES[slot.lay]
    return Column(value if value.dtype == wanted else value.astype(wanted))


_DTYPES: Final[dict[Lay, Any]] = {
    Lay.NUMBERS: np.int64,
    Lay.DOUBLES: np.float64,
    Lay.BOOLEANS: np.bool_,
}


def _whole(texts: Any) -> Any:
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
