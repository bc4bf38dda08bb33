"""What open pages of the studio cost: `python -m benchmarks.studio [--url URL] [--browser]`.

Start `eventer dev` first, without other load; if `python -m benchmarks.metered_service` is started
in its place, the longest step of the event loop is measured, too. The benchmark adds generators of
one event per second to PostgreSQL, measures the API without pages, opens pages, measures again, and
removes the generators. It opens them as a browser on another machine does (`socket_pages`), or with
`--browser` in Chromium on this machine, which takes more CPU time than the service. Targets: p99 of
the API 50 ms, no step longer than 20 ms, 120 MB more memory, no growth, lateness unchanged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil
from playwright.async_api import async_playwright

from benchmarks.socket_pages import open_socket_pages

STEPS_FILE = "STEPS_FILE"
CHROMIUM = "/usr/bin/chromium"
PATHS = ("/", "/connections", "/playground", "/reference")
EVENT = {"template": "{ n: std.native('get_index')() }", "count": 1, "interval": "1s"}


class Measurement(NamedTuple):
    """Times of API requests and of the longest step in ms, CPU seconds of the service per second,
    the lateness of the latest generator in s, and memory in MB."""

    p50: float
    p99: float
    cpu: float
    longest_step: float
    overdue: float
    memory: float

    def line(self, title: str) -> str:
        """The measurement in a line."""
        return (
            f"{title:<28} API p50 {self.p50:5.1f} ms, p99 {self.p99:6.1f} ms; "
            f"CPU {self.cpu:.0%} of a core, longest step {self.longest_step:.0f} ms; "
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


class Steps:
    """The steps of the event loop of `metered_service`; none with any other service."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        name = process.environ().get(STEPS_FILE)
        self._file = None if name is None else Path(name)

    def take(self) -> list[float]:
        """The CPU times in seconds of the steps since the last call, least first."""
        if self._file is None:
            return []
        self._file.unlink(missing_ok=True)
        self._process.send_signal(signal.SIGUSR1)
        while not self._file.exists():
            time.sleep(0.05)
        return sorted(json.loads(self._file.read_text("utf-8"))["steps"])


async def measure(url: str, seconds: float, steps: Steps) -> Measurement:
    """Asks the API ten times a second."""
    process, times, end = service(url), [], time.monotonic() + seconds
    steps.take()
    cpu = sum(process.cpu_times()[:2])
    began = time.monotonic()
    while time.monotonic() < end:
        asked = time.perf_counter()
        await asyncio.to_thread(ask, url, "/readyz")
        times.append((time.perf_counter() - asked) * 1000)
        await asyncio.sleep(0.1)
    cpu = (sum(process.cpu_times()[:2]) - cpu) / (time.monotonic() - began)
    found = (await asyncio.to_thread(ask, url, "/generator/status"))["generators"]
    lags = [each["lag"] / each["requested_rate"] for each in found if each["requested_rate"]]
    cuts, longest = quantiles(times, n=100), max(steps.take(), default=0.0) * 1000
    overdue, memory = max(lags, default=0.0), process.memory_info().rss / 1e6
    return Measurement(cuts[49], cuts[98], cpu, longest, overdue, memory)


@asynccontextmanager
async def open_in_browser(url: str, paths: Sequence[str]) -> AsyncIterator[None]:
    """Opens the pages at these paths in Chromium on this machine."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for path in paths:
            page = await browser.new_page()
            page.set_default_timeout(120_000)
            await page.goto(url + path)
        yield
        await browser.close()


async def main(options: argparse.Namespace) -> None:
    """Prints the measurements without pages, and then of each round with pages."""
    url, seconds, steps = options.url, options.seconds, Steps(service(options.url))
    ids = add(url, options.generators)
    try:
        await measure(url, seconds, steps)
        first = await measure(url, seconds, steps)
        print(first.line(f"{options.generators} generators, no page"))
        targets = [*PATHS, *(f"/generators/{each}" for each in ids[:2])]
        paths = [targets[number % len(targets)] for number in range(options.pages)]
        opened = open_in_browser if options.browser else open_socket_pages
        async with opened(url, paths):
            for number in range(options.rounds):
                found = await measure(url, seconds, steps)
                print(found.line(f"{options.pages} pages, round {number + 1}"))
    finally:
        ask(url, "/generator/remove", {"ids": ids})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:9099")
    parser.add_argument("--generators", type=int, default=200)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--browser", action="store_true", help="open the pages in Chromium")
    asyncio.run(main(parser.parse_args()))
