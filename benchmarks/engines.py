"""The CPU time and the memory of an engine: `python -m benchmarks.engines`.

Each template gets engines with different seeds and datasets, as a delivery worker builds
them for its generators; each engine then generates one event. A process measures one template.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import resource
import time
from pathlib import Path

import numpy as np

from benchmarks.turns import CONTRACT, ORDER, ROOT
from eventer.core.model import Stream, Template
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare

TEMPLATES = (CONTRACT, ORDER, ROOT / "examples" / "page-events.jsonnet")
AT = 1_767_225_600_000_000_000


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def measure(path: Path, count: int) -> None:
    """Prints the cost of an engine, and of its first event."""
    prepared = prepare(Template(path.read_text("utf-8")))
    due = np.full(1, AT, dtype=np.int64)
    for number in range(3):  # imports
        prepared.engine(Stream(number), EventContext("warm", "up")).generate(0, due)
    gc.collect()
    memory, began = resident_bytes(), time.process_time()
    engines = [
        prepared.engine(Stream(100 + number), EventContext(f"dataset {number}", "instance"))
        for number in range(count)
    ]
    built, memory_built = time.process_time(), resident_bytes()
    for engine in engines:
        engine.generate(0, due)
    ended, memory_ended = time.process_time(), resident_bytes()
    print(
        f"{path.stem:<12} {count} engines: {(built - began) / count * 1e3:6.2f} ms and "
        f"{(memory_built - memory) / count / 1024:7.0f} KiB each; first event "
        f"{(ended - built) / count * 1e3:6.2f} ms and "
        f"{(memory_ended - memory_built) / count / 1024:5.0f} KiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", type=int, default=300)
    options = parser.parse_args()
    for path in TEMPLATES:
        process = multiprocessing.get_context("spawn").Process(
            target=measure, args=(path, options.engines)
        )
        process.start()
        process.join()


if __name__ == "__main__":
    main()
