"""A real PostgreSQL server for tests: durable only as far as processes die, never the machine."""

import signal
import time
from pathlib import Path

from eventer.embedded.postgres import PostgresServer, ServerOptions, start, stop
from tests.ports import free_port
from tests.postgres_server.databases import Databases


class TestServer(Databases):
    """Start, stop and crash it; it keeps its port."""

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
        """`pg_ctl stop -m immediate`, or worse."""
        self.server.send(number)
        while not self.server.has_exited():
            time.sleep(0.01)
        self.server.release()
