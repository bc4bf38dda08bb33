"""How to reach a PostgreSQL database, and how patient to be with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SynchronousCommit: TypeAlias = Literal["on", "off", "local", "remote_write", "remote_apply"]

_LIBPQ_ONLY: Final = frozenset({
    "channel_binding", "client_encoding", "connect_timeout", "fallback_application_name",
    "gssencmode", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval",
    "replication", "requirepeer", "sslcompression", "sslsni", "tcp_user_timeout",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class PostgresSettings:
    """One database as its operator names it; times are seconds.

    `dsn` is a URI as libpq reads it, TLS (`sslmode`, `sslrootcert`, …) included. With
    `synchronous_commit` "off" a crash of the server may lose the last transactions whole, data
    and position together, which are then delivered again; None leaves it to the server.
    """

    dsn: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    synchronous_commit: SynchronousCommit | None = None
    connect_timeout: float = 10.0
    statement_timeout: float = 60.0
    lock_timeout: float = 5.0

    @property
    def client_dsn(self) -> str:
        """The URI without what libpq alone understands: the client would send it to the server."""
        parts = urlsplit(self.dsn)
        query = [(k, v) for k, v in parse_qsl(parts.query) if k not in _LIBPQ_ONLY]
        return urlunsplit(parts._replace(query=urlencode(query)))

    @property
    def address(self) -> str:
        """Host and database for messages, never who logs in."""
        parts = urlsplit(self.dsn)
        return (parts.netloc.rpartition("@")[2] or "localhost") + (parts.path or "")
