"""The kernels of `draw` against Python's integers, over the full range of 64 bits."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.kernels import draw
from eventer.kernels.draw import draw_loops

WORD = 1 << 64
EDGES = (0, 1, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, WORD - 1)
words = st.integers(0, WORD - 1) | st.sampled_from(EDGES)
indices = st.integers(0, (1 << 63) - 1) | st.sampled_from(EDGES[:5])
rows_of_keys = st.lists(st.tuples(words, indices), min_size=1, max_size=20)
int64s = st.integers(-(1 << 63), (1 << 63) - 1)
bounds = st.tuples(int64s, int64s).map(lambda ends: (min(ends), max(ends)))
doubles = st.floats(-1e300, 1e300)


def columns(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return draw.key_column([k for k, _ in rows]), np.array([n for _, n in rows], dtype=np.int64)


@given(rows_of_keys)
def test_words_are_draws(rows: list[tuple[int, int]]) -> None:
    keys, index = columns(rows)
    key = rows[0][0]
    assert draw_loops.words(keys, index).tolist() == [draw.draw(k, n) for k, n in rows]
    assert draw_loops.words(key, index).tolist() == [draw.draw(key, n) for _, n in rows]
    unsigned = index.astype(np.uint64)
    assert draw_loops.words(key, unsigned).tolist() == [draw.draw(key, n) for _, n in rows]


@given(rows_of_keys, bounds)
def test_integers_are_bounded_draws(rows: list[tuple[int, int]], ends: tuple[int, int]) -> None:
    keys, index = columns(rows)
    key = rows[0][0]
    result = draw_loops.integers(keys, index, *ends)
    assert result.dtype == np.int64
    assert result.tolist() == [draw.bounded(draw.draw(k, n), *ends) for k, n in rows]
    result = draw_loops.integers(key, index, *ends)
    assert result.tolist() == [draw.bounded(draw.draw(key, n), *ends) for _, n in rows]


@given(rows_of_keys, st.data())
def test_sized_has_a_size_for_each_row(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    keys, index = columns(rows)
    size = st.integers(1, 1 << 63)
    sizes = data.draw(st.lists(size, min_size=len(rows), max_size=len(rows)))
    expected = [draw.draw(k, n) * s >> 64 for (k, n), s in zip(rows, sizes, strict=True)]
    assert draw_loops.sized(keys, index, draw.key_column(sizes)).tolist() == expected
    first = draw_loops.sized(rows[0][0], index, draw.key_column(sizes)).tolist()
    assert first[0] == expected[0]


@given(rows_of_keys, doubles, doubles)
def test_doubles_are_rounded_at_each_step(
    rows: list[tuple[int, int]], one: float, other: float
) -> None:
    keys, index = columns(rows)
    low, high = min(one, other), max(one, other)
    width = high - low
    expected = [min(draw.unit(draw.draw(k, n)) * width + low, high) for k, n in rows]
    assert draw_loops.doubles(keys, index, low, high).tolist() == expected
    assert draw_loops.doubles(rows[0][0], index, low, high)[0] == expected[0]


@given(st.lists(st.tuples(words, words), min_size=1, max_size=20))
def test_children_equal_child(rows: list[tuple[int, int]]) -> None:
    keys, steps = (draw.key_column([row[i] for row in rows]) for i in (0, 1))
    key, step = rows[0]
    assert draw_loops.children(keys, step).tolist() == [draw.child(k, step) for k, _ in rows]
    assert draw_loops.children(keys, steps).tolist() == [draw.child(k, s) for k, s in rows]
    assert draw_loops.children(key, steps).tolist() == [draw.child(key, s) for _, s in rows]
    assert draw_loops.children(key, step).tolist() == [draw.child(key, step)]


@given(rows_of_keys, st.integers(1, 12))
def test_a_matrix_has_word_w_from_child_w(rows: list[tuple[int, int]], count: int) -> None:
    keys, index = columns(rows)
    key = rows[0][0]
    expected = [[draw.draw(draw.child(k, w), n) for w in range(count)] for k, n in rows]
    assert draw_loops.matrix(keys, index, count).tolist() == expected
    expected = [[draw.draw(draw.child(key, w), n) for w in range(count)] for _, n in rows]
    assert draw_loops.matrix(key, index, count).tolist() == expected


def test_arguments_can_be_views_and_do_not_change() -> None:
    index = np.arange(40, dtype=np.int64)[::2]
    keys = draw.child_column(3, np.arange(40, dtype=np.int64))[::2]
    expected = [draw.draw(int(k), int(n)) for k, n in zip(keys, index, strict=True)]
    assert draw_loops.words(keys, index).tolist() == expected
    assert index.flags.writeable
    assert keys.flags.writeable
    assert index.tolist() == list(range(0, 40, 2))


def test_too_few_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="2 draw keys for 3 rows"):
        draw_loops.words(draw.key_column([1, 2]), np.arange(3, dtype=np.int64))


ROWS = np.arange(5000, dtype=np.int64) * 977
KEYS = draw.mix64_column(ROWS.astype(np.uint64))
TWINS = {
    "draw_column": lambda key: draw.draw_column(key, ROWS),
    "draw_matrix": lambda key: draw.draw_matrix(key, ROWS, 5),
    "child_column": lambda key: draw.child_column(key, ROWS),
    "child_key": lambda key: draw.child_key(key, 99),
    "integer_column": lambda key: draw.integer_column(key, ROWS, -500, 1 << 60),
    "integer_column, all": lambda key: draw.integer_column(key, ROWS, -(1 << 63), (1 << 63) - 1),
    "sized_column": lambda key: draw.sized_column(key, ROWS, KEYS | np.uint64(1)),
    "double_column": lambda key: draw.double_column(key, ROWS, -1.5, math.pi),
}


@pytest.mark.parametrize("key", [12345, KEYS], ids=["a key", "a column of keys"])
@pytest.mark.parametrize("name", TWINS)
def test_kernels_and_arrays_give_the_same_values(
    name: str, key: draw.Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = TWINS[name](key)
    monkeypatch.setattr(draw, "use_compiled", lambda _: False)
    plain = TWINS[name](key)
    assert np.asarray(compiled).dtype == np.asarray(plain).dtype
    assert np.array_equal(compiled, plain)


def test_small_columns_do_not_import_numba() -> None:
    code = (
        "import sys, numpy as np; from eventer.kernels import draw; "
        "draw.integer_column(1, np.arange(1024), 0, 9); print('numba' in sys.modules); "
        "draw.integer_column(1, np.arange(4096), 0, 9); print('numba' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "True"]
