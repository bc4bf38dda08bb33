"""Calls of functions that draw from a distribution, and the checks of their parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions import arguments as args
from eventer.functions.arguments import Condition, Integers, Numbers
from eventer.functions.columns import Column, FloatColumn, IntegerColumn
from eventer.functions.rounding import decimals_argument, ends_with_decimals, rounded
from eventer.functions.spec import BatchContext, BoundCall, ColumnKind, Parameter, RowContext
from eventer.kernels import draw
from eventer.kernels.draw.distributions import sample, sample_column

LARGEST: Final = 1.7976931348623157e308
"""Samples beyond it are this number."""
_PARAMETERS: Final = 4


@dataclass(frozen=True, slots=True)
class Samples(BoundCall):
    """Samples of a distribution within [low, high], perhaps rounded to decimals."""

    distribution: str
    parameters: Sequence[Numbers | Integers]
    low: Numbers = -LARGEST
    high: Numbers = LARGEST
    decimals: Integers | None = None

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        matrix = parameter_matrix(self.parameters)
        samples = sample_column(self.distribution, key, context.index, matrix)
        return FloatColumn(self._finished(samples))

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        found = sample(self.distribution, key, row.index, _padded(self.parameters))
        return float(self._finished(found))

    def _finished(self, values: Any) -> Any:
        """Rounding must not leave the window."""
        if self.decimals is not None:
            values = rounded(values, self.decimals)
        return np.minimum(np.maximum(values, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Counts(BoundCall):
    """Samples of a distribution of whole numbers."""

    distribution: str
    parameters: Sequence[Numbers | Integers]

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        matrix = parameter_matrix(self.parameters)
        counts = sample_column(self.distribution, key, context.index, matrix)
        return IntegerColumn(counts.astype(np.int64))

    def row(self, key: int, row: RowContext) -> JsonValue:
        """See `BoundCall.row`."""
        return sample(self.distribution, key, row.index, _padded(self.parameters))


def parameter_matrix(parameters: Sequence[Numbers | Integers]) -> NDArray[np.float64]:
    """The parameters for `sample_column`: a row for all rows, or a row for each."""
    columns = np.broadcast_arrays(*map(np.atleast_1d, parameters))
    matrix = np.zeros((len(columns[0]), _PARAMETERS), dtype=np.float64)
    for place, column in enumerate(columns):
        matrix[:, place] = column
    return matrix


def _padded(parameters: Sequence[Any]) -> tuple[float, ...]:
    return (*map(float, parameters), *[0.0] * (_PARAMETERS - len(parameters)))


def number_parameter(name: str, doc: str, kind: str = "a number") -> Parameter:
    """A required parameter that may differ between events."""
    return Parameter(name, kind, doc, column=ColumnKind.NUMBER)


def end_parameter(name: str, doc: str) -> Parameter:
    """An optional end that may differ between events."""
    return Parameter(name, "a number", doc, None, column=ColumnKind.NUMBER)


def in_range(function: str, name: str, value: Any, least: float, most: float = LARGEST) -> Numbers:
    """A number argument from `least` to `most`.

    Raises:
        EvaluationError: it is not within.
    """
    given = args.number(function, name, value, example=10 if least <= 10 <= most else most)
    words = f"from {args.shown(least)} to {args.shown(most)}"
    if most == LARGEST:
        words = f"{args.shown(least)} or more"
    require_that(function, name, given, (given >= least) & (given <= most), f"must be {words}")
    return given


def above(function: str, name: str, value: Any, least: float, most: float = LARGEST) -> Numbers:
    """A number argument that is greater than `least`, and at most `most`.

    Raises:
        EvaluationError: it is not.
    """
    given = args.number(function, name, value)
    words = f"must be greater than {args.shown(least)}"
    if most != LARGEST:
        words += f" and at most {args.shown(most)}"
    require_that(function, name, given, (given > least) & (given <= most), words)
    return given


def require_that(function: str, name: str, value: Any, holds: Condition, words: str) -> None:
    """Refuses a value: "get_gamma: 'shape' must be greater than zero, not -1"."""
    args.require(
        holds,
        lambda row: EvaluationError(
            f"{function}: {name!r} {words}, not {args.shown(args.at(value, row))}"
        ),
    )


@dataclass(frozen=True, slots=True)
class Window:
    """The ends of samples, infinite if they are not given, and their decimals."""

    low: Numbers
    high: Numbers
    decimals: Integers | None = None

    def limits(self, function: str) -> tuple[Numbers, Numbers, Integers | None]:
        """The last arguments of `Samples`.

        Raises:
            EvaluationError: no number with these decimals is within the ends.
        """
        low, high = self.low, self.high
        if self.decimals is not None:
            low, high, _ = ends_with_decimals(function, low, high, self.decimals)
        return np.maximum(low, -LARGEST), np.minimum(high, LARGEST), self.decimals


def window(function: str, given: Sequence[Any], least: float = -math.inf) -> Window:
    """The arguments `min`, `max` and `decimals`; the lower end is at least `least`.

    Raises:
        EvaluationError: an argument is invalid.
    """
    low = -math.inf if given[0] is None else args.number(function, "min", given[0])
    high = math.inf if given[1] is None else args.number(function, "max", given[1])
    low = np.maximum(low, least) if isinstance(low, np.ndarray) else max(low, least)
    _check_ends(function, low, high, least)
    return Window(low, high, decimals_argument(function, given[2]))


def _check_ends(function: str, low: Numbers, high: Numbers, least: float) -> None:
    args.require(
        np.greater(high, least),
        lambda row: EvaluationError(
            f"{function}: 'max', {args.shown(args.at(high, row))}, must be greater than "
            f"{args.shown(least)}",
            hint=f"values are greater than {args.shown(least)}: choose a positive 'max'",
        ),
    )
    args.require(
        np.less(low, high),
        lambda row: EvaluationError(
            f"{function}: 'max', {args.shown(args.at(high, row))}, must be greater than 'min', "
            f"{args.shown(args.at(low, row))}",
            hint="give 'min' first, then a greater 'max'",
        ),
    )


def require_centre(
    function: str, centre: tuple[str, Numbers], spread: tuple[str, Numbers], ends: Window
) -> None:
    """Where the spread is 0, the only value, the centre, must be within the ends.

    Raises:
        EvaluationError: it is not.
    """
    (name, value), (spread_name, size) = centre, spread
    args.require(
        np.greater(size, 0) | (np.less_equal(ends.low, value) & np.less_equal(value, ends.high)),
        lambda row: EvaluationError(
            f"{function}: with {spread_name!r} 0 every value is {name!r}, "
            f"{args.shown(args.at(value, row))}, which is not from {shown_end(ends.low, row)} to "
            f"{shown_end(ends.high, row)}",
            hint=f"give a {spread_name!r} above 0, or ends around {name!r}",
        ),
    )


def windowed(
    distribution: str,
    centre: Numbers,
    spread: Numbers,
    ends: Window,
    limits: tuple[Numbers, Numbers, Integers | None],
) -> Samples:
    """Samples within the ends; where the spread is 0, both limits are the rounded centre."""
    low, high, decimals = limits
    fixed = np.equal(spread, 0)
    if not np.any(fixed):
        return Samples(distribution, (centre, spread, ends.low, ends.high), low, high, decimals)
    value = centre if decimals is None else rounded(centre, decimals)
    value = np.minimum(np.maximum(value, low), high)
    parameters = (
        centre,
        np.where(fixed, 1.0, spread),
        np.where(fixed, -math.inf, ends.low),
        np.where(fixed, math.inf, ends.high),
    )
    low, high = np.where(fixed, value, low), np.where(fixed, value, high)
    return Samples(distribution, parameters, low, high, decimals)


def shown_end(value: Numbers, row: int) -> str:
    """An end in an error message."""
    end = float(args.at(value, row))
    return args.shown(end) if math.isfinite(end) else f"{end}inity"
