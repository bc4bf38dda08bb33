"""The inputs of several generators of one plan, for a run of the events of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.bindings import ReferencePath
from eventer.core.json_text import json_text
from eventer.functions.populations import Population
from eventer.functions.spec import BoundCall
from eventer.kernels.json.instructions import Column, RowProgram
from eventer.kernels.pgcopy.copy_stream import text_buffers
from eventer.plan.draw_keys import DrawKey
from eventer.plan.execution import Execution
from eventer.plan.inputs import PlanInputs
from eventer.plan.row_program import BoundRowProgram

Rows = NDArray[np.int64]


class NotGroupedError(Exception):
    """The events of several generators cannot be generated in one run."""


class GroupedInputs:
    """The inputs of the generators of a run: `owner` has the number of each event's generator.

    Draw keys are columns, and so are texts that differ between generators.
    """

    def __init__(self, members: Sequence[PlanInputs], owner: Rows) -> None:
        self._members = members
        self._owner = owner

    def keys(self, key: DrawKey, events: Callable[[], Rows]) -> NDArray[np.uint64]:
        """The values of a draw key in rows of these events."""
        values = np.array([member.key(key) for member in self._members], dtype=np.uint64)
        found: NDArray[np.uint64] = values[self._owner[events()]]
        return found

    def context_texts(self, call: BoundCall, events: Rows) -> pa.Array:
        """See `PlanInputs.context_texts`."""
        texts = [member.context.text(call) for member in self._members]
        return pa.array(texts, pa.large_string()).take(pa.array(self._owner[events]))

    def population(self, path: ReferencePath) -> Population:
        """Not known for several generators."""
        raise NotGroupedError(f"generators refer to different events of {path!r}")

    def row_program(
        self, program: BoundRowProgram, run: Execution
    ) -> tuple[RowProgram, list[Column]]:
        """A program and the columns that it reads: its inputs differ between events."""
        return program.with_input_columns().rows, self.columns(program, run)

    def columns(self, program: BoundRowProgram, run: Execution) -> list[Column]:
        """The columns of `BoundRowProgram.with_input_columns`."""
        inputs = (self._json_texts(each.call, run.events(each.domain)) for each in program.inputs)
        return [*program.columns(run), *inputs]

    def _json_texts(self, call: BoundCall, events: Rows) -> Column:
        texts = [json_text(member.context.text(call)) for member in self._members]
        column = pa.array(texts, pa.large_string()).take(pa.array(self._owner[events]))
        return Column(*text_buffers(column))
