"""The cost of references: `python -m benchmarks.references [--rounds 15]`.

One thread. Each round generates 10,000 events of three fields of another stream, and as many events
that have the same fields themselves, in turns. The table has the medians in nanoseconds of CPU time
per event, and the median ratio of the pairs. Consecutive events are the reference's own template.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Final

import numpy as np

from eventer.core.model import EventContext, FixedPopulation, ReferencedStream, Stream, Template
from eventer.plan.engine import Engine
from eventer.plan.prepare import prepare

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
    "uniform": "'uniform', 100000",
    "zipf": "'zipf', 100000",
    "recent": "'recent', 100000",
    "in turn": "count=100000000, index=native('get_index')()",
}


def engine(text: str, customers: str) -> Engine:
    """The plan of a template that may refer to customers."""
    source = Template(HEAD + customers, "customers")
    population = FixedPopulation(None)
    streams = (ReferencedStream("customers", source, Stream(7), EventContext(), population),)
    prepared = prepare(Template(HEAD + text, references=streams))
    return prepared.engine(Stream(5), EventContext(), engine="plan")


def nanoseconds(made: Engine, first: int) -> float:
    """The CPU time of an event."""
    times = np.full(ROWS, AT, dtype=np.int64)
    began, done = time.thread_time_ns(), 0
    while done < ROWS:
        done += made.generate(first + done, times[done:]).count
    return (time.thread_time_ns() - began) / ROWS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    print(f"{'':<24}{'reference ns':>14}{'own ns':>10}{'ratio':>8}")
    for kind, fields in FIELDS.items():
        own = engine(f"local c = {fields}; {{ a: c.a, b: c.b, c: c.c }}", fields)
        for pick, arguments in CALLS.items():
            call = f"native('get_event_of')('customers', {arguments})"
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
