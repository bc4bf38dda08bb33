"""The settings of a PostgreSQL connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from eventer.destinations.postgres.dsn import parse_dsn

SynchronousCommit: TypeAlias = Literal["on", "off", "local", "remote_write", "remote_apply"]


@dataclass(frozen=True, slots=True)
class PostgresSettings:
    """One database. Times are seconds.

    `dsn` is a URI or has libpq's keyword form, with TLS parameters (`sslmode`, `sslrootcert`, …).
    With `synchronous_commit` "off", a crash of the server may lose the last transactions, data
    and positions, which Eventer delivers again; None means the server's setting.
    """

    dsn: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    synchronous_commit: SynchronousCommit | None = None
    connect_timeout: float = 10.0
    statement_timeout: float = 60.0
    lock_timeout: float = 5.0

    @property
    def client_dsn(self) -> str:
        """The DSN as a URI for the client."""
        return parse_dsn(self.dsn).uri

    @property
    def address(self) -> str:
        """Hosts and database for messages, without user and password."""
        return parse_dsn(self.dsn).address

    def missing_file(self) -> str | None:
        """A parameter of the DSN that names a file that does not exist, as `name=path`."""
        return parse_dsn(self.dsn).missing_file()
