"""Bounds of a service with real servers: `python -m benchmarks.service_bounds [PART …]`.

Parts: `refusals` of templates that run away; `fleet`: 2,000 generators are added in four requests,
and deliver again after a restart; `rejected`: events that the servers reject are skipped. Each line
has the bound. Times by the clock need an idle machine; CPU times are those of all processes of the
service.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from tests.acceptance.request_bodies import merge_requests, request, table, topic
from tests.acceptance.service_process import Service
from tests.kafka_server.server import KafkaServer
from tests.postgres_server.server import TestServer

REFUSED_S, RESTART_S, LAG_S = 3, 8, 1
GENERATORS, REQUESTS = 2_000, 4
SETTLE_S, WATCH_S = 15, 30
RUNAWAY = {
    "endless recursion": "local f(n) = f(n + 1); f(0)",
    "endless loop": "local f(n) = if n < 0 then 0 else f(n + 1) tailstrict; f(0)",
    "deep std.join": (
        "local j(n) = if n == 0 then 'x' else std.join('', [j(n - 1), j(n - 1)]); { a: j(30) }"
    ),
    "YAML of deep maps": "{ a: std.parseYaml(std.repeat('{a: ', 3000) + std.repeat('}', 3000)) }",
    "equality of shared structures": (
        "local s(n) = if n == 0 then [1] else local x = s(n - 1); [x, x]; { a: s(40) == s(40) }"
    ),
    "long parseHex": "{ a: std.parseHex(std.repeat('f', 300000)) }",
    "large error text": "error std.repeat('x', 5000000)",
    "50,000 fields": "{ ['f%d' % i]: i for i in std.range(1, 50000) }",
    "recursive locals": (
        f"local {', '.join(f'v{n} = v{(n + 1) % 3000}' for n in range(3000))}; {{ a: v0 }}"
    ),
    "growing arrays": "{ a: std.foldl(function(t, i) t + [i], std.range(1, 100000), []) }",
    "long format": "{ a: std.format(std.repeat('%s', 100000), std.range(1, 100000)) }",
}
INDEXED = "{ n: std.native('get_index')(), v: std.native('get_integer')(0, 99) }"
LARGE = (
    "local n = std.native('get_index')(), large = std.native('get_integer')(0, 99) < %d;"
    " { n: n, v: if large then [std.native('get_uuid')() for _ in std.range(1, 600)] else [] }"
)
"""Some events have 20 KB that cannot be compressed; the topic takes 10 KB."""


@contextmanager
def measured(service: Service, title: str, bound: str = "") -> Iterator[None]:
    """Prints the time of a block by the clock, and the CPU time of the service meanwhile."""
    cpu, began = service.cpu_seconds(), time.monotonic()
    yield
    seconds, spent = time.monotonic() - began, service.cpu_seconds() - cpu
    print(f"{title:<44} {seconds:6.1f} s, {spent:6.2f} s of CPU time  {bound}", flush=True)


def refusals(service: Service, _dsn: str) -> None:
    """Adds, validates and previews each template that runs away."""
    for name, template in RUNAWAY.items():
        bodies: dict[str, dict[str, Any]] = {
            "add": request(topic("refused"), template=template),
            "validate": {"template": template},
            "preview": {"template": template, "count": 1},
        }
        for path, body in bodies.items():
            with measured(service, f"{path}: {name}", f"bound: {REFUSED_S} s"):
                code, answer = service.post(f"/generator/{path}", body)
            assert "Traceback" not in str(answer)
            if code == 200 and path == "add":
                service.post("/generator/remove", {"ids": [answer["generators"][0]["id"]]})


def fleet(service: Service, _dsn: str) -> None:
    """Adds generators in requests of equal size, and restarts the service."""
    size = GENERATORS // REQUESTS
    for number in range(REQUESTS):
        bodies = [_tick(number * size + at) for at in range(size)]
        with measured(service, f"add {size} to {number * size}", "bound: like the first"):
            code, answer = service.post("/generator/add", merge_requests(*bodies))
            assert code == 200, answer
    with measured(service, "all deliver"):
        _until_all_deliver(service, {})
    before = _positions(service)
    service.stop()
    service.start()
    with measured(service, "all deliver again after a restart", f"bound: {RESTART_S} s"):
        _until_all_deliver(service, before)


def _tick(number: int) -> dict[str, Any]:
    """One event per second to one of 20 topics and tables; a quarter are tables."""
    name = f"fleet_{number % 20}"
    to = table(name) if number % 4 == 0 else topic(name, partitions=1)
    return request(to, template=INDEXED, count=1, interval="1s", stream=f"s{number}")


def _positions(service: Service) -> dict[str, int]:
    generators = service.get("/generator/status")[1]["generators"]
    return {each["id"]: each["position"] for each in generators}


def _until_all_deliver(service: Service, before: dict[str, int]) -> None:
    while any(at <= before.get(id_, 0) for id_, at in _positions(service).items()):
        time.sleep(0.5)


def rejected(service: Service, dsn: str) -> None:
    """Skips 2 % of 1,000 events/s, and 90 % of 50 events/s, in both servers."""
    with psycopg.connect(dsn, autocommit=True) as client:
        client.execute("CREATE TABLE few (n bigint, v int CHECK (v >= 2))")
        client.execute("CREATE TABLE most (n bigint, v int CHECK (v >= 90))")
    small = {"partitions": 1, "config": {"max.message.bytes": "10000"}}
    cases = {
        "PostgreSQL, 2 % of 1,000/s": request(table("few"), template=INDEXED, count=100),
        "PostgreSQL, 90 % of 50/s": request(table("most"), template=INDEXED, count=5),
        "Kafka, 2 % of 1,000/s": request(topic("few", **small), template=LARGE % 2, count=100),
        "Kafka, 90 % of 50/s": request(topic("most", **small), template=LARGE % 90, count=5),
    }
    for name, body in cases.items():
        body["events"][0] |= {"interval": "100ms", "on_error": "skip"}
        (generator,) = service.post("/generator/add", body)[1]["generators"]
        _watch_lag(service, generator["id"], name)
        service.post("/generator/remove", {"ids": [generator["id"]]})


def _watch_lag(service: Service, id_: str, title: str) -> None:
    """Prints the largest lag once the generator has started, and how many events it skips."""
    time.sleep(SETTLE_S)
    first, lags, end = service.generator(id_), [0.0], time.monotonic() + WATCH_S
    with measured(service, title, f"for {WATCH_S} s"):
        while time.monotonic() < end:
            found = service.generator(id_)
            lags.append(found["lag"] / found["requested_rate"])
            time.sleep(0.2)
    passed, skipped = (found[each] - first[each] for each in ("position", "skipped"))
    print(
        f"{'':<44} {passed:,} events, {skipped / max(1, passed):.1%} skipped; "
        f"lag at most {max(lags):.2f} s (bound: {LAG_S} s)",
        flush=True,
    )


PARTS: dict[str, Callable[[Service, str], None]] = {
    "refusals": refusals,
    "fleet": fleet,
    "rejected": rejected,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    wanted = parser.parse_args().parts or list(PARTS)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        kafka, postgres = KafkaServer(Path(folder) / "kafka"), TestServer(Path(folder) / "postgres")
        kafka.start()
        postgres.start()
        try:
            for part in wanted:
                (Path(folder) / part).mkdir()
                service = Service(
                    Path(folder) / part, kafka=kafka.bootstrap, postgres=postgres.server_dsn
                )
                service.start()
                PARTS[part](service, postgres.server_dsn)
                service.stop()
        finally:
            kafka.kill()
            postgres.stop()


if __name__ == "__main__":
    main()
