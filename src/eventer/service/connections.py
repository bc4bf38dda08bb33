"""Makes connectors for workers from the operator's connections. Secrets stay in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from eventer.core.model import Guarantee
from eventer.destinations.file.settings import FileSettings
from eventer.destinations.postgres.dsn import parse_dsn
from eventer.settings import Settings
from eventer.settings.model import (
    CONNECTION_TYPES,
    FileConnection,
    KafkaConnection,
    PostgresConnection,
)
from eventer.workers.connectors import FileConnector, KafkaConnector, PostgresConnector
from eventer.workers.messages import Connector


@dataclass(frozen=True, slots=True)
class KnownConnection:
    """A connection that requests may name. Without an address, `connector` is None.

    `setting` is the setting of its address; `address` is that without user and password. The
    address of a connection to files is its root folder. `guarantee` is None if the connected server
    decides.
    """

    kind: str
    connector: Connector | None
    setting: str
    guarantee: Guarantee | None = None
    address: str | None = None

    @property
    def missing(self) -> str:
        """What a connection without a connector does not have, for messages."""
        return "root folder" if self.kind == "file" else "address"


def known_connections(settings: Settings, shards: int) -> Mapping[str, KnownConnection]:
    """All connections that requests may name, by name."""
    own = {kind: getattr(settings, kind) for kind in CONNECTION_TYPES}
    named = {**own, **settings.connections}
    return {name: _connection(name, section, shards) for name, section in named.items()}


def _connection(
    name: str, section: KafkaConnection | PostgresConnection | FileConnection, shards: int
) -> KnownConnection:
    prefix = name if name in CONNECTION_TYPES else f"connections.{name}"
    if isinstance(section, FileConnection):
        return _file_connection(name, section, f"{prefix}.root")
    options = {
        field: value.get_secret_value() if isinstance(value, SecretStr) else value
        for field, value in section
        if field != "type"
    }
    if isinstance(section, KafkaConnection):
        servers = section.bootstrap_servers
        kafka = KafkaConnector(name, options, shards) if servers else None
        guarantee = None if section.delivery == "auto" else section.delivery
        return KnownConnection("kafka", kafka, f"{prefix}.bootstrap_servers", guarantee, servers)
    postgres = PostgresConnector(name, options) if section.dsn else None
    address = parse_dsn(section.dsn.get_secret_value()).address if section.dsn else None
    return KnownConnection("postgres", postgres, f"{prefix}.dsn", "exactly-once", address)


def _file_connection(name: str, section: FileConnection, setting: str) -> KnownConnection:
    if section.root is None:
        return KnownConnection("file", None, setting, "exactly-once")
    root = section.root.expanduser().absolute()
    file_settings = FileSettings(root, section.roll_interval, section.roll_bytes)
    connector = FileConnector(name, file_settings)
    return KnownConnection("file", connector, setting, "exactly-once", str(root))


def environment_name(setting: str) -> str:
    """The environment variable of a setting."""
    return "EVENTER_" + setting.replace(".", "__").upper()
