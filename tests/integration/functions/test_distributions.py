"""Samples against SciPy's distributions: Kolmogorov-Smirnov and chi-square tests, fixed keys."""

import json

import numpy as np
from scipy import stats

from eventer.functions.catalog import CATALOG
from eventer.functions.columns import FloatColumn, IntegerColumn
from eventer.functions.spec import BatchContext
from tests.families import family
from tests.goodness_of_fit import LEVEL

ROWS = 30_000
CONTEXT = BatchContext(np.arange(ROWS, dtype=np.int64), np.zeros(ROWS, dtype=np.int64))
INF = np.inf


def window(distribution, low=-INF, high=INF):
    """The distribution function within two ends."""
    if distribution.cdf(low) > 0.5:
        tail, above = distribution.sf(low), distribution.sf(high)
        return lambda x: (tail - distribution.sf(x)) / (tail - above)
    below, whole = distribution.cdf(low), distribution.cdf(high) - distribution.cdf(low)
    return lambda x: (distribution.cdf(x) - below) / whole


def lognormal(median, sigma):
    return stats.lognorm(sigma, scale=median)


CONTINUOUS = [
    ("get_normal", (0, 1), stats.norm().cdf),
    ("get_normal", (-5e8, 1e-3), stats.norm(-5e8, 1e-3).cdf),
    ("get_normal", (10, 2, 9, None), window(stats.norm(10, 2), 9)),
    ("get_normal", (10, 2, None, 9.5), window(stats.norm(10, 2), -INF, 9.5)),
    ("get_normal", (10, 2, 9.5, 10.5), window(stats.norm(10, 2), 9.5, 10.5)),
    ("get_normal", (10, 2, 14, None), window(stats.norm(10, 2), 14)),
    ("get_normal", (10, 2, 14, 14.1), window(stats.norm(10, 2), 14, 14.1)),
    ("get_normal", (10, 2, -8, -4), window(stats.norm(10, 2), -8, -4)),
    ("get_normal", (0, 1, 30, None), window(stats.norm(), 30)),
    ("get_normal", (0, 1, 1e-9, 2e-9), window(stats.uniform(1e-9, 1e-9))),
    ("get_lognormal", (120, 0.5), lognormal(120, 0.5).cdf),
    ("get_lognormal", (1e-6, 4), lognormal(1e-6, 4).cdf),
    ("get_lognormal", (120, 0.5, 100, 200), window(lognormal(120, 0.5), 100, 200)),
    ("get_lognormal", (120, 0.5, None, 60), window(lognormal(120, 0.5), 0, 60)),
    ("get_exponential", (30,), stats.expon(scale=30).cdf),
    ("get_exponential", (30, 10, 40), window(stats.expon(scale=30), 10, 40)),
    ("get_exponential", (30, 3000, None), window(stats.expon(3000, 30))),
    ("get_exponential", (30, None, 1e-6), window(stats.uniform(0, 1e-6))),
    *[
        ("get_gamma", (shape, 3), stats.gamma(shape, scale=3).cdf)
        for shape in (0.05, 0.5, 1, 2.5, 80, 1e6)
    ],
    *[
        ("get_beta", pair, stats.beta(*pair).cdf)
        for pair in ((0.5, 0.5), (0.1, 0.9), (1, 1), (0.5, 3), (3, 0.5), (2, 8), (500, 700))
    ],
    ("get_pareto", (1.16, 10), stats.pareto(1.16, scale=10).cdf),
    ("get_pareto", (20, 1e-3), stats.pareto(20, scale=1e-3).cdf),
    ("get_pareto", (0.5, 1, 100), window(stats.pareto(0.5), 1, 100)),
    ("get_triangular", (1, 3, 10), stats.triang(2 / 9, 1, 9).cdf),
    ("get_triangular", (0, 0, 4), stats.triang(0, 0, 4).cdf),
    ("get_triangular", (0, 4, 4), stats.triang(1, 0, 4).cdf),
]
DISCRETE = [
    *[("get_poisson", (m,), stats.poisson(m)) for m in (0.01, 1, 9.99, 10, 35.5, 1000, 1e8)],
    *[
        ("get_binomial", (n, p), stats.binom(n, p))
        for n, p in (
            (1, 0.3), (12, 0.5), (12, 0.95), (1000, 0.001), (1000, 0.3), (1000, 0.7), (20, 0.5),
            (10**9, 0.4), (10**12, 1e-11),
        )
    ],
    *[("get_geometric", (p,), stats.geom(p)) for p in (0.01, 0.25, 0.9)],
    *[
        ("get_zipf", (n, s), stats.zipfian(s, n))
        for n, s in ((1, 1), (10, 0), (1000, 1), (1000, 1.2), (3000, 0.7), (50, 4), (100, 0.3))
    ],
]  # fmt: skip


def column(name, arguments, kind, context=CONTEXT, key=1):
    values = CATALOG.get(name).call([None if a is None else float(a) for a in arguments])
    found = values.column(key, context)
    assert isinstance(found, kind)
    return found.values


def label(case):
    return f"{case[0]}{json.dumps(case[1])}"


@family("case", CONTINUOUS)
def test_samples_have_the_distribution(case):
    name, arguments, distribution = case
    values = column(name, arguments, FloatColumn)
    assert stats.kstest(values, distribution).pvalue > LEVEL


@family("case", DISCRETE)
def test_counts_have_the_distribution(case):
    name, arguments, distribution = case
    values = column(name, arguments, IntegerColumn)
    ends = np.unique(distribution.ppf(np.linspace(0, 1, 60)[1:-1]))
    bins = [-INF, *ends, INF]
    expected = np.diff(distribution.cdf(bins)) * ROWS
    counts = np.histogram(values, np.array(bins) + 0.5)[0]
    counts, expected = (merged(each, expected) for each in (counts, expected))
    assert counts.sum() == ROWS
    if len(counts) > 1:
        scaled = expected * counts.sum() / expected.sum()
        assert stats.chisquare(counts, scaled).pvalue > LEVEL


def merged(counts, expected):
    """Classes with few values, together with the classes after them."""
    groups = (np.cumsum(expected) // 10).astype(np.int64)
    groups = np.minimum(groups, groups[expected >= 0][-1] - 1)
    found = np.bincount(np.maximum(groups, 0), weights=counts)
    return found[np.bincount(np.maximum(groups, 0)) > 0]


def test_samples_of_two_calls_are_independent():
    first, second = (column("get_normal", (0, 1), FloatColumn, key=key) for key in (1, 2))
    assert stats.pearsonr(first, second).pvalue > LEVEL
    assert stats.pearsonr(first[1:], first[:-1]).pvalue > LEVEL


def test_the_tails_are_those_of_the_normal_distribution():
    context = BatchContext(np.arange(500_000, dtype=np.int64), np.zeros(1, dtype=np.int64))
    values = column("get_normal", (0, 1), FloatColumn, context)
    for end in (3, 4):
        outside = int((np.abs(values) > end).sum())
        assert stats.binomtest(outside, len(values), 2 * stats.norm.sf(end)).pvalue > LEVEL
