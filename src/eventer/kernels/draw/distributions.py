"""All distributions by name, for columns of any length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eventer.kernels import draw
from eventer.kernels.draw import continuous, discrete, normals

Doubles = NDArray[np.float64]
Prepared = tuple[float, ...]


class Distribution(NamedTuple):
    """`sample(key, index, prepare(a, b, c, d))` is a sample; unused parameters are 0."""

    prepare: Callable[..., Prepared]
    sample: Callable[[int, int, Any], float]


DISTRIBUTIONS: Final = {
    "normal": Distribution(normals.as_given, normals.normal),
    "normal_window": Distribution(normals.normal_window, normals.windowed_normal),
    "lognormal": Distribution(normals.as_given, normals.lognormal),
    "lognormal_window": Distribution(normals.lognormal_window, normals.windowed_lognormal),
    "exponential": Distribution(normals.as_given, continuous.exponential),
    "exponential_window": Distribution(
        continuous.exponential_window, continuous.windowed_exponential
    ),
    "gamma": Distribution(normals.as_given, continuous.gamma),
    "beta": Distribution(normals.as_given, continuous.beta),
    "pareto": Distribution(continuous.prepared_pareto, continuous.pareto),
    "triangular": Distribution(normals.as_given, continuous.triangular),
    "poisson": Distribution(discrete.prepared_poisson, discrete.poisson),
    "binomial": Distribution(discrete.prepared_binomial, discrete.binomial),
    "geometric": Distribution(discrete.prepared_geometric, discrete.geometric),
    "zipf": Distribution(discrete.prepared_zipf, discrete.zipf),
}


def sample(name: str, key: int, index: int, parameters: Prepared) -> float:
    """The sample of one row."""
    prepare, draw_sample = DISTRIBUTIONS[name]
    return draw_sample(key, index, prepare(*parameters))


def sample_column(name: str, key: draw.Key, index: draw.Index, parameters: Doubles) -> Doubles:
    """A sample per row; `parameters` has four columns, and one row or as many as `index`.

    A kernel computes it, except for few rows in a process that has not imported Numba.
    """
    if draw.use_compiled_samples(len(index)):
        from eventer.kernels.draw import distribution_loops, zipf_loops

        if name == "zipf":
            return zipf_loops.zipf(key, index, parameters)
        return distribution_loops.samples(name, key, index, parameters)
    rows = len(index)
    keys = [key] * rows if isinstance(key, int) else key.tolist()
    given = parameters.tolist() * (rows if len(parameters) == 1 else 1)
    prepare, draw_sample = DISTRIBUTIONS[name]
    samples = [
        draw_sample(own, each, prepare(*values))
        for own, each, values in zip(keys, index.tolist(), given, strict=True)
    ]
    return np.array(samples, dtype=np.float64)
