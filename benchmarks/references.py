"""The cost of references: `python -m benchmarks.references [--rounds 15] [--only CALL]`.

One thread. Each round generates 10,000 events of three fields of another stream, and as many events
that have the same fields themselves, in turns. `running` reads a generator that delivers 1,000
events/s since a day; `two of them`, an event of such a generator that reads another one. The table
has the medians in nanoseconds of CPU time per event, and the median ratio of the pairs. Consecutive
events are the reference's own template.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Final

import numpy as np

from eventer.core.bindings import Binding
from eventer.core.model import (
    EventContext,
    FixedPopulation,
    GrowingPopulation,
    Population,
    ReferencedStream,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import EventRate, PaceSpec, Steady
from eventer.plan.engine import Engine
from eventer.plan.prepare import prepare
from eventer.runs.populations import bound_populations

ROWS: Final = 10_000
AT: Final = 1_767_225_600_000_000_000
HEAD: Final = "local native = std.native; "
FIELDS: Final = {
    "integers": "{ a: native('get_integer')(1, 100000), b: native('get_integer')(1, 9), "
    "c: native('get_integer')(1, 999) }",
    "texts": "{ a: native('get_uuid')(), b: native('get_person')().name, "
    "c: native('get_one_of')('DE FR JP') }",
}
CALLS: Final = {
    "uniform": "'customers', 'uniform', 100000",
    "zipf": "'customers', 'zipf', 100000",
    "recent": "'customers', 'recent', 100000",
    "in turn": "'customers', count=100000000, index=native('get_index')()",
    "running": "'running', 'recent'",
    "two of them": "'orders', 'recent'",
}
_SECOND: Final = 1_000_000_000
_SEGMENTS: Final = (Segment(AT - 86_400 * _SECOND, 0, PaceSpec(Steady(EventRate(1000, _SECOND)))),)
POPULATIONS: Final = bound_populations(
    [
        Binding("running", 0, 1, 1, _SEGMENTS),
        Binding("orders", 0, 2, 1, _SEGMENTS),
        Binding("running", 0, 1, 1, _SEGMENTS, via=("orders",)),
    ]
)


def engine(text: str, customers: str) -> Engine:
    """The plan of a template that may refer to customers."""
    order = "local c = native('get_event_of')('running', 'recent'); { a: c.a, b: c.b, c: c.c }"
    streams = (
        _stream("customers", customers, FixedPopulation(None)),
        _stream("running", customers, GrowingPopulation()),
        _stream("orders", order, GrowingPopulation()),
    )
    prepared = prepare(Template(HEAD + text, references=streams))
    return prepared.engine(Stream(5), EventContext(), engine="plan", populations=POPULATIONS)


def _stream(name: str, text: str, population: Population) -> ReferencedStream:
    return ReferencedStream(
        name, Template(HEAD + text, name), Stream(7), EventContext(), population
    )


def nanoseconds(made: Engine, first: int) -> float:
    """The CPU time of an event."""
    times = AT + np.arange(first, first + ROWS, dtype=np.int64) * 100_000  # 10,000 events/s
    began, done = time.thread_time_ns(), 0
    while done < ROWS:
        done += made.generate(first + done, times[done:]).count
    return (time.thread_time_ns() - began) / ROWS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", choices=CALLS)
    options = parser.parse_args()
    rounds, calls = options.rounds, {options.only: CALLS[options.only]} if options.only else CALLS
    print(f"{'':<24}{'reference ns':>14}{'own ns':>10}{'ratio':>8}")
    for kind, fields in FIELDS.items():
        own = engine(f"local c = {fields}; {{ a: c.a, b: c.b, c: c.c }}", fields)
        for pick, arguments in calls.items():
            call = f"native('get_event_of')({arguments})"
            referring = engine(f"local c = {call}; {{ a: c.a, b: c.b, c: c.c }}", fields)
            pairs = []
            for number in range(-1, rounds):  # the first round compiles
                first = (number + 1) * ROWS
                pairs.append((nanoseconds(referring, first), nanoseconds(own, first)))
            one, other = (statistics.median(side) for side in zip(*pairs[1:], strict=True))
            ratio = statistics.median(a / b for a, b in pairs[1:])
            print(f"{kind + ', ' + pick:<24}{one:>14.1f}{other:>10.1f}{ratio:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
