"""`get_integer` and `get_number`: uniform numbers in a range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions import arguments as args
from eventer.functions.arguments import IntegerArray, Integers, Numbers
from eventer.functions.columns import Column, FloatColumn, IntegerColumn
from eventer.functions.rounding import (
    DECIMALS,
    Rounded,
    decimals_argument,
    ends_with_decimals,
)
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    Bounds,
    ColumnKind,
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

    low: Integers
    high: Integers

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`. Beyond 2^53, values are the nearest doubles."""
        low, high = self.low, self.high
        values = integers_between(key, context.index, low, high)
        if isinstance(low, np.ndarray) or isinstance(high, np.ndarray):
            return IntegerColumn(values)
        if low >= -EXACT and high <= EXACT:
            return IntegerColumn(values)
        return FloatColumn(values.astype(np.float64))

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        return float(draw.bounded(draw.draw(key, row.index), int(self.low), int(self.high)))


@dataclass(frozen=True, slots=True)
class Number(BoundCall):
    """A double in [low, high]."""

    low: Numbers
    high: Numbers

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`. Rounding may reach the upper end but does not exceed it."""
        low, high = self.low, self.high
        if isinstance(low, np.ndarray) or isinstance(high, np.ndarray):
            units = draw.unit_column(draw.draw_column(key, context.index))
            return FloatColumn(np.minimum(units * (high - low) + low, high))
        return FloatColumn(draw.double_column(key, context.index, low, high))

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        low, high = float(self.low), float(self.high)
        return min(draw.unit(draw.draw(key, row.index)) * (high - low) + low, high)


def integers_between(
    key: draw.Key, index: draw.Index, low: Integers, high: Integers
) -> IntegerArray:
    """An integer in [low, high] for each row; each end is one number, or a number per row."""
    if isinstance(low, np.ndarray) or isinstance(high, np.ndarray):
        sizes = np.subtract(high, low).view(np.uint64) + np.uint64(1)
        return low + draw.sized_column(key, index, sizes)
    return draw.integer_column(key, index, low, high)


def _integer(arguments: Sequence[Any]) -> BoundCall:
    low = args.whole("get_integer", "lo", arguments[0])
    high = args.whole("get_integer", "hi", arguments[1])
    args.check_order("get_integer", low, high)
    args.require(
        (low >= -_BIGINT) & (high <= _BIGINT),
        lambda row: EvaluationError(
            f"get_integer: {args.shown(args.at(low, row))} to {args.shown(args.at(high, row))} "
            "is more than 64-bit integers hold",
            hint="stay within -2^63 and 2^63 - 1, or call get_number",
        ),
    )
    return Integer(_within_int64(low), _within_int64(high))


def _within_int64(value: Integers) -> Integers:
    """2^63 is the double nearest to 2^63 - 1."""
    return value if isinstance(value, np.ndarray) else min(value, _BIGINT - 1)


def _integer_bounds(low: Bounds | None, high: Bounds | None) -> Bounds | None:
    return (low[0], high[1]) if low is not None and high is not None else None


def _number(arguments: Sequence[Any]) -> BoundCall:
    low = args.number("get_number", "lo", arguments[0])
    high = args.number("get_number", "hi", arguments[1])
    args.check_order("get_number", low, high)
    with np.errstate(over="ignore"):
        width = np.subtract(high, low)
    args.require(
        np.isfinite(width),
        lambda _: EvaluationError(
            "get_number: the range is wider than any number",
            hint="bring 'lo' and 'hi' closer together",
        ),
    )
    decimals = decimals_argument("get_number", arguments[2])
    if decimals is None:
        return Number(low, high)
    return Rounded(Number(low, high), *ends_with_decimals("get_number", low, high, decimals))


GET_INTEGER: Final = FunctionSpec(
    name="get_integer",
    parameters=(
        Parameter("lo", "a whole number", "the lowest value", column=ColumnKind.INTEGER),
        Parameter("hi", "a whole number", "the highest value", column=ColumnKind.INTEGER),
    ),
    return_type=ReturnType.INTEGER,
    doc="A whole number from `lo` to `hi`, both included, each equally likely. The ends may be "
    "anywhere from -2^63 to 2^63 - 1; a value beyond 2^53 is rounded to the nearest number that "
    "JSON readers hold exactly.",
    examples=("get_integer(1, 1000)", "get_integer(-5, 5)"),
    bind=_integer,
    bounds=_integer_bounds,
)

GET_NUMBER: Final = FunctionSpec(
    name="get_number",
    parameters=(
        Parameter("lo", "a number", "the lower end", column=ColumnKind.NUMBER),
        Parameter("hi", "a number", "the upper end", column=ColumnKind.NUMBER),
        DECIMALS,
    ),
    return_type=ReturnType.NUMBER,
    doc="A number with a fraction between `lo` and `hi`, uniform, with all the digits that a "
    "double has, or rounded to `decimals`.",
    examples=("get_number(1, 1000)", "get_number(-0.5, 0.5)", "get_number(5, 99, 2)"),
    bind=_number,
)
