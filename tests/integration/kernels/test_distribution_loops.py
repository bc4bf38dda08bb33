"""The kernels of distributions give what the same functions give in Python, bit for bit."""

import re
import sys
from collections.abc import Callable

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.kernels import draw
from eventer.kernels.draw import distribution_loops, exact_math, zipf_loops
from eventer.kernels.draw.distributions import DISTRIBUTIONS, sample, sample_column
from eventer.kernels.draw.normals import standard_normal
from tests.families import family

shapes = st.floats(0.01, 1e6)
PARAMETERS = {
    "normal": st.tuples(st.floats(-1e9, 1e9), st.floats(0, 1e9)),
    "normal_window": st.tuples(
        st.floats(-9, 9), st.floats(0.5, 2), st.floats(-9, 9), st.floats(9.1, 10) | st.just(np.inf)
    ),
    "lognormal_window": st.tuples(
        st.floats(1, 9), st.floats(0.1, 2), st.floats(-9, 9), st.floats(9.1, 10) | st.just(np.inf)
    ),
    "lognormal": st.tuples(shapes, st.floats(0, 5)),
    "exponential": st.tuples(shapes),
    "exponential_window": st.tuples(st.floats(0.1, 1e3), st.floats(0, 5), st.floats(6, 1e4)),
    "gamma": st.tuples(shapes, shapes),
    "beta": st.tuples(shapes, shapes),
    "pareto": st.tuples(shapes, st.just(1.0), st.just(np.inf) | st.floats(1.5, 1e9)),
    "triangular": st.tuples(st.floats(-9, 0), st.floats(0, 1), st.floats(1, 9)),
    "poisson": st.tuples(st.floats(0, 30) | st.floats(0, 1e12)),
    "binomial": st.tuples(st.integers(0, 1 << 40).map(float), st.floats(0, 1)),
    "geometric": st.tuples(st.floats(1e-9, 1)),
    "zipf": st.tuples(st.integers(1, 10**12).map(float), st.floats(0, 9)),
}
ROWS = 24


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@given(st.data())
@settings(max_examples=8, deadline=None)
def test_a_kernel_equals_python(name: str, data: st.DataObject) -> None:
    key = data.draw(st.integers(0, draw.MASK))
    first = data.draw(st.integers(0, 1 << 60))
    sets = data.draw(st.lists(PARAMETERS[name], min_size=2, max_size=2))
    given_sets = np.array([(*values, 0, 0, 0, 0)[:4] for values in sets], dtype=np.float64)
    index = np.arange(first, first + ROWS)
    expected = [sample(name, key, n, tuple(given_sets[0].tolist())) for n in index.tolist()]
    assert sample_column(name, key, index, given_sets[:1]).tolist() == expected
    keys = draw.draw_column(key, index)
    repeated = np.repeat(given_sets, ROWS // 2, axis=0)
    rows = zip(keys.tolist(), index.tolist(), repeated.tolist(), strict=True)
    expected = [sample(name, own, n, tuple(values)) for own, n, values in rows]
    assert sample_column(name, keys, index, repeated).tolist() == expected


@family("size", [1, 2, 5, 1000, 1 << 14])
@family("exponent", [0.0, 0.5, 1.0, 1.5, 4.0, 20.0])
def test_tables_of_ranks_change_no_sample(size: int, exponent: float) -> None:
    parameters = np.array([[size, exponent, 0.0, 0.0]])
    index = np.arange(5_000)
    expected = distribution_loops.samples("zipf", 7, index, parameters)
    np.testing.assert_array_equal(zipf_loops.zipf(7, index, parameters), expected)


@pytest.mark.parametrize("function", [exact_math.log, exact_math.exp, standard_normal])
def test_no_kernel_fuses_a_product_and_a_sum(function: Callable[..., float]) -> None:
    """A fused operation rounds once instead of twice, and so changes bits."""
    compiled = numba.njit(error_model="numpy")(function)
    compiled(np.uint64(1 << 63) if function is standard_normal else 1.5)
    (code,), (assembly,) = compiled.inspect_llvm().values(), compiled.inspect_asm().values()
    assert re.search(r"mulsd|fmul", assembly)
    assert not re.search(r"fmadd|fmsub|fnmadd|fmla|fmls", assembly)
    assert not re.search(r"fmuladd|f(mul|add|sub|div) (fast|contract|reassoc)", code)


def test_a_kernel_refuses_another_number_of_parameters() -> None:
    with pytest.raises(ValueError, match="2 sets of parameters for 3 rows"):
        distribution_loops.samples("gamma", 1, np.arange(3), np.ones((2, 4)))


def test_samples_are_kernels_from_few_rows_on() -> None:
    assert "numba" in sys.modules
    assert draw.use_compiled_samples(2)
    assert not draw.use_compiled_samples(1)
    assert exact_math.log(1.0) == 0.0
