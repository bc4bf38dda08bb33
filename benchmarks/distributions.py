"""Samples of distributions beside NumPy's Generator: `python -m benchmarks.distributions`.

One thread draws a column of a million samples with each, in turns, and the median ratio of their
times is printed with the most that it may be. Values of series and steps of chains are beside
their bounds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from eventer.core.model import JsonValue
from eventer.functions.catalog import CATALOG
from eventer.functions.columns import ObjectListColumn
from eventer.functions.spec import BatchContext, BoundCall
from eventer.kernels.draw import child_column, distributions, series, series_columns

ROWS: Final = 1_000_000
CHAINS: Final = 10_000
ZIPF_WEIGHTS: Final = 1 / np.arange(1, 1001)


class Case(NamedTuple):
    """A distribution, its parameters, the same samples of NumPy, and the greatest ratio."""

    name: str
    parameters: tuple[float, ...]
    peer: Callable[[np.random.Generator], Any]
    bound: float


CASES: Final = (
    Case("normal", (10, 2), lambda g: g.normal(10, 2, ROWS), 1.2),
    Case("exponential", (10,), lambda g: g.exponential(10, ROWS), 1.0),
    Case("gamma", (2.5, 2), lambda g: g.gamma(2.5, 2, ROWS), 2.2),
    Case("gamma", (0.4, 2), lambda g: g.gamma(0.4, 2, ROWS), 2.2),
    Case("beta", (2.5, 4), lambda g: g.beta(2.5, 4, ROWS), 2.2),
    Case("beta", (0.5, 0.7), lambda g: g.beta(0.5, 0.7, ROWS), 2.2),
    Case("poisson", (3,), lambda g: g.poisson(3, ROWS), 1.0),
    Case("poisson", (30,), lambda g: g.poisson(30, ROWS), 1.0),
    Case("poisson", (1000,), lambda g: g.poisson(1000, ROWS), 1.0),
    Case("binomial", (10, 0.3), lambda g: g.binomial(10, 0.3, ROWS), 2.0),
    Case("binomial", (1000, 0.3), lambda g: g.binomial(1000, 0.3, ROWS), 2.0),
    Case("geometric", (0.2,), lambda g: g.geometric(0.2, ROWS), 1.0),
    Case("pareto", (2.5, 2, np.inf), lambda g: g.pareto(2.5, ROWS), 2.0),
    Case("lognormal", (10, 2), lambda g: g.lognormal(10, 2, ROWS), 2.0),
    Case("triangular", (1, 2, 4), lambda g: g.triangular(1, 2, 4, ROWS), 1.0),
    Case(
        "zipf",
        (1000, 1.0),
        lambda g: g.choice(1000, ROWS, p=ZIPF_WEIGHTS / ZIPF_WEIGHTS.sum()),
        0.3,
    ),
    Case(
        "zipf",
        (1000, 1.2),
        lambda g: g.choice(1000, ROWS, p=ZIPF_WEIGHTS / ZIPF_WEIGHTS.sum()),
        0.3,
    ),
)


def main() -> None:
    """Prints a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    for case in CASES:
        own, peer = _times(case, rounds)
        ratio = statistics.median(a / b for a, b in zip(own, peer, strict=True))
        title = f"{case.name}{case.parameters}"
        print(
            f"{title:28} eventer {min(own) * 1e9 / ROWS:6.1f} ns  "
            f"numpy {min(peer) * 1e9 / ROWS:6.1f} ns  ratio {ratio:.2f}  at most {case.bound}",
            flush=True,
        )
    _print_series(rounds)
    _print_chains(rounds)


def _print_series(rounds: int) -> None:
    """Nanoseconds per value of walks and of a signal, with the most that they may be."""
    index = np.arange(ROWS)
    one, many = np.full(ROWS, 1, dtype=np.uint64), child_column(1, index)
    places = index * 977_351 % series.MOST_STEPS
    work = {
        "a walk, neighbouring steps": (lambda: series_columns.walks(one, index), 50),
        "walks, no neighbours": (lambda: series_columns.walks(many, places), 1000),
        "a signal": (lambda: series_columns.signals(one, index, places, 10**9, 0.1), 200),
    }
    for title, (column, bound) in work.items():
        column()
        best = min(_time(column) for _ in range(rounds))
        print(f"{title:28} eventer {best * 1e9 / ROWS:6.1f} ns  at most {bound}", flush=True)


def _print_chains(rounds: int) -> None:
    """Nanoseconds per step of paths and all their fields, in columns as long as the plan's."""
    index = np.arange(CHAINS)
    context = BatchContext(index, index)
    dwells: dict[str, JsonValue] = {
        "lasting a fixed time": 30.0,
        "lasting a uniform time": {"uniform": [1.0, 60.0]},
        "lasting an exponential time": {"exponential": [30.0]},
        "lasting a normal time": {"normal": [30.0, 10.0]},
    }
    for title, dwell in dwells.items():
        states: dict[str, JsonValue] = {
            "home": {"next": {"home": 5.0, "cart": 3.0, "leave": 2.0}, "dwell": dwell},
            "cart": {"next": {"home": 3.0, "leave": 2.0}, "dwell": dwell},
            "leave": {},
        }
        call = CATALOG.get("get_chain").call([states, "home"])
        steps = sum(map(len, call.column(1, context).to_list()))
        work = partial(_all_fields, call, context)
        work()
        best = min(_time(work) for _ in range(rounds * 20))
        print(f"{title:28} eventer {best * 1e9 / steps:6.1f} ns  at most 25", flush=True)


def _all_fields(call: BoundCall, context: BatchContext) -> None:
    column = call.column(1, context)
    assert isinstance(column, ObjectListColumn)
    for make in column.columns.values():
        make()


def _times(case: Case, rounds: int) -> tuple[list[float], list[float]]:
    index = np.arange(ROWS)
    padded = (*case.parameters, 0, 0, 0, 0)[:4]
    parameters = np.array([padded], dtype=np.float64)
    generator = np.random.default_rng(1)
    draw_samples = partial(distributions.sample_column, case.name)
    draw_samples(1, index, parameters)
    own, peer = [], []
    for _ in range(rounds):
        own.append(_time(lambda: draw_samples(1, index, parameters)))
        peer.append(_time(lambda: case.peer(generator)))
    return own, peer


def _time(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


if __name__ == "__main__":
    main()
