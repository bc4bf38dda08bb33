"""Lateness in buckets."""

import math

import pytest

from eventer.core.model import ConsoleTarget, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.runs.lateness import LATENESS_BOUNDS, count_lateness, live_events, quantile
from tests.unit.runs.simulation import MS, SECOND, fake_batch


def test_each_event_is_counted_in_the_bucket_of_its_own_lateness() -> None:
    at = 100 * SECOND
    late = [0, 5 * MS, 5 * MS + 1, 250 * MS, 61 * SECOND]
    counts, total = count_lateness([fake_batch(0, [at - ns for ns in late]).scheduled], at)
    assert counts[0] == 2
    assert counts[1] == 1
    assert counts[LATENESS_BOUNDS.index(0.25)] == 1
    assert counts[-1] == 1
    assert sum(counts) == 5
    assert total == pytest.approx(61.260, abs=0.001)


def test_a_clock_that_went_back_makes_nothing_negative() -> None:
    counts, total = count_lateness([fake_batch(0, [SECOND]).scheduled], 0)
    assert counts[0] == 1
    assert total == 0


def test_the_past_of_a_generator_does_not_count() -> None:
    def delivery(key: PositionKey, *batches: list[int]) -> Delivery:
        made = tuple(fake_batch(0, times) for times in batches)
        return Delivery(Flow(key, ConsoleTarget()), made)

    old, live = PositionKey(1, 2, 3), PositionKey(1, 3, 3)
    deliveries = (delivery(old, [1, 2], [3, 4, 5], []), delivery(live, [1, 2]))
    found = live_events(deliveries, {old: 4})
    assert [times.tolist() for times in found] == [[], [4, 5], [], [1, 2]]


def test_quantiles_are_upper_bounds() -> None:
    counts = [0] * (len(LATENESS_BOUNDS) + 1)
    assert quantile(tuple(counts), 0.99) is None
    counts[0], counts[3], counts[-1] = 90, 9, 1
    assert quantile(tuple(counts), 0.5) == LATENESS_BOUNDS[0]
    assert quantile(tuple(counts), 0.99) == LATENESS_BOUNDS[3]
    assert quantile(tuple(counts), 1) == math.inf
