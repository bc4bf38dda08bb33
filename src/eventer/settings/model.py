"""The settings and their defaults. Each field's description feeds the reference page."""

from __future__ import annotations

import ipaddress
import os
import re
import tempfile
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from eventer.core.errors import ConfigError

CONNECTION_NAME = re.compile(r"[a-z][a-z0-9_-]*")
DEFAULT_PORT = 9099


def _split_commas(value: object) -> object:
    """Environment variables hold lists as comma-separated text."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


StringList: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_split_commas)]


def default_data_dir() -> Path:
    """The user's data directory, or a private one among temporary files where there is no home."""
    base = os.environ.get("XDG_DATA_HOME")
    if base and Path(base).is_absolute():
        return Path(base) / "eventer"
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  Path.home() raises where there is none
    if home.is_dir() and os.access(home, os.W_OK):
        return home / ".local" / "share" / "eventer"
    return Path(tempfile.gettempdir()) / f"eventer-{os.getuid()}"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class KafkaConnection(_Section):
    """A Kafka cluster."""

    bootstrap_servers: str | None = Field(
        default=None,
        description="Brokers to ask first, `host:port`, comma-separated.",
        examples=["localhost:9092"],
    )
    delivery: Literal["auto", "exactly-once", "at-least-once"] = Field(
        default="auto",
        description="`auto` is exactly-once unless the broker refuses transactions.",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="How to talk to the brokers."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="PLAIN", description="How to log in, where the protocol is one of SASL."
    )
    sasl_username: str | None = Field(default=None, description="User name for SASL.")
    sasl_password: SecretStr | None = Field(default=None, description="Password for SASL.")
    ssl_cafile: Path | None = Field(
        default=None, description="Certificates to trust (PEM); the system's where none is given."
    )
    ssl_certfile: Path | None = Field(default=None, description="This client's certificate (PEM).")
    ssl_keyfile: Path | None = Field(default=None, description="The key of that certificate (PEM).")
    ssl_key_password: SecretStr | None = Field(default=None, description="Password of that key.")
    ssl_check_hostname: bool = Field(
        default=True,
        description="Whether a broker's certificate must be for the name it is reached by.",
    )
    compression: Literal["none", "lz4"] = Field(
        default="lz4", description="How record batches are compressed."
    )
    client_id: str = Field(default="eventer", description="The name that brokers log and count by.")
    ledger_retention_hours: float = Field(
        default=168.0,
        gt=0,
        description="How long the topic `eventer-ledger` keeps records, if it is still to be made: "
        "how far back `eventer verify` can look.",
    )


class PostgresConnection(_Section):
    """A PostgreSQL database."""

    dsn: SecretStr | None = Field(
        default=None,
        description="Where the database is and who logs in: `postgresql://user:password@host/database`.",
        examples=["postgresql://postgres@localhost:5432/postgres"],
    )
    password: SecretStr | None = Field(
        default=None, description="Password, where it is to be kept out of the DSN."
    )
    synchronous_commit: Literal["on", "off", "local", "remote_write", "remote_apply"] | None = (
        Field(
            default=None,
            description="What a commit waits for; the server's own setting where unset. With `off` "
            "its crash may lose the last transactions, which are then delivered again.",
        )
    )
    connect_timeout: float = Field(default=10.0, gt=0, description="Seconds to connect.")
    statement_timeout: float = Field(
        default=60.0, gt=0, description="Seconds a statement may take."
    )
    lock_timeout: float = Field(
        default=5.0, gt=0, description="Seconds to wait for a lock, before columns are added."
    )


class NamedKafka(KafkaConnection):
    """A further Kafka cluster."""

    type: Literal["kafka"] = Field(description="What kind of connection this is.")


class NamedPostgres(PostgresConnection):
    """A further PostgreSQL database."""

    type: Literal["postgres"] = Field(description="What kind of connection this is.")


NamedConnection: TypeAlias = Annotated[NamedKafka | NamedPostgres, Field(discriminator="type")]


class Limits(_Section):
    """How much a client, a request, a template or all generators together may take."""

    body_bytes: int = Field(default=1 << 20, ge=1 << 10, description="Largest request body.")
    body_seconds: float = Field(
        default=30.0, gt=0, description="Seconds that the body of a request may take to arrive."
    )
    header_seconds: float = Field(
        default=10.0,
        gt=0,
        description="Seconds that a connection may take to say what it wants, before it is closed.",
    )
    connections: int = Field(
        default=2_000,
        ge=8,
        description="Connections at once. For one more, the one that has been silent longest is "
        "closed.",
    )
    generators: int = Field(
        default=10_000, ge=1, description="Generators of the service, paused ones included."
    )
    events_per_second: float = Field(
        default=5_000_000,
        gt=0,
        description="Events a second that all generators together may be asked for.",
    )
    targets: int = Field(
        default=2_000, ge=1, description="Topics and tables that all generators together go to."
    )
    inspect_seconds: float = Field(
        default=2.0,
        gt=0,
        le=60,
        description="Processor time, in seconds, that a template has for its first 100 events when "
        "it is added.",
    )
    worker_memory_bytes: int = Field(
        default=2 << 30, ge=256 << 20, description="A worker process that takes more is replaced."
    )


class Settings(_Section):
    """Everything that can be configured. Unknown names are refused."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. Anything but loopback needs `token`.",
    )
    port: int = Field(
        default=DEFAULT_PORT, ge=0, le=65535, description="Port to listen on; 0 picks one."
    )
    allowed_hosts: StringList = Field(
        default=(),
        description="Names besides loopback and `host` by which browsers and clients may call.",
        examples=["eventer.example.org"],
    )
    token: SecretStr | None = Field(
        default=None,
        description="Bearer token that allows everything. Without it, all who reach it may.",
    )
    read_token: SecretStr | None = Field(
        default=None,
        description="Bearer token that allows reading, preview, validate and verify only.",
    )
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Where the registry is, and what `eventer dev` keeps. Default: the user's data "
        "directory.",
    )
    instance_id: str | None = Field(
        default=None,
        description="What `get_instance_id` gives to templates; its argument where unset.",
    )
    library: Path | None = Field(
        default=None,
        description="Folder that templates import from; without it they cannot import.",
    )
    url: str | None = Field(
        default=None,
        description="The service that client commands talk to. Default: `host` and `port`.",
        examples=["http://127.0.0.1:9099"],
    )
    shards: int = Field(
        default=2,
        ge=1,
        le=256,
        description="Shards a connection, fixed when the registry is created.",
    )
    workers: int = Field(default=2, ge=1, le=256, description="Worker processes that make events.")
    kafka: KafkaConnection = Field(
        default=KafkaConnection(), description="The connection named `kafka`."
    )
    postgres: PostgresConnection = Field(
        default=PostgresConnection(), description="The connection named `postgres`."
    )
    connections: dict[str, NamedConnection] = Field(
        default_factory=dict, description="Further connections, by name."
    )
    limits: Limits = Field(default=Limits(), description="Limits.")

    @property
    def service_url(self) -> str:
        """Where client commands find the service."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.url or f"http://{host}:{self.port}").rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_bind(settings: Settings) -> None:
    """Refuses to be reachable by others without a token.

    Raises:
        ConfigError: `host` is not loopback and there is no token, or only one for reading.
    """
    if settings.token is None and settings.read_token is not None:
        raise ConfigError(
            "a token for reading alone protects nothing", key="token", hint="set EVENTER_TOKEN too"
        )
    if settings.token is None and not is_loopback(settings.host):
        raise ConfigError(
            f"listening on {settings.host} would let everyone who reaches it use this service",
            key="token",
            hint="set EVENTER_TOKEN (or EVENTER_TOKEN_FILE), or listen on 127.0.0.1",
        )
