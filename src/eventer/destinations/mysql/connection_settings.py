"""The settings of a connection to MariaDB or MySQL."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from eventer.destinations.connection_settings import ConnectionSettings, Seconds
from eventer.destinations.mysql.settings import TlsMode, parse_dsn


class MysqlConnectionSettings(ConnectionSettings):
    """A MariaDB or MySQL database. It needs the extra `mysql`."""

    dsn: SecretStr | None = Field(
        default=None,
        description="Address and user of the database: `mysql://user:password@host:port/database`.",
        examples=["mysql://eventer@127.0.0.1:3306/eventer"],
    )
    password: SecretStr | None = Field(
        default=None, description="Password, if it is not in the DSN."
    )
    tls: TlsMode = Field(
        default="off",
        description="`verify` checks the certificate of the server, `encrypt` does not.",
    )
    ssl_cafile: Path | None = Field(
        default=None, description="Trusted CA certificates (PEM). Default: those of the system."
    )
    connect_timeout: Seconds = Field(default=10.0, description="Timeout to connect (seconds).")
    statement_timeout: Seconds = Field(
        default=60.0, description="Timeout of a statement, in seconds."
    )
    lock_timeout: Seconds = Field(default=5.0, description="Timeout of a lock, in seconds.")

    @field_validator("dsn")
    @classmethod
    def _check_dsn(cls, dsn: SecretStr | None) -> SecretStr | None:
        try:
            if dsn is not None:
                parse_dsn(dsn.get_secret_value())
        except ValueError as error:
            text = f"the DSN is not valid: {error}"
            raise PydanticCustomError("dsn", "{text}", {"text": text}) from None
        return dsn
