"""A real PostgreSQL server for tests: durable only as far as processes die, never the machine."""

import signal
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import psycopg

from eventer.embedded.postgres import PostgresServer, ServerOptions, start, stop
from tests.ports import free_port


class TestServer:
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

    def start(self) -> None:
        self.server.create_cluster()
        for delay in start(self.server, time.monotonic):
            time.sleep(delay)

    def stop(self) -> None:
        for delay in stop(self.server, time.monotonic):
            time.sleep(delay)

    def crash(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """`pg_ctl stop -m immediate`, or worse."""
        self.server.send(number)
        while not self.server.has_exited():
            time.sleep(0.01)
        self.server.release()

    def dsn(self, database: str = "eventer") -> str:
        return self.server.dsn.rpartition("/")[0] + "/" + database

    @contextmanager
    def fresh_database(self):
        """The address of a database of one's own, dropped in the end, whoever is connected."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.dsn(), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield Database(self.dsn(name), self)
        with psycopg.connect(self.dsn(), autocommit=True) as admin:
            _drop(admin, name)


def _drop(admin: psycopg.Connection, name: str) -> None:
    """Without FORCE, which an ordinary role is refused while an autovacuum worker is there.

    A plain DROP ends such a worker itself, and waits some seconds for those that were told to end.
    """
    admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = %s AND usename = current_user",
        (name,),
    )
    admin.execute(f"DROP DATABASE {name}")


class Database:
    """One database, as its judge sees it: through another client than ours."""

    def __init__(self, dsn: str, server: TestServer) -> None:
        self.dsn = dsn
        self.server = server

    def execute(self, statement: str, *arguments: object) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as client:
            client.execute(statement, arguments or None)

    def rows(self, query: str, *arguments: object) -> list[tuple]:
        with psycopg.connect(self.dsn, autocommit=True) as client:
            return client.execute(query, arguments or None).fetchall()

    def value(self, query: str, *arguments: object) -> object:
        return self.rows(query, *arguments)[0][0]

    def column_types(self, table: str) -> dict[str, str]:
        return dict(
            self.rows(
                "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute "
                "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
                table,
            )
        )
