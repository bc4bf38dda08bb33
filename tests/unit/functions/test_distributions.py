"""Arguments of the functions that draw from distributions, and single rows."""

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.functions.arguments import InvalidRowsError
from eventer.functions.catalog import CATALOG
from eventer.functions.columns import IntegerColumn
from eventer.functions.distributions import LARGEST
from eventer.functions.distributions_continuous import CONTINUOUS
from eventer.functions.distributions_discrete import DISCRETE
from eventer.functions.spec import BatchContext, ReturnType, RowContext
from tests.families import family

CALLS = [
    ("get_normal", (20, 2)),
    ("get_normal", (20, 0)),
    ("get_normal", (20, 2, 19, 20.5)),
    ("get_normal", (20.26, 0, 20, 20.5, 1)),
    ("get_lognormal", (120, 0, 120, None)),
    ("get_normal", (20, 2, None, 19, 1)),
    ("get_lognormal", (120, 0.5, None, None, 2)),
    ("get_lognormal", (120, 0.5, 100, None)),
    ("get_exponential", (30, None, None, 0)),
    ("get_exponential", (30, -5, 40)),
    ("get_gamma", (0.5, 15)),
    ("get_gamma", (1e-6, 15)),
    ("get_beta", (1e-300, 1e-300)),
    ("get_beta", (3, 0.2, 3)),
    ("get_pareto", (1.5, 10, 30)),
    ("get_pareto", (1e-3, 10)),
    ("get_triangular", (3, 3, 3)),
    ("get_poisson", (0,)),
    ("get_poisson", (12.5,)),
    ("get_binomial", (0, 0.5)),
    ("get_binomial", (9, 1)),
    ("get_binomial", (1000, 0)),
    ("get_geometric", (1,)),
    ("get_zipf", (1, 1)),
    ("get_zipf", (30,)),
]
ROWS = 40
CONTEXT = BatchContext(np.arange(ROWS, dtype=np.int64), np.zeros(ROWS, dtype=np.int64))


def numbers(arguments):
    return [None if each is None else float(each) for each in arguments]


@family(("name", "arguments"), CALLS)
def test_a_row_is_the_row_of_the_column(name: str, arguments: tuple) -> None:
    call = CATALOG.get(name).call(numbers(arguments))
    column = call.column(7, CONTEXT)
    assert column.to_list() == [call.row(7, RowContext(n, 0)) for n in range(ROWS)]
    integers = CATALOG.get(name).return_type is ReturnType.INTEGER
    assert isinstance(column, IntegerColumn) is integers


@family(("name", "arguments"), CALLS)
def test_arguments_may_differ_between_rows(name: str, arguments: tuple) -> None:
    spec = CATALOG.get(name)
    given = numbers(arguments)
    constant = spec.call(given).column(7, CONTEXT)
    for number, parameter in enumerate(spec.parameters[: len(given)]):
        if parameter.column is not None and given[number] is not None:
            dtype = np.int64 if parameter.column.value == "integer" else np.float64
            columns = list(given)
            columns[number] = np.full(ROWS, given[number], dtype=dtype)
            assert spec.call(columns).column(7, CONTEXT).to_list() == constant.to_list()


@family(
    ("name", "arguments", "low", "high"),
    [
        ("get_normal", (20, 2, 19, 20.5), 19, 20.5),
        ("get_normal", (20, 2, 19.96, 20.04, 1), 20, 20),
        ("get_exponential", (30, -5, 40), 0, 40),
        ("get_lognormal", (120, 0.5, 100, 101), 100, 101),
        ("get_pareto", (1.5, 10, 30), 10, 30),
        ("get_pareto", (1e-3, 10), 10, LARGEST),
        ("get_beta", (1e-300, 1e-300), 0, 1),
        ("get_triangular", (1.05, 1.4, 1.55, 1), 1.1, 1.5),
        ("get_zipf", (30, 0.5), 1, 30),
        ("get_binomial", (30, 0.99), 0, 30),
    ],
)
def test_values_are_within_their_ends(name: str, arguments: tuple, low: float, high: float) -> None:
    values = CATALOG.get(name).call(numbers(arguments)).column(7, CONTEXT).to_list()
    assert low <= min(values) <= max(values) <= high


def test_rounded_values_have_no_more_decimals() -> None:
    values = CATALOG.get("get_normal").call([0.0, 1e4, None, None, 2.0]).column(7, CONTEXT)
    assert all(len(repr(value).partition(".")[2]) <= 2 for value in values.to_list())
    assert any(len(repr(value).partition(".")[2]) == 2 for value in values.to_list())
    whole = CATALOG.get("get_normal").call([0.0, 0.1, None, None, 0.0]).column(7, CONTEXT)
    assert {str(value) for value in whole.to_list()} == {"0.0"}


def test_decimals_may_differ_between_rows() -> None:
    spec, decimals = CATALOG.get("get_normal"), np.arange(ROWS) % 16
    values = spec.call([0.0, 1.0, None, None, decimals]).column(7, CONTEXT).to_list()
    for row, value in enumerate(values):
        call = spec.call([0.0, 1.0, None, None, float(decimals[row])])
        assert call.row(7, RowContext(row, 0)) == value
    with pytest.raises(InvalidRowsError, match="'decimals' must be from 0 to 15, not 16"):
        spec.call([0.0, 1.0, None, None, np.array([3, 16])])


@family(
    ("name", "arguments", "said"),
    [
        ("get_normal", (0, -1), "get_normal: 'stddev' must be 0 or more, not -1"),
        (
            "get_normal",
            (5, 0, 6, 10),
            "with 'stddev' 0 every value is 'mean', 5, which is not from 6",
        ),
        (
            "get_lognormal",
            (5, 0, None, 4),
            "with 'sigma' 0 every value is 'median', 5, which is not",
        ),
        ("get_normal", (0, 1, 3, 2), "'max', 2, must be greater than 'min', 3"),
        ("get_normal", ("0", 1), "'mean' must be a number"),
        ("get_normal", (0, 1, 2, 2), "'max', 2, must be greater than 'min', 2"),
        ("get_normal", (0, 1, None, -40), "a value from -infinity to -40 has a probability"),
        ("get_normal", (0, 1, 38), "a value from 38 to infinity has a probability below 1e-299"),
        ("get_normal", (0, 1, 0.2, 0.3, 0), "no number with 0 decimals is from 0.2 to 0.3"),
        ("get_normal", (0, 1, None, None, 16), "'decimals' must be from 0 to 15, not 16"),
        ("get_normal", (0, 1, None, None, 1.5), "'decimals' must be a whole number, not 1.5"),
        ("get_lognormal", (0, 1), "'median' must be greater than 0, not 0"),
        ("get_lognormal", (1, -1), "'sigma' must be 0 or more, not -1"),
        ("get_lognormal", (1, 1, None, -1), "'max', -1, must be greater than 0"),
        ("get_lognormal", (1, 1, -5, -2), "'max', -2, must be greater than 0"),
        ("get_exponential", (1, -5, 0), "'max', 0, must be greater than 0"),
        ("get_exponential", (0,), "'mean' must be greater than 0, not 0"),
        ("get_exponential", (1, 700), "has a probability below 1e-299"),
        ("get_gamma", (0, 1), "'shape' must be greater than 0 and at most"),
        ("get_gamma", (1, 0), "'scale' must be greater than 0, not 0"),
        ("get_beta", (0, 1), "'alpha' must be from 1e-300 to"),
        ("get_pareto", (0, 1), "'shape' must be greater than 0, not 0"),
        ("get_pareto", (1, 0), "'min' must be greater than 0, not 0"),
        ("get_pareto", (1, 3, 2), "'max', 2, must be greater than 'min', 3"),
        ("get_triangular", (0, 3, 2), "0, 3, 2 are not in order"),
        ("get_triangular", (-1e200, 0, 1e200), "wider than 1e150"),
        ("get_poisson", (-1,), "'mean' must be from 0 to"),
        ("get_poisson", (1e13,), "'mean' must be from 0 to"),
        ("get_binomial", (1.5, 0.5), "'trials' must be a whole number, not 1.5"),
        ("get_binomial", (-1, 0.5), "'trials' must be from 0 to"),
        ("get_binomial", (1, 1.1), "'probability' must be from 0 to 1, not 1.1"),
        ("get_geometric", (0,), "'probability' must be from 1e-12 to 1, not 0"),
        ("get_zipf", (0,), "'n' must be from 1 to"),
        ("get_zipf", (5, -1), "'exponent' must be from 0 to 64, not -1"),
    ],
)
def test_wrong_arguments_are_refused(name: str, arguments: tuple, said: str) -> None:
    given = [float(each) if isinstance(each, int | float) else each for each in arguments]
    with pytest.raises(EvaluationError) as caught:
        CATALOG.get(name).check(given)
    assert said in caught.value.message


@family(
    ("name", "arguments", "hint"),
    [
        (
            "get_lognormal",
            (1.0, 1.0, -5.0, -2.0),
            "values are greater than 0: choose a positive 'max'",
        ),
        ("get_exponential", (1.0, -5.0, 0.0), "values are greater than 0: choose a positive 'max'"),
        ("get_binomial", (1.0, True), "write a number, such as 1"),
        ("get_normal", (True, 1.0), "write a number, such as 10"),
        ("get_binomial", (1.5, 0.5), "round it"),
    ],
)
def test_hints_fit_the_argument(name: str, arguments: tuple, hint: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        CATALOG.get(name).check(arguments)
    assert caught.value.hint == hint


@family(
    ("name", "arguments", "value"),
    [
        ("get_normal", (5, 0, 0, 10), 5.0),
        ("get_normal", (0, 0, 0), 0.0),
        ("get_normal", (5.25, 0, 0, 10, 1), 5.3),
        ("get_normal", (5.25, 0, 0, 5.25, 1), 5.2),
        ("get_lognormal", (5, 0, 1, 10), 5.0),
        ("get_lognormal", (5, 0, None, 5), 5.0),
    ],
)
def test_without_a_deviation_all_values_are_the_mean(
    name: str, arguments: tuple, value: float
) -> None:
    assert set(CATALOG.get(name).call(numbers(arguments)).column(7, CONTEXT).to_list()) == {value}


def test_a_deviation_may_be_zero_in_some_rows() -> None:
    spec, deviations = CATALOG.get("get_normal"), np.arange(ROWS) % 2 * 3.0
    values = spec.call([5.0, deviations, 0.0, 10.0]).column(7, CONTEXT).to_list()
    random = spec.call([5.0, 3.0, 0.0, 10.0]).column(7, CONTEXT).to_list()
    assert values == [random[row] if row % 2 else 5.0 for row in range(ROWS)]
    with pytest.raises(InvalidRowsError) as caught:
        spec.call([np.array([5.0, 11.0]), 0.0, 0.0, 10.0])
    assert caught.value.rows.tolist() == [False, True]


def test_values_beyond_the_largest_double_are_that_number() -> None:
    values = CATALOG.get("get_pareto").call([0.001, 1.0]).column(7, CONTEXT).to_list()
    assert max(values) == LARGEST
    assert "1.7976931348623157e308" in CATALOG.get("get_pareto").doc


def test_rows_with_wrong_arguments_are_told() -> None:
    deviations = np.array([1.0, -1.0, 2.0, -2.0])
    with pytest.raises(InvalidRowsError, match="'stddev' must be 0 or more, not -1") as caught:
        CATALOG.get("get_normal").call([0.0, deviations])
    assert caught.value.rows.tolist() == [False, True, False, True]
    with pytest.raises(InvalidRowsError) as caught:
        CATALOG.get("get_normal").call([0.0, 1.0, np.array([1.0, 50.0])])
    assert caught.value.rows.tolist() == [False, True]


def test_all_distributions_are_in_the_catalog() -> None:
    assert {spec.name for spec in (*CONTINUOUS, *DISCRETE)} <= set(CATALOG.names())
