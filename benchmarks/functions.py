"""The cost of a value, beside NumPy: `python -m benchmarks.functions [--rounds 15]`.

One thread. Each round computes a column of 10,000 values with Eventer and with NumPy's `Generator`
in turns; the table has the medians in nanoseconds of CPU time per value, and the median ratio of
the pairs. The values are not the same: both are what each offers for the purpose.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from eventer.functions.catalog import CATALOG
from eventer.functions.spec import BatchContext

ROWS: Final = 10_000
REPEATS: Final = 20
"""Columns of one turn."""
KEY: Final = 7
AT: Final = 1_767_225_600_000_000_000
ITEMS: Final = 1_000

Work = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A function and its counterpart."""

    title: str
    eventer: Work
    numpy: Work


def column(name: str, *arguments: Any) -> Work:
    """Computes a column of a function."""
    call = CATALOG.get(name).call(arguments)
    index = np.arange(ROWS, dtype=np.int64)
    context = BatchContext(index, AT + index)
    return lambda: call.column(KEY, context)


def comparisons() -> list[Comparison]:
    """All comparisons."""
    random = np.random.default_rng(7)
    weights = np.arange(1.0, ITEMS + 1)
    few = [90.0, 8.0, 2.0]
    items = [*range(ITEMS)]
    return [
        Comparison(
            "get_unique_integer(0, 999999)",
            column("get_unique_integer", 0.0, 999_999.0),
            lambda: random.permutation(ROWS),
        ),
        Comparison(
            "get_unique_integer(0, 99)",
            column("get_unique_integer", 0.0, 99.0),
            lambda: random.permutation(ROWS),
        ),
        Comparison(
            "get_one_of, 3 weights",
            column("get_one_of", ["a", "b", "c"], few),
            lambda: random.choice(3, ROWS, p=[0.9, 0.08, 0.02]),
        ),
        Comparison(
            f"get_one_of, {ITEMS:,} weights",
            column("get_one_of", items, weights.tolist()),
            lambda: random.choice(ITEMS, ROWS, p=weights / weights.sum()),
        ),
        Comparison(
            "get_boolean(0.3)", column("get_boolean", 0.3), lambda: random.random(ROWS) < 0.3
        ),
    ]


def nanoseconds(work: Work) -> float:
    """The CPU time of a value, which depends least on the other load of the machine."""
    began = time.thread_time_ns()
    for _ in range(REPEATS):
        work()
    return (time.thread_time_ns() - began) / (REPEATS * ROWS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    print(f"{'':<32}{'eventer ns':>12}{'numpy ns':>12}{'ratio':>8}{'from':>8}{'to':>8}")
    for each in comparisons():
        sides = (each.eventer, each.numpy)
        for work in sides:
            work()  # compiles
        pairs = []
        for number in range(rounds):
            order = sides if number % 2 else sides[::-1]
            taken = {work: nanoseconds(work) for work in order}
            pairs.append((taken[each.eventer], taken[each.numpy]))
        ratios = sorted(ours / theirs for ours, theirs in pairs)
        ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        print(
            f"{each.title:<32}{ours:>12.1f}{theirs:>12.1f}{statistics.median(ratios):>8.2f}"
            f"{ratios[0]:>8.2f}{ratios[-1]:>8.2f}"
        )


if __name__ == "__main__":
    main()
