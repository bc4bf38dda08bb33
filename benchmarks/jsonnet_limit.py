"""The baseline without Eventer's engine: go-jsonnet with native functions in plain Python.

`python -m benchmarks.jsonnet_limit TEMPLATE --batch N` evaluates N events per evaluation. Each line
of standard input is a duration in seconds; the reply is the number of events and the CPU time. It
runs in a separate process, because the binding leaks memory.
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
    """Fast Python versions of the native functions that the contract's templates call."""
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


def batched_template(template: str, batch: int) -> str:
    """The template with `batch` events in one array; its locals are evaluated once."""
    if batch == 1:
        return template
    head, brace, event = template.partition("\n{")
    return f"{head}\nstd.makeArray({batch}, function(_) {brace}{event})"


def serve(template: str, batch: int) -> None:
    """Evaluates for each duration that is read, and prints the result."""
    import _gojsonnet

    callbacks, text = natives(random.Random(str(uuid.uuid4()))), batched_template(template, batch)
    for line in sys.stdin:
        events, began, deadline = 0, time.process_time(), time.perf_counter() + float(line)
        while not events or time.perf_counter() < deadline:
            _gojsonnet.evaluate_snippet("event", text, native_callbacks=callbacks)
            events += batch
        print(events, time.process_time() - began, flush=True)


@contextmanager
def limit(template: Path, batch: int, seconds: float, core: int) -> Iterator[Turn]:
    """Starts a process on `core`; yields a function that measures it for `seconds`."""
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
            events, cpu_seconds = child.stdout.readline().split()
            return int(events) / float(cpu_seconds)

        try:
            yield turn
        finally:
            child.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("template", type=Path)
    parser.add_argument("--batch", type=int, default=1)
    options = parser.parse_args()
    serve(options.template.read_text("utf-8"), options.batch)


if __name__ == "__main__":
    main()
