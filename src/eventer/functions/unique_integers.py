"""`get_unique_integer`: each integer of a range once before any comes twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.functions import arguments as args
from eventer.functions.columns import Column, IntegerColumn
from eventer.functions.numbers import EXACT
from eventer.functions.spec import BatchContext, BoundCall, FunctionSpec, Parameter, ReturnType
from eventer.kernels import draw
from eventer.kernels.draw.permutations import permuted


@dataclass(frozen=True, slots=True)
class UniqueInteger(BoundCall):
    """low + the number that a keyed permutation of `size` numbers has for the index."""

    low: int
    size: int

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        return IntegerColumn(permuted(key, context.index, self.size) + self.low)


def _unique_integer(arguments: Sequence[Any]) -> BoundCall:
    low = args.constant_whole("get_unique_integer", "lo", arguments[0])
    high = args.constant_whole("get_unique_integer", "hi", arguments[1])
    args.check_order("get_unique_integer", low, high)
    if low < -EXACT or high > EXACT:
        raise EvaluationError(
            f"get_unique_integer: {args.shown(low)} to {args.shown(high)} is beyond 2^53 - 1, the "
            "largest number that JSON readers hold exactly",
            hint="stay within -(2^53 - 1) and 2^53 - 1",
        )
    return UniqueInteger(low, high - low + 1)


GET_UNIQUE_INTEGER: Final = FunctionSpec(
    name="get_unique_integer",
    parameters=(
        Parameter("lo", "a whole number", "the lowest value, at least -(2^53 - 1)"),
        Parameter("hi", "a whole number", "the highest value, at most 2^53 - 1"),
    ),
    return_type=ReturnType.INTEGER,
    bounds=lambda low, high: None if low is None or high is None else (low[0], high[1]),
    doc="A whole number from `lo` to `hi`, both included. Each comes once before any comes twice: "
    "the values of as many events as there are numbers are all different. Their order is random, "
    "and another one in each pass. Every call in a template, and every element of a list, has an "
    "order of its own, so values of two calls may be equal.",
    examples=("get_unique_integer(1, 1000000)", "get_unique_integer(100000000, 999999999)"),
    bind=_unique_integer,
)
