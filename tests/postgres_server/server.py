"""A PostgreSQL server for tests: its data survives process crashes, but not machine crashes."""

import signal
import time
from pathlib import Path

import psutil

from eventer.embedded.postgres import PostgresServer, ServerOptions, start, stop
from tests.ports import free_port
from tests.postgres_server.databases import Databases
from tests.waiting import DEADLINE_S


class TestServer(Databases):
    """A server that can be stopped, crashed and restarted on the same port."""

    __test__ = False

    def __init__(self, directory: Path, binaries: Path | None = None, **settings: str) -> None:
        options = ServerOptions(
            free_port(),
            durable=False,
            settings=(("max_connections", "60"), ("shared_buffers", "32MB"), *settings.items()),
        )
        environ = {} if binaries is None else {"EVENTER_PG_BIN": str(binaries)}
        self.server = PostgresServer(directory, options, environ)
        super().__init__(self.server.dsn)

    def start(self) -> None:
        self.server.create_cluster()
        for delay in start(self.server):
            time.sleep(delay)
        self.server_dsn = self.server.dsn

    def stop(self) -> None:
        for delay in stop(self.server):
            time.sleep(delay)

    def crash(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """Like `pg_ctl stop -m immediate`, or with another signal; waits for all its processes."""
        backends = psutil.Process(self.server.pid).children(recursive=True)
        self.server.send(number)
        while not self.server.has_exited():
            time.sleep(0.01)
        psutil.wait_procs(backends, timeout=DEADLINE_S)
        self.server.release()
