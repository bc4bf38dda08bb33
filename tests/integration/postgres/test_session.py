"""Sessions through a connection pool, and their parameters."""

import asyncio
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.postgres.session import connect
from eventer.destinations.postgres.settings import PostgresSettings
from tests.integration.postgres.harness import Writer, flow, shape
from tests.ports import free_port
from tests.postgres_server.databases import Database
from tests.waiting import wait_until

pytestmark = pytest.mark.postgres

POOL_PARAMETERS = {"user", "database", "client_encoding", "application_name", "timezone"}
"""The startup parameters that pgbouncer accepts, among others."""


class Pool:
    """Connects clients to the server, as pgbouncer does in session mode."""

    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        self._server = (parts.hostname, parts.port)
        self._dsn = dsn

    async def __aenter__(self) -> str:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._listener.sockets[0].getsockname()[1]
        return self._dsn.replace(f":{self._server[1]}/", f":{port}/")

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        startup = await self._read_startup(reader, writer)
        fields = startup[8:].rstrip(b"\0").decode().split("\0")
        unknown = {name.lower() for name in fields[::2]} - POOL_PARAMETERS
        if unknown:
            fault = f"unsupported startup parameter: {min(unknown)}".encode()
            body = b"SFATAL\0C08P01\0M" + fault + b"\0\0"
            writer.write(b"E" + struct.pack("!i", len(body) + 4) + body)
            writer.close()
            return
        upstream_reader, upstream = await asyncio.open_connection(*self._server)
        upstream.write(startup)
        await asyncio.gather(pump(reader, upstream), pump(upstream_reader, writer))

    async def _read_startup(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes:
        while True:
            size = await reader.readexactly(4)
            startup = size + await reader.readexactly(struct.unpack("!i", size)[0] - 4)
            if startup[4:8] != struct.pack("!i", 80877103):
                return startup
            writer.write(b"N")  # no TLS


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
    writer.close()


async def test_a_pool_in_session_mode_is_accepted(database: Database) -> None:
    to = flow("t", shape(n="bigint"))
    async with Pool(database.dsn) as dsn, Writer(dsn) as writer:
        assert (await writer.send(to, [{"n": 1}])).rejected == {}
    assert database.rows("SELECT n FROM t") == [(1,)]


@contextmanager
def pgbouncer(folder: Path, dsn: str, mode: str) -> Iterator[str]:
    """The DSN of a running pgbouncer in front of a database."""
    parts, port, log = urlsplit(dsn), free_port(), folder / "pgbouncer.log"
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host={parts.hostname} port={parts.port} user={parts.username}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = {mode}\n"
    )
    command = ["pgbouncer"]
    if os.geteuid() == 0:  # it refuses to run as root
        command += ["-u", "nobody"]
        for readable in (folder, *folder.parents[:2], settings):
            readable.chmod(0o755)
    with log.open("wb") as output:
        process = subprocess.Popen([*command, settings], stdout=output, stderr=output)
    try:
        wait_until(lambda: "process up" in log.read_text(), log.read_text)
        yield dsn.replace(f":{parts.port}/", f":{port}/")
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="no pgbouncer on this machine")
@pytest.mark.parametrize("mode", ["session", "transaction", "statement"])
async def test_pgbouncer_is_accepted_only_in_session_mode(
    database: Database, tmp_path: Path, mode: str
) -> None:
    to = flow("t", shape(n="bigint"))
    with pgbouncer(tmp_path, database.dsn, mode) as dsn:
        if mode != "session":
            with pytest.raises(DestinationRejectedError, match=f"in {mode} mode") as caught:
                await connect(PostgresSettings(dsn))
            assert "session mode" in caught.value.hint
            return
        async with Writer(dsn) as writer:
            assert (await writer.send(to, [{"n": 1}])).rejected == {}
    assert database.rows("SELECT n FROM t") == [(1,)]


async def test_every_session_has_its_parameters(database: Database) -> None:
    settings = PostgresSettings(
        database.dsn, synchronous_commit="off", statement_timeout=61.5, lock_timeout=7
    )
    client = await connect(settings)
    expected = {
        "application_name": "eventer",
        "TimeZone": "UTC",
        "synchronous_commit": "off",
        "statement_timeout": "61500ms",
        "lock_timeout": "7s",
        "idle_in_transaction_session_timeout": "61500ms",
    }
    assert {name: await client.fetchval(f"SHOW {name}") for name in expected} == expected
    await client.close()
