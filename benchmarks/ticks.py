"""The CPU cost of ticks of one event: `python -m benchmarks.ticks`.

A template that reads the scheduled time and one that does not take turns in one process. A tick is
one event that an engine generates, with the times of a pace, as a delivery worker requests it.
"""

from __future__ import annotations

import argparse
import statistics
import time

from eventer.core.model import Segment, Stream, Template
from eventer.plan.engine import Engine, EventContext
from eventer.plan.prepare import prepare
from eventer.runs.pacing import Pace

PACE = Pace([Segment(t0=1_767_225_600_000_000_000, n0=0, count=1, interval=1_000_000_000)])
NATIVES = """
local get_integer = std.native('get_integer'), get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');
"""
EVENT = NATIVES + "{ id: get_integer(1, 1000), plan: get_one_of('free, pro'), at: %s }"
TIMES = {
    "without now": "get_timestamp('2024-01-01', '2024-02-01', '1ms')",
    "with now": "get_timestamp('now-1h', 'now', '1ms')",
}


def engine_of(text: str, number: int) -> Engine:
    return prepare(Template(text)).engine(Stream(7, f"ticks {number}"), EventContext())


def tick_cost(engine: Engine, ticks: int) -> float:
    """CPU microseconds of a tick."""
    began = time.process_time_ns()
    for index in range(ticks):
        engine.generate(index, PACE.scheduled(index, 1), None, PACE.scheduled)
    return (time.process_time_ns() - began) / ticks / 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    for expression in TIMES.values():
        tick_cost(engine_of(EVENT % expression, 0), 600)  # imports and compiles
    ratios = []
    for number in range(1, options.rounds + 1):
        plain, timed = (
            tick_cost(engine_of(EVENT % expression, number), options.ticks)
            for expression in TIMES.values()
        )
        ratios.append(timed / plain)
        print(f"without now {plain:6.1f} us, with now {timed:6.1f} us, ratio {ratios[-1]:.2f}")
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
