"""Databases for tests: each test uses its own database and then returns it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

_TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
"""
_SCHEMAS = """
SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
"""
_CLEAN = """
CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


class Databases:
    """The databases of one server. They are reused, because creating one is slow."""

    def __init__(self, server_dsn: str) -> None:
        self.server_dsn = server_dsn
        self._unused: list[ReusedDatabase] = []

    def dsn(self, database: str) -> str:
        return self.server_dsn.rpartition("/")[0] + "/" + database

    @contextmanager
    def fresh_database(self) -> Iterator["Database"]:
        """An empty database without other users."""
        if self._unused:
            database = self._unused.pop()
            database.clear()
        else:
            database = self._new_database()
        yield database
        self._unused.append(database)

    def _new_database(self) -> "ReusedDatabase":
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.server_dsn, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return ReusedDatabase(self.dsn(name))

    def close(self) -> None:
        """Closes the connections to unused databases."""
        for database in self._unused:
            database.close()


class Database:
    """A database, accessed with psycopg: independent of Eventer's own client."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.dsn, autocommit=True) as client:
            yield client

    def execute(self, statement: str, *arguments: object) -> None:
        with self._connection() as client:
            client.execute(statement, arguments or None)

    def rows(self, query: str, *arguments: object) -> list[tuple]:
        with self._connection() as client:
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


class ReusedDatabase(Database):
    """A database that keeps one connection: a new one costs the server more than most tests."""

    _kept: psycopg.Connection | None = None

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        if self._kept is None or self._kept.closed:
            # Tests change the types of columns, which a prepared statement does not survive.
            self._kept = psycopg.connect(self.dsn, autocommit=True, prepare_threshold=None)
        yield self._kept

    def clear(self) -> None:
        """Ends all other connections, drops all schemas, and restores all privileges."""
        with self._connection() as client, client.transaction():
            client.execute(_TERMINATE)
            name = sql.Identifier(client.info.dbname)
            client.execute(sql.SQL("GRANT ALL ON DATABASE {} TO CURRENT_USER").format(name))
            for (schema,) in client.execute(_SCHEMAS).fetchall():
                client.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
            client.execute(_CLEAN)

    def close(self) -> None:
        """Closes the kept connection."""
        if self._kept is not None:
            self._kept.close()
