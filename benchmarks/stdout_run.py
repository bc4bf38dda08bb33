"""`eventer run --stdout` and go-jsonnet, as whole processes on the same core.

    python -m benchmarks.stdout_run [--rounds 7] [--events 20000000]

Rates are events per second of CPU time, including start-up. The templates are the two of the
contract, an order with one to five items, and one that uses every key of `get_rand_data`. It also
measures the wall-clock rate into a pipe, the start-up time, and the cost of an event by number of
events and of generators.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.jsonnet_limit import limit
from benchmarks.turns import (
    CONTRACT,
    EVENTER,
    ORDER,
    ROOT,
    SECOND,
    ResourceUsage,
    Turn,
    benchmark_core,
    pairs,
    report,
    report_target,
    run,
)

JSONNET_BATCH = 1000
"""Events per go-jsonnet evaluation in the batched case."""
ORDERS_TARGET = 500_000.0
ALL_KEYS_TARGET = 100_000.0
GENERATORS = (1, 10, 100, 1000)


def command(template: Path, events: int) -> list[str]:
    seed = ["--seed", "7"]
    amount = ["--max-events", str(events)]
    return [*EVENTER, "run", str(template), "--stdout", *seed, *amount]


def measure(template: Path, events: int) -> ResourceUsage:
    """Runs the command for `events` events into /dev/null on one core."""
    return run(command(template, events), core=benchmark_core())


def rate(template: Path, events: int) -> Turn:
    return lambda: events / measure(template, events).cpu


def all_keys() -> str:
    """A template that uses every key of `get_rand_data`, from one call."""
    from eventer.functions.rand_data.get_rand_data import FIELDS

    keys = [name for name, spec in FIELDS.items() if not spec.hidden]
    fields = "".join(f"  {key}: data.{key},\n" for key in keys)
    return f"local data = std.native('get_rand_data')();\n{{\n{fields}}}\n"


def against_jsonnet(title: str, template: Path, events: int, rounds: int) -> None:
    eventer = rate(template, events)
    for name, batch in (
        ("1 per evaluation", 1),
        (f"{JSONNET_BATCH} per evaluation", JSONNET_BATCH),
    ):
        with limit(template, batch, 1.0, benchmark_core()) as jsonnet:
            jsonnet()
            report(f"{title}, {name}", list(pairs(eventer, jsonnet, rounds)))


def into_a_pipe(events: int, rounds: int) -> None:
    """Prints the wall-clock rate into a pipe; on one core, the reader shares it."""
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
            assert reader.stdin is not None
            run(command(CONTRACT, events), stdout=reader.stdin.fileno())
            reader.stdin.close()
        seconds.append(time.perf_counter() - began)
    print(f"into a pipe, wall-clock time: {events / statistics.median(seconds):,.0f}/s")


def start_up(rounds: int) -> float:
    """Returns the CPU time of a run of one batch, in seconds."""
    usages = [measure(CONTRACT, 10_000) for _ in range(rounds)]
    cpu = statistics.median(each.cpu for each in usages)
    wall = statistics.median(each.seconds for each in usages)
    print(f"a run of 10,000 events: {cpu:.2f} s of CPU time, {wall:.2f} s of wall-clock time")
    return cpu


def print_cost_by_events(events: int, start_up_cpu: float, rounds: int) -> None:
    for divisor in (16, 8, 4, 2, 1):
        count = events // divisor
        cpu = statistics.median(measure(CONTRACT, count).cpu for _ in range(rounds))
        each = (cpu - start_up_cpu) / count * 1e9
        print(f"{count:>12,} events: {each:6.0f} ns per event without start-up", flush=True)


def print_cost_by_generators() -> None:
    """Runs `benchmarks.generators` in a new process for each number of generators."""
    for generators in GENERATORS:
        module = [sys.executable, "-m", "benchmarks.generators"]
        subprocess.run([*module, "--generators", str(generators)], cwd=ROOT, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="pairs of turns")
    parser.add_argument("--events", type=int, default=20_000_000, help="events per turn of Eventer")
    options = parser.parse_args()
    events, rounds = options.events, options.rounds
    measure(CONTRACT, 10_000)  # warm-up: compiles kernels
    against_jsonnet("event.jsonnet", CONTRACT, events, rounds)
    against_jsonnet("second template", SECOND, events, rounds)
    measure(ORDER, 10_000)
    report_target(
        "orders, 1 to 5 items", [rate(ORDER, events // 2)() for _ in range(rounds)], ORDERS_TARGET
    )
    with tempfile.TemporaryDirectory() as directory:
        keys = Path(directory) / "all-keys.jsonnet"
        keys.write_text(all_keys(), "utf-8")
        measure(keys, 10_000)
        report_target(
            "all 41 keys", [rate(keys, events // 10)() for _ in range(rounds)], ALL_KEYS_TARGET
        )
    into_a_pipe(events, min(rounds, 3))
    print_cost_by_events(events, start_up(rounds), min(rounds, 3))
    print_cost_by_generators()


if __name__ == "__main__":
    main()
