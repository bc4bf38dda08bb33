"""The kernels of series give what the same functions give in Python, bit for bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.kernels import draw
from eventer.kernels.draw import series, series_columns, series_loops

ROWS = 40


@given(st.integers(0, draw.MASK), st.integers(-(1 << 62), 1 << 62), st.integers(1000, 1 << 59))
@settings(max_examples=8, deadline=None)
def test_signals(key: int, first: int, period: int) -> None:
    keys = draw.draw_column(key, np.arange(ROWS))
    index = np.arange(ROWS)
    times = first + np.arange(ROWS) * (period // 20)
    for shares in (np.array([0.3]), np.linspace(0, 1, ROWS)):
        found = series_loops.signals(keys, index, times, period, shares)
        each = np.broadcast_to(shares, ROWS).tolist()
        rows = zip(keys.tolist(), index.tolist(), times.tolist(), each, strict=True)
        assert found.tolist() == [
            series.noisy_signal(own, n, time, period, share) for own, n, time, share in rows
        ]


@given(
    st.integers(0, draw.MASK),
    st.lists(st.integers(0, 30) | st.integers(0, series.MOST_STEPS - 1), min_size=1, max_size=30),
    st.integers(1, 4),
)
@settings(max_examples=15, deadline=None)
def test_walks_in_any_order(key: int, steps: list[int], entities: int) -> None:
    keys = draw.draw_column(key, np.arange(len(steps)) % entities)
    found = series_loops.walks(keys, np.array(steps, dtype=np.int64))
    expected = [series.walk(own, step) for own, step in zip(keys.tolist(), steps, strict=True)]
    assert found.tolist() == expected


def test_more_walks_than_are_kept() -> None:
    keys = draw.draw_column(1, np.arange(10_000))
    steps = np.full(10_000, 12_345)
    once = series_columns.walks(keys, steps)
    twice = series_columns.walks(np.concatenate([keys, keys]), np.concatenate([steps, steps]))
    assert twice.tolist() == [*once.tolist(), *once.tolist()]
