"""Lateness of ticks, read from /metrics, for tests that measure time."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.acceptance.service_process import Service

ON_TIME_S = 0.25
LATE_SHARE = 0.01
"""The largest share of ticks that may be later than `ON_TIME_S`."""


@contextmanager
def assert_on_time(
    service: Service, connection: str | None = None, least: float = 0
) -> Iterator[None]:
    """Checks the ticks that are delivered inside the `with` block, and prints the measurements.

    Args:
        service: The running service.
        connection: Counts only this connection; None counts all.
        least: The smallest number of ticks per second.
    """
    before, began = lateness(service, connection), time.monotonic()
    yield
    seconds = time.monotonic() - began
    ticks = lateness(service, connection)
    ticks.subtract(before)
    count = ticks[float("inf")]
    late = count - ticks[ON_TIME_S]
    required = least * (seconds - 0.5)
    print(
        f"{count} ticks in {seconds:.1f} s (bound: at least {required:.0f}), "
        f"{late / max(count, 1):.2%} later than {ON_TIME_S} s (bound: {LATE_SHARE:.0%})"
    )
    assert count > 0
    assert count >= required
    assert late <= LATE_SHARE * count, dict(ticks)


def lateness(service: Service, connection: str | None = None) -> Counter[float]:
    """The lateness histogram of /metrics: cumulative counts by upper bound in seconds."""
    text = service.get("/metrics")[1]
    counts: Counter[float] = Counter()
    for line in text.splitlines():
        selected = connection is None or f'connection="{connection}"' in line
        if line.startswith("eventer_delivery_seconds_bucket") and selected:
            upper_bound = float(line.split('le="')[1].split('"')[0])
            counts[upper_bound] += int(float(line.rsplit(" ", 1)[1]))
    return counts


def quantile(values: list[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
