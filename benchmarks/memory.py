"""What a worker holds on to: `python -m benchmarks.memory [--seconds 600]`.

`eventer run` delivers events of the contract's template, as fast as they are taken, to real Kafka,
with `--postgres` to real PostgreSQL (its rows are the thousand that the template's ids name), or
with `--stdout` to /dev/null, while its resident memory is looked at each second. It is flat where
the last quarter of the time has no more than the second one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import time

import psutil

from benchmarks.kafka_peer import a_topic, broker
from benchmarks.postgres_run import server
from benchmarks.turns import CONTRACT, EVENTER, ROOT

MIB = 1 << 20
MB = 1_000_000
MOST = 300
BRIEF = {
    "log.retention.bytes": str(512 * MIB),
    "log.segment.bytes": str(128 * MIB),
    "log.retention.check.interval.ms": "5000",
    "log.segment.delete.delay.ms": "1000",
}
"""Ten minutes of events are more than a disk has to spare: the broker forgets all but the last."""


def watched(command: list[str], environ: dict[str, str], seconds: float) -> list[float]:
    """Resident MB of a process, second by second, until it ends by itself."""
    found = []
    with subprocess.Popen(
        [*command, "--duration", f"{seconds:g}s"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.DEVNULL,
    ) as child:
        process = psutil.Process(child.pid)
        while child.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                found.append(process.memory_info().rss / MB)
            time.sleep(1)
    if child.returncode:
        raise RuntimeError(f"it ended with {child.returncode}")
    return found


def tell(what: str, sizes: list[float]) -> None:
    """One line for each quarter, and one for all."""
    quarter = len(sizes) // 4
    parts = [sizes[n * quarter : (n + 1) * quarter] for n in range(4)]
    for number, part in enumerate(parts):
        middle = statistics.median(part)
        print(f"  quarter {number + 1}: {middle:.0f} MB in the middle, {max(part):.0f} at most")
    growth = statistics.median(parts[3]) - statistics.median(parts[1])
    print(
        f"{what}, {len(sizes)} s: {max(sizes):.0f} MB at most (to stay under {MOST}), "
        f"{growth:+.1f} MB from the second quarter to the last"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--stdout", action="store_true", help="to /dev/null instead of Kafka")
    parser.add_argument("--postgres", action="store_true", help="to PostgreSQL instead of Kafka")
    parser.add_argument("--bootstrap", help="an existing broker; else one of our own")
    chosen = parser.parse_args()
    command = [*EVENTER, "run", str(CONTRACT), "--seed", "7"]
    if chosen.stdout:
        tell("run --stdout", watched([*command, "--stdout"], {**os.environ}, chosen.seconds))
        return
    if chosen.postgres:
        with server(None) as dsn:
            environ = {**os.environ, "EVENTER_POSTGRES__DSN": dsn}
            sizes = watched([*command, "--postgres", "events"], environ, chosen.seconds)
            tell("run --postgres", sizes)
        return
    with broker(chosen.bootstrap, BRIEF) as bootstrap, a_topic(bootstrap) as topic:
        environ = {**os.environ, "EVENTER_KAFKA__BOOTSTRAP_SERVERS": bootstrap}
        tell("run --kafka", watched([*command, "--kafka", topic], environ, chosen.seconds))


if __name__ == "__main__":
    main()
