"""Delays grow up to a cap, with jitter."""

from hypothesis import given
from hypothesis import strategies as st

from eventer.runs.backoff import BASE_NS, CAP_NS, delay_ns


@given(st.integers(0, 1000), st.floats(0, 1, exclude_max=True))
def test_delays_lie_in_the_upper_half_of_a_doubling_and_capped_wait(
    tries: int, jitter: float
) -> None:
    full = min(CAP_NS, BASE_NS * 2 ** min(tries, 60))
    assert full // 2 <= delay_ns(tries, jitter) <= full


def test_jitter_spreads() -> None:
    assert delay_ns(3, 0.0) < delay_ns(3, 0.5) < delay_ns(3, 0.99)
