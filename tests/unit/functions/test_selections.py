"""`get_some_of` and `get_shuffled`."""

from collections import Counter
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError
from eventer.functions.arguments import InvalidRowsError
from eventer.functions.selections import GET_SHUFFLED, GET_SOME_OF
from eventer.functions.spec import BatchContext, RowContext
from eventer.kernels.draw import descend, draw
from tests import goodness_of_fit as fit
from tests.families import family

ROWS = 20_000
CONTEXT = BatchContext(np.arange(ROWS, dtype=np.int64), np.zeros(ROWS, dtype=np.int64))


def selected(key: int, index: int, size: int, count: int) -> list[float]:
    left = list(range(size))
    for place in range(count):
        other = place + (draw(descend(key, 1, place), index) * (size - place) >> 64)
        left[place], left[other] = left[other], left[place]
    return [float(number) for number in left[:count]]


@given(st.integers(0, (1 << 64) - 1), st.integers(0, 1 << 62), st.integers(1, 20), st.data())
def test_a_selection_is_the_start_of_a_shuffle(key, index, size, data) -> None:
    least, most = sorted(data.draw(st.tuples(*[st.integers(0, size)] * 2)))
    items, row = [float(number) for number in range(size)], RowContext(index, 0)
    count = least + (draw(descend(key, 0), index) * (most - least + 1) >> 64)
    call = GET_SOME_OF.call((items, float(least), float(most)))
    assert call.row(key, row) == selected(key, index, size, count)
    assert GET_SHUFFLED.call((items,)).row(key, row) == selected(key, index, size, size)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)).map(sorted), min_size=1))
def test_columns_of_counts_give_the_values_of_each_row(ends) -> None:
    least, most = (np.array(each, dtype=np.int64) for each in zip(*ends, strict=True))
    rows = BatchContext(np.arange(len(ends)), np.zeros(len(ends), dtype=np.int64))
    values = GET_SOME_OF.call(("a b c d", least, most)).column(5, rows).to_list()
    for row, (low, high) in enumerate(ends):
        call = GET_SOME_OF.call(("a b c d", float(low), float(high)))
        assert call.row(5, RowContext(row, 0)) == values[row]


def test_counts_items_and_orders_are_equally_likely() -> None:
    values = GET_SOME_OF.call(("a b c d", 1.0, 3.0)).column(7, CONTEXT).to_list()
    by_count = [[v for v in values if len(v) == count] for count in (1, 2, 3)]
    assert fit.chi_square([len(each) for each in by_count]) > fit.LEVEL
    for count, each in enumerate(by_count, 1):
        orders = Counter(map(tuple, each))
        assert len(orders) == factorial(4) // factorial(4 - count)
        assert fit.chi_square([*orders.values()]) > fit.LEVEL
    orders = Counter(map(tuple, GET_SHUFFLED.call(("a b c d",)).column(7, CONTEXT).to_list()))
    assert len(orders) == 24
    assert fit.chi_square([*orders.values()]) > fit.LEVEL


@family(
    ("arguments", "said"),
    [
        (("a b", 2.0, 1.0), "'min' is 2 and 'max' is 1: they must be 0 or more"),
        (("a b", -1.0, 1.0), "'min' is -1 and 'max' is 1"),
        (("a b", 1.0, 3.0), "'max' is 3, but there are 2 items"),
        (("", 0.0, 0.0), "'items' is empty"),
        ((["a"] * 10_001, 0.0, 1.0), "'items' has 10,001 items, more than 10,000"),
        ((5.0, 0.0, 1.0), "'items' must be text or an array, not 5"),
        (("a b", 0.5, 1.0), "'min' must be a whole number, not 0.5"),
        (("a b",), "needs its argument 'min'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, said) -> None:
    with pytest.raises(EvaluationError) as caught:
        GET_SOME_OF.check(arguments)
    assert said in caught.value.message
    assert caught.value.hint


def test_wrong_rows_are_named() -> None:
    with pytest.raises(InvalidRowsError, match="'max' is 5, but there are 3 items") as caught:
        GET_SOME_OF.call(("a b c", 1.0, np.array([1, 2, 5])))
    assert caught.value.rows.tolist() == [False, False, True]
