"""The settings and their defaults. The descriptions are in `docs/reference/settings.md`."""

from __future__ import annotations

import ipaddress
import os
import re
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, Union

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, create_model

from eventer.core.addresses import check_url
from eventer.core.errors import ConfigError
from eventer.core.logs import LogFormat, LogLevel, LogSettings
from eventer.destinations.connection_settings import (
    ConnectionSettings,
    Integer,
    Number,
    Seconds,
    Section,
)
from eventer.destinations.file.connection_settings import FileConnectionSettings
from eventer.destinations.http.connection_settings import HttpConnectionSettings
from eventer.destinations.kafka.connection_settings import KafkaConnectionSettings
from eventer.destinations.kind import DestinationKind, destination_kinds
from eventer.destinations.mysql.connection_settings import MysqlConnectionSettings
from eventer.destinations.postgres.connection_settings import PostgresConnectionSettings

CONNECTION_NAME = re.compile(r"[a-z][a-z0-9_-]*")
DEFAULT_PORT = 9099


def _split_commas(value: object) -> object:
    """Splits lists, which are comma-separated in environment variables."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


StringList: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_split_commas)]


def default_data_dir() -> Path:
    """The user's data directory, or a private temporary one without a home directory."""
    base = os.environ.get("XDG_DATA_HOME")
    if base and Path(base).is_absolute():
        return Path(base) / "eventer"
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  Path.home() raises without one
    if home.is_dir() and os.access(home, os.W_OK):
        return home / ".local" / "share" / "eventer"
    return Path(tempfile.gettempdir()) / f"eventer-{os.getuid()}"


KafkaConnection: TypeAlias = KafkaConnectionSettings
PostgresConnection: TypeAlias = PostgresConnectionSettings
FileConnection: TypeAlias = FileConnectionSettings


def _named(kind: DestinationKind[Any, Any]) -> type[ConnectionSettings]:
    """The model of an additional connection: the settings of its kind, and `type`."""
    name: Any = Literal[kind.name]
    return create_model(
        f"Named{kind.name.capitalize()}",
        __base__=kind.connection_settings(),
        type=(name, Field(description="Kind of the connection.")),
    )


CONNECTION_TYPES: Final[Mapping[str, type[ConnectionSettings]]] = {
    kind.name: _named(kind) for kind in destination_kinds()
}
"""The models of additional connections by `type`."""

if TYPE_CHECKING:
    NamedConnection: TypeAlias = ConnectionSettings
else:
    NamedConnection = Annotated[
        Union[tuple(CONNECTION_TYPES.values())], Field(discriminator="type")  # noqa: UP007
    ]


class Limits(Section):
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


class Settings(Section):
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
    registry: SecretStr | None = Field(
        default=None,
        description="DSN of a PostgreSQL database that has the registry, for several services of "
        "which one is the leader. Default: a file in `data_dir`, for one service.",
        examples=["postgresql://eventer@127.0.0.1:5432/eventer"],
    )
    advertise_url: Annotated[str, AfterValidator(check_url)] | None = Field(
        default=None,
        description="URL at which the other services on `registry` reach this one. Default: from "
        "`host` and `port`.",
        examples=["http://eventer-1.internal:9099"],
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
    traces: bool = Field(
        default=False,
        description="Export OpenTelemetry traces of deliveries, as the variables `OTEL_*` say. It "
        "needs the extra `otel`.",
    )
    kafka: KafkaConnection = Field(
        default=KafkaConnection(), description="The connection named `kafka`."
    )
    postgres: PostgresConnection = Field(
        default=PostgresConnection(), description="The connection named `postgres`."
    )
    file: FileConnection = Field(
        default=FileConnection(), description="The connection named `file`."
    )
    http: HttpConnectionSettings = Field(
        default=HttpConnectionSettings(), description="The connection named `http`."
    )
    mysql: MysqlConnectionSettings = Field(
        default=MysqlConnectionSettings(), description="The connection named `mysql`."
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


def check_traces(settings: Settings) -> None:
    """Checks that traces can be exported if they are wanted.

    Raises:
        ConfigError: the packages of the extra `otel` are not installed.
    """
    if settings.traces and not _is_installed("opentelemetry.exporter.otlp.proto.http"):
        raise ConfigError(
            "`traces` needs packages that are not installed",
            key="traces",
            hint="install Eventer with the extra `otel`",
        )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
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
