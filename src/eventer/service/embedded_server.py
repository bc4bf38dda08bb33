"""One embedded server during a block of synchronous code, such as a fixture of a test."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from eventer.embedded.kafka import DELIVERY_GUARANTEE, EmbeddedKafka
from eventer.embedded.postgres import EmbeddedPostgres

_Server = TypeVar("_Server")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The address of a server, and the settings (by dotted name) that deliver to it."""

    address: str
    settings: Mapping[str, object]


@contextmanager
def embedded_kafka(log_file: Path) -> Iterator[ServerAddress]:
    """Runs a Kafka-compatible broker, without data, on a free port.

    Raises:
        ConfigError: it is not installed, or does not start.
    """
    with _running(EmbeddedKafka(log_file=log_file)) as server:
        settings = {
            "kafka.bootstrap_servers": server.bootstrap_servers,
            "kafka.delivery": DELIVERY_GUARANTEE,
            "kafka.compression": "none",  # clients can read it without an extra package
        }
        yield ServerAddress(server.bootstrap_servers, settings)


@contextmanager
def embedded_postgres(data_dir: Path) -> Iterator[ServerAddress]:
    """Runs PostgreSQL on a free port; its database in `data_dir` need not survive a power failure.

    Raises:
        ConfigError: it is not installed, or does not start.
    """
    with _running(EmbeddedPostgres(data_dir, durable=False)) as server:
        yield ServerAddress(server.dsn, {"postgres.dsn": server.dsn})


@contextmanager
def _running(server: AbstractAsyncContextManager[_Server]) -> Iterator[_Server]:
    """Enters the context now and leaves it later, in an event loop of its own."""
    loop = asyncio.new_event_loop()
    try:
        entered = loop.run_until_complete(server.__aenter__())
        try:
            yield entered
        finally:
            loop.run_until_complete(server.__aexit__(None, None, None))
            loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
