"""Databases for tests: each test uses its own database and then returns it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

_CLEAN = """
ALTER SCHEMA public OWNER TO pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


class Databases:
    """The databases of one server. They are reused, because creating one is slow."""

    def __init__(self, server_dsn: str) -> None:
        self.server_dsn = server_dsn
        self._unused: list[str] = []

    def dsn(self, database: str) -> str:
        return self.server_dsn.rpartition("/")[0] + "/" + database

    @contextmanager
    def fresh_database(self) -> Iterator["Database"]:
        """An empty database without other users."""
        name = self._unused.pop() if self._unused else f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.server_dsn, autocommit=True) as admin:
            if _exists(admin, name):
                _empty(admin, name, self.dsn(name))
            else:
                admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield Database(self.dsn(name))
        self._unused.append(name)


def _exists(admin: psycopg.Connection, name: str) -> bool:
    result = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
    return result.fetchone() is not None


def _empty(admin: psycopg.Connection, name: str, dsn: str) -> None:
    """Ends all connections, drops all schemas, and restores all privileges."""
    admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = %s AND usename = current_user",
        (name,),
    )
    admin.execute(f"GRANT ALL ON DATABASE {name} TO CURRENT_USER")
    with psycopg.connect(dsn) as client:
        schemas = client.execute(
            "SELECT nspname FROM pg_namespace "
            "WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        )
        for (schema,) in schemas.fetchall():
            client.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
        client.execute("CREATE SCHEMA public")
        client.execute(_CLEAN)


class Database:
    """A database, accessed with psycopg: independent of Eventer's own client."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

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
