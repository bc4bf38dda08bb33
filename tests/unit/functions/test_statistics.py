"""Values have the documented frequencies over seeds, sites and events."""

import numpy as np
import pytest

from eventer.functions import data_files
from eventer.functions.booleans import GET_BOOLEAN
from eventer.functions.choices import GET_ONE_OF
from eventer.functions.columns import DictionaryColumn
from eventer.functions.numbers import GET_INTEGER, GET_NUMBER
from eventer.functions.spec import BatchContext
from eventer.functions.timestamps import GET_TIMESTAMP
from eventer.functions.user_agents import GET_RAND_USER_AGENT
from eventer.kernels import draw
from tests import goodness_of_fit as fit

ROWS = 100_000
STREAM = draw.step_of("stream")
NEIGHBOURS = np.arange(ROWS, dtype=np.int64)
STILL = np.full(ROWS, 7, dtype=np.int64)
AXES = {
    "seeds": (draw.child_column(draw.child_column(NEIGHBOURS.view(np.uint64), STREAM), 3), STILL),
    "sites": (draw.child_column(draw.descend(7, STREAM), NEIGHBOURS), STILL),
    "events": (draw.descend(7, STREAM, 3), NEIGHBOURS),
}
"""A draw key, or one per row, and the indices."""
along = pytest.mark.parametrize("axis", AXES)


def column(call, axis):
    keys, index = AXES[axis]
    return call.column(keys, BatchContext(index, np.full(ROWS, 10**18)))


@along
@pytest.mark.parametrize(("low", "high"), [(0, 1), (1, 3), (-5, 5), (1, 1000), (-999, 1234)])
def test_integers_of_a_range_are_equally_likely(low, high, axis):
    values = column(GET_INTEGER.call((float(low), float(high))), axis).values
    assert fit.chi_square(np.bincount(values - low, minlength=high - low + 1)) > fit.LEVEL


@along
@pytest.mark.parametrize("high", [10**6 + 2, 10**12, 2**53 - 1])
def test_integers_of_a_wide_range_are_uniform(high, axis):
    values = column(GET_INTEGER.call((0.0, float(high))), axis).values
    chances = [fit.kolmogorov_smirnov(values / high), fit.chi_square(np.bincount(values % 10))]
    assert fit.combined(chances) > fit.LEVEL


@along
def test_integers_of_the_widest_range_are_uniform(axis):
    values = column(GET_INTEGER.call((-(2.0**63), 2.0**63 - 1024)), axis).values
    assert fit.kolmogorov_smirnov(values / 2.0**64 + 0.5) > fit.LEVEL


@along
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.5, 3.25), (1e9, 1e9 + 1), (0, 1e-300)])
def test_numbers_are_uniform(low, high, axis):
    values = column(GET_NUMBER.call((low, high)), axis).values
    assert fit.kolmogorov_smirnov((values - low) / (high - low)) > fit.LEVEL


def test_numbers_have_fractions():
    values = column(GET_NUMBER.call((1.0, 1000.0)), "events").values
    assert not (values == np.floor(values)).any()


@along
@pytest.mark.parametrize("count", [2, 3, 5, 6, 7, 10, 16, 100])
def test_items_are_equally_likely(count, axis):
    made = column(GET_ONE_OF.call((", ".join(map(str, range(count))),)), axis)
    assert isinstance(made, DictionaryColumn)
    assert fit.chi_square(np.bincount(made.codes, minlength=count)) > fit.LEVEL


@along
def test_an_item_written_twice_is_twice_as_likely(axis):
    made = column(GET_ONE_OF.call(("a, b, a, c",)), axis)
    codes = np.unique(np.array(made.to_list()), return_inverse=True)[1]
    assert fit.chi_square(np.bincount(codes), [2, 1, 1]) > fit.LEVEL


@along
def test_weighted_items_are_as_frequent_as_their_weights(axis):
    weights = [1, 0, 2.5, 1e-3, 7, 2]
    counts = np.zeros(len(weights))
    made = column(GET_ONE_OF.call(([*range(len(weights))], weights)), axis)
    np.add.at(counts, np.array(made.entries)[made.codes], 1)
    assert fit.chi_square(counts, weights) > fit.LEVEL


@along
@pytest.mark.parametrize("probability", [0.5, 0.02])
def test_booleans_are_as_frequent_as_their_probability(probability, axis):
    counts = np.bincount(column(GET_BOOLEAN.call((probability,)), axis).values)
    assert fit.chi_square(counts, [1 - probability, probability]) > fit.LEVEL


@along
def test_user_agents_are_as_frequent_as_their_weights(axis):
    entries, table = data_files.weighted("user_agents")
    counts = np.bincount(column(GET_RAND_USER_AGENT.call(()), axis).codes, minlength=len(entries))
    weights = np.bincount(table)
    often = weights * ROWS / len(table) >= 20
    assert often.sum() > 100
    merged = [[*each[often], each[~often].sum()] for each in (counts, weights)]
    assert fit.chi_square(*merged) > fit.LEVEL


@along
@pytest.mark.parametrize(
    ("start", "end", "step", "points"),
    [
        ("2024-02-01", "2024-03-01", "1h", 29 * 24 + 1),
        ("2024-01-01", "2024-12-31T12:00:00", "24h", 366),
        ("now-1m", "now", "100ms", 601),
        ("2024-01-01", "2024-01-01T00:00:01", "7ns", 142_857_143),
    ],
)
def test_instants_of_a_grid_are_equally_likely(start, end, step, points, axis):
    units = column(GET_TIMESTAMP.call((start, end, step)), axis).units
    width = np.gcd.reduce(units - units.min())
    steps = (units - units.min()) // width
    assert steps.max() < points
    if points <= 1000:
        assert fit.chi_square(np.bincount(steps, minlength=points)) > fit.LEVEL
    else:
        assert fit.kolmogorov_smirnov(steps / points) > fit.LEVEL


def test_modulo_bias_is_detected():
    words = draw.draw_column(*AXES["events"])
    for count in (24, 52, 100):
        counts = np.bincount((words & np.uint64(255)).astype(np.int64) % count)
        assert fit.chi_square(counts) < fit.LEVEL
