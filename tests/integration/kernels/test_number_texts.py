"""Texts of numbers against the functions that define them."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eventer.core.json_text import number_text
from eventer.jsonnet.std.number_text import number_text as string_number_text
from eventer.kernels.json.number_texts import number_texts, string_number_texts

SEEDS = st.integers(0, 2**32 - 1)
PATTERNS = st.integers(0, 2**64 - 1)


def texts(data, offsets):
    whole = data.tobytes().decode("ascii")
    return [whole[a:b] for a, b in pairwise(offsets)]


def doubles(patterns):
    values = np.array(patterns, np.uint64).view(np.float64)
    return values[np.isfinite(values)]


def with_neighbours(values):
    """Each value with the four doubles around it, and all of them negated."""
    around = [np.array(values, np.float64)]
    for toward in (-np.inf, np.inf):
        step = around[0]
        for _ in range(2):
            step = np.nextafter(step, toward)
            around.append(step)
    found = np.concatenate([*around, *(-each for each in around)])
    return found[np.isfinite(found)]


def check(values):
    assert texts(*number_texts(values)) == [number_text(value) for value in values.tolist()]


@given(st.lists(PATTERNS, max_size=50))
@settings(max_examples=40)
def test_any_bits(patterns):
    check(doubles(patterns))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=50))
@example([9e15, 2.0**53, 2.0**53 + 2, 1e21, 1e-6, 1e-7, 5e-324, 1.7976931348623157e308])
def test_any_doubles(values):
    check(np.array(values, np.float64))


@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_random_bits(count):
    words = np.random.default_rng(20).integers(0, 2**64, count, np.uint64)
    check(doubles(words))


def test_decimals_of_all_lengths():
    rng = np.random.default_rng(21)
    values = [
        float(f"{rng.integers(10 ** (digits - 1), 10**digits)}e{exponent}")
        for digits in range(1, 18)
        for exponent in range(-40, 30)
        for _ in range(20)
    ]
    check(np.array(values))


@pytest.mark.parametrize(
    "values",
    [
        [2.0**k for k in range(-1074, 1024)],
        [float(f"1e{k}") for k in range(-323, 309)],
        [float(f"{digit}e{k}") for k in range(-323, 308) for digit in range(2, 10)],
        [5e-324 * k for k in range(1, 3000)],
        [float(2**53 + k) for k in range(-50, 50)],
        [1e21 + k * 131072 for k in range(-50, 50)],
        [k * 1e-9 for k in range(1, 10_000)],
        [float(10**k + 1) for k in range(17)],
        [float(10**k - 1) for k in range(1, 17)],
        [math.inf],
    ],
    ids=range(10),
)
def test_numbers_where_the_layout_or_the_spacing_changes(values):
    check(with_neighbours(values))


@given(st.lists(st.integers(-(2**53), 2**53), max_size=50))
def test_integers(values):
    check(np.array(values, np.float64))


def test_zero_has_no_sign_and_no_rows_have_no_text():
    assert texts(*number_texts(np.array([0.0, -0.0]))) == ["0", "0"]
    data, offsets = number_texts(np.zeros(0))
    assert (data.tobytes(), offsets.tolist()) == (b"", [0])


# -- inside strings --------------------------------------------------------------------------------


def is_beyond(value):
    return 0 < abs(value) < 1e-4 or abs(value) >= 2.0**63


def check_strings(values):
    data, offsets, left_out = string_number_texts(np.array(values, np.float64))
    found = texts(data, offsets)
    assert left_out.tolist() == [row for row, each in enumerate(values) if is_beyond(each)]
    assert found == ["" if is_beyond(each) else string_number_text(each) for each in values]


@given(st.lists(PATTERNS, max_size=50))
def test_any_bits_inside_strings(patterns):
    check_strings(doubles(patterns).tolist())


@given(st.lists(st.floats(-1e18, 1e18) | st.floats(-2.0, 2.0), max_size=50))
@settings(max_examples=40)
@example([1e-4, np.nextafter(1e-4, 0), np.nextafter(1e-4, 1), 2.0**63, 2.0**53 - 0.5, -0.0, 0.0])
def test_any_doubles_inside_strings(values):
    check_strings(values)


def test_ties_go_to_the_even_digit():
    """Numbers with one digit too many, a 5."""
    for places in range(2, 18):
        whole = 10 ** (17 - places)
        values = [whole + n + 2.0**-places * odd for n in range(50) for odd in (1, 3, 5, 7)]
        check_strings([each for each in values if each < 2.0**53])


@pytest.mark.parametrize("count", [20_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_many_magnitudes_inside_strings(count):
    rng = np.random.default_rng(22)
    values = rng.random(count) * 10.0 ** rng.integers(-5, 20, count)
    check_strings(values.tolist())
    check_strings(with_neighbours([float(f"1e{k}") for k in range(-5, 20)]).tolist())
    check_strings(with_neighbours([2.0**k for k in range(-15, 65)]).tolist())
