"""Resident memory of a run at full speed: `python -m benchmarks.memory [--seconds 600]`.

`eventer run` delivers events of the contract's template to real Kafka, with `--postgres` to real
PostgreSQL (the template's ids give 1,000 rows), or with `--stdout` to /dev/null. The memory is read
every second. It is flat if the last quarter of the time uses no more than the second quarter.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import time

import psutil

from benchmarks.kafka_peer import broker, temporary_topic
from benchmarks.postgres_run import server
from benchmarks.turns import CONTRACT, EVENTER, ROOT

MIB = 1 << 20
MB = 1_000_000
MAX_MB = 300
SHORT_RETENTION = {
    "log.retention.bytes": str(512 * MIB),
    "log.segment.bytes": str(128 * MIB),
    "log.retention.check.interval.ms": "5000",
    "log.segment.delete.delay.ms": "1000",
}
"""Ten minutes of events do not fit on a small disk: the broker keeps only the latest."""


def measure_memory(command: list[str], environ: dict[str, str], seconds: float) -> list[float]:
    """Runs the command for `seconds`; returns its resident memory in MB for each second."""
    sizes = []
    with subprocess.Popen(
        [*command, "--duration", f"{seconds:g}s"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.DEVNULL,
    ) as child:
        process = psutil.Process(child.pid)
        while child.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                sizes.append(process.memory_info().rss / MB)
            time.sleep(1)
    if child.returncode:
        raise RuntimeError(f"the command exited with {child.returncode}")
    return sizes


def print_summary(title: str, sizes: list[float]) -> None:
    """Prints one line for each quarter and one for the whole run."""
    quarter = len(sizes) // 4
    parts = [sizes[n * quarter : (n + 1) * quarter] for n in range(4)]
    for number, part in enumerate(parts):
        median = statistics.median(part)
        print(f"  quarter {number + 1}: median {median:.0f} MB, maximum {max(part):.0f} MB")
    growth = statistics.median(parts[3]) - statistics.median(parts[1])
    print(
        f"{title}, {len(sizes)} s: maximum {max(sizes):.0f} MB (limit {MAX_MB} MB), "
        f"{growth:+.1f} MB from the second quarter to the last"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--stdout", action="store_true", help="to /dev/null instead of Kafka")
    parser.add_argument("--postgres", action="store_true", help="to PostgreSQL instead of Kafka")
    parser.add_argument("--bootstrap", help="an existing broker; default: start one")
    options = parser.parse_args()
    command = [*EVENTER, "run", str(CONTRACT), "--seed", "7"]
    if options.stdout:
        print_summary(
            "run --stdout", measure_memory([*command, "--stdout"], {**os.environ}, options.seconds)
        )
        return
    if options.postgres:
        with server(None) as dsn:
            environ = {**os.environ, "EVENTER_POSTGRES__DSN": dsn}
            sizes = measure_memory([*command, "--postgres", "events"], environ, options.seconds)
            print_summary("run --postgres", sizes)
        return
    with (
        broker(options.bootstrap, SHORT_RETENTION) as bootstrap,
        temporary_topic(bootstrap) as topic,
    ):
        environ = {**os.environ, "EVENTER_KAFKA__BOOTSTRAP_SERVERS": bootstrap}
        print_summary(
            "run --kafka", measure_memory([*command, "--kafka", topic], environ, options.seconds)
        )


if __name__ == "__main__":
    main()
