"""The embedded PostgreSQL server on loopback TCP: created once, started, watched, stopped.

The database `eventer` belongs to the role `eventer`, which is not a superuser and needs no
password: every local process can read and write the events, and nothing else. The superuser
cannot log in over the network. The role's search path excludes the schema `eventer` with the
positions, which the default path would include because of its name.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

from eventer.core.errors import ConfigError
from eventer.embedded.ports import free_port
from eventer.embedded.postgres_binaries import locate_binaries, reachable_binaries, server_account
from eventer.embedded.postgres_cluster import (
    ADDRESS,
    DATABASE,
    ROLE,
    ServerPrograms,
    create_cluster,
)

DEFAULT_PORT: Final = 5432

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.01
_STATUS_LINE: Final = 7


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Options of the server. Without `durable`, a power failure may lose data; a crash does not."""

    port: int = DEFAULT_PORT
    durable: bool = True
    settings: tuple[tuple[str, str], ...] = ()


class PostgresServer:
    """One server on one directory. Calls do not wait, except `create_cluster`.

    Start it from a long-lived thread: Linux ends the server when that thread ends.
    """

    def __init__(
        self,
        directory: Path,
        options: ServerOptions | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._directory = directory.absolute()
        self._options = options or ServerOptions()
        self._environ = os.environ if environ is None else environ
        self._account = server_account(os.geteuid())
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self.port = self._options.port

    @property
    def dsn(self) -> str:
        """The server's address as a URI."""
        return f"postgresql://{ROLE}@{ADDRESS}:{self.port}/{DATABASE}"

    @property
    def pid(self) -> int:
        """The postmaster's process id. Valid after `spawn`."""
        assert self._process is not None
        return self._process.pid

    @property
    def log_file(self) -> Path:
        """The server's log."""
        return self._directory / "server.log"

    def create_cluster(self) -> None:
        """Creates the cluster if it does not exist, and locks the directory.

        Raises:
            ConfigError: PostgreSQL is missing, the directory is in use, or creation failed.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        self._acquire_lock()
        try:
            directory = reachable_binaries(locate_binaries(self._environ), self._account)
            self._programs = ServerPrograms(directory, self._account)
            if not self._cluster.is_dir():
                create_cluster(self._cluster, self._programs, durable=self._options.durable)
        except BaseException:
            self.release()
            raise

    def spawn(self) -> None:
        """Starts the server process, on another port if the wanted one is taken."""
        self.port = free_port(ADDRESS, self._options.port)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  programs that were located
                self._programs.command(self._cluster, "postgres", *self._arguments()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C must not reach it: it stops after the last commit
            )

    def ready(self) -> bool:
        """Whether it accepts connections.

        Raises:
            ConfigError: it has exited.
        """
        assert self._process is not None
        if self._process.poll() is not None:
            raise ConfigError(f"PostgreSQL did not start: {self._log_tail()}")
        status = self._pid_file_lines()
        # Until the new server has written its file, the file may be that of an earlier server.
        ours = bool(status) and status[0] == str(self._process.pid)
        return ours and len(status) > _STATUS_LINE and status[_STATUS_LINE] == "ready"

    def predecessor_exited(self) -> bool:
        """Whether no earlier server runs on the directory; removes a stale pid file."""
        lines = self._pid_file_lines()
        if not lines:
            return True
        pid = int(lines[0])
        if not Path(f"/proc/{pid}").exists():
            return True  # PostgreSQL itself detects this case
        if _is_server_in(pid, self._cluster):
            return False
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        return True

    def send(self, number: signal.Signals) -> None:
        """Sends a signal: SIGINT is a fast shutdown, SIGQUIT an immediate one (a crash)."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def has_exited(self) -> bool:
        """Whether the server is down."""
        return self._process is None or self._process.poll() is not None

    def release(self) -> None:
        """Unlocks the directory. Call it after the server has exited."""
        self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def _cluster(self) -> Path:
        return self._directory / "cluster"

    def _acquire_lock(self) -> None:
        if self._lock is not None:
            return
        lock = (self._directory / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise ConfigError(
                f"another eventer uses the PostgreSQL directory {self._directory}",
                hint="stop it, or set EVENTER_DATA_DIR to another directory",
            ) from error
        self._lock = lock

    def _arguments(self) -> Iterator[str]:
        settings = {
            "listen_addresses": ADDRESS,
            "port": str(self.port),
            "unix_socket_directories": "",
            "log_checkpoints": "off",
        }
        if not self._options.durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        for name, value in (settings | dict(self._options.settings)).items():
            yield from ("-c", f"{name}={value}")

    def _pid_file_lines(self) -> list[str]:
        try:
            return [x.strip() for x in (self._cluster / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _log_tail(self) -> str:
        lines = self.log_file.read_text(errors="replace").splitlines()
        return " ".join(lines[-3:]) or "its log is empty"


class EmbeddedPostgres:
    """The server during an `async with` block."""

    def __init__(
        self,
        data_dir: Path,
        port: int = DEFAULT_PORT,
        *,
        durable: bool = True,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._server = PostgresServer(data_dir, ServerOptions(port, durable), environ)

    @property
    def dsn(self) -> str:
        """The server's address as a URI, valid while it runs.

        The port may differ from the requested one.
        """
        return self._server.dsn

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return self._server.port

    async def __aenter__(self) -> Self:
        """Creates the cluster if needed and starts the server.

        Raises:
            ConfigError: the programs are missing, or creation or start failed.
        """
        await asyncio.to_thread(self._server.create_cluster)
        for delay in start(self._server):
            await asyncio.sleep(delay)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stops it."""
        for delay in stop(self._server):
            await asyncio.sleep(delay)

    def running(self) -> bool:
        """Whether the server process is alive."""
        return not self._server.has_exited()


def start(server: PostgresServer) -> Iterator[float]:
    """Starts a server with a created cluster; yields the seconds to wait between polls.

    Raises:
        ConfigError: it did not start.
    """
    until = time.monotonic() + _START_SECONDS
    while not server.predecessor_exited():
        yield _poll_until(until, "an earlier PostgreSQL of this directory did not exit")
    server.spawn()
    try:
        while not server.ready():
            yield _poll_until(until, "PostgreSQL did not become ready")
    except BaseException:
        server.send(signal.SIGQUIT)
        server.release()
        raise


def stop(server: PostgresServer) -> Iterator[float]:
    """Stops a server; yields the seconds to wait between polls."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        until = time.monotonic() + _STOP_SECONDS
        server.send(number)
        while not server.has_exited() and time.monotonic() < until:
            yield _POLL_SECONDS
    server.release()


def _poll_until(until: float, what: str) -> float:
    if time.monotonic() > until:
        raise ConfigError(f"{what} within {_START_SECONDS:.0f} s")
    return _POLL_SECONDS


def _is_server_in(pid: int, cluster: Path) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cwd").resolve() == cluster.resolve()
    return False
