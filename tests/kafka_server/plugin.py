"""The fixtures: `kafka` is shared by the whole session, `own_kafka` makes one for one test."""

import fcntl
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.kafka_server.jars import missing_tools
from tests.kafka_server.server import KafkaServer


@pytest.fixture(scope="session")
def kafka_tools() -> None:
    """Skips where Kafka cannot run; in CI that is a failure."""
    missing = missing_tools()
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


@pytest.fixture(scope="session")
def kafka(kafka_tools: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one broker for all tests and workers: never stop it, name topics apart."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = SharedBroker(base.parent / "kafka", session=os.getppid())
    else:
        shared = SharedBroker(base / "kafka", session=os.getpid())
    bootstrap = shared.join()
    yield bootstrap
    shared.leave()


@pytest.fixture
def own_kafka(
    kafka_tools: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., KafkaServer]]:
    """Starts a broker for this test alone, which may stop it, kill it and start it again."""
    servers: list[KafkaServer] = []

    def make(
        properties: Mapping[str, str] | None = None, *, advertised: int | None = None
    ) -> KafkaServer:
        folder = tmp_path_factory.mktemp("own_kafka")
        server = KafkaServer(folder, properties, advertised=advertised)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.kill()


class SharedBroker:
    """One broker among the workers of a session: the first to come starts it, the last stops it."""

    def __init__(self, directory: Path, session: int) -> None:
        self._directory = directory
        self._session = session

    def join(self) -> str:
        """The broker's address."""
        with self._state() as state:
            if state.get("users", 0) == 0:
                run = state["run"] = state.get("run", 0) + 1
                server = KafkaServer(self._directory / f"broker-{run}")
                server.start(self._session)
                state.update(bootstrap=server.bootstrap, pid=server.release())
            state["users"] = state.get("users", 0) + 1
            return str(state["bootstrap"])

    def leave(self) -> None:
        """Lets go of it."""
        with self._state() as state:
            state["users"] -= 1
            if state["users"] == 0:
                os.killpg(state["pid"], signal.SIGKILL)

    @contextmanager
    def _state(self) -> Iterator[dict[str, Any]]:
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "state.json").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            state = json.loads(file.read() or "{}")
            yield state
            file.seek(0)
            file.truncate()
            file.write(json.dumps(state))
