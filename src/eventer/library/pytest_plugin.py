"""The plugin for pytest: servers, streams of events, and the seed in reports of failures.

pytest loads this module in every run: it imports the rest of Eventer when a fixture is used.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from eventer.library.stream_delivery import StreamDelivery
    from eventer.service.embedded_server import ServerAddress

KAFKA_VARIABLE = "EVENTER_KAFKA__BOOTSTRAP_SERVERS"
POSTGRES_VARIABLE = "EVENTER_POSTGRES__DSN"
_SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option `--eventer-seed`."""
    group = parser.getgroup("eventer")
    group.addoption(
        "--eventer-seed",
        type=int,
        metavar="NUMBER",
        help="Seed of the events of all tests without their own; by default, a random one each.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Adds the marker `eventer_seed`."""
    config.addinivalue_line(
        "markers", "eventer_seed(number): the seed of the events of eventer_stream"
    )


@pytest.fixture(scope="session")
def _eventer_kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerAddress]:
    from eventer.service.embedded_server import ServerAddress, embedded_kafka

    if address := os.environ.get(KAFKA_VARIABLE):
        yield ServerAddress(address, {})
        return
    with embedded_kafka(tmp_path_factory.mktemp("eventer_kafka") / "log") as server:
        yield server


@pytest.fixture(scope="session")
def _eventer_postgres_server() -> Iterator[ServerAddress]:
    from tempfile import TemporaryDirectory

    from eventer.service.embedded_server import ServerAddress, embedded_postgres

    if dsn := os.environ.get(POSTGRES_VARIABLE):
        yield ServerAddress(dsn, {})
        return
    # The user of the server may not be that of the tests, who alone can read pytest's folders.
    from pathlib import Path

    with TemporaryDirectory(prefix="eventer-postgres-") as folder:
        Path(folder).chmod(0o755)
        with embedded_postgres(Path(folder) / "data") as server:
            yield server


@pytest.fixture(scope="session")
def eventer_kafka(_eventer_kafka_server: ServerAddress) -> str:
    """The address of Kafka: EVENTER_KAFKA__BOOTSTRAP_SERVERS, or an embedded broker."""
    return _eventer_kafka_server.address


@pytest.fixture(scope="session")
def eventer_postgres(_eventer_postgres_server: ServerAddress) -> str:
    """The DSN of PostgreSQL: EVENTER_POSTGRES__DSN, or an embedded server."""
    return _eventer_postgres_server.address


@pytest.fixture
def eventer_seed(request: pytest.FixtureRequest) -> int:
    """The seed of the test's events: its marker's, else that of `--eventer-seed`, else random."""
    marker = request.node.get_closest_marker("eventer_seed")
    seed: int | None = marker.args[0] if marker else request.config.getoption("--eventer-seed")
    if seed is None:
        import secrets

        seed = secrets.randbits(32)
    request.node.stash[_SEED] = seed
    return seed


@pytest.fixture
def eventer_stream(request: pytest.FixtureRequest, eventer_seed: int) -> StreamDelivery:
    """Delivers the events of templates: see `StreamDelivery.__call__`."""
    from eventer.library.stream_delivery import StreamDelivery

    servers = {"kafka": "_eventer_kafka_server", "postgres": "_eventer_postgres_server"}
    return StreamDelivery(
        eventer_seed,
        request.path.parent,
        lambda kind: request.getfixturevalue(servers[kind]).settings,
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Adds the seed to the report of a test that fails."""
    report = yield
    seed = item.stash.get(_SEED, None)
    if report.failed and seed is not None:
        text = f"seed {seed}: repeat the events with --eventer-seed {seed}"
        report.sections.append(("eventer", text))
    return report
