"""What open pages of the studio cost: `python -m benchmarks.studio [--url URL]`.

Start `eventer dev` first, without other load. The benchmark adds generators of one event per second
to PostgreSQL, measures the API without pages, opens pages in Chromium, measures again, and removes
the generators. Targets: p99 of the API 50 ms, 120 MB more memory, no growth, lateness unchanged.
"""

from __future__ import annotations

import argparse
import json
import time
import urllib.request
from collections.abc import Sequence
from statistics import quantiles
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
PATHS = ("/", "/connections", "/playground", "/reference")
EVENT = {"template": "{ n: std.native('get_index')() }", "count": 1, "interval": "1s"}


class Measurement(NamedTuple):
    """Times of API requests in ms, the lateness of the latest generator in s, and memory in MB."""

    p50: float
    p99: float
    overdue: float
    memory: float

    def line(self, title: str) -> str:
        """The measurement in a line."""
        return (
            f"{title:<28} API p50 {self.p50:5.1f} ms, p99 {self.p99:6.1f} ms; "
            f"late at most {self.overdue:.2f} s; {self.memory:.0f} MB"
        )


def ask(url: str, path: str, body: object = None) -> Any:
    """The decoded answer of the API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def add(url: str, count: int) -> list[str]:
    """Adds generators; their ids."""
    names = [f"studio-bench-{number}" for number in range(count)]
    body = {
        "destinations": [
            {"id": "bench", "type": "postgres", "postgres": {"table": "studio_bench"}}
        ],
        "events": [EVENT | {"id": name, "stream": name} for name in names],
        "schedules": [
            {"destination_id": "bench", "event_id": name, "name": name} for name in names
        ],
    }
    return [each["id"] for each in ask(url, "/generator/add", body)["generators"]]


def service(url: str) -> psutil.Process:
    """The process that listens at the port."""
    port = urlsplit(url).port
    for each in psutil.net_connections("tcp"):
        if each.status == "LISTEN" and each.laddr.port == port and each.pid:
            return psutil.Process(each.pid)
    raise SystemExit(f"no service listens at {url}: start `eventer dev`")


def measure(url: str, seconds: float, pages: Sequence[Page] = ()) -> Measurement:
    """Asks the API ten times a second."""
    times, overdue, end = [], 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        ask(url, "/readyz")
        times.append((time.perf_counter() - began) * 1000)
        if pages:
            pages[0].wait_for_timeout(100)  # handles the events of all pages
        else:
            time.sleep(0.1)
    found = ask(url, "/generator/status")["generators"]
    lags = [each["lag"] / each["requested_rate"] for each in found if each["requested_rate"]]
    overdue = max(lags, default=0.0)
    cuts = quantiles(times, n=100)
    return Measurement(cuts[49], cuts[98], overdue, service(url).memory_info().rss / 1e6)


def main(url: str, generators: int, pages: int, seconds: float, rounds: int) -> None:
    """Prints the measurements without pages, and then of each round with pages."""
    ids = add(url, generators)
    try:
        measure(url, seconds)
        print(measure(url, seconds).line(f"{generators} generators, no page"))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            targets = [*PATHS, *(f"/generators/{each}" for each in ids[:2])]
            opened = []
            for number in range(pages):
                page = browser.new_page()
                page.set_default_timeout(120_000)
                page.goto(url + targets[number % len(targets)])
                opened.append(page)
            for number in range(rounds):
                print(measure(url, seconds, opened).line(f"{pages} pages, round {number + 1}"))
            browser.close()
    finally:
        ask(url, "/generator/remove", {"ids": ids})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:9099")
    parser.add_argument("--generators", type=int, default=200)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    main(options.url, options.generators, options.pages, options.seconds, options.rounds)
