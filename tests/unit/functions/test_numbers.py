"""`get_integer` and `get_number`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError
from eventer.functions.arguments import InvalidRowsError
from eventer.functions.columns import FloatColumn, IntegerColumn
from eventer.functions.numbers import EXACT, GET_INTEGER, GET_NUMBER
from eventer.functions.spec import BatchContext, RowContext
from eventer.kernels.draw import bounded, draw, unit
from tests.families import family

ROWS = 20_000
CONTEXT = BatchContext(np.arange(ROWS, dtype=np.int64), np.zeros(ROWS, dtype=np.int64))
keys = st.integers(0, (1 << 64) - 1)
indices = st.integers(0, (1 << 62) - 1)
safe = st.integers(-EXACT, EXACT)
finite = st.floats(-1e300, 1e300)


def test_integers_include_both_ends() -> None:
    values = GET_INTEGER.call((-2.0, 3.0)).column(1, CONTEXT)
    assert isinstance(values, IntegerColumn)
    assert set(values.to_list()) == {-2, -1, 0, 1, 2, 3}
    assert GET_INTEGER.call((7.0, 7.0)).column(1, CONTEXT).to_list() == [7.0] * ROWS


@given(keys, indices, safe, safe)
def test_an_integer_is_the_bounded_word(key: int, index: int, a: int, b: int) -> None:
    low, high = sorted((a, b))
    call = GET_INTEGER.call((float(low), float(high)))
    row = RowContext(index, 0)
    assert call.row(key, row) == bounded(draw(key, index), low, high)
    assert call.column(key, row.as_column()).to_list() == [call.row(key, row)]


@given(keys, indices, st.floats(-(2.0**63), 2.0**62), st.floats(0, 2.0**61))
def test_integers_beyond_2_to_the_53_are_doubles(
    key: int, index: int, low: float, span: float
) -> None:
    low, high = float(int(low)), float(int(low + span))
    call = GET_INTEGER.call((low, high))
    row = RowContext(index, 0)
    assert low <= call.row(key, row) <= high
    assert call.column(key, row.as_column()).to_list() == [call.row(key, row)]


def test_the_widest_range_is_all_64_bit_integers() -> None:
    values = GET_INTEGER.call((-(2.0**63), 2.0**63 - 1024)).column(1, CONTEXT)
    assert isinstance(values, FloatColumn)
    assert min(values.to_list()) < -9.2e18
    assert max(values.to_list()) > 9.2e18


@pytest.mark.parametrize("low", [-(2.0**63), 0.0])
def test_integers_of_the_full_range(low: float) -> None:
    """A template that writes 2^63 - 1 gives the nearest double, 2^63."""
    call = GET_INTEGER.call((low, 9223372036854775807.0))
    rows = BatchContext(np.arange(64, dtype=np.int64), np.zeros(64, dtype=np.int64))
    values = call.column(7, rows).to_list()
    assert values == [call.row(7, RowContext(index, 0)) for index in range(64)]
    assert max(values) > 2.0**62
    assert (min(values) < -(2.0**62)) is (low < 0)


def test_the_highest_integer_alone() -> None:
    call = GET_INTEGER.call((2.0**63, 2.0**63))
    assert call.row(7, RowContext(0, 0)) == 2.0**63
    assert set(call.column(7, CONTEXT).to_list()) == {2.0**63}


@given(keys, indices, finite, finite)
def test_a_number_is_between_its_ends(key: int, index: int, a: float, b: float) -> None:
    low, high = sorted((a, b))
    call = GET_NUMBER.call((low, high))
    row = RowContext(index, 0)
    value = call.row(key, row)
    assert low <= value <= high
    assert value == min(unit(draw(key, index)) * (high - low) + low, high)
    assert call.column(key, row.as_column()).to_list() == [value]


@family(
    ("arguments", "said", "hint"),
    [
        ((), "get_integer needs its argument 'lo', a whole number", "get_integer(lo, hi)"),
        ((1.0,), "get_integer needs its argument 'hi'", "get_integer(lo, hi)"),
        ((1.0, 2.0, 3.0), "get_integer takes 2 arguments, not 3", "get_integer(lo, hi)"),
        (("1", 2.0), "'lo' must be a number, not \"1\"", "without quotes"),
        ((True, 2.0), "'lo' must be a number, not true", "write a number"),
        ((1.0, [2.0]), "'hi' must be a number, not [2]", "write a number"),
        ((1.5, 2.0), "'lo' must be a whole number, not 1.5", "get_number"),
        ((3.0, 2.0), "'lo' is 3, which is above 'hi', 2", "lower end first"),
        ((0.0, 2.0**63 + 2048), "more than 64-bit integers hold", "2^63"),
        ((-(2.0**64), 0.0), "more than 64-bit integers hold", "2^63"),
    ],
)
def test_wrong_integers_are_refused(arguments: tuple, said: str, hint: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        GET_INTEGER.check(arguments)
    assert said in caught.value.message
    assert hint in str(caught.value.hint)


@family(
    ("arguments", "said"),
    [
        ((None, 2.0), "get_number needs its argument 'lo'"),
        ((2.0, 1.0), "'lo' is 2, which is above 'hi', 1"),
        ((-1.7e308, 1.7e308), "wider than any number"),
        (({}, 1.0), "'lo' must be a number, not {}"),
        ((float("inf"), 1.0), "'lo' must be a number, not inf"),
        (("x" * 100, 1.0), "…"),
    ],
)
def test_wrong_numbers_are_refused(arguments: tuple, said: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        GET_NUMBER.check(arguments)
    assert said in caught.value.message


@given(keys, indices, st.lists(st.tuples(safe, safe).map(sorted), min_size=1, max_size=5))
def test_columns_of_ends_give_the_values_of_each_row(key: int, index: int, ends: list) -> None:
    low, high = (np.array(each, dtype=np.int64) for each in zip(*ends, strict=True))
    rows = BatchContext(index + np.arange(len(ends)), np.zeros(len(ends), dtype=np.int64))
    for spec, kind in ((GET_INTEGER, np.int64), (GET_NUMBER, np.float64)):
        both = spec.call((low.astype(kind), high.astype(kind))).column(key, rows).to_list()
        first = spec.call((float(low[0]), high.astype(kind))) if (low[0] <= high).all() else None
        for row, (a, b) in enumerate(ends):
            at = RowContext(index + row, 0)
            assert both[row] == spec.call((float(a), float(b))).row(key, at)
            if first:
                alone = spec.call((float(low[0]), float(b))).row(key, at)
                assert first.column(key, rows).to_list()[row] == alone


@pytest.mark.parametrize("spec", [GET_INTEGER, GET_NUMBER])
def test_wrong_rows_of_columns_are_named(spec) -> None:
    kind = np.int64 if spec is GET_INTEGER else np.float64
    with pytest.raises(InvalidRowsError) as caught:
        spec.call((np.array([1, 5, 2], dtype=kind), 4.0 if spec is GET_NUMBER else 4))
    assert caught.value.rows.tolist() == [False, True, False]
    assert f"{spec.name}: 'lo' is 5, which is above 'hi', 4" == caught.value.message
    assert caught.value.hint == "give the lower end first"


def test_a_number_with_decimals_is_the_rounded_number() -> None:
    exact = GET_NUMBER.call((0.05, 9.99)).column(1, CONTEXT).to_list()
    call = GET_NUMBER.call((0.05, 9.99, 1.0))
    values = call.column(1, CONTEXT).to_list()
    assert all(len(repr(value)) <= 3 for value in values)
    assert all(abs(value - other) <= 0.1 for value, other in zip(values, exact, strict=True))
    assert (min(values), max(values)) == (0.1, 9.9)
    assert values[:9] == [call.row(1, RowContext(n, 0)) for n in range(9)]
    ends = np.linspace(1, 9, ROWS)
    mixed = GET_NUMBER.call((0.0, ends, 2.0)).column(1, CONTEXT).to_list()
    assert mixed[-1] == GET_NUMBER.call((0.0, 9.0, 2.0)).row(1, RowContext(ROWS - 1, 0))


def test_numbers_with_decimals_that_do_not_exist_are_refused() -> None:
    with pytest.raises(EvaluationError, match=r"no number with 1 decimal is from 0\.21 to 0\.29"):
        GET_NUMBER.check((0.21, 0.29, 1.0))
    with pytest.raises(EvaluationError, match=r"no number with 0 decimals is from 0\.21 to 0\.29"):
        GET_NUMBER.check((0.21, 0.29, 0.0))


def test_hints_fit_the_argument() -> None:
    for decimals, hint in ((False, "write a number, such as 2"), (1.5, "round it")):
        with pytest.raises(EvaluationError) as caught:
            GET_NUMBER.check((0.0, 1.0, decimals))
        assert caught.value.hint == hint
