"""A row program with the columns of the plan that it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final, NamedTuple

import numpy as np

from eventer.core.json_text import json_text
from eventer.functions.spec import BoundCall
from eventer.kernels.json.instructions import (
    NUMBERS,
    TEXT_COLUMN_OPS,
    Column,
    RowOp,
    RowProgram,
)
from eventer.kernels.json.selectors import selectors
from eventer.kernels.pgcopy.copy_stream import text_buffers
from eventer.plan.execution import Execution
from eventer.plan.graph import Domain, Node
from eventer.plan.ops.dictionaries import as_array


class Layout(Enum):
    """The memory layout of a column for the kernel."""

    NUMBERS = "numbers"
    DOUBLES = "doubles"
    BOOLEANS = "booleans"
    TEXT = "text"
    SELECTOR = "selector"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class ColumnSlot:
    """A column of the plan that the program reads."""

    layout: Layout
    node: Node


class ProgramInput(NamedTuple):
    """An instruction that writes the text of a call, an input of the plan, in rows of a domain."""

    instruction: int
    call: BoundCall
    domain: Domain


@dataclass(frozen=True, slots=True, eq=False)
class BoundRowProgram:
    """Instructions and the columns that they read: dictionaries first, then the slots.

    `inputs` write texts that are inputs of the plan.
    """

    rows: RowProgram
    dictionaries: tuple[Column, ...]
    slots: tuple[ColumnSlot, ...]
    inputs: tuple[ProgramInput, ...] = ()

    def with_texts(self, text: Callable[[BoundCall], str]) -> BoundRowProgram:
        """The program with the texts of calls in place of the inputs."""
        if not self.inputs:
            return self
        texts = {each.instruction: json_text(text(each.call)).encode() for each in self.inputs}
        return replace(self, rows=self.rows.with_literals(texts), inputs=())

    def with_input_columns(self) -> BoundRowProgram:
        """The program that reads the texts of the inputs from columns after its own."""
        code, column = self.rows.code.copy(), len(self.dictionaries) + len(self.slots)
        for number, each in enumerate(self.inputs):
            code[each.instruction] = (RowOp.RAW, column + number, 0)
        return replace(self, rows=self.rows.with_code(code), inputs=())

    def columns(self, run: Execution) -> list[Column]:
        """The columns of a run in their layouts."""
        return [*self.dictionaries, *(_laid_out(slot, run) for slot in self.slots)]

    def slot(self, instruction: int) -> ColumnSlot | None:
        """The slot that an instruction reads, or None."""
        op, column, _ = self.rows.code[instruction].tolist()
        return self.slots[column - len(self.dictionaries)] if op in _COLUMN_READERS else None


_COLUMN_READERS: Final = TEXT_COLUMN_OPS | NUMBERS


def _laid_out(slot: ColumnSlot, run: Execution) -> Column:
    value = run.value(slot.node)
    if slot.layout is Layout.TEXT:
        return Column(*text_buffers(as_array(value)))
    if slot.layout is Layout.SELECTOR:
        return Column(selectors(value))
    if slot.layout is Layout.LIST:
        offsets = np.zeros(len(value) + 1, dtype=np.int64)
        np.cumsum(value, out=offsets[1:])
        return Column(offsets)
    dtype = _DTYPES[slot.layout]
    return Column(value if value.dtype == dtype else value.astype(dtype))


_DTYPES: Final[dict[Layout, Any]] = {
    Layout.NUMBERS: np.int64,
    Layout.DOUBLES: np.float64,
    Layout.BOOLEANS: np.bool_,
}
