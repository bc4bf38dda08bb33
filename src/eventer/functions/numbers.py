"""`get_integer` and `get_number`: uniform numbers in a range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions import arguments as args
from eventer.functions.columns import Column, FloatColumn, IntegerColumn
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    FunctionSpec,
    Parameter,
    ReturnType,
    RowContext,
)
from eventer.kernels import draw

EXACT: Final = (1 << 53) - 1
_BIGINT: Final = 1 << 63
"""One more than the largest 64-bit integer."""


@dataclass(frozen=True, slots=True)
class Integer(BoundCall):
    """A whole number in [low, high]."""

    low: int
    high: int

    @property
    def bounds(self) -> tuple[int, int]:
        """See `BoundCall.bounds`."""
        return self.low, self.high

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`. Beyond 2^53, values are the nearest doubles."""
        values = draw.integer_column(key, context.index, self.low, self.high)
        if self.low >= -EXACT and self.high <= EXACT:
            return IntegerColumn(values)
        return FloatColumn(values.astype(np.float64))

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        return float(draw.bounded(draw.draw(key, row.index), self.low, self.high))


@dataclass(frozen=True, slots=True)
class Number(BoundCall):
    """A double in [low, high]."""

    low: float
    high: float

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`. Rounding may reach the upper end but does not exceed it."""
        return FloatColumn(draw.double_column(key, context.index, self.low, self.high))

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        unit = draw.unit(draw.draw(key, row.index))
        return min(unit * (self.high - self.low) + self.low, self.high)


def _integer(arguments: Sequence[JsonValue]) -> BoundCall:
    low = args.whole("get_integer", "lo", arguments[0])
    high = args.whole("get_integer", "hi", arguments[1])
    args.check_order("get_integer", low, high)
    if low < -_BIGINT or high > _BIGINT:
        raise EvaluationError(
            f"get_integer: {args.shown(arguments[0])} to {args.shown(arguments[1])} is more than "
            "64-bit integers hold",
            hint="stay within -2^63 and 2^63 - 1, or call get_number",
        )
    # 2^63 is the double nearest to 2^63 - 1.
    return Integer(min(low, _BIGINT - 1), min(high, _BIGINT - 1))


def _number(arguments: Sequence[JsonValue]) -> BoundCall:
    low = args.number("get_number", "lo", arguments[0])
    high = args.number("get_number", "hi", arguments[1])
    args.check_order("get_number", low, high)
    if not math.isfinite(high - low):
        raise EvaluationError(
            "get_number: the range is wider than any number",
            hint="bring 'lo' and 'hi' closer together",
        )
    return Number(low, high)


GET_INTEGER: Final = FunctionSpec(
    name="get_integer",
    parameters=(
        Parameter("lo", "a whole number", "the lowest value"),
        Parameter("hi", "a whole number", "the highest value"),
    ),
    return_type=ReturnType.INTEGER,
    doc="A whole number from `lo` to `hi`, both included, each equally likely. The ends may be "
    "anywhere from -2^63 to 2^63 - 1; a value beyond 2^53 is rounded to the nearest number that "
    "JSON readers hold exactly.",
    examples=("get_integer(1, 1000)", "get_integer(-5, 5)"),
    bind=_integer,
    columnar=True,
)

GET_NUMBER: Final = FunctionSpec(
    name="get_number",
    parameters=(
        Parameter("lo", "a number", "the lower end"),
        Parameter("hi", "a number", "the upper end"),
    ),
    return_type=ReturnType.NUMBER,
    doc="A number with a fraction between `lo` and `hi`, uniform, with all the digits that a "
    "double has. `std.round(get_number(0, 100) * 100) / 100` has two decimals.",
    examples=("get_number(1, 1000)", "get_number(-0.5, 0.5)"),
    bind=_number,
    columnar=True,
)
