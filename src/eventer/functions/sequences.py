"""`get_index`, `get_sequence` and `get_cycle`: values that depend on the event's index only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final

import numpy as np

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions import arguments as args
from eventer.functions.choices import list_items
from eventer.functions.columns import Column, DictionaryColumn, IntegerColumn
from eventer.functions.numbers import EXACT
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    ColumnKind,
    FunctionSpec,
    Parameter,
    ReturnType,
    RowContext,
)
from eventer.kernels import draw


@dataclass(frozen=True, slots=True)
class SequenceOfIndices(BoundCall):
    """start + step · index."""

    may_raise: ClassVar[bool] = True
    function: str
    start: args.Integers
    step: args.Integers

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        del key
        index = context.index.astype(np.int64, copy=False)
        # Close enough to say that the product fits 64 bits.
        near = np.abs(np.multiply(self.step, index, dtype=np.float64) + self.start)
        values = self.start + np.multiply(self.step, index, dtype=np.int64)
        args.require((near < 2.0**54) & (np.abs(values) <= EXACT), partial(self._error, index))
        return IntegerColumn(values)

    def _error(self, index: args.IntegerArray, row: int) -> EvaluationError:
        return EvaluationError(
            f"{self.function}: the value at index {int(index[row])} is beyond 2^53 - 1, the "
            "largest number that JSON readers hold exactly",
            hint="start closer to zero, or take a smaller step",
        )


@dataclass(frozen=True, slots=True)
class Cycle(BoundCall):
    """The entries in turn."""

    entries: tuple[JsonValue, ...]

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        del key
        codes = context.index.astype(np.int64, copy=False) % len(self.entries)
        return DictionaryColumn(codes, self.entries)

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        del key
        return self.entries[row.index % len(self.entries)]


def _index(_: Sequence[Any]) -> BoundCall:
    return SequenceOfIndices("get_index", 0, 1)


def _sequence(arguments: Sequence[Any]) -> BoundCall:
    start = args.whole("get_sequence", "start", arguments[0])
    step = args.whole("get_sequence", "step", arguments[1])
    for name, value in (("start", start), ("step", step)):
        args.require(
            (value >= -EXACT) & (value <= EXACT),
            lambda row, name=name, value=value: EvaluationError(  # type: ignore[misc]  # its values now
                f"get_sequence: {name!r} is {args.shown(args.at(value, row))}, beyond 2^53 - 1",
                hint="stay within -(2^53 - 1) and 2^53 - 1",
            ),
        )
    return SequenceOfIndices("get_sequence", start, step)


def _cycle(arguments: Sequence[Any]) -> BoundCall:
    return Cycle(_cycle_items(arguments[0]))


_cycle_items: Final = partial(list_items, "get_cycle")

GET_INDEX: Final = FunctionSpec(
    name="get_index",
    parameters=(),
    return_type=ReturnType.INTEGER,
    doc="The event's index: 0 for the first event of the generator, 1 for the second. A new "
    "incarnation of a generator begins at 0 again.",
    examples=("get_index()", '"order-%08d" % get_index()'),
    bind=_index,
    is_random=False,
    bounds=lambda: (0, EXACT),
)

GET_SEQUENCE: Final = FunctionSpec(
    name="get_sequence",
    parameters=(
        Parameter("start", "a whole number", "the first value", 1, column=ColumnKind.INTEGER),
        Parameter(
            "step",
            "a whole number",
            "the difference between two consecutive events",
            1,
            column=ColumnKind.INTEGER,
        ),
    ),
    return_type=ReturnType.INTEGER,
    doc="`start` + `step` · index: by default 1, 2, 3 in the first events. A function keeps no "
    "state: the value of a skipped event is missing, and after a restart the numbers continue.",
    examples=("get_sequence()", "get_sequence(1000, 10)"),
    bind=_sequence,
    is_random=False,
)

GET_CYCLE: Final = FunctionSpec(
    name="get_cycle",
    parameters=(Parameter("items", "text or an array", "the items, written as for `get_one_of`"),),
    return_type=ReturnType.JSON,
    items=_cycle_items,
    doc="The items in turn: the item numbered by the event's index, from the first again after "
    "the last.",
    examples=('get_cycle("north, east, south, west")', "get_cycle([1, 1, 2])"),
    bind=_cycle,
    is_random=False,
)
