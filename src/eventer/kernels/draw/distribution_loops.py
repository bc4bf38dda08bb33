"""The kernels of all distributions. Importing this module imports Numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import Index, Key, Words, continuous, discrete, draw, normals
from eventer.kernels.draw.draw_loops import as_keys, as_words
from eventer.kernels.draw.scalar_intrinsics import register_scalars
from eventer.kernels.draw.scalars import signed_unit
from eventer.kernels.support.jit import frozen, kernel

Doubles = NDArray[np.float64]

register_scalars()

_PART: Final = 1024
"""The rows of a part, whose values stay in the nearest cache."""


def _column_kernel(name: str, prepare: Callable[..., Any], sample: Callable[..., Any]) -> Any:
    """A kernel of a distribution; the parameters are a row for all rows, or a row for each."""

    def fill(keys: Words, index: Words, parameters: Doubles, out: Doubles) -> None:
        one_key, one_set = len(keys) == 1, len(parameters) == 1
        a, b, c, d = parameters[0, 0], parameters[0, 1], parameters[0, 2], parameters[0, 3]
        prepared = prepare(a, b, c, d)
        for row in range(len(out)):
            if not one_set:
                a, b = parameters[row, 0], parameters[row, 1]
                c, d = parameters[row, 2], parameters[row, 3]
                prepared = prepare(a, b, c, d)
            out[row] = sample(keys[0] if one_key else keys[row], index[row], prepared)

    fill.__name__ = name
    return kernel(fill)


@kernel
def _normal(keys: Words, index: Words, parameters: Doubles, out: Doubles) -> None:
    """`normals.normal` of each row, in parts: so the loop of central values has no branches."""
    one_key, one_set = len(keys) == 1, len(parameters) == 1
    tails, tail_units = np.empty(_PART, dtype=np.int64), np.empty(_PART)
    for start in range(0, len(out), _PART):
        part = out[start : start + _PART]
        count = 0
        for i in range(len(part)):
            q = signed_unit(draw(keys[0] if one_key else keys[start + i], index[start + i]))
            part[i], tails[count], tail_units[count] = q, i, q
            count += abs(q) > normals.CENTRAL
        for i in range(len(part)):
            part[i] = normals.central_normal(part[i])
        for i in range(count):
            part[tails[i]] = normals.tail_normal(tail_units[i])
        for i in range(len(part)):
            given = 0 if one_set else start + i
            part[i] = parameters[given, 0] + parameters[given, 1] * part[i]


# The process that compiles finds a kernel by its name in this module.
_normal_window = _column_kernel("_normal_window", normals.normal_window, normals.windowed_normal)
_lognormal = _column_kernel("_lognormal", normals.as_given, normals.lognormal)
_lognormal_window = _column_kernel(
    "_lognormal_window", normals.lognormal_window, normals.windowed_lognormal
)
_exponential = _column_kernel("_exponential", normals.as_given, continuous.exponential)
_exponential_window = _column_kernel(
    "_exponential_window", continuous.exponential_window, continuous.windowed_exponential
)
_gamma = _column_kernel("_gamma", normals.as_given, continuous.gamma)
_beta = _column_kernel("_beta", normals.as_given, continuous.beta)
_pareto = _column_kernel("_pareto", continuous.prepared_pareto, continuous.pareto)
_triangular = _column_kernel("_triangular", normals.as_given, continuous.triangular)
_poisson = _column_kernel("_poisson", discrete.prepared_poisson, discrete.poisson)
_binomial = _column_kernel("_binomial", discrete.prepared_binomial, discrete.binomial)
_geometric = _column_kernel("_geometric", discrete.prepared_geometric, discrete.geometric)
_zipf = _column_kernel("_zipf", discrete.prepared_zipf, discrete.zipf)

_KERNELS: Final = {
    "normal": _normal,
    "normal_window": _normal_window,
    "lognormal": _lognormal,
    "lognormal_window": _lognormal_window,
    "exponential": _exponential,
    "exponential_window": _exponential_window,
    "gamma": _gamma,
    "beta": _beta,
    "pareto": _pareto,
    "triangular": _triangular,
    "poisson": _poisson,
    "binomial": _binomial,
    "geometric": _geometric,
    "zipf": _zipf,
}


def samples(name: str, key: Key, index: Index, parameters: Doubles) -> Doubles:
    """A sample per row; `parameters` has four columns, and one row or as many as `index`."""
    if len(parameters) not in {1, len(index)}:
        raise ValueError(f"{len(parameters)} sets of parameters for {len(index)} rows")
    out = np.empty(len(index), dtype=np.float64)
    _KERNELS[name](as_keys(key, len(index)), as_words(index), frozen(parameters), out)
    return out
