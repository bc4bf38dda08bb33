"""Address, login and timeouts of a connection to MariaDB or MySQL."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from eventer.core.errors import DestinationRejectedError

DEFAULT_PORT: Final = 3306
TlsMode: TypeAlias = Literal["off", "encrypt", "verify"]


@dataclass(frozen=True, slots=True)
class Dsn:
    """The parts of `mysql://user:password@host:port/database`."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class MysqlSettings:
    """One database. Times are seconds.

    `tls`: `encrypt` does not check the server's certificate, `verify` does.
    """

    dsn: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    tls: TlsMode = "off"
    ssl_cafile: Path | None = None
    connect_timeout: float = 10.0
    statement_timeout: float = 60.0
    lock_timeout: float = 5.0

    @property
    def parts(self) -> Dsn:
        """The parts of the DSN."""
        return parse_dsn(self.dsn)

    @property
    def address(self) -> str:
        """Host, port and database for messages, without user and password."""
        return address_of(self.dsn)

    def ssl_context(self) -> ssl.SSLContext | None:
        """The TLS context; None without TLS.

        Raises:
            DestinationRejectedError: `ssl_cafile` cannot be read.
        """
        if self.tls == "off":
            return None
        try:
            context = ssl.create_default_context(cafile=self.ssl_cafile)
        except OSError as error:
            raise DestinationRejectedError(
                f"cannot read the certificates in {self.ssl_cafile}: {error.strerror or error}",
                hint="set `ssl_cafile` to a file of CA certificates (PEM)",
            ) from error
        if self.tls == "encrypt":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def parse_dsn(text: str) -> Dsn:
    """The parts of a DSN.

    Raises:
        ValueError: it is not one. The message has no part of it.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("its port or host is not valid") from None
    database = unquote(parts.path.removeprefix("/"))
    if parts.scheme != "mysql" or not parts.hostname or port == 0:
        raise ValueError("write it like mysql://user@host:3306/database")
    if not parts.username or not database or "/" in database:
        raise ValueError("it needs a user and a database: mysql://user@host:3306/database")
    if parts.query or parts.fragment:
        raise ValueError("it has parameters: use the settings of the connection instead")
    password = unquote(parts.password or "")
    return Dsn(parts.hostname, port or DEFAULT_PORT, database, unquote(parts.username), password)


def address_of(dsn: str) -> str:
    """Host, port and database of a DSN."""
    parts = parse_dsn(dsn)
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    return f"{host}:{parts.port}/{parts.database}"
