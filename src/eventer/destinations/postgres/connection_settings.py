"""The settings of a connection to PostgreSQL."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from eventer.destinations.connection_settings import ConnectionSettings, Seconds


class PostgresConnectionSettings(ConnectionSettings):
    """A PostgreSQL database."""

    dsn: SecretStr | None = Field(
        default=None,
        description="Address and user of the database: `postgresql://user:password@host/database`, "
        "or `host=… user=… dbname=…`.",
        examples=["postgresql://eventer@127.0.0.1:5432/eventer"],
    )
    password: SecretStr | None = Field(
        default=None, description="Password, if it is not in the DSN."
    )
    synchronous_commit: Literal["on", "off", "local", "remote_write", "remote_apply"] | None = (
        Field(
            default=None,
            description="What a commit waits for. Default: the server's setting. With `off` a "
            "server crash may lose the last transactions; they are delivered again.",
        )
    )
    connect_timeout: Seconds = Field(default=10.0, description="Timeout to connect (seconds).")
    statement_timeout: Seconds = Field(
        default=60.0, description="Timeout of a statement, in seconds."
    )
    lock_timeout: Seconds = Field(
        default=5.0, description="Timeout of the lock for adding columns, in seconds."
    )
