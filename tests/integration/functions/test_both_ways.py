"""Columns of few rows (arrays) and of many rows (compiled loops) have the same values.

Unit tests of functions use arrays only; this test extends their results to compiled loops.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.core.model import JsonValue
from eventer.functions.calendar import FIRST_SECOND, LAST_SECOND, dates, rfc3339
from eventer.functions.catalog import CATALOG
from eventer.functions.rand_data.get_rand_data import FIELDS
from eventer.functions.spec import BatchContext
from eventer.kernels import draw
from tests.families import family
from tests.unit.functions.golden import CALLS
from tests.unit.functions.rand_data.reference import REFERENCES, ReferenceRow

ROWS = 1_000
INDEX = np.arange(ROWS, dtype=np.int64) * 7919
words = st.integers(0, (1 << 64) - 1)
indices = st.integers(0, (1 << 62) - 1)


@contextmanager
def writing_path(*, compiled: bool) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw, "use_compiled", lambda _: compiled)
        yield


@family("name", FIELDS)
def test_fields_of_many_rows(name: str) -> None:
    keys = draw.child_column(8, INDEX)
    with writing_path(compiled=False):
        plain = FIELDS[name].column(keys, BatchContext(INDEX, INDEX)).to_list()
    with writing_path(compiled=True):
        assert FIELDS[name].column(keys, BatchContext(INDEX, INDEX)).to_list() == plain


@given(rows=st.lists(st.tuples(words, indices), min_size=1, max_size=30))
@settings(max_examples=4)
def test_compiled_fields_equal_the_reference(rows: list[tuple[int, int]]) -> None:
    keys = draw.key_column([key for key, _ in rows])
    index = np.array([n for _, n in rows], dtype=np.int64)
    context = BatchContext(index, np.zeros_like(index))
    for name, field in FIELDS.items():
        with writing_path(compiled=True):
            made = field.column(keys, context).to_list()
            alike = field.column(99, context).to_list()
        assert made == [REFERENCES[name](ReferenceRow(key, n)) for key, n in rows], name
        assert alike == [REFERENCES[name](ReferenceRow(99, n)) for _, n in rows], name


@family(("name", "arguments"), CALLS)
def test_calls(name: str, arguments: Sequence[JsonValue]) -> None:
    call = CATALOG.get(name).call(arguments)
    context = BatchContext(INDEX, INDEX * 10**9 + 1_700_000_000_123_456_789)
    for key in (5, draw.child_column(8, INDEX)):
        with writing_path(compiled=False):
            plain = call.column(key, context).to_list()
        with writing_path(compiled=True):
            assert call.column(key, context).to_list() == plain


@family("digits", range(10))
def test_instants(digits: int) -> None:
    widest = 2**63 // 10**digits
    low, high = max(FIRST_SECOND, -widest), min(LAST_SECOND, widest - 1)
    rng = np.random.default_rng(digits)
    units = rng.integers(low * 10**digits, high * 10**digits, ROWS, endpoint=True)
    days = units // 10**digits // 86_400
    with writing_path(compiled=False):
        texts, plain = rfc3339(units, digits).to_list(), dates(days)
    with writing_path(compiled=True):
        assert rfc3339(units, digits).to_list() == texts
        split = dates(days)
    for part in ("year", "month", "day"):
        assert np.array_equal(getattr(split, part), getattr(plain, part))
