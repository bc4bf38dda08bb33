"""The kernels of picks, selections, chains, permutations and UUIDs against NumPy and Python."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.kernels import draw
from eventer.kernels.draw import (
    chain_loops,
    chains,
    permutation_loops,
    selection_loops,
    selections,
    uuid_loops,
    weighted_pick_loops,
)
from eventer.kernels.draw.permutations import SMALL, permuted
from eventer.kernels.draw.weighted_picks import WeightTable

FEW = settings(max_examples=25, deadline=None)
words = st.integers(0, (1 << 64) - 1)
rows_of_keys = st.lists(st.tuples(words, st.integers(0, (1 << 63) - 1)), min_size=1, max_size=20)
weights = st.lists(st.floats(1e-300, 1e300) | st.integers(1, 3), min_size=1, max_size=40)


def columns(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return draw.key_column([k for k, _ in rows]), np.array([n for _, n in rows], dtype=np.int64)


@FEW
@given(rows_of_keys, weights)
def test_picks_are_those_of_the_limits(rows, given_weights) -> None:
    keys, index = columns(rows)
    table = WeightTable.of(given_weights)
    found = weighted_pick_loops.picks(keys, index, table.words, table.guide)
    assert found.tolist() == [table.pick(draw.draw(k, n)) for k, n in rows]
    found = weighted_pick_loops.picks(rows[0][0], index, table.words, table.guide)
    assert found.tolist() == [table.pick(draw.draw(rows[0][0], n)) for _, n in rows]
    assert table.column(rows[0][0], index).tolist() == found.tolist()


@FEW
@given(rows_of_keys, st.integers(1, 20), st.data())
def test_selections_are_those_of_numpy(rows, size, data) -> None:
    keys, index = columns(rows)
    count = st.integers(0, size)
    counts = np.array(data.draw(st.lists(count, min_size=len(rows), max_size=len(rows))))
    for key in (keys, rows[0][0]):
        expected = selections.select(key, index, counts, size)
        assert selection_loops.select(key, index, counts, size).tolist() == expected.tolist()


following = st.dictionaries(st.integers(0, 4), st.floats(0.1, 10))


@FEW
@given(rows_of_keys, st.lists(following, min_size=5, max_size=5), st.integers(1, 40), st.data())
def test_paths_are_those_of_python(rows, states, most, data) -> None:
    keys, index = columns(rows)
    transitions = chains.Transitions.of(states)
    drawn = data.draw(st.lists(st.booleans(), min_size=5, max_size=5))
    fixed = np.array([0.5, 1.0, 2.5, 0.0, 1e12])
    for key in (keys, rows[0][0]):
        found = chain_loops.walk(key, index, 0, most, transitions)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(draw, "use_compiled", lambda _rows: False)
            paths = chains.walk(key, index, 0, most, transitions)
            assert [each.tolist() for each in found] == [each.tolist() for each in paths]
            sizes = np.bincount(paths.codes, minlength=5) * drawn
            begins = np.where(drawn, np.cumsum(sizes) - sizes, -1)
            grouped = chains.grouped_steps(key, index, paths, begins, sizes.sum())
            samples = np.sqrt(np.arange(sizes.sum()))
            times = chains.times(paths, fixed, begins, samples)
            steps = chains.steps_of(paths.lengths)
        assert chain_loops.steps_of(paths.lengths).tolist() == steps.tolist()
        found = chain_loops.grouped_steps(key, index, paths, begins, sizes.sum())
        assert [each.tolist() for each in found] == [each.tolist() for each in grouped]
        found = chain_loops.times(paths, fixed, begins, samples)
        assert [each.tolist() for each in found] == [each.tolist() for each in times]


@FEW
@given(rows_of_keys, st.integers(SMALL, 5000) | st.integers(SMALL, (1 << 54) - 1))
def test_permutations_are_those_of_numpy(rows, size) -> None:
    keys, index = columns(rows)
    for key in (keys, rows[0][0]):
        for each in (index, index[::-1], np.sort(index) % 5, np.arange(len(index))):
            found = permutation_loops.enciphered(key, each, size)
            assert found.tolist() == permuted(key, each, size).tolist()


@FEW
@given(st.lists(st.tuples(words, words), min_size=1))
def test_uuids_are_those_of_the_standard_library(halves) -> None:
    text = uuid_loops.write_uuids(np.array(halves, dtype=np.uint64)).tobytes().decode()
    found = [text[36 * row : 36 * row + 36] for row in range(len(halves))]
    assert found == [str(UUID(int=high << 64 | low)) for high, low in halves]
