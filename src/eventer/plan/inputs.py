"""The inputs of a plan: what differs between the generators that share it."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.bindings import ReferencePath
from eventer.functions.populations import ASSUMED, Population, Populations
from eventer.functions.spec import BoundCall, RowContext
from eventer.kernels.json.instructions import Column, RowProgram
from eventer.plan.draw_keys import DrawKey, DrawKeyValues
from eventer.plan.engine import EventContext
from eventer.plan.execution import Execution
from eventer.plan.row_program import BoundRowProgram

Rows = NDArray[np.int64]


class ContextInputs:
    """The dataset and the instance id of generators, and the row programs that write them."""

    def __init__(self, context: EventContext) -> None:
        self._row = RowContext(0, 0, context.dataset, context.instance_id)
        self._programs: dict[BoundRowProgram, BoundRowProgram] = {}

    def text(self, call: BoundCall) -> str:
        """The text of a call that depends on nothing else."""
        text = call.row(0, self._row)
        assert isinstance(text, str)
        return text

    def bound(self, program: BoundRowProgram) -> BoundRowProgram:
        """A program with these texts."""
        if not program.inputs:
            return program
        found = self._programs.get(program)
        if found is None:
            found = self._programs[program] = program.with_texts(self.text)
        return found


class PlanInputs:
    """The draw keys and the context of one generator, and what its references can read."""

    __slots__ = ("_keys", "_populations", "context")

    def __init__(
        self,
        keys: DrawKeyValues,
        context: ContextInputs,
        populations: Populations = MappingProxyType({}),
    ) -> None:
        self.context = context
        self._keys = keys
        self._populations = populations

    def population(self, path: ReferencePath) -> Population:
        """The events of a stream that grows, to which these references lead."""
        return self._populations.get(path, ASSUMED)

    def context_texts(self, call: BoundCall, events: Rows) -> pa.Array:
        """The text of a call, for rows of these events."""
        return pa.repeat(pa.scalar(self.context.text(call), pa.large_string()), len(events))

    def row_program(
        self, program: BoundRowProgram, run: Execution
    ) -> tuple[RowProgram, list[Column]]:
        """A program with the dataset and the instance id, and the columns that it reads."""
        return self.context.bound(program).rows, program.columns(run)

    def key(self, key: DrawKey) -> int:
        """The value of a draw key."""
        return self._keys.value(key)

    def keys(self, key: DrawKey, events: Callable[[], Rows]) -> int:
        """The value of a draw key in rows of these events: the same in all of them."""
        del events
        return self._keys.value(key)
