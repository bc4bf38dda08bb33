"""The exact logarithm and exponential: their errors, and the values of the specification."""

import json
import math
from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

from eventer.kernels.draw import exact_math, exact_tables, normals
from tests.families import family

DIGITS = Context(prec=60)
PAGE = Path(__file__).resolve().parents[3] / "docs/reference/draws.md"
RANDOM = np.random.default_rng(1)
UNITS = RANDOM.random(500)
POSITIVE = [*UNITS, *(1 + (UNITS - 0.5) / 16), *(UNITS * 10.0 ** RANDOM.integers(-300, 300, 500))]
REAL = [*(UNITS - 0.5), *((UNITS - 0.5) * 1400), *((UNITS - 0.5) * 1e-9)]
SMALL = [*(UNITS - 0.5), *((UNITS - 0.5) * 10.0 ** -RANDOM.integers(0, 17, 500))]
CASES: dict[str, tuple[list[float], Callable[[Decimal], Decimal], float]] = {
    "log": (POSITIVE, lambda x: x.ln(), 1.1),
    "exp": (REAL, lambda x: x.exp(), 0.6),
    "log1p": (SMALL, lambda x: (1 + x).ln(), 4),
    "expm1": (SMALL, lambda x: x.exp() - 1, 4),
}


def errors(values: list[float], exact: list[Decimal]) -> list[float]:
    """The distances in units of the last place."""
    pairs = zip(values, exact, strict=True)
    return [float(abs(Decimal(v) - e) / Decimal(math.ulp(float(e)))) for v, e in pairs]


def parts(exact: Decimal, grid: int | None) -> tuple[float, float]:
    """A number as a multiple of 1/grid, or as the nearest double, and the rest."""
    fraction = Fraction(exact)
    high = Fraction(float(exact)) if grid is None else Fraction(round(fraction * grid), grid)
    return float(high), float(fraction - high)


def test_the_tables_are_rounded_exactly() -> None:
    pi = Decimal("3.14159265358979323846264338327950288419716939937510")
    with localcontext(Context(prec=50)):
        two = Decimal(2).ln()
        logarithms = [parts((1 + Decimal(i) / 128).ln(), 1 << 42) for i in range(129)]
        powers = [parts((two / 128 * i).exp(), None) for i in range(128)]
        stirling = [
            Decimal(math.factorial(n)).ln() - (2 * pi * n).ln() / 2 - n * (Decimal(n).ln() - 1)
            for n in range(1, 16)
        ]
        assert parts(two / 128, 1 << 42) == exact_tables.LN2_PER_STEP
        assert float(128 / two) == exact_tables.STEPS_PER_UNIT
        assert float((2 * pi).ln() / 2) == exact_tables.HALF_LOG_2PI
    assert list(exact_tables.LOGARITHMS) == logarithms
    assert list(exact_tables.POWERS) == powers
    assert (0, *map(float, stirling)) == exact_tables.STIRLING_ERRORS


@family("name", CASES)
def test_errors_are_below_the_documented_ones(name: str) -> None:
    inputs, exact, most = CASES[name]
    inputs = [float(x) for x in inputs]
    with localcontext(DIGITS):
        expected = [exact(Decimal(x)) for x in inputs]
        found = errors([getattr(exact_math, name)(x) for x in inputs], expected)
    assert max(found) < most


def test_the_ends_of_the_exponential() -> None:
    assert exact_math.exp(710.0) == math.inf
    assert exact_math.exp(-746.0) == 0
    assert exact_math.exp(-744.9) == 5e-324
    assert exact_math.expm1(-800.0) == -1
    assert exact_math.expm1(800.0) == math.inf


def test_normal_samples_invert_the_distribution_function() -> None:
    words = [int(u * 2**64) for u in UNITS] + [1 << n for n in range(64)]
    found = [normals.standard_normal(word) for word in words]
    units = [((word - (word >> 63 << 64) >> 11) + 0.5) * 2.0**-53 + 0.5 for word in words]
    near = [(x, unit) for x, unit in zip(found, units, strict=True) if abs(unit - 0.5) < 0.49]
    np.testing.assert_allclose([x for x, _ in near], ndtri([unit for _, unit in near]), atol=1e-13)
    assert normals.standard_normal(0) == -normals.standard_normal((1 << 64) - 1)
    assert -8.4 < normals.standard_normal(1 << 63) < -8.2


@pytest.mark.parametrize("name", ["log", "exp", "z"])
def test_the_values_of_the_specification(name: str) -> None:
    vectors = json.loads(PAGE.read_text("utf-8").split("```json\n")[2].split("```")[0])
    function = normals.standard_normal if name == "z" else getattr(exact_math, name)
    for given, expected in vectors[name]:
        assert function(int(given) if name == "z" else given) == expected
