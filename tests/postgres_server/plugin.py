"""Fixtures: the session shares `postgres`; `database` and `own_postgres` are for one test."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eventer.core.errors import ConfigError
from eventer.embedded.postgres_binaries import locate_binaries, system_binaries
from tests.postgres_server import host
from tests.postgres_server.databases import Database, Databases
from tests.postgres_server.server import TestServer
from tests.sharing import shared


def _binaries(which: str) -> Path:
    """The binaries of the embedded or the system's server; skips the test if there are none."""
    missing = f"no {which} PostgreSQL on this machine"
    if which == "system":
        installations = system_binaries()
        if not installations:
            pytest.skip(missing)
        return installations[0]
    try:
        return locate_binaries({})
    except ConfigError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(error.message)
        pytest.skip(error.message)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """The embedded server, shared by all tests and workers."""
    yield from _share_server("embedded", tmp_path_factory)


@pytest.fixture(scope="session")
def system_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """The system's server, which has another version, shared by all tests and workers."""
    yield from _share_server("system", tmp_path_factory)


def _share_server(which: str, factory: pytest.TempPathFactory) -> Iterator[Databases]:
    binaries = _binaries(which)

    def start(directory: Path, session: int) -> dict[str, Any]:
        return _start(binaries, directory, session)

    with shared(f"postgres_{which}", factory, start) as server:
        databases = Databases(server["dsn"])
        yield databases
        databases.close()


def _start(binaries: Path, directory: Path, session: int) -> dict[str, Any]:
    command = [sys.executable, "-m", host.__name__, str(session), str(directory), str(binaries)]
    log = directory / "host.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    with process.stdout as output:
        dsn = output.readline().strip()
    assert dsn, log.read_text()
    # Another worker may stop it, so this one does not wait: avoids Python's ResourceWarning.
    process.returncode = 0
    return {"dsn": dsn, "pid": process.pid, "signal": signal.SIGTERM}


@pytest.fixture
def database(postgres: Databases) -> Iterator[Database]:
    """A database for this test in the embedded server."""
    with postgres.fresh_database() as created:
        yield created


@pytest.fixture(params=["postgres", pytest.param("system_postgres", marks=pytest.mark.slow)])
def each_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database for this test, in each available server in turn; the system's server is slow."""
    with request.getfixturevalue(request.param).fresh_database() as created:
        yield created


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., TestServer]]:
    """Starts servers for this test only, which may stop, crash and restart them."""
    servers: list[TestServer] = []

    def make(**settings: str) -> TestServer:
        directory = tmp_path_factory.mktemp("own_postgres")
        server = TestServer(directory, _binaries("embedded"), **settings)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.stop()
