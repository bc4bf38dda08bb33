"""Functions that draw whole numbers: Poisson, binomial, geometric and Zipf distributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from eventer.functions import arguments as args
from eventer.functions.arguments import Integers
from eventer.functions.distributions import (
    Counts,
    in_range,
    number_parameter,
    require_that,
)
from eventer.functions.spec import (
    BoundCall,
    Bounds,
    ColumnKind,
    FunctionSpec,
    Parameter,
    ReturnType,
)

_EXACT: Final = (1 << 53) - 1
_MOST_MEAN: Final = 1e12
_MOST_TRIALS: Final = 10**15
_MOST_RANKS: Final = 10**12
_LEAST_PROBABILITY: Final = 1e-12
_MOST_EXPONENT: Final = 64


def _poisson(arguments: Sequence[Any]) -> BoundCall:
    return Counts("poisson", (in_range("get_poisson", "mean", arguments[0], 0, _MOST_MEAN),))


def _binomial(arguments: Sequence[Any]) -> BoundCall:
    name = "get_binomial"
    trials = _whole(name, "trials", arguments[0], 0, _MOST_TRIALS)
    return Counts("binomial", (trials, in_range(name, "probability", arguments[1], 0, 1)))


def _geometric(arguments: Sequence[Any]) -> BoundCall:
    name = "get_geometric"
    p = in_range(name, "probability", arguments[0], _LEAST_PROBABILITY, 1)
    return Counts("geometric", (p,))


def _zipf(arguments: Sequence[Any]) -> BoundCall:
    size = _whole("get_zipf", "n", arguments[0], 1, _MOST_RANKS)
    exponent = in_range("get_zipf", "exponent", arguments[1], 0, _MOST_EXPONENT)
    return Counts("zipf", (size, exponent))


def _whole(function: str, name: str, value: Any, least: int, most: int) -> Integers:
    given = args.whole(function, name, value)
    words = f"must be from {least} to {most}"
    require_that(function, name, given, (given >= least) & (given <= most), words)
    return given


def _counts(_mean: Bounds | None) -> Bounds:
    return 0, _EXACT


def _successes(trials: Bounds | None, _probability: Bounds | None) -> Bounds:
    return 0, min(trials[1], _MOST_TRIALS) if trials is not None else _MOST_TRIALS


def _trials(_probability: Bounds | None) -> Bounds:
    return 1, _EXACT


def _ranks(size: Bounds | None, _exponent: Bounds | None) -> Bounds:
    return 1, min(size[1], _MOST_RANKS) if size is not None else _MOST_RANKS


GET_POISSON: Final = FunctionSpec(
    name="get_poisson",
    parameters=(number_parameter("mean", "the mean, from 0 to 1e12"),),
    return_type=ReturnType.INTEGER,
    doc="A whole number of the Poisson distribution: how often something happens that happens "
    "`mean` times on average, such as the items of a cart.",
    examples=("get_poisson(2.5)", "get_poisson(0.8)"),
    bind=_poisson,
    bounds=_counts,
)

GET_BINOMIAL: Final = FunctionSpec(
    name="get_binomial",
    parameters=(
        Parameter(
            "trials",
            "a whole number",
            "the number of trials, from 0 to 1e15",
            column=ColumnKind.INTEGER,
        ),
        number_parameter("probability", "the probability of a success, from 0 to 1"),
    ),
    return_type=ReturnType.INTEGER,
    doc="The number of successes in `trials` independent trials, such as the defects in a lot.",
    examples=("get_binomial(100, 0.02)", "get_binomial(12, 0.5)"),
    bind=_binomial,
    bounds=_successes,
)

GET_GEOMETRIC: Final = FunctionSpec(
    name="get_geometric",
    parameters=(number_parameter("probability", "the probability of a success, from 1e-12 to 1"),),
    return_type=ReturnType.INTEGER,
    doc="The number of independent trials up to the first success, 1 or more, such as attempts to "
    "log in.",
    examples=("get_geometric(0.9)", "get_geometric(0.25)"),
    bind=_geometric,
    bounds=_trials,
)

GET_ZIPF: Final = FunctionSpec(
    name="get_zipf",
    parameters=(
        Parameter(
            "n", "a whole number", "the number of ranks, from 1 to 1e12", column=ColumnKind.INTEGER
        ),
        Parameter(
            "exponent",
            "a number",
            "the exponent, from 0 (all ranks are equally likely) to 64",
            1.0,
            column=ColumnKind.NUMBER,
        ),
    ),
    return_type=ReturnType.INTEGER,
    doc="A rank from 1 to `n` by Zipf's law: rank *k* is as likely as 1 / *k*^`exponent`, so a few "
    "values are very common, such as the customers, products or words of a data set.",
    examples=("get_zipf(1000)", "get_zipf(50000, 1.2)"),
    bind=_zipf,
    bounds=_ranks,
)

DISCRETE: Final = (GET_POISSON, GET_BINOMIAL, GET_GEOMETRIC, GET_ZIPF)
