"""An address at which another server listens, or none: a sentence without a library's text."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.destinations.kafka.producer_startup import start_producer
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.destinations.postgres.session import connect
from eventer.destinations.postgres.settings import PostgresSettings
from tests.ports import free_port
from tests.waiting import DEADLINE_S


@asynccontextmanager
async def server(answer):
    """The port of a server that answers the first bytes and closes; with None it is silent."""
    tasks = []

    async def serve(reader, writer):
        tasks.append(asyncio.current_task())
        await reader.read(1)
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]
    await asyncio.gather(*tasks, return_exceptions=True)


HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
CLOSED = "the server closed the connection"


async def postgres_error(port, parameters="", seconds=DEADLINE_S):
    dsn = f"postgresql://u@127.0.0.1:{port}/d{parameters}"
    with pytest.raises(DestinationUnavailableError) as raised:
        await connect(PostgresSettings(dsn, connect_timeout=seconds))
    assert raised.value.hint == "check that a PostgreSQL server listens at this address"
    return raised.value.message.replace(f"127.0.0.1:{port}", "HOST")


@pytest.mark.parametrize(
    ("answer", "parameters", "message"),
    [
        (HTTP, "", "the server at HOST/d is not PostgreSQL, or does not support TLS"),
        (HTTP, "?sslmode=disable", f"PostgreSQL at HOST/d is not available: {CLOSED}"),
        (b"", "", f"PostgreSQL at HOST/d is not available: {CLOSED}"),
        (None, "", "PostgreSQL at HOST/d is not available: no answer in time"),
    ],
)
async def test_a_dsn_of_another_server(answer, parameters, message):
    async with server(answer) as port:
        seconds = 0.5 if answer is None else DEADLINE_S
        assert await postgres_error(port, parameters, seconds) == message


async def test_a_dsn_without_a_server():
    message = await postgres_error(free_port())
    assert message == "PostgreSQL at HOST/d is not available: connection refused"


async def test_a_dsn_with_a_missing_file():
    dsn = "postgresql://u:pw@h/d?sslmode=verify-full&sslrootcert=/missing/ca.pem"
    with pytest.raises(DestinationRejectedError) as raised:
        await connect(PostgresSettings(dsn))
    assert raised.value.message == (
        "the DSN of PostgreSQL at h/d names a file that does not exist: sslrootcert=/missing/ca.pem"
    )


@pytest.fixture
def _long_probe(monkeypatch):
    monkeypatch.setattr("eventer.destinations.kafka.producer_startup._PROBE_SECONDS", DEADLINE_S)


async def kafka_error(port):
    settings = KafkaSettings(
        f"127.0.0.1:{port}", delivery="at-least-once", start_timeout=DEADLINE_S
    )
    with pytest.raises(DestinationUnavailableError) as raised:
        await start_producer(settings, "x")
    assert "a Kafka broker listens at this address" in raised.value.hint
    return raised.value.message.replace(f"127.0.0.1:{port}", "HOST")


@pytest.mark.usefixtures("_long_probe")
@pytest.mark.parametrize("answer", [HTTP, b""])
async def test_a_bootstrap_address_of_another_server(answer):
    async with server(answer) as port:
        assert await kafka_error(port) == f"Kafka at HOST is not available: {CLOSED}"


@pytest.mark.usefixtures("_long_probe")
async def test_a_bootstrap_address_without_a_server():
    assert await kafka_error(free_port()) == "Kafka at HOST is not available: connection refused"
