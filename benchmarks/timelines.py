"""Steps of timelines per second: `python -m benchmarks.timelines`.

One thread generates and interleaves the steps of orders with payments and refunds, while the steps
of one horizon wait. Rates are per second of its CPU time. Then a restart: a sequence begins where a
million steps wait, and takes its first batch.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Final

from eventer.core.model import EventContext, Segment, Stream, Template
from eventer.core.pace import PaceSpec, Steady
from eventer.core.rate import parse_rate
from eventer.core.timelines import Cursor, TimelineSpec, parse_horizon
from eventer.plan.prepare import prepare
from eventer.runs.pacing import Pace
from eventer.runs.timelines.starts import TimelineStarts
from eventer.runs.timelines.step_sequence import StepSequence

STORY: Final = """local e = import 'eventer.libsonnet';
local id = e.uuid(), amount = e.number(5, 500, 2);
local paid = e.duration('2s', '90s'), refunded = paid + e.duration('1m', '10m');
[
  { after: 0, to: 'orders', event: { id: id, at: e.now(), status: 'created', amount: amount } },
  { after: paid, to: 'payments', event: { order: id, at: e.now('ms', paid), amount: amount } },
] + (if e.boolean(0.3)
     then [{ after: refunded, to: 'payments', event: { order: id, at: e.now('ms', refunded) } }]
     else [])
+ [{ after: n * 20, to: 'visits', event: { order: id, page: e.one_of('home, cart, help') } }
   for n in std.range(1, e.integer(0, 5))]
"""
ORDER: Final = """local e = import 'eventer.libsonnet';
local id = e.uuid(), paid = e.number(0, 720, 3);
[
  { after: 0, event: { id: id, at: e.now() } },
  { after: paid, event: { id: id, at: e.now('ms', paid) } },
]
"""
ORDERS: Final = "2800/s"
HORIZON: Final = parse_horizon("12m")
LEAST: Final = 500_000
BATCH: Final = 10_000


def main() -> None:
    """Prints a line for each rate at which timelines start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    for rate in ("20/s", "200/s", "1000/s"):
        found, pending = _rates(rate, rounds)
        print(
            f"timelines at {rate:7} {statistics.median(found):>11,.0f} steps/s  "
            f"from {min(found):,.0f} to {max(found):,.0f}  at least {LEAST:,}  "
            f"{pending:,} steps wait"
        )
    seconds, pending = _restart()
    print(f"restart with {pending:,} steps that wait: {seconds:.1f} s of CPU time  at most 10")


def _rates(rate: str, rounds: int) -> tuple[list[float], int]:
    """Steps per second of CPU time in each round, and how many steps wait."""
    pace = Pace((Segment(10**18, 0, PaceSpec(Steady(parse_rate(rate)))),))
    timelines = prepare(Template(STORY)).timelines(Stream(7), EventContext(), HORIZON)
    assert timelines.name == "plan", timelines.reason
    sequence = StepSequence(timelines, TimelineStarts(pace), TimelineSpec(HORIZON))
    while _take(sequence) < 10**18 + HORIZON:
        pass
    found = []
    for _ in range(rounds):
        began = time.thread_time()
        for _ in range(20):
            _take(sequence)
        found.append(20 * BATCH / (time.thread_time() - began))
    return found, sequence.pending


def _restart() -> tuple[float, int]:
    """The CPU time until the first batch after a restart, and how many steps wait then."""
    pace = Pace((Segment(10**18, 0, PaceSpec(Steady(parse_rate(ORDERS)))),))
    timelines = prepare(Template(ORDER)).timelines(Stream(7), EventContext(), HORIZON)
    assert timelines.name == "plan", timelines.reason
    cursor = Cursor(10**18 + 2 * HORIZON, 0, 0)
    began = time.thread_time()
    sequence = StepSequence(timelines, TimelineStarts(pace), TimelineSpec(HORIZON), cursor)
    _take(sequence)
    return time.thread_time() - began, sequence.pending


def _take(sequence: StepSequence) -> int:
    """Takes a batch of steps and their texts; returns when the first is due."""
    steps = sequence.take(BATCH)
    sequence.texts(steps)
    sequence.release(first := int(steps.due[0]))
    return first


if __name__ == "__main__":
    main()
