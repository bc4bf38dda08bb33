"""`get_one_of`, `get_boolean`, `get_rand_user_agent`, `get_dataset` and `get_instance_id`."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError
from eventer.functions import data_files
from eventer.functions.arguments import InvalidRowsError
from eventer.functions.booleans import GET_BOOLEAN
from eventer.functions.choices import GET_ONE_OF, items_of
from eventer.functions.columns import DictionaryColumn
from eventer.functions.metadata import GET_DATASET, GET_INSTANCE_ID
from eventer.functions.spec import BatchContext, RowContext
from eventer.functions.user_agents import GET_RAND_USER_AGENT
from eventer.kernels.draw import draw, unit
from tests.families import family

ROWS = 50_000
CONTEXT = BatchContext(np.arange(ROWS, dtype=np.int64), np.zeros(ROWS, dtype=np.int64))


@family(
    ("text", "items"),
    [
        ("ru, us, jp, cn", ("ru", "us", "jp", "cn")),
        ("click,open_page , button click", ("click", "open_page", "button click")),
        ("a b\tc\n d", ("a", "b", "c", "d")),
        ("one", ("one",)),
        ("a, b,", ("a", "b")),
        (",,a", ("a",)),
        ("a, a, b", ("a", "a", "b")),
        ("größe, 日本", ("größe", "日本")),
    ],
)
def test_items_of_text(text: str, items: tuple[str, ...]) -> None:
    assert items_of(text) == items
    column = GET_ONE_OF.call((text,)).column(1, CONTEXT)
    assert isinstance(column, DictionaryColumn)
    assert column.entries == items


@given(st.integers(0, (1 << 64) - 1), st.integers(0, 1 << 62), st.integers(1, 50))
def test_an_item_is_chosen_by_the_word(key: int, index: int, size: int) -> None:
    items = [float(i) for i in range(size)]
    call, row = GET_ONE_OF.call((items,)), RowContext(index, 0)
    assert call.row(key, row) == draw(key, index) * size >> 64
    assert call.column(key, row.as_column()).to_list() == [call.row(key, row)]


def test_an_array_may_have_any_values() -> None:
    items = [None, True, 1.5, "x", [1.0], {"a": None}]
    values = GET_ONE_OF.call((items,)).column(1, CONTEXT).to_list()
    assert all(item in values for item in items)


@family(
    ("argument", "said"),
    [
        ("", "'items' is empty"),
        (" , ,", "'items' is empty"),
        ([], "'items' is empty"),
        (5.0, "'items' must be text, an array or an object, not 5"),
        ({}, "'items' is empty"),
        (None, "needs its argument 'items'"),
    ],
)
def test_wrong_items_are_refused(argument: object, said: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        GET_ONE_OF.check((argument,))
    assert said in caught.value.message
    assert caught.value.hint


WORDS = 1 << 64


@family(
    ("items", "weights", "entries", "limits"),
    [
        (["a", "b"], [1.0, 1.0], ("a", "b"), [WORDS // 2]),
        ("a, b, c", [1.0, 2.0, 1.0], ("a", "b", "c"), [WORDS // 4, 3 * WORDS // 4]),
        (["a", "b", "c"], [0.0, 2.5, 0.0], ("b",), []),
        ([{"a": 1.0}, {"b": 1.0}], [0.1, 0.2], ({"a": 1.0}, {"b": 1.0}), [WORDS // 3]),
        ({"b": 1.0, "a": 2.0, "é": 0.0}, None, ("a", "b"), [2 * WORDS // 3]),
        (["x", "y"], [5e-324, 1.7e308], ("x", "y"), [0]),
        ({"é": 1.0, "z": 1.0, "Z": 2.0}, None, ("Z", "z", "é"), [WORDS // 2, 3 * WORDS // 4]),
    ],
)
def test_weights_are_parts_of_all_words(items, weights, entries, limits) -> None:
    call = GET_ONE_OF.call((items, weights))
    assert call.entries == entries
    assert call.table.limits == pytest.approx(limits, abs=1 << 12)


@given(
    st.integers(0, WORDS - 1),
    st.integers(0, 1 << 62),
    st.lists(st.floats(0, 1e300) | st.integers(0, 3).map(float), min_size=1).filter(sum),
)
def test_a_weighted_item_is_chosen_by_the_word(key: int, index: int, weights: list) -> None:
    items = [float(i) for i in range(len(weights))]
    call, row = GET_ONE_OF.call((items, weights)), RowContext(index, 0)
    ratios = [weight.as_integer_ratio() for weight in weights]
    total, word, below = sum(Fraction(*r) for r in ratios), draw(key, index), Fraction(0)
    for item, ratio in zip(items, ratios, strict=True):  # noqa: B007  the item that it stops at
        below += Fraction(*ratio)
        if word < below * WORDS // total and ratio[0]:
            break
    assert call.row(key, row) == item
    assert call.column(key, row.as_column()).to_list() == [item]


@family(
    ("items", "weights", "said"),
    [
        (["a"], [1.0, 2.0], "'weights' has 2 numbers for 1 items"),
        (["a"], [-1.0], "'weights' has -1, which is below zero"),
        (["a", "b"], [0.0, 0.0], "all weights are zero"),
        ({"a": 0.0}, None, "all weights are zero"),
        (["a"], ["1"], "'weights' must be a number, not \"1\""),
        ({"a": True}, None, "'weights' must be a number, not true"),
        (["a"], [float("inf")], "'weights' must be a number, not inf"),
        (["a"], 1.0, "'weights' must be an array of numbers, not 1"),
        ({"a": 1.0}, [1.0], "which already contains the weights"),
    ],
)
def test_wrong_weights_are_refused(items, weights, said) -> None:
    with pytest.raises(EvaluationError) as caught:
        GET_ONE_OF.check((items, weights))
    assert said in caught.value.message
    assert caught.value.hint


@given(st.integers(0, WORDS - 1), st.lists(st.floats(0, 1), min_size=1))
def test_a_boolean_compares_the_unit_with_the_probability(key: int, chances: list) -> None:
    rows = BatchContext(np.arange(len(chances)), np.zeros(len(chances), dtype=np.int64))
    values = GET_BOOLEAN.call((np.array(chances),)).column(key, rows).to_list()
    assert values == [unit(draw(key, i)) < chance for i, chance in enumerate(chances)]
    alone = [GET_BOOLEAN.call((c,)).row(key, RowContext(i, 0)) for i, c in enumerate(chances)]
    assert values == alone
    constant = GET_BOOLEAN.call((chances[0],)).column(key, rows).to_list()
    assert constant == [unit(draw(key, i)) < chances[0] for i in range(len(chances))]


def test_the_ends_of_a_probability() -> None:
    assert set(GET_BOOLEAN.call((0.0,)).column(1, CONTEXT).to_list()) == {False}
    assert set(GET_BOOLEAN.call((1.0,)).column(1, CONTEXT).to_list()) == {True}
    with pytest.raises(EvaluationError, match=r"must be from 0 to 1, not 1\.5"):
        GET_BOOLEAN.check((1.5,))
    with pytest.raises(EvaluationError) as caught:
        GET_BOOLEAN.check((True,))
    assert caught.value.hint == "write a number, such as 0.5"
    with pytest.raises(InvalidRowsError, match=r"must be from 0 to 1, not -0\.1") as caught:
        GET_BOOLEAN.call((np.array([0.5, -0.1]),))
    assert caught.value.rows.tolist() == [False, True]


def test_a_user_agent_is_the_entry_that_the_number_falls_on() -> None:
    entries, table = data_files.weighted("user_agents")
    row = RowContext(123, 0)
    expected = entries[table[draw(8, 123) * len(table) >> 64]]
    assert GET_RAND_USER_AGENT.call(()).row(8, row) == expected
    with pytest.raises(EvaluationError, match="takes no arguments, not 1"):
        GET_RAND_USER_AGENT.check(("x",))


@pytest.mark.parametrize(
    ("spec", "given"), [(GET_DATASET, "dataset"), (GET_INSTANCE_ID, "instance_id")]
)
def test_values_of_request_and_service_override_the_argument(spec, given) -> None:
    call = spec.call(("dummy",))
    assert call.row(1, RowContext(0, 0)) == "dummy"
    assert call.row(1, RowContext(0, 0, **{given: "real"})) == "real"
    assert call.row(1, RowContext(0, 0, **{given: ""})) == ""
    column = call.column(1, BatchContext(np.arange(3), np.zeros(3, dtype=np.int64)))
    assert column.to_list() == ["dummy"] * 3
    assert spec.call(()).row(1, RowContext(0, 0)) == ""
    assert not spec.is_random
    with pytest.raises(EvaluationError, match="'otherwise' must be text, not 5"):
        spec.check((5.0,))
