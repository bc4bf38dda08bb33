"""How long `eventer run` takes to its first event with an empty cache of kernels.

`python -m benchmarks.cold_starts [--rounds 3]` runs the contract's template without a pace and with
one, to real Kafka and PostgreSQL and to standard output. The time is by the clock, from the start
of the command until another client sees an event; it depends on the load of the machine. The CPU
time of the command until then depends less on it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Final

import psutil
import psycopg

from benchmarks.kafka_peer import broker, temporary_topic
from benchmarks.kafka_run import wait_for_first_events
from benchmarks.postgres_run import server
from benchmarks.turns import CONTRACT, EVENTER, ROOT

LIMIT_S: Final = 3.0
PACES: Final[dict[str, tuple[str, ...]]] = {"without a pace": (), "10/s": ("--rate", "10/s")}


def first_event(
    arguments: Sequence[str], env: Mapping[str, str], wait: Callable[[IO[bytes]], object]
) -> tuple[float, float]:
    """Seconds until `wait` returns, and the command's CPU time, without its compile process."""
    with tempfile.TemporaryDirectory() as cache:
        began = time.monotonic()
        with subprocess.Popen(
            [*EVENTER, "run", str(CONTRACT), *arguments],
            cwd=ROOT,
            env={**os.environ, **env, "EVENTER_CACHE_DIR": cache},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as child:
            assert child.stdout is not None
            wait(child.stdout)
            seconds, used = time.monotonic() - began, psutil.Process(child.pid).cpu_times()
            child.kill()
    return seconds, used.user + used.system


def to_kafka(bootstrap: str, pace: Sequence[str]) -> tuple[float, float]:
    with temporary_topic(bootstrap) as topic:
        env = {"EVENTER_KAFKA__BOOTSTRAP_SERVERS": bootstrap}
        return first_event(
            ["--kafka", topic, *pace], env, lambda _: wait_for_first_events(bootstrap, topic)
        )


def to_postgres(dsn: str, pace: Sequence[str]) -> tuple[float, float]:
    table = f"cold_{time.monotonic_ns()}"
    with psycopg.connect(dsn, autocommit=True) as client:

        def wait(_: object) -> None:
            while not has_rows(client, table):
                time.sleep(0.02)

        return first_event(["--postgres", table, *pace], {"EVENTER_POSTGRES__DSN": dsn}, wait)


def has_rows(client: psycopg.Connection, table: str) -> bool:
    """Whether the table exists and has a row."""
    exists = client.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
    if not (exists and exists[0]):
        return False
    found = client.execute(f"SELECT EXISTS (SELECT FROM {table})").fetchone()
    return bool(found and found[0])


def to_stdout(pace: Sequence[str]) -> tuple[float, float]:
    return first_event(["--stdout", *pace], {}, lambda output: output.readline())


def print_results(
    name: str, measure: Callable[[Sequence[str]], tuple[float, float]], n: int
) -> None:
    """Measures each pace `n` times."""
    for pace, options in PACES.items():
        found = [measure(options) for _ in range(n)]
        times = ", ".join(f"{seconds:.1f}" for seconds, _ in found)
        cpu = ", ".join(f"{used:.1f}" for _, used in found)
        print(f"{name}, {pace}: {times} s (at most {LIMIT_S:g}); {cpu} s of CPU time", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--to", choices=("stdout", "postgres", "kafka"), help="default: all")
    parser.add_argument("--bootstrap", help="an existing broker; default: start one")
    parser.add_argument("--dsn", help="an existing PostgreSQL server; default: start one")
    options = parser.parse_args()
    if options.to in {None, "stdout"}:
        print_results("stdout", to_stdout, options.rounds)
    if options.to in {None, "postgres"}:
        with server(options.dsn) as dsn:
            print_results("PostgreSQL", lambda pace: to_postgres(dsn, pace), options.rounds)
    if options.to in {None, "kafka"}:
        with broker(options.bootstrap) as bootstrap:
            print_results("Kafka", lambda pace: to_kafka(bootstrap, pace), options.rounds)


if __name__ == "__main__":
    main()
