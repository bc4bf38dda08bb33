"""`get_index`, `get_sequence` and `get_cycle`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError
from eventer.functions.arguments import InvalidRowsError
from eventer.functions.numbers import EXACT
from eventer.functions.sequences import GET_CYCLE, GET_INDEX, GET_SEQUENCE
from eventer.functions.spec import BatchContext, RowContext
from tests.families import family

whole = st.integers(-EXACT, EXACT) | st.integers(-10, 10)


def rows(first: int, count: int) -> BatchContext:
    return BatchContext(np.arange(first, first + count), np.zeros(count, dtype=np.int64))


def test_an_index_is_that_of_the_event() -> None:
    assert GET_INDEX.call(()).column(1, rows(7, 3)).to_list() == [7, 8, 9]
    assert GET_INDEX.call(()).row(1, RowContext(7, 0)) == 7


@given(whole, whole, st.integers(0, EXACT) | st.integers(0, 10))
def test_a_sequence_is_exact_or_raises(start: int, step: int, index: int) -> None:
    call, value = GET_SEQUENCE.call((float(start), float(step))), start + step * index
    if abs(value) <= EXACT:
        assert call.row(1, RowContext(index, 0)) == value
        return
    with pytest.raises(EvaluationError, match=f"the value at index {index} is beyond") as caught:
        call.row(1, RowContext(index, 0))
    assert type(caught.value) is EvaluationError


def test_only_rows_beyond_the_exact_numbers_raise() -> None:
    with pytest.raises(InvalidRowsError) as caught:
        GET_SEQUENCE.call((float(EXACT - 1), 1.0)).column(1, rows(0, 4))
    assert caught.value.rows.tolist() == [False, False, True, True]


def test_starts_and_steps_may_be_columns() -> None:
    call = GET_SEQUENCE.call((np.array([1, 2, 3]), np.array([10, 0, -1])))
    assert call.column(1, rows(5, 3)).to_list() == [51, 2, -4]
    assert GET_SEQUENCE.call(()).column(1, rows(5, 2)).to_list() == [6, 7]


def test_items_come_in_turn() -> None:
    call = GET_CYCLE.call(("a, b, c",))
    assert call.column(1, rows(4, 4)).to_list() == ["b", "c", "a", "b"]
    assert call.row(1, RowContext(4, 0)) == "b"
    with pytest.raises(EvaluationError, match="get_cycle: 'items' is empty"):
        GET_CYCLE.check(("",))


@family(
    ("arguments", "said"),
    [
        ((0.5,), "'start' must be a whole number, not 0.5"),
        ((1.0, "2"), "'step' must be a number"),
        ((2.0**53,), "'start' is 9007199254740992, beyond"),
        ((1.0, -(2.0**60)), "'step' is -1152921504606847000, beyond"),
    ],
)
def test_wrong_arguments_are_refused(arguments, said) -> None:
    with pytest.raises(EvaluationError) as caught:
        GET_SEQUENCE.check(arguments)
    assert said in caught.value.message
    assert caught.value.hint
