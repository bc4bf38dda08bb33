"""What a service would do that had no engine of its own: go-jsonnet, natives in plain Python.

`python -m benchmarks.jsonnet_limit TEMPLATE --batch N` makes events in evaluations of N events each
(1: one evaluation an event), for the seconds that each line of its standard input says, and answers
with the events that it made and the processor time it took. In a process of its own: the binding
leaks.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.turns import ROOT, Turn

Natives = dict[str, tuple[tuple[str, ...], Callable[..., Any]]]


def natives(rng: random.Random) -> Natives:
    """The functions that the contract's templates call, as cheap as Python makes them."""
    agents = [f"Mozilla/5.0 (X11; Linux x86_64) Chrome/{n}.0.0.0 Safari/537.36" for n in range(99)]
    names = ["Ada", "Grace", "Linus", "Margaret", "Barbara", "Edsger"]
    return {
        "get_dataset": (("otherwise",), lambda otherwise: otherwise),
        "get_instance_id": (("otherwise",), lambda otherwise: otherwise),
        "get_one_of": (("items",), lambda items: rng.choice(items.split(",")).strip()),
        "get_timestamp": (
            ("start", "end", "step"),
            lambda start, _end, _step: f"{start}T{rng.randrange(24):02}:00:00Z",
        ),
        "get_integer": (("lo", "hi"), lambda lo, hi: rng.randint(int(lo), int(hi))),
        "get_number": (("lo", "hi"), rng.uniform),
        "get_rand_data": ((), lambda: {"first_name": rng.choice(names), "ipv4": "10.20.30.40"}),
        "get_rand_user_agent": ((), lambda: rng.choice(agents)),
    }


def batched(template: str, batch: int) -> str:
    """The template, so often in one evaluation: its locals once, its event in an array."""
    if batch == 1:
        return template
    head, brace, event = template.partition("\n{")
    return f"{head}\nstd.makeArray({batch}, function(_) {brace}{event})"


def serve(template: str, batch: int) -> None:
    """Answers each number of seconds that is read."""
    import _gojsonnet

    callbacks, text = natives(random.Random(str(uuid.uuid4()))), batched(template, batch)
    for line in sys.stdin:
        made, began, until = 0, time.process_time(), time.perf_counter() + float(line)
        while not made or time.perf_counter() < until:
            _gojsonnet.evaluate_snippet("event", text, native_callbacks=callbacks)
            made += batch
        print(made, time.process_time() - began, flush=True)


@contextmanager
def limit(template: Path, batch: int, seconds: float, core: int) -> Iterator[Turn]:
    """Turns of so many seconds, in a process on a core that lives as long as the block."""
    command = [sys.executable, "-m", "benchmarks.jsonnet_limit", str(template)]
    command = ["taskset", "-c", str(core), *command, "--batch", str(batch)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:

        def turn() -> float:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(f"{seconds}\n")
            child.stdin.flush()
            made, spent = child.stdout.readline().split()
            return int(made) / float(spent)

        try:
            yield turn
        finally:
            child.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("template", type=Path)
    parser.add_argument("--batch", type=int, default=1)
    chosen = parser.parse_args()
    serve(chosen.template.read_text("utf-8"), chosen.batch)


if __name__ == "__main__":
    main()
