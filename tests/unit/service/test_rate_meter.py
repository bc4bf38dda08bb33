"""Delivered rates over a window of time."""

import pytest

from eventer.core.clock import NS_PER_SECOND
from eventer.service.rate_meter import LONGEST_NS, RateMeter

S = NS_PER_SECOND


def test_a_steady_rate_is_found_whatever_the_interval() -> None:
    for interval in (S // 100, S, 20 * S):
        meter = RateMeter()
        meter.reset(0, 0)
        ticks = max(100, 100 * S // interval)
        for tick in range(ticks):
            meter.record(tick * interval, 10 * (tick + 1), interval)
        rate = meter.rate((ticks - 1) * interval, interval)
        assert rate == pytest.approx(10 * S / interval, rel=0.35)


def test_a_generator_that_stopped_has_none_after_a_while() -> None:
    meter = RateMeter()
    meter.reset(0, 0)
    for tick in range(100):
        meter.record(tick * S, tick, S)
    assert meter.rate(99 * S, S) == pytest.approx(1, rel=0.2)
    assert meter.rate(99 * S + LONGEST_NS, S) < 0.01


def test_nothing_was_delivered_yet() -> None:
    meter = RateMeter()
    assert meter.rate(S, S) == 0
    meter.reset(S, 500)
    assert meter.rate(S, S) == 0
    assert meter.rate(5 * S, S) == 0


def test_memory_is_bounded() -> None:
    meter = RateMeter()
    meter.reset(0, 0)
    for tick in range(100_000):
        meter.record(tick * S // 1000, tick, S)
    assert len(meter._samples) < 600
    assert meter.rate(100 * S, S) == pytest.approx(1000, rel=0.1)
