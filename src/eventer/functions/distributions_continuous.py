"""Functions that draw numbers of continuous distributions: `get_normal` and its kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from eventer.core.errors import EvaluationError
from eventer.functions import arguments as args
from eventer.functions.arguments import Condition
from eventer.functions.distributions import (
    Samples,
    Window,
    above,
    end_parameter,
    in_range,
    number_parameter,
    require_centre,
    shown_end,
    window,
    windowed,
)
from eventer.functions.rounding import DECIMALS, decimals_argument
from eventer.functions.spec import BoundCall, FunctionSpec, ReturnType

_MOST_DEVIATIONS: Final = 37.0
"""A normal sample is further from the mean with a probability of 5e-300."""
_MOST_MEANS: Final = 690.0
"""An exponential sample is greater than so many means with a probability of 2e-300."""
_MOST_WIDTH: Final = 1e150
_MOST_SHAPE: Final = 1e15
_LEAST_SHAPE: Final = 1e-300


def _normal(arguments: Sequence[Any]) -> BoundCall:
    name = "get_normal"
    mean, ends = args.number(name, "mean", arguments[0]), window(name, arguments[2:5])
    deviation = in_range(name, "stddev", arguments[1], 0)
    if not _has_ends(arguments):
        return Samples("normal", (mean, deviation), *ends.limits(name))
    require_centre(name, ("mean", mean), ("stddev", deviation), ends)
    with np.errstate(over="ignore"):
        reach = _MOST_DEVIATIONS * deviation
        likely = np.less_equal(ends.low, mean + reach) & np.greater_equal(ends.high, mean - reach)
    _require_likely(name, likely, ends)
    return windowed("normal_window", mean, deviation, ends, ends.limits(name))


def _lognormal(arguments: Sequence[Any]) -> BoundCall:
    name = "get_lognormal"
    median = above(name, "median", arguments[0], 0)
    ends = window(name, arguments[2:5], least=0.0)
    sigma = in_range(name, "sigma", arguments[1], 0)
    if not _has_ends(arguments):
        return Samples("lognormal", (median, sigma), *ends.limits(name))
    require_centre(name, ("median", median), ("sigma", sigma), ends)
    return windowed("lognormal_window", median, sigma, ends, ends.limits(name))


def _has_ends(arguments: Sequence[Any]) -> bool:
    return arguments[2] is not None or arguments[3] is not None


def _exponential(arguments: Sequence[Any]) -> BoundCall:
    name = "get_exponential"
    mean = above(name, "mean", arguments[0], 0)
    ends = window(name, arguments[1:4], least=0.0)
    if arguments[1] is None and arguments[2] is None:
        return Samples("exponential", (mean,), *ends.limits(name))
    with np.errstate(over="ignore"):
        _require_likely(name, np.divide(ends.low, mean) <= _MOST_MEANS, ends)
    return Samples("exponential_window", (mean, ends.low, ends.high), *ends.limits(name))


def _require_likely(function: str, likely: Condition, ends: Window) -> None:
    """A window must not be so far away that no value is ever in it."""
    args.require(
        likely,
        lambda row: EvaluationError(
            f"{function}: a value from {shown_end(ends.low, row)} to {shown_end(ends.high, row)} "
            "has a probability below 1e-299",
            hint="move 'min' and 'max' nearer to the mean",
        ),
    )


def _gamma(arguments: Sequence[Any]) -> BoundCall:
    name = "get_gamma"
    shape = above(name, "shape", arguments[0], 0, _MOST_SHAPE)
    scale = above(name, "scale", arguments[1], 0)
    return Samples("gamma", (shape, scale), decimals=decimals_argument(name, arguments[2]))


def _beta(arguments: Sequence[Any]) -> BoundCall:
    name = "get_beta"
    alpha = in_range(name, "alpha", arguments[0], _LEAST_SHAPE, _MOST_SHAPE)
    beta = in_range(name, "beta", arguments[1], _LEAST_SHAPE, _MOST_SHAPE)
    return Samples("beta", (alpha, beta), decimals=decimals_argument(name, arguments[2]))


def _pareto(arguments: Sequence[Any]) -> BoundCall:
    name = "get_pareto"
    shape = above(name, "shape", arguments[0], 0)
    above(name, "min", arguments[1], 0)
    ends = window(name, arguments[1:4])
    return Samples("pareto", (shape, ends.low, ends.high), *ends.limits(name))


def _triangular(arguments: Sequence[Any]) -> BoundCall:
    name = "get_triangular"
    low = args.number(name, "lo", arguments[0])
    mode = args.number(name, "mode", arguments[1])
    high = args.number(name, "hi", arguments[2])
    with np.errstate(over="ignore"):
        in_order = np.less_equal(low, mode) & np.less_equal(mode, high)
        fits = np.abs(np.subtract(high, low)) <= _MOST_WIDTH
    args.require(
        in_order,
        lambda row: EvaluationError(
            f"{name}: {args.shown(args.at(low, row))}, {args.shown(args.at(mode, row))}, "
            f"{args.shown(args.at(high, row))} are not in order",
            hint="give the lower end, the most likely value and the upper end",
        ),
    )
    args.require(
        fits,
        lambda _: EvaluationError(
            f"{name}: the range is wider than 1e150", hint="bring 'lo' and 'hi' closer together"
        ),
    )
    ends = Window(low, high, decimals_argument(name, arguments[3]))
    return Samples("triangular", (low, mode, high), *ends.limits(name))


_MIN: Final = end_parameter("min", "no value is below it")
_MAX: Final = end_parameter("max", "no value is above it")
_WINDOW: Final = (
    "With `min` or `max`, the values are those of the distribution that are within the ends; no "
    "value is moved to an end."
)
_OVERFLOW: Final = (
    "A value beyond ±1.7976931348623157e308, the largest doubles, becomes that number."
)

GET_NORMAL: Final = FunctionSpec(
    name="get_normal",
    parameters=(
        number_parameter("mean", "the mean"),
        number_parameter("stddev", "the standard deviation, 0 or more"),
        _MIN,
        _MAX,
        DECIMALS,
    ),
    return_type=ReturnType.NUMBER,
    doc=f"A number of the normal distribution, such as a measured size or weight. {_WINDOW} They "
    "must be within 37 standard deviations of the mean; with `stddev` 0 the mean must be within "
    f"them. {_OVERFLOW}",
    examples=("get_normal(20, 2)", "get_normal(36.6, 0.4, 35, 42, 1)"),
    bind=_normal,
)

GET_LOGNORMAL: Final = FunctionSpec(
    name="get_lognormal",
    parameters=(
        number_parameter("median", "half of the values are above it; greater than 0"),
        number_parameter("sigma", "the standard deviation of the natural logarithm, 0 or more"),
        _MIN,
        _MAX,
        DECIMALS,
    ),
    return_type=ReturnType.NUMBER,
    doc="A number of the log-normal distribution, such as a latency, an amount or a file size: two "
    f"thirds of the values are within the median divided and multiplied by e^`sigma`. {_WINDOW} "
    f"With `sigma` 0 the median must be within them. {_OVERFLOW}",
    examples=("get_lognormal(120, 0.5)", "get_lognormal(40, 1, 1, 5000, 2)"),
    bind=_lognormal,
)

GET_EXPONENTIAL: Final = FunctionSpec(
    name="get_exponential",
    parameters=(number_parameter("mean", "the mean; greater than 0"), _MIN, _MAX, DECIMALS),
    return_type=ReturnType.NUMBER,
    doc=f"A number of the exponential distribution, such as the time between two calls. {_WINDOW} "
    f"{_OVERFLOW}",
    examples=("get_exponential(30)", "get_exponential(30, 1, 600, 0)"),
    bind=_exponential,
)

GET_GAMMA: Final = FunctionSpec(
    name="get_gamma",
    parameters=(
        number_parameter("shape", "the shape; greater than 0, at most 1e15"),
        number_parameter("scale", "the scale; greater than 0. The mean is `shape` times `scale`"),
        DECIMALS,
    ),
    return_type=ReturnType.NUMBER,
    doc="A number of the gamma distribution, such as the time until the `shape`-th call. "
    f"{_OVERFLOW}",
    examples=("get_gamma(2, 15)", "get_gamma(0.5, 10, 2)"),
    bind=_gamma,
)

GET_BETA: Final = FunctionSpec(
    name="get_beta",
    parameters=(
        number_parameter("alpha", "from 1e-300 to 1e15"),
        number_parameter("beta", "from 1e-300 to 1e15. The mean is `alpha / (alpha + beta)`"),
        DECIMALS,
    ),
    return_type=ReturnType.NUMBER,
    doc="A number from 0 to 1 of the beta distribution, such as a rate of conversion.",
    examples=("get_beta(2, 8)", "get_beta(0.5, 0.5, 3)"),
    bind=_beta,
)

GET_PARETO: Final = FunctionSpec(
    name="get_pareto",
    parameters=(
        number_parameter("shape", "the shape; greater than 0. The smaller, the more large values"),
        number_parameter("min", "the lowest value; greater than 0"),
        _MAX,
        DECIMALS,
    ),
    return_type=ReturnType.NUMBER,
    doc="A number of the Pareto distribution, such as a file size or a wealth. With `shape` 1.16 a "
    "fifth of the values makes four fifths of the sum. With `max` the values are those of the "
    f"distribution that are not above it. {_OVERFLOW} Only a very small `shape` comes there: with "
    "`shape` 0.01 and `min` 1, one value in 1,200; a `max` prevents it.",
    examples=("get_pareto(1.16, 10)", "get_pareto(2, 1, 1e6, 2)"),
    bind=_pareto,
)

GET_TRIANGULAR: Final = FunctionSpec(
    name="get_triangular",
    parameters=(
        number_parameter("lo", "the lower end"),
        number_parameter("mode", "the most likely value, from `lo` to `hi`"),
        number_parameter("hi", "the upper end"),
        DECIMALS,
    ),
    return_type=ReturnType.NUMBER,
    doc="A number of the triangular distribution: an estimate with a least, a most likely and a "
    "greatest value.",
    examples=("get_triangular(1, 3, 10)", "get_triangular(0, 20, 60, 0)"),
    bind=_triangular,
)

CONTINUOUS: Final = (
    GET_NORMAL,
    GET_LOGNORMAL,
    GET_EXPONENTIAL,
    GET_GAMMA,
    GET_BETA,
    GET_PARETO,
    GET_TRIANGULAR,
)
