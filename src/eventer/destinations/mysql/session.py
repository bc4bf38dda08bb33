"""A session of the server: connects, runs statements in a thread, and can be cut off."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import pymysql
from pymysql.cursors import SSCursor

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.mysql.errors import error_number, translate_errors
from eventer.destinations.mysql.settings import MysqlSettings

T = TypeVar("T")
_SQL_MODE: Final = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO"
_LOGIN_REJECTED: Final = frozenset({1044, 1045, 1049, 1130, 1698})
_MIN_VERSIONS: Final = {True: (10, 6), False: (8, 0)}


class Session:
    """One connection to the server, in strict mode and UTC, with the character set utf8mb4."""

    def __init__(self, settings: MysqlSettings) -> None:
        self._settings = settings
        self._client: pymysql.Connection[Any] | None = None
        self._socket: socket.socket | None = None
        self._running: asyncio.Future[Any] | None = None
        self.unusable = False

    async def run(self, work: Callable[[], T]) -> T:
        """Runs blocking work with the session in a thread."""
        self._running = running = asyncio.ensure_future(asyncio.to_thread(work))
        return await asyncio.shield(running)

    def connect(self) -> None:
        """Connects. Blocks.

        Raises:
            DestinationUnavailableError: the server is not reachable.
            DestinationRejectedError: it rejects the login, or its version is too old.
        """
        settings, parts = self._settings, self._settings.parts
        with translate_errors(settings.address):
            address = (parts.host, parts.port)
            own = socket.create_connection(address, settings.connect_timeout)
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._socket = own.dup()
            self._client = pymysql.Connection(
                host=parts.host,
                user=parts.user,
                password=settings.password or parts.password,
                database=parts.database,
                charset="utf8mb4",
                sql_mode=_SQL_MODE,
                autocommit=True,
                read_timeout=settings.statement_timeout,
                write_timeout=settings.statement_timeout,
                ssl=settings.ssl_context(),
                defer_connect=True,
            )
            self._log_in(own)
            self._set_up()

    def _log_in(self, own: socket.socket) -> None:
        assert self._client is not None
        try:
            self._client.connect(own)
        except pymysql.MySQLError as error:
            own.close()
            if error_number(error) in _LOGIN_REJECTED:
                raise DestinationRejectedError(
                    f"MySQL at {self._settings.address} rejects the login: {error.args[1]}",
                    hint="check user, password and database of the connection's `dsn`",
                ) from error
            raise

    def _set_up(self) -> None:
        self._check_version()
        seconds = max(1, round(self._settings.lock_timeout))
        self.execute(
            "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = %s, "
            "lock_wait_timeout = %s, transaction_isolation = 'READ-COMMITTED'"
            if not self.is_mariadb
            else "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = %s, "
            "lock_wait_timeout = %s, tx_isolation = 'READ-COMMITTED'",
            (seconds, seconds),
        )

    def _check_version(self) -> None:
        found = tuple(int(part) for part in self.version.split("-")[0].split(".")[:2])
        if found < _MIN_VERSIONS[self.is_mariadb]:
            raise DestinationRejectedError(
                f"the server at {self._settings.address} is {self.server_name}, which is too old",
                hint="use MariaDB 10.6 or later, or MySQL 8.0 or later",
            )

    @property
    def client(self) -> pymysql.Connection[Any]:
        """The client."""
        assert self._client is not None, "the session is not open"
        return self._client

    @property
    def version(self) -> str:
        """The version of the server, as `10.11.6-MariaDB`."""
        return str(self.client.get_server_info()).removeprefix("5.5.5-")

    @property
    def is_mariadb(self) -> bool:
        """Whether the server is MariaDB."""
        return "mariadb" in self.version.lower()

    @property
    def server_name(self) -> str:
        """Product and version."""
        return f"{'MariaDB' if self.is_mariadb else 'MySQL'} {self.version.split('-')[0]}"

    def execute(self, statement: str, values: Sequence[Any] | None = None) -> int:
        """Executes a statement; returns the number of affected rows. Blocks."""
        with self.client.cursor() as cursor:
            return int(cursor.execute(statement, values))

    def fetch(self, statement: str, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query. Blocks."""
        with self.client.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def stream(self, statement: str) -> SSCursor:
        """A cursor that reads the rows of a query from the server as they are needed. Blocks."""
        cursor = SSCursor(self.client)
        cursor.execute(statement)
        return cursor

    async def close(self) -> None:
        """Cuts the connection off, and waits for the thread that uses it. Raises nothing."""
        own, self._socket = self._socket, None
        if own is not None:
            with suppress(OSError):
                own.shutdown(socket.SHUT_RDWR)
            own.close()
        running, self._running = self._running, None
        if running is not None:
            await asyncio.wait([running])
            running.cancelled() or running.exception()
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                client.close()
