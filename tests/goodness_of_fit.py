"""P-values of standard statistical tests, in closed form, without a statistics library.

A p-value is the probability that an ideal generator gives a result at least as extreme. The tests
use fixed inputs, so their results do not change between runs; `LEVEL` is the probability that a
correct generator fails with such inputs.
"""

import math

import numpy as np

LEVEL = 1e-6
"""The significance level: `combined` must be greater."""


def combined(p_values):
    """The Bonferroni combination of p-values: their minimum times their number, at most 1."""
    p_values = [*p_values]
    return min(1.0, min(p_values) * len(p_values))


def chi_square_tail(statistic, degrees):
    """The probability that a chi-square variable with whole `degrees` of freedom is greater."""
    half = statistic / 2
    if half <= 0:
        return 1.0
    first = 0.5 if degrees % 2 else 0.0
    powers = np.arange(first, degrees / 2)
    logs = powers * math.log(half) - [math.lgamma(power + 1) for power in powers.tolist()]
    head = math.erfc(math.sqrt(half)) if degrees % 2 else 0.0
    return min(1.0, head + float(np.exp(logs - half).sum()))


def both_tails(statistic, degrees):
    """The two-sided p-value: counts that are too even are as extreme as too uneven ones."""
    above = chi_square_tail(statistic, degrees)
    return min(1.0, 2 * min(above, 1 - above))


def chi_square(counts, weights=None):
    """The p-value of counts for these weights; by default all weights are equal."""
    counts = np.asarray(counts, dtype=np.float64)
    weights = np.ones(len(counts)) if weights is None else np.asarray(weights, dtype=np.float64)
    assert not counts[weights == 0].any(), "an impossible value occurred"
    counts, weights = counts[weights > 0], weights[weights > 0]
    expected = counts.sum() * weights / weights.sum()
    assert expected.min() >= 5, "too few values for this number of classes"
    return both_tails(((counts - expected) ** 2 / expected).sum(), len(counts) - 1)


def independence(left, right):
    """The p-value of the independence of two columns of small whole numbers."""
    left, right = np.asarray(left), np.asarray(right)
    height, width = int(left.max()) + 1, int(right.max()) + 1
    small = np.min_scalar_type(height * width)  # bytes if possible: this runs thousands of times
    cells = left.astype(small) * small.type(width) + right.astype(small)
    table = np.bincount(cells, minlength=height * width).reshape(height, width)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    degrees = (table.shape[0] - 1) * (table.shape[1] - 1)
    if degrees == 0:
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / len(left)
    assert expected.min() >= 5, "too few values for this number of classes"
    return both_tails(((table - expected) ** 2 / expected).sum(), degrees)


def correlation(left, right):
    """The p-value of the correlation of two columns of numbers."""
    coefficient = float(np.corrcoef(left, right)[0, 1])
    return math.erfc(abs(coefficient) * math.sqrt(len(left) / 2))


def bits_set(words):
    """The number of set bits per bit position (lowest first) along the last axis of `words`."""
    word_bytes = np.ascontiguousarray(words).astype("<u8").view(np.uint8)
    bits = np.unpackbits(word_bytes.reshape(*words.shape, 8), axis=-1, bitorder="little")
    return bits.sum(axis=-2, dtype=np.int64)


def fair_bits(words):
    """The p-value that every bit of the words is set with probability 1/2."""
    return fair(bits_set(words), words.shape[-1])


def fair(heads, throws):
    """The joint p-value that coins are fair, each with `heads` out of `throws`."""
    scores = (2 * np.asarray(heads, dtype=np.float64) - throws) / math.sqrt(throws)
    return both_tails(float((scores**2).sum()), scores.size)


def kolmogorov_smirnov(values):
    """The p-value that numbers are uniform from 0 to 1."""
    ordered = np.sort(values)
    count = len(ordered)
    steps = np.arange(count + 1) / count
    distance = max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max())
    scaled = distance * (math.sqrt(count) + 0.12 + 0.11 / math.sqrt(count))
    terms = [(-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101)]
    return min(1.0, max(0.0, 2 * sum(terms)))


def no_repetition(words):
    """The p-value of the number of repeated 64-bit words."""
    repeated = len(words) - len(np.unique(words))
    pairs = len(words) * (len(words) - 1) / 2
    return 1.0 if repeated == 0 else (pairs / 2**64) ** repeated
