"""What thousands of generators of one service cost: `python -m benchmarks.many_generators`.

A service of its own delivers one event per second and generator to real Kafka, or with `--to` to
real PostgreSQL or to files, which need no server. The events are those of the contract's template
with the time of the event; the generators of one template differ in their `dataset` alone. Each
line has the limits of its number of generators. On a busy machine, quote memory and CPU time rather
than time and lateness.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from tests.acceptance.lateness import lateness
from tests.acceptance.service_process import Service

from benchmarks.kafka_peer import broker
from benchmarks.turns import CONTRACT

PER_REQUEST = 200
"""Generators of one request: its body must be smaller than 1 MiB."""
SETTLE_S = 10.0
TARGETS = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of time to add, memory, cores and the 99th percentile of lateness."""

    add_s: float
    megabytes: float
    cores: float
    late_s: float


SMALL, LARGE = Limits(8, 500, 0.4, 0.15), Limits(60, 1_500, 1.2, 0.5)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the processes of a service have used: CPU seconds by process, and memory in bytes."""

    cpu: dict[str, float]
    resident: int
    proportional: int

    @staticmethod
    def of(service: Service) -> Usage:
        """The usage until now."""
        cpu: Counter[str] = Counter()
        resident = proportional = 0
        for process in service.processes():
            times, memory = process.cpu_times(), process.memory_full_info()
            cpu[_role(process)] += times.user + times.system
            resident += memory.rss
            proportional += memory.pss
        return Usage(dict(cpu), resident, proportional)

    def cpu_since(self, before: Usage) -> dict[str, float]:
        """CPU seconds since then, by process."""
        return {role: used - before.cpu.get(role, 0.0) for role, used in self.cpu.items()}


def _role(process: psutil.Process) -> str:
    """What a process does: workers have the name of their role."""
    if process.name() in {"delivery", "inspector"}:
        return process.name()
    return "fork server" if "eventer.workers.fork_server" in process.cmdline() else "service"


def template(number: int) -> str:
    """The contract's template with the time of the event, and a number that makes it unique."""
    text = CONTRACT.read_text("utf-8").rstrip()
    assert text.endswith("}")
    own = f"\n    at: get_timestamp('now', 'now', '1ms'),\n    template: {number},\n}}\n"
    return text.removesuffix("}") + own


def request(numbers: range, templates: int, kind: str) -> dict[str, Any]:
    """The request that adds the generators with these numbers."""
    name = {"kafka": "topic", "postgres": "table", "file": "path"}[kind]
    return {
        "destinations": [
            {"id": f"to {at}", "type": kind, kind: {name: f"many_{at}"}} for at in range(TARGETS)
        ],
        "events": [
            {
                "id": f"event {at}",
                "template": template(at % templates),
                "dataset": f"dataset {at}",
                "count": 1,
                "interval": "1s",
            }
            for at in numbers
        ],
        "schedules": [
            {"event_id": f"event {at}", "destination_id": f"to {at % TARGETS}"} for at in numbers
        ],
    }


def add(service: Service, generators: int, templates: int, per_request: int, kind: str) -> float:
    """Adds all generators; returns the seconds that the requests took."""
    seconds = 0.0
    for first in range(0, generators, per_request):
        body = request(range(first, min(first + per_request, generators)), templates, kind)
        began = time.monotonic()
        code, answer = service.post("/generator/add", body)
        seconds += time.monotonic() - began
        if code != 200:
            raise SystemExit(f"the service refused the request: {answer}")
    return seconds


def late_quantile(counts: Counter[float], share: float) -> float:
    """The upper bound of the lateness of that share of the events, by cumulative counts."""
    total = counts[float("inf")]
    return next(bound for bound, count in sorted(counts.items()) if count >= share * total)


def wait_until_all_run(service: Service, generators: int) -> None:
    """Waits until each generator has delivered an event."""
    while True:
        found = service.get("/generator/status")[1]["generators"]
        if len(found) == generators and all(each["position"] for each in found):
            return
        time.sleep(2)


def cpu_text(cpu: dict[str, float]) -> str:
    """CPU seconds by process, the largest first."""
    shares = sorted(cpu.items(), key=lambda each: -each[1])
    return ", ".join(f"{role} {used:.1f}" for role, used in shares if used >= 0.05)


def measure(service: Service, options: argparse.Namespace) -> None:
    """Adds generators and prints what they cost."""
    count, kind = options.generators, options.to
    limits = SMALL if count <= 1_000 else LARGE
    empty = Usage.of(service)
    seconds = add(service, count, options.templates, options.per_request, kind)
    added = Usage.of(service).cpu_since(empty)
    print(f"{count:,} generators of {options.templates:,} templates to {kind}")
    print(f"  added in {seconds:.1f} s (at most {limits.add_s:g}), ", end="")
    print(f"{sum(added.values()):.1f} s of CPU time: {cpu_text(added)}", flush=True)
    wait_until_all_run(service, count)
    time.sleep(SETTLE_S)
    before, late, began = Usage.of(service), lateness(service), time.monotonic()
    time.sleep(options.seconds)
    after, later, elapsed = Usage.of(service), lateness(service), time.monotonic() - began
    used = after.cpu_since(before)
    later.subtract(late)
    print(f"  {sum(used.values()) / elapsed:.2f} cores (at most {limits.cores:g}): ", end="")
    print(cpu_text({role: each / elapsed * 100 for role, each in used.items()}), "% of a core")
    megabytes, resident = after.proportional / 1e6, after.resident / 1e6
    each = (after.proportional - empty.proportional) / count / 1e3
    print(f"  {megabytes:,.0f} MB (at most {limits.megabytes:,.0f}), {each:.0f} kB a generator; ")
    print(f"  resident, with shared pages in each process: {resident:,.0f} MB")
    events = later[float("inf")] / elapsed
    tail = ", ".join(f"p{100 * q:g} {late_quantile(later, q):g} s" for q in (0.5, 0.9, 0.99))
    print(f"  {events:,.0f} events/s, lateness {tail} (p99 at most {limits.late_s:g})", flush=True)


@contextmanager
def destination(options: argparse.Namespace) -> Iterator[dict[str, str]]:
    """The settings of a destination, which exists for the block."""
    if options.to == "file":
        yield {"EVENTER_FILE__ROLL_INTERVAL": "0.1"}
    elif options.to == "postgres":
        from benchmarks.postgres_run import server

        with server(options.dsn) as dsn:
            yield {"EVENTER_POSTGRES__DSN": dsn}
    else:
        with broker(options.bootstrap) as bootstrap:
            yield {"EVENTER_KAFKA__BOOTSTRAP_SERVERS": bootstrap}


@contextmanager
def running_service(options: argparse.Namespace) -> Iterator[Service]:
    """A service and its destination for the block."""
    with destination(options) as settings, tempfile.TemporaryDirectory() as directory:
        service = Service(Path(directory))
        service.env |= {"EVENTER_FILE__ROOT": f"{directory}/files", **settings}
        service.start()
        try:
            yield service
            service.stop()
        finally:
            service.kill()
            if options.log:
                print(service.log)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generators", type=int, default=1_000)
    parser.add_argument("--templates", type=int, default=1)
    parser.add_argument("--per-request", type=int, default=PER_REQUEST)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--to", choices=("kafka", "postgres", "file"), default="kafka")
    parser.add_argument("--bootstrap", help="an existing broker; default: start one")
    parser.add_argument("--dsn", help="an existing PostgreSQL server; default: start one")
    parser.add_argument("--log", action="store_true", help="print the log of the service")
    options = parser.parse_args()
    with running_service(options) as service:
        measure(service, options)


if __name__ == "__main__":
    main()
