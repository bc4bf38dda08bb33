"""`eventer run --stdout`, whole processes on one core, beside go-jsonnet on the same core.

    python -m benchmarks.stdout_run [--rounds 7] [--events 20000000]

Rates are those of a core: events by processor time, start-up included. The templates are the two of
the contract, an order with one to five items, and one that uses each key of `get_rand_data`. Then:
the contract's template into a pipe, by the clock; what start-up takes; and that each event costs
the same however many there are, and however many generators make them.
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
    Spent,
    Turn,
    a_core,
    goal,
    pairs,
    report,
    run,
)

BATCHED = 1000
"""Events of one evaluation, where go-jsonnet makes many in one."""
ORDERS = 500_000.0
ALL_KEYS = 100_000.0
GENERATORS = (1, 10, 100, 1000)


def command(template: Path, events: int) -> list[str]:
    seed = ["--seed", "7"]
    asked = ["--max-events", str(events)]
    return [*EVENTER, "run", str(template), "--stdout", *seed, *asked]


def spent(template: Path, events: int) -> Spent:
    """What the command takes for so many events, into /dev/null, on one core."""
    return run(command(template, events), core=a_core())


def rate(template: Path, events: int) -> Turn:
    return lambda: events / spent(template, events).cpu


def all_keys() -> str:
    """A template that uses each key that `get_rand_data` has, of one object."""
    from eventer.functions.rand_data.get_rand_data import FIELDS

    keys = [name for name, spec in FIELDS.items() if not spec.hidden]
    fields = "".join(f"  {key}: data.{key},\n" for key in keys)
    return f"local data = std.native('get_rand_data')();\n{{\n{fields}}}\n"


def against_jsonnet(what: str, template: Path, events: int, rounds: int) -> None:
    ours = rate(template, events)
    for name, batch in (("an evaluation an event", 1), (f"{BATCHED} an evaluation", BATCHED)):
        with limit(template, batch, 1.0, a_core()) as bare:
            bare()
            report(f"{what}, {name}", list(pairs(ours, bare, rounds)))


def into_a_pipe(events: int, rounds: int) -> None:
    """By the clock, with a reader beside it: where there is one core only, it has to share."""
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
            assert reader.stdin is not None
            run(command(CONTRACT, events), stdout=reader.stdin.fileno())
            reader.stdin.close()
        seconds.append(time.perf_counter() - began)
    print(f"into a pipe, by the clock: {events / statistics.median(seconds):,.0f}/s")


def start_up(rounds: int) -> float:
    """Seconds of processor time to the end of a run of one batch."""
    took = [spent(CONTRACT, 10_000) for _ in range(rounds)]
    middle = statistics.median(each.cpu for each in took)
    clock = statistics.median(each.seconds for each in took)
    print(f"a run of 10,000 events: {middle:.2f} s of processor time, {clock:.2f} s by the clock")
    return middle


def by_events(events: int, started: float, rounds: int) -> None:
    for share in (16, 8, 4, 2, 1):
        count = events // share
        cpu = statistics.median(spent(CONTRACT, count).cpu for _ in range(rounds))
        each = (cpu - started) / count * 1e9
        print(f"{count:>12,} events: {each:6.0f} ns an event, start-up apart", flush=True)


def by_generators() -> None:
    """Each number in a process of its own, in turns."""
    for generators in GENERATORS:
        module = [sys.executable, "-m", "benchmarks.generators"]
        subprocess.run([*module, "--generators", str(generators)], cwd=ROOT, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="pairs of turns")
    parser.add_argument("--events", type=int, default=20_000_000, help="of a turn of ours")
    chosen = parser.parse_args()
    events, rounds = chosen.events, chosen.rounds
    spent(CONTRACT, 10_000)  # compiles what is not compiled yet
    against_jsonnet("event.jsonnet", CONTRACT, events, rounds)
    against_jsonnet("second template", SECOND, events, rounds)
    spent(ORDER, 10_000)
    goal("orders, 1 to 5 items", [rate(ORDER, events // 2)() for _ in range(rounds)], ORDERS)
    with tempfile.TemporaryDirectory() as directory:
        keys = Path(directory) / "all-keys.jsonnet"
        keys.write_text(all_keys(), "utf-8")
        spent(keys, 10_000)
        goal("all 41 keys", [rate(keys, events // 10)() for _ in range(rounds)], ALL_KEYS)
    into_a_pipe(events, min(rounds, 3))
    by_events(events, start_up(rounds), min(rounds, 3))
    by_generators(events // 2)


if __name__ == "__main__":
    main()
