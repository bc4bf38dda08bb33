"""Fixtures: the whole session shares `kafka`; `own_kafka` starts a broker for one test."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.kafka_server.jars import missing_tools
from tests.kafka_server.server import KafkaServer
from tests.sharing import shared


@pytest.fixture(scope="session")
def kafka_tools() -> None:
    """Skips the test if Kafka cannot run here; in CI, fails it."""
    missing = missing_tools()
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


@pytest.fixture(scope="session")
def kafka(kafka_tools: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the shared broker. Tests must not stop it and use their own topic names."""
    with shared("kafka", tmp_path_factory, _start) as server:
        yield server["bootstrap"]


def _start(directory: Path, session: int) -> dict[str, Any]:
    server = KafkaServer(directory)
    server.start(session)
    return {"bootstrap": server.bootstrap} | server.release()


@pytest.fixture
def own_kafka(
    kafka_tools: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., KafkaServer]]:
    """Starts brokers for this test only, which may stop, kill and restart them."""
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
