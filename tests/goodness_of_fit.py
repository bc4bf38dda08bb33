"""How likely an ideal generator would look at least as odd as what was seen: p-values.

Closed forms of the standard tests, so that no library of statistics is needed. What the tests feed
in is fixed, so their verdicts never change from run to run; `LEVEL` says how seldom the inputs that
they happen to take would convict a faultless generator.
"""

import math

import numpy as np

LEVEL = 1e-6
"""What `combined` must exceed."""


def combined(chances):
    """The least of several p-values, as many times as there are (Bonferroni)."""
    chances = [*chances]
    return min(1.0, min(chances) * len(chances))


def chi_square_tail(statistic, freedom):
    """The chance that a chi-square variable of a whole number of degrees of freedom is greater."""
    half = statistic / 2
    if half <= 0:
        return 1.0
    first = 0.5 if freedom % 2 else 0.0
    powers = np.arange(first, freedom / 2)
    logs = powers * math.log(half) - [math.lgamma(power + 1) for power in powers.tolist()]
    head = math.erfc(math.sqrt(half)) if freedom % 2 else 0.0
    return min(1.0, head + float(np.exp(logs - half).sum()))


def both_tails(statistic, freedom):
    """As `chi_square_tail`, but what is too even is as odd as what is too uneven."""
    above = chi_square_tail(statistic, freedom)
    return min(1.0, 2 * min(above, 1 - above))


def chi_square(counts, weights=None):
    """Whether counts are as the weights, all equal where left out, would have them."""
    counts = np.asarray(counts, dtype=np.float64)
    weights = np.ones(len(counts)) if weights is None else np.asarray(weights, dtype=np.float64)
    assert not counts[weights == 0].any(), "what cannot occur occurred"
    counts, weights = counts[weights > 0], weights[weights > 0]
    expected = counts.sum() * weights / weights.sum()
    assert expected.min() >= 5, "too few values for so many classes"
    return both_tails(((counts - expected) ** 2 / expected).sum(), len(counts) - 1)


def independence(one, other):
    """Whether two columns of small whole numbers tell nothing of each other."""
    one, other = (np.asarray(codes, dtype=np.int64) for codes in (one, other))
    width = int(other.max()) + 1
    table = np.bincount(one * width + other, minlength=(int(one.max()) + 1) * width)
    table = table.reshape(-1, width)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    if freedom == 0:
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / len(one)
    assert expected.min() >= 5, "too few values for so many classes"
    return both_tails(((table - expected) ** 2 / expected).sum(), freedom)


def correlation(one, other):
    """Whether two columns of numbers are uncorrelated."""
    coefficient = float(np.corrcoef(one, other)[0, 1])
    return math.erfc(abs(coefficient) * math.sqrt(len(one) / 2))


def bits_set(words):
    """How often each of the 64 bits, the lowest first, is set in columns (last axis) of words."""
    octets = np.ascontiguousarray(words).astype("<u8").view(np.uint8)
    bits = np.unpackbits(octets.reshape(*words.shape, 8), axis=-1, bitorder="little")
    return bits.sum(axis=-2, dtype=np.int64)


def fair_bits(words):
    """Whether each bit of some words is as often set as not."""
    return fair(bits_set(words), words.shape[-1])


def fair(heads, throws):
    """Whether coins, each thrown so many times, are fair, all of them together."""
    scores = (2 * np.asarray(heads, dtype=np.float64) - throws) / math.sqrt(throws)
    return both_tails(float((scores**2).sum()), scores.size)


def kolmogorov_smirnov(values):
    """Whether numbers are uniform from 0 to 1."""
    ordered = np.sort(values)
    count = len(ordered)
    steps = np.arange(count + 1) / count
    distance = max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max())
    scaled = distance * (math.sqrt(count) + 0.12 + 0.11 / math.sqrt(count))
    terms = [(-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101)]
    return min(1.0, max(0.0, 2 * sum(terms)))


def no_repetition(words):
    """Whether words occur twice no more than 64-bit words do, which is hardly ever."""
    repeated = len(words) - len(np.unique(words))
    pairs = len(words) * (len(words) - 1) / 2
    return 1.0 if repeated == 0 else (pairs / 2**64) ** repeated
