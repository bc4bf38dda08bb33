"""Rounds numbers to decimals, so that their texts have no more decimals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions import arguments as args
from eventer.functions.arguments import Integers, Numbers
from eventer.functions.columns import Column, FloatColumn
from eventer.functions.spec import BatchContext, BoundCall, ColumnKind, Parameter, RowContext
from eventer.kernels.draw import Key

MOST_DECIMALS: Final = 15
_EXACT: Final = 2.0**52
"""From this many units on, a double has no smaller parts."""

_SCALES: Final = np.array([float(10**decimals) for decimals in range(MOST_DECIMALS + 1)])

DECIMALS: Final = Parameter(
    "decimals",
    "a whole number",
    "at most this many decimals, 0 to 15; all digits without it",
    None,
    column=ColumnKind.INTEGER,
)


def decimals_argument(function: str, value: Any) -> Integers | None:
    """The argument of `DECIMALS`."""
    if value is None:
        return None
    decimals = args.whole(function, "decimals", value, example=2)
    args.require(
        (decimals >= 0) & (decimals <= MOST_DECIMALS),
        lambda row: EvaluationError(
            f"{function}: 'decimals' must be from 0 to {MOST_DECIMALS}, not "
            f"{args.at(decimals, row)}",
            hint="leave it out for all digits of a number",
        ),
    )
    return decimals


def rounded(values: Numbers, decimals: Integers) -> Any:
    """The nearest numbers with these decimals; halves are rounded up."""
    scale = _SCALES[decimals]
    with np.errstate(over="ignore"):
        units = np.multiply(values, scale)
    return np.where(np.abs(units) < _EXACT, np.floor(units + 0.5) / scale, values)[()]


def ends_with_decimals(function: str, low: Numbers, high: Numbers, decimals: Integers) -> Any:
    """The lowest and the highest number with these decimals within two ends, and the decimals.

    Raises:
        EvaluationError: there are none.
    """
    step = 1.0 / _SCALES[decimals]
    least, most = rounded(low, decimals), rounded(high, decimals)
    least = np.where(least < low, rounded(least + step, decimals), least)[()]
    most = np.where(most > high, rounded(most - step, decimals), most)[()]
    args.require(
        least <= most,
        lambda row: EvaluationError(
            f"{function}: no number with {_count(args.at(decimals, row))} is from "
            f"{args.shown(args.at(low, row))} to {args.shown(args.at(high, row))}",
            hint="allow more decimals, or a wider range",
        ),
    )
    return least, most, decimals


def _count(decimals: int) -> str:
    return "1 decimal" if decimals == 1 else f"{decimals} decimals"


@dataclass(frozen=True, slots=True)
class Rounded(BoundCall):
    """The numbers of another call, rounded to decimals, within [low, high]."""

    call: BoundCall
    low: Numbers
    high: Numbers
    decimals: Integers

    def column(self, key: Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        column = self.call.column(key, context)
        assert isinstance(column, FloatColumn)
        return FloatColumn(self._rounded(column.values))

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        value: Any = self.call.row(key, row)
        return float(self._rounded(value))

    def _rounded(self, values: Any) -> Any:
        return np.minimum(np.maximum(rounded(values, self.decimals), self.low), self.high)
