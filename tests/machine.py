"""How late the machine itself is, second by second, beside a test that measures time.

A process of its own sleeps and computes a little, over and over, and writes down how much later
than it should it was done. Where that was much, and the test's own programs did not keep the
processors busy themselves, the machine stalled; and where the programs of others kept them busy,
it had no time for the test's. Such a second says nothing of what is tested.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

EVERY_S = 0.02
WORK_S = 0.001

STALL_S = 0.05
"""A machine that does a millisecond of work so much too late is not fit to measure by."""

OWN_SHARE = 0.5
"""Of all processors: what the test's own programs may take before a stall is their own doing."""

OTHERS_SHARE = 0.25
"""Of all processors: what other programs may take."""

ECHO = 3
"""Seconds that a stall goes on to be seen in: what it held up is done, and told of, later."""


@dataclass(frozen=True)
class Second:
    """A stretch of time: how late the machine was at most, and who took what share of it."""

    late: float
    own: float
    others: float = 0.0

    @property
    def stalled(self) -> bool:
        """Whether the machine, and not what is tested, held things up."""
        return self.others > OTHERS_SHARE or (self.late > STALL_S and self.own < OWN_SHARE)


class Machine:
    """Watches the machine while a test runs."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "machine.txt"
        self._probe: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._file.open("wb") as file:
            self._probe = subprocess.Popen([sys.executable, "-IS", __file__], stdout=file)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._probe is not None
        self._probe.kill()
        self._probe.wait()

    def during(self, act: Callable[[], None]) -> Second:
        """Does something and says what the machine was like meanwhile."""
        began, own, all_ = time.monotonic(), _own_seconds(), _all_seconds()
        act()
        ended = time.monotonic()
        there_was = (ended - began) * (os.cpu_count() or 1)
        used = (_own_seconds() - own) / there_was
        busy = (_all_seconds() - all_) / there_was
        return Second(self._late(began, ended), used, max(0.0, busy - used))

    def _late(self, began: float, ended: float) -> float:
        """The most that a probe due in this time was late, one that is still not done included."""
        late, last = 0.0, began
        for line in self._file.read_text().splitlines():
            due, was = map(float, line.split())
            last = max(last, due + was)
            if began <= due <= ended:
                late = max(late, was)
        return max(late, ended - last - EVERY_S)


def fit(seconds: list[Second]) -> list[int]:
    """Which of consecutive seconds are worth judging by."""
    stalls = [at for at, second in enumerate(seconds) if second.stalled]
    return [
        at for at in range(len(seconds)) if not any(stall <= at <= stall + ECHO for stall in stalls)
    ]


def _all_seconds() -> float:
    """Processor time of everything on this machine, and what its host took from it."""
    import psutil

    times = psutil.cpu_times()
    return times.user + times.nice + times.system + times.irq + times.softirq + times.steal


def _own_seconds() -> float:
    """Processor time of every process of this test session: servers, service, its workers."""
    import psutil

    session = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    used = 0.0
    for process in [psutil.Process(), *psutil.Process(session).children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            # What has ended meanwhile is counted by whoever waited for it.
            used += times.user + times.system + times.children_user + times.children_system
    return used


def _probe() -> None:
    due = time.monotonic()
    while True:
        due = max(due + EVERY_S, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.thread_time()
        while time.thread_time() - began < WORK_S:
            pass
        print(f"{due:.6f} {max(0.0, time.monotonic() - due - WORK_S):.6f}", flush=True)


if __name__ == "__main__":
    _probe()
