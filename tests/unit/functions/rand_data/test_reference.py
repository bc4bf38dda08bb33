"""Every key as a column, a row and a column with a key a row, against its plain twin.

A column is made in two ways: few rows by arrays, many by compiled loops.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.functions.rand_data.get_rand_data import FIELDS
from eventer.functions.spec import BatchContext, RowContext
from eventer.kernels import draw
from eventer.kernels.draw import key_column
from tests.unit.functions.rand_data.reference import REFERENCES, ReferenceRow

words = st.integers(0, (1 << 64) - 1)
indices = st.integers(0, (1 << 62) - 1)


def test_every_key_has_a_reference() -> None:
    assert list(REFERENCES) == list(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
@given(key=words, index=indices)
@settings(max_examples=25)
def test_a_row_is_what_the_specification_says(name: str, key: int, index: int) -> None:
    assert FIELDS[name].row(key, RowContext(index, 0)) == REFERENCES[name](ReferenceRow(key, index))


@contextmanager
def spelling_path(*, compiled: bool) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw, "use_compiled", lambda _: compiled)
        yield


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", FIELDS)
def test_a_column_has_the_same_values(name: str, *, compiled: bool) -> None:
    index = np.random.default_rng(4).permutation(np.arange(10**9, 10**9 + 300, dtype=np.int64))
    with spelling_path(compiled=compiled):
        made = FIELDS[name].column(99, BatchContext(index, np.zeros_like(index))).to_list()
    assert made == [REFERENCES[name](ReferenceRow(99, n)) for n in index.tolist()]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", FIELDS)
@given(rows=st.lists(st.tuples(words, indices), min_size=1, max_size=30))
@settings(max_examples=10)
def test_a_column_takes_a_key_for_each_row(
    name: str, *, compiled: bool, rows: list[tuple[int, int]]
) -> None:
    keys = key_column([key for key, _ in rows])
    index = np.array([n for _, n in rows], dtype=np.int64)
    with spelling_path(compiled=compiled):
        made = FIELDS[name].column(keys, BatchContext(index, np.zeros_like(index))).to_list()
    assert made == [REFERENCES[name](ReferenceRow(key, n)) for key, n in rows]


@pytest.mark.parametrize("name", FIELDS)
def test_compiled_and_array_columns_are_equal_over_many_rows(name: str) -> None:
    index = np.arange(20_000, dtype=np.int64) * 7919
    keys = draw.child_column(8, index)
    with spelling_path(compiled=False):
        plain = FIELDS[name].column(keys, BatchContext(index, index)).to_list()
    with spelling_path(compiled=True):
        assert FIELDS[name].column(keys, BatchContext(index, index)).to_list() == plain
