"""Draws are uniform and independent over seeds, sites and indices; bad generators fail the checks.

A generator is a function of three columns of words: seed, site, index. All checks also run on
generators with one defect each, so that every check is known to detect a defect.
"""

from functools import lru_cache
from itertools import combinations, product

import numpy as np

from eventer.kernels import draw
from tests import goodness_of_fit as fit
from tests.families import family

ROWS = 100_000
START = (3, 5, 1_000)
"""The fixed values of seed, site and index while another one varies."""
STREAM, ORDERS = draw.step_of("stream"), draw.step_of("orders")
SIZES = (2, 3, 6, 7, 10, 52, 64, 100, 182, 1000, 4096)
LARGE = (180_000_001, 10**12, (1 << 63) - 25, (1 << 64) - 59)
LAGS = (1, 2, 3, 8, 100)


def drawn(seed, site, index):
    """A draw of a template: the key of the root, the key of a call, the word of the event."""
    root = draw.child_column(draw.child_column(seed, STREAM), ORDERS)
    return draw.draw_column(draw.child_column(root, site), index)


def column(values):
    return np.asarray(values, dtype=np.uint64)


@lru_cache(maxsize=16)
def along(generator, axis, rows=ROWS):
    """The words of neighbouring seeds (0), sites (1) or indices (2)."""
    columns = [np.full(rows, start, dtype=np.uint64) for start in START]
    columns[axis] += np.arange(rows, dtype=np.uint64)
    return generator(*columns)


@lru_cache(maxsize=16)
def block(generator, offsets=(0, 0, 0)):
    """The words of ten seeds, a hundred sites and a hundred indices, from 1 + the offsets on."""
    ranges = [
        np.arange(1, size + 1) + offset
        for size, offset in zip((10, 100, 100), offsets, strict=True)
    ]
    return generator(*(column(axis.ravel()) for axis in np.meshgrid(*ranges, indexing="ij")))


def nibbles(words):
    """The highest and the lowest four bits."""
    return words >> np.uint64(60), words & np.uint64(15)


def bytes_are_uniform(generator):
    for axis in range(3):
        octets = draw.bytes_of(along(generator, axis).reshape(-1, 1))
        for place in range(8):
            yield fit.chi_square(np.bincount(octets[:, place], minlength=256))


def bits_are_fair(generator):
    for axis in range(3):
        yield fit.fair_bits(along(generator, axis))


def ranges_are_even(generator):
    for axis, size in product(range(3), SIZES):
        values = draw.bounded_column(along(generator, axis), 0, size - 1)
        yield fit.chi_square(np.bincount(values, minlength=size))


def neighbours_on_a_line_are_independent(generator):
    for axis, lag in product(range(3), LAGS):
        words = along(generator, axis)
        yield fit.correlation(draw.unit_column(words[lag:]), draw.unit_column(words[:-lag]))
        for high_or_low in nibbles(words):
            yield fit.independence(high_or_low[lag:], high_or_low[:-lag])


def neighbours_in_space_are_independent(generator):
    """Also if seed, site and index change together."""
    base = block(generator)
    offsets = [each for each in product((-1, 0, 1), repeat=3) if each > (0, 0, 0)]
    for other in (block(generator, each) for each in offsets):
        yield fit.fair_bits(base ^ other)
        yield fit.correlation(draw.unit_column(base), draw.unit_column(other))


def corners_are_independent(generator):
    """Of the four words of two seeds and two sites, and so on, three do not predict the fourth."""
    for axes in [*combinations(range(3), 2), (0, 1, 2)]:
        corners = product(*((0, 1) if axis in axes else (0,) for axis in range(3)))
        yield fit.fair_bits(np.bitwise_xor.reduce([block(generator, each) for each in corners]))


def words_do_not_come_again(generator):
    yield fit.no_repetition(block(generator))
    for axis in range(3):
        yield fit.no_repetition(along(generator, axis))


def every_bit_moves_half_of_all(generator):
    """Each of 62 bits of seed, site and index changes each bit of half of the words."""
    for axis, moved in product(range(3), avalanche(generator)):
        yield fit.fair(moved[axis], MOVED)


MOVED = 1000


def avalanche(generator):
    rng = np.random.default_rng(8)
    columns = rng.integers(0, 1 << 62, (3, MOVED), dtype=np.uint64)
    words = generator(*columns)
    for bit in range(62):
        yield [fit.bits_set(words ^ generator(*flipped(columns, axis, bit))) for axis in range(3)]


def flipped(columns, axis, bit):
    columns = columns.copy()
    columns[axis] ^= np.uint64(1 << bit)
    return columns


def fractions_are_uniform(generator):
    for axis in range(3):
        yield fit.kolmogorov_smirnov(draw.unit_column(along(generator, axis)))


CHECKS = (
    bytes_are_uniform,
    bits_are_fair,
    ranges_are_even,
    neighbours_on_a_line_are_independent,
    neighbours_in_space_are_independent,
    corners_are_independent,
    words_do_not_come_again,
    every_bit_moves_half_of_all,
    fractions_are_uniform,
)


@family("check", CHECKS)
def test_draws(check):
    assert fit.combined(check(drawn)) > fit.LEVEL


def without_the_site(seed, site, index):
    return drawn(seed, column(np.zeros(len(site))), index)


def one_stream_a_site_after_the_other(seed, site, index):
    """Two sites draw the same words, one event later."""
    return draw.draw_column(draw.child_column(seed, STREAM), index + site)


def each_mixed_alone(seed, site, index):
    mixed = [draw.mix64_column(part * np.uint64(draw.GOLDEN)) for part in (seed, site, index)]
    return mixed[0] ^ mixed[1] ^ mixed[2]


def not_mixed(seed, site, index):
    return seed + site * np.uint64(draw.GOLDEN) + index * np.uint64(0xBF58476D1CE4E5B9)


def mixed_once(seed, site, index):
    words = not_mixed(seed, site, index)
    return words ^ (words >> np.uint64(32))


def a_bit_too_small(seed, site, index):
    return np.minimum(drawn(seed, site, index), np.uint64(0xF8 << 56))


def a_bit_stuck(seed, site, index):
    return drawn(seed, site, index) | np.uint64(1 << 33)


DETECTED = [
    (without_the_site, bytes_are_uniform),
    (without_the_site, neighbours_in_space_are_independent),
    (without_the_site, words_do_not_come_again),
    (one_stream_a_site_after_the_other, neighbours_in_space_are_independent),
    (one_stream_a_site_after_the_other, words_do_not_come_again),
    (each_mixed_alone, corners_are_independent),
    (not_mixed, neighbours_on_a_line_are_independent),
    (not_mixed, ranges_are_even),
    (mixed_once, every_bit_moves_half_of_all),
    (a_bit_too_small, ranges_are_even),
    (a_bit_too_small, fractions_are_uniform),
    (a_bit_stuck, bits_are_fair),
]


@family(("generator", "check"), DETECTED)
def test_a_bad_generator_fails(generator, check):
    assert fit.combined(check(generator)) < fit.LEVEL


def test_each_check_detects_a_bad_generator():
    assert {check for _, check in DETECTED} == set(CHECKS)


@family("size", LARGE)
@family("axis", range(3))
def test_large_ranges_are_even_in_their_greatest_and_smallest_digits(size, axis):
    keys, index = keys_and_indices(axis)
    values = draw.sized_column(keys, index, np.full(ROWS, size, dtype=np.uint64)).view(np.uint64)
    assert values.max() < size
    high = (values.astype(np.float64) / (size / 100)).astype(np.int64)
    chances = [fit.chi_square(np.bincount(high, minlength=100))]
    chances += [
        fit.chi_square(np.bincount((values % np.uint64(m)).view(np.int64))) for m in (7, 10, 64)
    ]
    assert fit.combined(chances) > fit.LEVEL


@family("low", [0.0, -1.5, 1e9])
@family("axis", range(3))
def test_doubles_are_uniform(low, axis):
    values = draw.double_column(*keys_and_indices(axis), low, low + 3)
    assert fit.kolmogorov_smirnov((values - low) / 3) > fit.LEVEL


def keys_and_indices(axis):
    columns = [np.full(ROWS, start, dtype=np.uint64) for start in START]
    columns[axis] += np.arange(ROWS, dtype=np.uint64)
    root = draw.child_column(draw.child_column(columns[0], STREAM), ORDERS)
    return draw.child_column(root, columns[1]), columns[2]


def test_words_of_one_value_are_independent():
    """Values that need several words use child keys; lanes are parts of words."""
    words = draw.draw_matrix(draw.step_of("password"), np.arange(ROWS), 4)
    lanes = draw.lanes(words) >> np.uint16(12)
    chances = [fit.independence(lanes[:, a], lanes[:, b]) for a, b in combinations(range(16), 2)]
    chances += [fit.fair_bits(words[:, a] ^ words[:, b]) for a, b in combinations(range(4), 2)]
    assert fit.combined(chances) > fit.LEVEL
