"""Fixtures: the session shares a MariaDB server; `mysql_dsn` is a database for one test."""

import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mysql_server import host
from tests.ports import free_port
from tests.sharing import shared

_SERVER = Path("/usr/sbin/mariadbd")


@pytest.fixture(scope="session")
def mysql_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of the server that all tests and workers share."""
    if not _SERVER.exists():
        pytest.skip("MariaDB is not installed (Debian: apt-get install mariadb-server-core)")
    with shared("mysql", tmp_path_factory, _start) as server:
        yield server["port"]


def _start(directory: Path, session: int) -> dict[str, Any]:
    port = free_port()
    command = [sys.executable, "-m", host.__name__, str(session), str(directory), str(port)]
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
        ready = output.readline().strip()
    assert ready, log.read_text()
    # Another worker may stop it, so this one does not wait: avoids Python's ResourceWarning.
    process.returncode = 0
    return {"port": port, "pid": process.pid, "signal": signal.SIGTERM}


@pytest.fixture
def mysql_dsn(mysql_port: int) -> Iterator[str]:
    """The DSN of a new database."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    _execute(mysql_port, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    yield f"mysql://eventer@127.0.0.1:{mysql_port}/{name}"
    _execute(mysql_port, f"DROP DATABASE {name}")


def _execute(port: int, statement: str) -> None:
    import pymysql

    client = pymysql.connect(host="127.0.0.1", port=port, user="eventer", autocommit=True)
    try:
        with client.cursor() as cursor:
            cursor.execute(statement)
    finally:
        client.close()
