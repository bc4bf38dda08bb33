"""The fixtures: `postgres` serves a session, `database` a test, `own_postgres` can be killed."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eventer.core.errors import ConfigError
from eventer.embedded.postgres_binaries import locate_binaries, system_binaries
from tests.postgres_server.server import Database, TestServer


def _binaries(which: str) -> Path:
    """The programs of the embedded or of the system's server; skips where there are none."""
    missing = f"no {which} PostgreSQL on this machine"
    if which == "system":
        found = system_binaries()
        if not found:
            pytest.skip(missing)
        return found[0]
    try:
        return locate_binaries({})
    except ConfigError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(error.message)
        pytest.skip(error.message)


def _served(which: str, factory: pytest.TempPathFactory) -> Iterator[TestServer]:
    server = TestServer(factory.mktemp(f"postgres_{which}"), _binaries(which))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestServer]:
    """The embedded server, one for each worker: never stop it."""
    yield from _served("embedded", tmp_path_factory)


@pytest.fixture(scope="session")
def system_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestServer]:
    """The system's server, another version: never stop it."""
    yield from _served("system", tmp_path_factory)


@pytest.fixture
def database(postgres: TestServer) -> Iterator[Database]:
    """A database of one's own in the embedded server."""
    with postgres.fresh_database() as made:
        yield made


@pytest.fixture(params=["embedded", "system"])
def each_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of one's own in each of the servers there are, one after the other."""
    name = "postgres" if request.param == "embedded" else "system_postgres"
    with request.getfixturevalue(name).fresh_database() as made:
        yield made


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., TestServer]]:
    """Starts a server for this test alone, which may stop it, crash it and start it again."""
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
