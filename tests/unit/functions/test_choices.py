"""`get_one_of`, `get_rand_user_agent`, `get_dataset` and `get_instance_id`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError
from eventer.functions import data_files
from eventer.functions.choices import GET_ONE_OF, items_of
from eventer.functions.columns import DictionaryColumn
from eventer.functions.metadata import GET_DATASET, GET_INSTANCE_ID
from eventer.functions.spec import BatchContext, RowContext
from eventer.functions.user_agents import GET_RAND_USER_AGENT
from eventer.kernels.draw import draw

ROWS = 50_000
CONTEXT = BatchContext(np.arange(ROWS, dtype=np.int64), np.zeros(ROWS, dtype=np.int64))


@pytest.mark.parametrize(
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


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("", "'items' is empty"),
        (" , ,", "'items' is empty"),
        ([], "'items' is empty"),
        (5.0, "'items' must be text or an array, not 5"),
        ({"a": 1.0}, "'items' must be text or an array"),
        (None, "needs its argument 'items'"),
    ],
)
def test_wrong_items_are_refused(argument: object, said: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        GET_ONE_OF.check((argument,))
    assert said in caught.value.message
    assert caught.value.hint


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
