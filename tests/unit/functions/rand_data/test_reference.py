"""Every key as a column, a row and a column with a key per row, against the reference."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.functions.rand_data.get_rand_data import FIELDS
from eventer.functions.spec import BatchContext, RowContext
from eventer.kernels.draw import key_column
from tests.families import family
from tests.unit.functions.rand_data.reference import REFERENCES, ReferenceRow

words = st.integers(0, (1 << 64) - 1)
indices = st.integers(0, (1 << 62) - 1)


def test_every_key_has_a_reference() -> None:
    assert list(REFERENCES) == list(FIELDS)


@given(key=words, index=indices)
@settings(max_examples=8)
def test_a_row_equals_the_reference(key: int, index: int) -> None:
    row, context = ReferenceRow(key, index), RowContext(index, 0)
    for name, field in FIELDS.items():
        assert field.row(key, context) == REFERENCES[name](row), name


@family("name", FIELDS)
def test_a_column_has_the_same_values(name: str) -> None:
    index = np.random.default_rng(4).permutation(np.arange(10**9, 10**9 + 300, dtype=np.int64))
    made = FIELDS[name].column(99, BatchContext(index, np.zeros_like(index))).to_list()
    assert made == [REFERENCES[name](ReferenceRow(99, n)) for n in index.tolist()]


@given(rows=st.lists(st.tuples(words, indices), min_size=1, max_size=30))
@settings(max_examples=4)
def test_a_column_takes_a_key_for_each_row(rows: list[tuple[int, int]]) -> None:
    keys = key_column([key for key, _ in rows])
    index = np.array([n for _, n in rows], dtype=np.int64)
    context = BatchContext(index, np.zeros_like(index))
    for name, field in FIELDS.items():
        expected = [REFERENCES[name](ReferenceRow(key, n)) for key, n in rows]
        assert field.column(keys, context).to_list() == expected, name
