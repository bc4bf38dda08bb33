"""One service with tokens, and one browser, for all tests of the studio."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.waiting import DEADLINE_S, wait_until

CHROMIUM = Path("/usr/bin/chromium")
WRITE, READ = "write-token", "read-token"
EXPECTED = (
    "401",
    "WebSocket is already in CLOSING or CLOSED state",
    "net::ERR_CONNECTION_REFUSED",
)
"""Parts of messages in the console: a wrong token, a page that is left, a service that stops."""


def _need(module: str) -> None:
    if os.environ.get("CI"):
        __import__(module)
    else:
        pytest.importorskip(module)


class Service:
    """Runs of `eventer serve` on one port and one data directory, with two tokens."""

    def __init__(self, folder: Path, settings: dict[str, str]):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "log"
        self._folder = folder
        self._settings = settings
        self.start()

    def start(self):
        """Starts the service and waits until it answers."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("EVENTER_")}
        env |= {"EVENTER_TOKEN": WRITE, "EVENTER_READ_TOKEN": READ, **self._settings}
        port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", "eventer", "serve", "--port", port]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*command, "--data-dir", str(self._folder / "data")],
                env=env, cwd=self._folder, stdout=output, stderr=output,
            )  # fmt: skip
        wait_until(self._answers, lambda: f"the service did not start:\n{self.log.read_text()}")

    def _answers(self):
        assert self._process.poll() is None, self.log.read_text()
        try:
            return self.generators() is not None
        except OSError:
            return False

    def stop(self):
        """Ends the service in order."""
        self._process.send_signal(signal.SIGINT)
        assert self._process.wait(DEADLINE_S) == 0, self.log.read_text()

    def ask(self, path, body=None, *, token=WRITE):
        """The decoded answer to a GET, or to a POST with a body."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            return json.loads(answer.read())

    def add(self, *tables, count=10, interval="1s"):
        """Adds a generator for each table, of its name."""
        event = {"id": "e", "template": "{ n: std.native('get_index')() }"}
        answer = {
            "destinations": [
                {"id": table, "type": "postgres", "postgres": {"table": table}} for table in tables
            ],
            "events": [event | {"count": count, "interval": interval}],
            "schedules": [
                {"destination_id": table, "event_id": "e", "name": table} for table in tables
            ],
        }
        self.ask("/generator/add", answer)

    def generators(self):
        """The status of all generators by name."""
        return {each["name"]: each for each in self.ask("/generator/status")["generators"]}


@pytest.fixture(scope="module")
def service(tmp_path_factory, postgres, kafka):
    """A service on the shared servers."""
    _need("nicegui")
    with postgres.fresh_database() as database:
        settings = {
            "EVENTER_POSTGRES__DSN": database.dsn,
            "EVENTER_KAFKA__BOOTSTRAP_SERVERS": kafka,
        }
        running = Service(tmp_path_factory.mktemp("studio"), settings)
        yield running
        running.stop()


@pytest.fixture(scope="module")
def browser():
    """A context of Debian's Chromium: its cache serves all tests."""
    _need("playwright")
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        browser.close()


@pytest.fixture
def open_page(service, browser):
    """Opens pages, signed in with a token; afterwards, no page may have failed or left the host."""
    pages, failures = [], []

    def watch(page):
        page.set_default_timeout(DEADLINE_S * 1000)
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on(
            "console",
            lambda message: (
                failures.append(message.text)
                if message.type == "error" and not any(map(message.text.count, EXPECTED))
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

    def open_(path, token=WRITE, frames=None):
        browser.clear_cookies()
        if token is not None:
            answer = browser.request.post(f"{service.url}/login", data={"token": token})
            assert answer.status == 204
        page = watch(browser.new_page())
        if frames is not None:
            page.on(
                "websocket",
                lambda socket: socket.on("framereceived", lambda frame: frames.append(len(frame))),
            )
        pages.append(page)
        page.goto(service.url + path)
        return page

    yield open_
    for page in pages:
        page.close()
    assert failures == []
