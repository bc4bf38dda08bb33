"""A package that is installed by pip brings a destination: it passes the tests and gets events."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.acceptance.service_process import Service
from tests.waiting import wait_until

PACKAGE = Path(__file__).parents[1] / "packages" / "eventer_sqlite_destination"
COUNT = 25

pytestmark = pytest.mark.slow  # pip, a service, and the conformance tests in another process


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which pip installed the package, without a network."""
    if find_spec("hatchling") is None and not os.environ.get("CI"):
        pytest.skip("hatchling, of the extra `test`, is not installed")
    folder = tmp_path_factory.mktemp("installed")
    source = shutil.copytree(PACKAGE, folder / "source")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        *options,
        "--target",
        folder / "site",
        source,
    ]
    subprocess.run(command, check=True, timeout=300)
    return folder / "site"


def path_with(installed: Path) -> str:
    return os.pathsep.join([str(installed), *filter(None, sys.path)])


def test_it_passes_the_conformance_tests(installed: Path) -> None:
    options = ["-n", "0", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, PACKAGE / "conformance.py"],
        env={**os.environ, "PYTHONPATH": path_with(installed)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_a_service_delivers_to_it_and_continues_after_kill_9(
    installed: Path, tmp_path: Path
) -> None:
    service = Service(tmp_path)
    service.env |= {
        "PYTHONPATH": path_with(installed),
        "EVENTER_CONNECTIONS__LITE__TYPE": "sqlite",
        "EVENTER_CONNECTIONS__LITE__PATH": str(tmp_path / "events.db"),
    }
    request = {
        "destinations": [
            {"id": "d", "type": "sqlite", "sqlite": {"table": "orders", "connection": "lite"}}
        ],
        "events": [
            {
                "id": "e",
                "template": "{ n: std.native('get_index')() }",
                "count": 1,
                "interval": "100ms",
            }
        ],
        "schedules": [{"destination_id": "d", "event_id": "e"}],
    }
    service.start()
    try:
        status, answer = service.post("/generator/add", request)
        assert status == 200, answer
        (view,) = answer["generators"]
        assert view["destination"]["sqlite"] == {"table": "orders", "connection": "lite"}
        wait_until(lambda: len(numbers(tmp_path)) >= COUNT)
        service.kill()
        before = len(numbers(tmp_path))
        service.start()
        wait_until(lambda: len(numbers(tmp_path)) >= before + COUNT)
    finally:
        service.kill()
    found = numbers(tmp_path)
    assert found == list(range(len(found)))


def numbers(folder: Path) -> list[int]:
    """The events in the table, in order; none before it exists."""
    with closing(sqlite3.connect(folder / "events.db")) as database:
        try:
            rows = database.execute("select event from orders order by number").fetchall()
        except sqlite3.OperationalError:
            return []
    return [json.loads(text)["n"] for (text,) in rows]
