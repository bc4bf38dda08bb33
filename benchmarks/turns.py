"""Turns of two sides, whole processes, and how figures are told: what the benchmarks share.

Two sides take turns in pairs, each first as often as second, so that both see the same machine;
what counts is the ratio of each pair. Where a rate is one *of a core*, it is events by seconds of
processor time, user and system: what else the machine does then matters least.
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
"""Takes a turn; events a second."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process took: seconds by the clock, and of processor time."""

    seconds: float
    cpu: float


def run(
    command: Sequence[str], *, core: int | None = None, stdout: int = subprocess.DEVNULL
) -> Spent:
    """Runs a command to its end, on one core if one is named; it must succeed."""

    pinned = ["taskset", "-c", str(core)] if core is not None else []
    began = time.perf_counter()
    with subprocess.Popen(
        [*pinned, *command], cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE
    ) as child:
        assert child.stderr is not None
        said = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}: {said.decode()}")
    return Spent(seconds, usage.ru_utime + usage.ru_stime)


def event_bytes(template: Path) -> int:
    """Bytes of JSON of an event, on average."""
    import numpy as np

    from eventer.core.model import Stream, Template
    from eventer.plan.engine import EventContext
    from eventer.plan.prepare import prepare

    engine = prepare(Template(template.read_text("utf-8"))).engine(Stream(7), EventContext())
    batch = engine.generate(0, np.full(200, 1_767_225_600_000_000_000, np.int64))
    return batch.nbytes // batch.count


def a_core() -> int:
    """The last of the cores that this process may use: the first one serves interrupts."""
    return max(os.sched_getaffinity(0))


def pairs(ours: Turn, limit: Turn, rounds: int) -> Iterator[tuple[float, float]]:
    """What both reach in each round; the first one of a pair is the second one of the next."""
    for number in range(rounds):
        if number % 2:
            bare = limit()
            yield ours(), bare
        else:
            yield ours(), limit()


def report(what: str, found: Sequence[tuple[float, float]]) -> None:
    """One line: the medians of both sides, the median of the ratios, and their spread."""
    ratios = sorted(one / other for one, other in found)
    rates = [statistics.median(side) for side in zip(*found, strict=True)]
    middle = statistics.median(ratios)
    print(
        f"{what:<36} ours {rates[0]:>11,.0f}/s   limit {rates[1]:>11,.0f}/s   "
        f"ratio {_ratio(middle)}   from {_ratio(ratios[0])} to {_ratio(ratios[-1])}",
        flush=True,
    )


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def goal(what: str, rates: Sequence[float], least: float) -> None:
    """One line: a rate beside the one that is to be reached."""
    report(what, [(rate, least) for rate in rates])
