"""The p-values of `goodness_of_fit`: against published tables, and for a correct generator."""

import math

import numpy as np
import pytest

from tests import goodness_of_fit as fit
from tests.families import family

ROWS = 20_000
rng = np.random.default_rng


@family(
    ("statistic", "degrees", "p_value"),
    [
        (3.841459, 1, 0.05),
        (10.827566, 1, 0.001),
        (5.991465, 2, 0.05),
        (7.814728, 3, 0.05),
        (18.307038, 10, 0.05),
        (52.191395, 31, 0.01),
        (124.342113, 100, 0.05),
        (2.705543, 1, 0.1),
        (37.688648, 50, 0.9),
        (0.0, 5, 1.0),
        (1e6, 4095, 0.0),
    ],
)
def test_chi_square_tails_match_published_tables(statistic, degrees, p_value):
    assert fit.chi_square_tail(statistic, degrees) == pytest.approx(p_value, rel=1e-5, abs=1e-300)


def test_extreme_tails_are_accurate():
    assert fit.chi_square_tail(2 * 100.0, 2) == pytest.approx(math.exp(-100), rel=1e-12)
    assert fit.both_tails(0.001, 100) < 1e-100 + 1e-15


SAMPLES = {
    "chi_square": lambda r: fit.chi_square(np.bincount(r.integers(0, 10, ROWS), minlength=10)),
    "chi_square, weighted": lambda r: fit.chi_square(
        np.bincount(r.integers(0, 10, ROWS) // 3, minlength=5), [3, 3, 3, 1, 0]
    ),
    "independence": lambda r: fit.independence(r.integers(0, 8, ROWS), r.integers(0, 5, ROWS)),
    "correlation": lambda r: fit.correlation(r.random(ROWS), r.random(ROWS)),
    "fair_bits": lambda r: fit.fair_bits(r.integers(0, 2**64, 5000, dtype=np.uint64)),
    "kolmogorov_smirnov": lambda r: fit.kolmogorov_smirnov(r.random(5000)),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_p_values_of_a_correct_generator_are_uniform(name):
    p_values = np.array([SAMPLES[name](rng(seed)) for seed in range(300)])
    assert fit.kolmogorov_smirnov(p_values) > 1e-3


def skewed(r):
    return np.minimum(r.integers(0, 2**64, ROWS, dtype=np.uint64), np.uint64(0xF0 << 56))


@pytest.mark.parametrize(
    "p_value",
    [
        lambda r: fit.chi_square(np.bincount(r.integers(0, 256, ROWS) % 100)),
        lambda r: fit.chi_square([ROWS // 10] * 10),
        lambda r: fit.independence(a := r.integers(0, 8, ROWS), (a + r.integers(0, 7, ROWS)) % 8),
        lambda r: fit.correlation(a := r.random(ROWS), a + 9 * r.random(ROWS)),
        lambda r: fit.fair_bits(skewed(r)),
        lambda r: fit.kolmogorov_smirnov(r.random(ROWS) ** 1.1),
        lambda r: fit.no_repetition(np.append(a := r.integers(0, 2**63, ROWS), a[0])),
    ],
)
def test_a_biased_generator_is_detected(p_value):
    assert p_value(rng(1)) < fit.LEVEL


def test_impossible_values_and_too_few_values_are_rejected():
    with pytest.raises(AssertionError, match="impossible value"):
        fit.chi_square([10, 10, 1], [1, 1, 0])
    with pytest.raises(AssertionError, match="too few"):
        fit.chi_square([1, 1, 1])


def test_combined_uses_the_smallest_p_value():
    assert fit.combined([0.5, 0.001, 0.2]) == pytest.approx(0.003)
    assert fit.combined([0.5, 0.9]) == 1.0


def test_bits_are_counted_from_the_lowest():
    words = np.array([[1, 3, 2**63], [0, 0, 1]], dtype=np.uint64)
    counts = fit.bits_set(words)
    assert counts.shape == (2, 64)
    assert counts[0, [0, 1, 63]].tolist() == [2, 1, 1]
    assert counts[1].sum() == 1
