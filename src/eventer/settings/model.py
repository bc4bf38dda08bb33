"""The settings and their defaults. The descriptions are in `docs/reference/settings.md`."""

from __future__ import annotations

import ipaddress
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)
from pydantic_core import PydanticKnownError

from eventer.core.errors import ConfigError
from eventer.core.logs import LogFormat, LogLevel, LogSettings
from eventer.destinations.file.settings import DEFAULT_ROLL_BYTES, DEFAULT_ROLL_INTERVAL
from eventer.settings.addresses import check_brokers, check_registry_url, check_url

CONNECTION_NAME = re.compile(r"[a-z][a-z0-9_-]*")
DEFAULT_PORT = 9099


def _split_commas(value: object) -> object:
    """Splits lists, which are comma-separated in environment variables."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _refuse_boolean(error: Literal["int_type", "float_type"]) -> BeforeValidator:
    """Refuses `true` and `false`, which pydantic reads as 1 and 0."""

    def check(value: object) -> object:
        if isinstance(value, bool):
            raise PydanticKnownError(error)
        return value

    return BeforeValidator(check)


Integer: TypeAlias = Annotated[int, _refuse_boolean("int_type")]
Number: TypeAlias = Annotated[float, _refuse_boolean("float_type")]
StringList: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_split_commas)]
Seconds: TypeAlias = Annotated[Number, Field(ge=0.001, le=86_400)]


def default_data_dir() -> Path:
    """The user's data directory, or a private temporary one without a home directory."""
    base = os.environ.get("XDG_DATA_HOME")
    if base and Path(base).is_absolute():
        return Path(base) / "eventer"
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  Path.home() raises without one
    if home.is_dir() and os.access(home, os.W_OK):
        return home / ".local" / "share" / "eventer"
    return Path(tempfile.gettempdir()) / f"eventer-{os.getuid()}"


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False
    )


class KafkaConnection(_Section):
    """A Kafka cluster."""

    bootstrap_servers: Annotated[str, AfterValidator(check_brokers)] | None = Field(
        default=None,
        description="Bootstrap brokers, `host:port`, comma-separated.",
        examples=["localhost:9092"],
    )
    delivery: Literal["auto", "exactly-once", "at-least-once"] = Field(
        default="auto",
        description="`auto` is exactly-once, or at-least-once if the broker refuses transactions.",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="Protocol of the broker connections."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="PLAIN", description="SASL mechanism, if the protocol uses SASL."
    )
    sasl_username: str | None = Field(default=None, description="User name for SASL.")
    sasl_password: SecretStr | None = Field(default=None, description="Password for SASL.")
    ssl_cafile: Path | None = Field(
        default=None, description="Trusted CA certificates (PEM). Default: those of the system."
    )
    ssl_certfile: Path | None = Field(default=None, description="Client certificate (PEM).")
    ssl_keyfile: Path | None = Field(default=None, description="Client private key (PEM).")
    ssl_key_password: SecretStr | None = Field(default=None, description="Password of that key.")
    ssl_check_hostname: bool = Field(
        default=True, description="Whether the broker's certificate must match its host name."
    )
    schema_registry_url: Annotated[str, AfterValidator(check_registry_url)] | None = Field(
        default=None,
        description="Schema registry with Confluent's API, which formats other than `json` need.",
        examples=["http://localhost:8081"],
    )
    schema_registry_username: str | None = Field(
        default=None, description="User name for the schema registry (basic authentication)."
    )
    schema_registry_password: SecretStr | None = Field(
        default=None, description="Password for the schema registry."
    )
    schema_registry_cafile: Path | None = Field(
        default=None,
        description="CA certificates (PEM) that are trusted for the schema registry. Default: "
        "those of the system.",
    )
    compression: Literal["none", "lz4"] = Field(
        default="lz4", description="Compression of record batches."
    )
    client_id: str = Field(default="eventer", description="Client id, for the brokers' logs.")
    start_timeout: Seconds = Field(
        default=15.0,
        description="Timeout to connect, to fence earlier owners and to read positions, in "
        "seconds.",
    )
    ledger_retention_hours: Number = Field(
        default=168.0,
        gt=0,
        le=1_000_000,
        description="Retention of the topic `eventer-ledger`, set when Eventer creates it: how far "
        "back `eventer verify` can check.",
    )


class PostgresConnection(_Section):
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


class FileConnection(_Section):
    """A root folder for files."""

    root: Path | None = Field(
        default=None,
        description="Folder of the files. Generators write to folders below it and nowhere else. "
        "Eventer creates it if it does not exist.",
        examples=["/var/lib/eventer/files"],
    )
    roll_interval: Annotated[Number, Field(ge=0.1, le=3_600)] = Field(
        default=DEFAULT_ROLL_INTERVAL,
        description="Interval at which a shard commits new parts, in seconds. Events are visible "
        "after their commit.",
    )
    roll_bytes: Annotated[Integer, Field(ge=1 << 20, le=1 << 30)] = Field(
        default=DEFAULT_ROLL_BYTES,
        description="Memory of the waiting events of a shard, in bytes, at which it commits them "
        "before `roll_interval` has passed. A shard uses up to three times as much memory.",
    )


class NamedKafka(KafkaConnection):
    """An additional Kafka cluster."""

    type: Literal["kafka"] = Field(description="Kind of the connection.")


class NamedPostgres(PostgresConnection):
    """An additional PostgreSQL database."""

    type: Literal["postgres"] = Field(description="Kind of the connection.")


class NamedFile(FileConnection):
    """An additional root folder."""

    type: Literal["file"] = Field(description="Kind of the connection.")


NamedConnection: TypeAlias = Annotated[
    NamedKafka | NamedPostgres | NamedFile, Field(discriminator="type")
]
CONNECTION_TYPES: Final[Mapping[str, type[BaseModel]]] = {
    "kafka": NamedKafka,
    "postgres": NamedPostgres,
    "file": NamedFile,
}


class Limits(_Section):
    """Limits for clients, requests, templates and all generators together."""

    body_bytes: Integer = Field(
        default=1 << 20, ge=1 << 10, le=1 << 30, description="Largest body, in bytes."
    )
    body_seconds: Seconds = Field(
        default=30.0, description="Timeout for receiving a request body, in seconds."
    )
    header_seconds: Seconds = Field(
        default=10.0,
        description="Timeout for receiving the request line and headers, in seconds.",
    )
    connections: Integer = Field(
        default=2_000,
        ge=8,
        le=1_000_000,
        description="Concurrent connections. When one more opens, the connection that was idle "
        "longest is closed.",
    )
    generators: Integer = Field(
        default=10_000, ge=1, description="Generators of the service, including paused ones."
    )
    events_per_second: Number = Field(
        default=5_000_000,
        gt=0,
        description="Requested events per second of all generators together.",
    )
    targets: Integer = Field(
        default=2_000, ge=1, description="Topics, tables and folders of all generators together."
    )
    inspect_seconds: Number = Field(
        default=2.5,
        ge=0.001,
        le=60,
        description="CPU time for the first 100 events of a template when it is added, and until "
        "the first event of a preview, in seconds.",
    )
    worker_memory_bytes: Integer = Field(
        default=2 << 30,
        ge=256 << 20,
        le=1 << 50,
        description="A worker that uses more memory is restarted.",
    )


class Settings(_Section):
    """All settings. Unknown names are errors."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. Addresses other than loopback need `token`.",
    )
    port: Integer = Field(
        default=DEFAULT_PORT, ge=0, le=65535, description="Port to listen on; 0: any free port."
    )
    allowed_hosts: StringList = Field(
        default=(),
        description="Host names that requests may use, besides loopback and `host`.",
        examples=["eventer.example.org"],
    )
    token: SecretStr | None = Field(
        default=None,
        description="Bearer token for full access. Without it, every client has full access.",
    )
    read_token: SecretStr | None = Field(
        default=None,
        description="Bearer token that only allows reading, preview, validate, profile, complete, "
        "format and verify.",
    )
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Directory of the registry and of the data of `eventer dev`. Default: the "
        "user's data directory.",
    )
    instance_id: str | None = Field(
        default=None, description="Text that `get_instance_id` returns; its argument if unset."
    )
    library: Path | None = Field(
        default=None, description="Folder that templates import from; if unset, they cannot import."
    )
    url: Annotated[str, AfterValidator(check_url)] | None = Field(
        default=None,
        description="URL of the service for client commands. Default: from `host` and `port`.",
        examples=["http://127.0.0.1:9099"],
    )
    shards: Integer = Field(
        default=2,
        ge=1,
        le=256,
        description="Shards per connection; fixed when the registry is created.",
    )
    workers: Integer = Field(default=2, ge=1, le=256, description="Processes that deliver events.")
    log_format: LogFormat = Field(
        default="text", description="Form of the log lines of `eventer serve` and `eventer dev`."
    )
    log_level: LogLevel = Field(default="info", description="Lowest level that is logged.")
    kafka: KafkaConnection = Field(
        default=KafkaConnection(), description="The connection named `kafka`."
    )
    postgres: PostgresConnection = Field(
        default=PostgresConnection(), description="The connection named `postgres`."
    )
    file: FileConnection = Field(
        default=FileConnection(), description="The connection named `file`."
    )
    connections: dict[str, NamedConnection] = Field(
        default_factory=dict, description="Additional connections, by name."
    )
    limits: Limits = Field(default=Limits(), description="Limits.")

    @property
    def service_url(self) -> str:
        """The URL of the service for client commands."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def log_settings(self) -> LogSettings:
        """The form and the level of log lines."""
        return LogSettings(self.log_format, self.log_level)

    @property
    def client_token(self) -> str | None:
        """The token that clients send, if there is one."""
        token = self.token or self.read_token
        return None if token is None else token.get_secret_value()


def is_loopback(host: str) -> bool:
    """Whether `host` is reachable only from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_bind(settings: Settings) -> None:
    """Checks that a service that other machines can reach has a token.

    Raises:
        ConfigError: `token` is not set, but `host` is not loopback or `read_token` is set.
    """
    if settings.token is None and settings.read_token is not None:
        raise ConfigError(
            "`read_token` has no effect without `token`", key="token", hint="set EVENTER_TOKEN too"
        )
    if settings.token is None and not is_loopback(settings.host):
        raise ConfigError(
            f"without a token, everyone who can reach {settings.host} could use this service",
            key="token",
            hint="set EVENTER_TOKEN (or EVENTER_TOKEN_FILE), or listen on 127.0.0.1",
        )
