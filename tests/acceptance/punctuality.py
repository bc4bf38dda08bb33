"""Whether a service's ticks are on time while a test does something to it.

A thread reads the lateness of ticks second by second; those in which the machine itself stalled
(`tests/machine.py`) tell nothing of the service and are left out.
"""

import threading
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple, Self

from tests.acceptance.service_process import Service
from tests.machine import Machine, fit

PATIENCE = 90
"""Seconds that it may take until as many were fit to judge by as a test asks for."""

ON_TIME_S = 0.25


class Ticks(NamedTuple):
    """How many there were, how many of them were late, and in how many seconds."""

    count: int
    late: int
    seconds: int


class Punctuality:
    """Of all ticks of a service, or of those that go to one connection."""

    def __init__(self, service: Service, folder: Path, connection: str | None = None) -> None:
        self._service, self._connection = service, connection
        self._machine = Machine(folder)
        self._seconds: list = []
        self._ticks: list[Counter] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._before = lateness(self._service, self._connection)
        self._machine.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._over.set()
        self._thread.join()
        self._machine.__exit__(*error)

    def _watch(self) -> None:
        while not self._over.is_set():
            second = self._machine.during(lambda: self._over.wait(1))
            now = lateness(self._service, self._connection)
            self._ticks.append(Counter({edge: now[edge] - self._before[edge] for edge in now}))
            self._before = now
            self._seconds.append(second)

    def judge(self, seconds: int) -> "Ticks":
        """The ticks so far, once so many seconds were fit to judge by."""
        end = time.monotonic() + PATIENCE
        while len(fit(self._seconds)) < seconds:
            assert self._thread.is_alive(), "the service does not tell how late it is"
            assert time.monotonic() < end, f"nothing is told of Eventer: {self._seconds[-3:]}"
            time.sleep(0.1)
        return self.so_far()

    def so_far(self) -> "Ticks":
        """The ticks in the seconds that were fit to judge by."""
        seconds = list(self._seconds)
        worth = fit(seconds)
        total = sum(self._ticks[at][float("inf")] for at in worth)
        late = total - sum(self._ticks[at][ON_TIME_S] for at in worth)
        print(f"{late:.0f} of {total:.0f} ticks late; {len(worth)} of {len(seconds)} s were fit")
        return Ticks(int(total), int(late), len(worth))


def lateness(service: Service, connection: str | None = None) -> dict[float, float]:
    """The lateness histogram of /metrics: cumulative counts by upper edge in seconds.

    Of all connections, or of the one that is named.
    """
    text = service.get("/metrics")[1]
    found: dict[float, float] = {}
    for line in text.splitlines():
        wanted = connection is None or f'connection="{connection}"' in line
        if line.startswith("eventer_delivery_seconds_bucket") and wanted:
            edge = float(line.split('le="')[1].split('"')[0])
            found[edge] = found.get(edge, 0) + float(line.rsplit(" ", 1)[1])
    return found
