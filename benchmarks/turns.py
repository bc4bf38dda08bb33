"""Shared code of the benchmarks: pairs of turns, measured processes, and reports.

Eventer and the limit run in pairs with alternating order, so that both see the same machine; the
result is the ratio of each pair. Rates of one core are events per second of CPU time (user and
system), which depends least on the other load of the machine.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTRACT = ROOT / "tests" / "acceptance" / "contract" / "event.jsonnet"
SECOND = ROOT / "src" / "eventer" / "cli" / "examples" / "moo.jsonnet"
ORDER = ROOT / "examples" / "orders.jsonnet"
EVENTER = (sys.executable, "-m", "eventer")

Turn = Callable[[], float]
"""Runs one turn; returns events per second."""


@dataclass(frozen=True, slots=True)
class ResourceUsage:
    """The wall-clock time and the CPU time of a process, in seconds."""

    seconds: float
    cpu: float


def run(
    command: Sequence[str], *, core: int | None = None, stdout: int = subprocess.DEVNULL
) -> ResourceUsage:
    """Runs a command on one core if `core` is given.

    Raises:
        RuntimeError: the command failed.
    """
    pinned = ["taskset", "-c", str(core)] if core is not None else []
    began = time.perf_counter()
    with subprocess.Popen(
        [*pinned, *command], cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE
    ) as child:
        assert child.stderr is not None
        error_text = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(
            f"{' '.join(command)} exited with {child.returncode}: {error_text.decode()}"
        )
    return ResourceUsage(seconds, usage.ru_utime + usage.ru_stime)


def event_bytes(template: Path) -> int:
    """The average size of an event in bytes of JSON."""
    import numpy as np

    from eventer.core.model import Stream, Template
    from eventer.plan.engine import EventContext
    from eventer.plan.prepare import prepare

    engine = prepare(Template(template.read_text("utf-8"))).engine(Stream(7), EventContext())
    batch = engine.generate(0, np.full(200, 1_767_225_600_000_000_000, np.int64))
    return batch.nbytes // batch.count


def benchmark_core() -> int:
    """The last core that this process may use, because the first one serves interrupts."""
    return max(os.sched_getaffinity(0))


def pairs(eventer: Turn, limit: Turn, rounds: int) -> Iterator[tuple[float, float]]:
    """Yields the rates of Eventer and the limit for each round; the order alternates."""
    for number in range(rounds):
        if number % 2:
            limit_rate = limit()
            yield eventer(), limit_rate
        else:
            yield eventer(), limit()


def report(title: str, rates_of_rounds: Sequence[tuple[float, float]]) -> None:
    """Prints one line: both median rates, the median ratio, and the range of the ratios."""
    ratios = sorted(eventer / limit for eventer, limit in rates_of_rounds)
    rates = [statistics.median(side) for side in zip(*rates_of_rounds, strict=True)]
    median = statistics.median(ratios)
    print(
        f"{title:<36} eventer {rates[0]:>11,.0f}/s   limit {rates[1]:>11,.0f}/s   "
        f"ratio {_ratio(median)}   from {_ratio(ratios[0])} to {_ratio(ratios[-1])}",
        flush=True,
    )


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def report_target(title: str, rates: Sequence[float], target: float) -> None:
    """Prints one line: the median rate and its target."""
    report(title, [(rate, target) for rate in rates])
