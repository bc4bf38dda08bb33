"""How late the ticks of a service are, by its own /metrics: for tests that measure time."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.acceptance.service_process import Service

ON_TIME_S = 0.25
LATE_SHARE = 0.01
"""Of all ticks: as many may be later than that."""


@contextmanager
def punctual(service: Service, connection: str | None = None, least: float = 0) -> Iterator[None]:
    """Holds the ticks of the time within to their bounds, and prints the figures beside those.

    Of all connections, or of the one that is named; there must be at least so many a second.
    """
    before, began = lateness(service, connection), time.monotonic()
    yield
    seconds = time.monotonic() - began
    ticks = lateness(service, connection)
    ticks.subtract(before)
    count = ticks[float("inf")]
    late = count - ticks[ON_TIME_S]
    wanted = least * (seconds - 0.5)
    print(
        f"{count} ticks in {seconds:.1f} s (bound: at least {wanted:.0f}), "
        f"{late / max(count, 1):.2%} later than {ON_TIME_S} s (bound: {LATE_SHARE:.0%})"
    )
    assert count > 0
    assert count >= wanted
    assert late <= LATE_SHARE * count, dict(ticks)


def lateness(service: Service, connection: str | None = None) -> Counter[float]:
    """The lateness histogram of /metrics: cumulative counts by upper edge in seconds."""
    text = service.get("/metrics")[1]
    found: Counter[float] = Counter()
    for line in text.splitlines():
        wanted = connection is None or f'connection="{connection}"' in line
        if line.startswith("eventer_delivery_seconds_bucket") and wanted:
            edge = float(line.split('le="')[1].split('"')[0])
            found[edge] += int(float(line.rsplit(" ", 1)[1]))
    return found


def quantile(values: list[float], share: float) -> float:
    """The value that so large a share of them is not above."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
