"""`get_unique_integer`: permutations of ranges."""

from itertools import pairwise
from math import isqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError
from eventer.functions.numbers import EXACT
from eventer.functions.spec import BatchContext, RowContext
from eventer.functions.unique_integers import GET_UNIQUE_INTEGER
from eventer.kernels import draw
from eventer.kernels.draw.permutations import SMALL, permuted
from tests import goodness_of_fit as fit
from tests.families import family

KEYS = draw.child_column(7, np.arange(20_000, dtype=np.int64))
SIZES = (1, 2, 3, 10, SMALL - 1, SMALL, SMALL + 1, 1000, 1024, 4097)


def specified(key: int, index: int, size: int) -> int:
    """The permutation as `docs/reference/draws.md` specifies it."""
    turn, place = divmod(index, size)
    if size < 256:
        items = list(range(size))
        for j in range(place + 1):
            other = j + (draw.draw(draw.child(key, j), turn) * (size - j) >> 64)
            items[j], items[other] = items[other], items[j]
        return items[place]
    b = isqrt(size - 1) + 1
    a = -(-size // b)
    round_keys = [draw.draw(draw.child(key, r), turn) for r in range(8)]
    high, low = divmod(place, b)
    while True:
        for r, round_key in enumerate(round_keys):
            if r % 2:
                low = (low + scrambled(high ^ round_key, b)) % b
            else:
                high = (high + scrambled(low ^ round_key, a)) % a
        if high * b + low < size:
            return high * b + low


def scrambled(z: int, size: int) -> int:
    z = z * 0xBF58476D1CE4E5B9 & draw.MASK
    z = (z ^ (z >> 32)) * 0x94D049BB133111EB & draw.MASK
    return z * size >> 64


@given(
    st.integers(0, draw.MASK),
    st.integers(0, 1 << 62),
    st.sampled_from(SIZES) | st.integers(1, 2 * EXACT + 1),
)
def test_numbers_are_those_of_the_specification(key, index, size) -> None:
    found = permuted(key, np.array([index]), size).tolist()
    assert found == [specified(key, index, size)]


@family("size", SIZES)
def test_each_pass_has_each_number_once_in_another_order(size) -> None:
    passes = permuted(5, np.arange(3 * size, dtype=np.int64), size).reshape(3, size)
    assert (np.sort(passes, axis=1) == np.arange(size)).all()
    if size > 10:
        assert all((one != other).any() for one, other in pairwise(passes))
        assert (permuted(6, np.arange(size, dtype=np.int64), size) != passes[0]).any()


@given(
    st.lists(st.integers(0, draw.MASK), min_size=1, max_size=8),
    st.integers(0, 1 << 62),
    st.sampled_from(SIZES) | st.integers(1, 2 * EXACT + 1),
)
def test_a_number_does_not_depend_on_the_other_rows(keys, first, size) -> None:
    index = first + np.arange(len(keys), dtype=np.int64)
    found = permuted(draw.key_column(keys), index, size).tolist()
    assert found == [permuted(k, index[i : i + 1], size)[0] for i, k in enumerate(keys)]
    together = permuted(keys[0], index[::-1], size).tolist()
    assert (
        together == [permuted(keys[0], index[i : i + 1], size)[0] for i in range(len(keys))][::-1]
    )
    assert all(0 <= number < size for number in found)


@family("size", [2, 7, 60, 256, 300, 1000])
def test_numbers_are_equally_likely_at_every_place(size) -> None:
    chances = []
    for place in (0, size // 2, size - 1):
        index = np.full(len(KEYS), place, dtype=np.int64)
        chances.append(fit.chi_square(np.bincount(permuted(KEYS, index, size), minlength=size)))
    assert fit.combined(chances) > fit.LEVEL


@pytest.mark.parametrize("size", [256, 1000])
def test_neighbours_are_independent(size) -> None:
    """Of pairs of different numbers each is equally likely: so are their differences."""
    index = np.zeros(len(KEYS), dtype=np.int64)
    first, second = permuted(KEYS, index, size), permuted(KEYS, index + 1, size)
    counts = np.bincount((second - first) % size, minlength=size)
    assert counts[0] == 0
    assert fit.chi_square(counts[1:]) > fit.LEVEL
    assert fit.independence(first * 8 // size, second * 8 // size) > fit.LEVEL


def test_the_number_of_fixed_points_is_that_of_random_permutations() -> None:
    """It has mean 1 and variance 1."""
    size = 300
    keys = np.repeat(KEYS[:100], size)
    places = np.tile(np.arange(size, dtype=np.int64), 100)
    fixed = (permuted(keys, places, size) == places).reshape(100, size).sum(axis=1)
    assert abs(fixed.sum() - 100) < 50


@family(("low", "high"), [(-5, 5), (-EXACT, EXACT), (0, EXACT), (10**12, 10**12 + 255)])
def test_values_are_in_the_range(low, high) -> None:
    call = GET_UNIQUE_INTEGER.call((float(low), float(high)))
    rows = BatchContext(np.arange(200), np.zeros(200, dtype=np.int64))
    values = call.column(3, rows).to_list()
    assert low <= min(values) <= max(values) <= high
    assert len(set(values)) == min(200, high - low + 1)
    assert call.row(3, RowContext(17, 0)) == values[17]


@family(
    ("arguments", "said"),
    [
        ((2.0, 1.0), "'lo' is 2, which is above 'hi', 1"),
        ((0.0, 2.0**53), "is beyond 2^53 - 1"),
        ((-(2.0**53), 0.0), "is beyond 2^53 - 1"),
        ((0.0, 1.5), "'hi' must be a whole number, not 1.5"),
    ],
)
def test_wrong_ranges_are_refused(arguments, said) -> None:
    with pytest.raises(EvaluationError) as caught:
        GET_UNIQUE_INTEGER.check(arguments)
    assert said in caught.value.message
    assert caught.value.hint
