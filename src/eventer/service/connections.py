"""Makes connectors for workers from the operator's connections. Secrets stay in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from eventer.core.model import Guarantee
from eventer.destinations.audit import TargetAuditor
from eventer.destinations.base import ShardConnection
from eventer.settings import Settings
from eventer.settings.model import KafkaConnection, PostgresConnection
from eventer.workers.messages import Connector


@dataclass(frozen=True, slots=True)
class KafkaConnector:
    """Connects to a Kafka cluster. `options` are the fields of its settings."""

    name: str
    options: Mapping[str, object]
    shards: int

    def connect(self, cluster: int, shard: int) -> ShardConnection:
        """A connection of an owner of that shard."""
        from eventer.destinations.kafka.connection import KafkaConnection as Client
        from eventer.destinations.kafka.settings import KafkaSettings

        settings = KafkaSettings(**self.options)  # type: ignore[arg-type]  # checked when read
        return Client(settings, name=self.name, cluster=cluster, shard=shard, shards=self.shards)

    def target_auditor(self, cluster: int, shard: int) -> TargetAuditor:
        """An auditor of the events that the generators of that shard delivered."""
        from eventer.destinations.kafka.audit import KafkaTargetAuditor
        from eventer.destinations.kafka.settings import KafkaSettings

        settings = KafkaSettings(**self.options)  # type: ignore[arg-type]  # checked when read
        return KafkaTargetAuditor(settings, cluster=cluster, shard=shard)


@dataclass(frozen=True, slots=True)
class PostgresConnector:
    """Connects to a PostgreSQL database. `options` are the fields of its settings."""

    name: str
    options: Mapping[str, object]

    def connect(self, cluster: int, shard: int) -> ShardConnection:
        """A connection of an owner of that shard."""
        from eventer.destinations.postgres.connection import PostgresConnection as Client
        from eventer.destinations.postgres.settings import PostgresSettings

        settings = PostgresSettings(**self.options)  # type: ignore[arg-type]  # checked when read
        return Client(settings, name=self.name, cluster=cluster, shard=shard)

    def target_auditor(self, cluster: int, shard: int) -> TargetAuditor:
        """An auditor of the events that the generators of all shards delivered."""
        from eventer.destinations.postgres.audit import PostgresTargetAuditor
        from eventer.destinations.postgres.settings import PostgresSettings

        del cluster, shard
        settings = PostgresSettings(**self.options)  # type: ignore[arg-type]  # checked when read
        return PostgresTargetAuditor(settings)


@dataclass(frozen=True, slots=True)
class KnownConnection:
    """A connection that requests may name. Without an address, `connector` is None.

    `setting` is the setting of its address. `guarantee` is None if the connected server decides.
    """

    kind: str
    connector: Connector | None
    setting: str
    guarantee: Guarantee | None = None


def known_connections(settings: Settings, shards: int) -> Mapping[str, KnownConnection]:
    """All connections that requests may name, by name."""
    named = {"kafka": settings.kafka, "postgres": settings.postgres, **settings.connections}
    return {name: _connection(name, section, shards) for name, section in named.items()}


def _connection(
    name: str, section: KafkaConnection | PostgresConnection, shards: int
) -> KnownConnection:
    prefix = name if name in {"kafka", "postgres"} else f"connections.{name}"
    options = {
        field: value.get_secret_value() if isinstance(value, SecretStr) else value
        for field, value in section
        if field != "type"
    }
    if isinstance(section, KafkaConnection):
        servers = section.bootstrap_servers
        kafka = KafkaConnector(name, options, shards) if servers else None
        guarantee = None if section.delivery == "auto" else section.delivery
        return KnownConnection("kafka", kafka, f"{prefix}.bootstrap_servers", guarantee)
    postgres = PostgresConnector(name, options) if section.dsn else None
    return KnownConnection("postgres", postgres, f"{prefix}.dsn", "exactly-once")


def environment_name(setting: str) -> str:
    """The environment variable of a setting."""
    return "EVENTER_" + setting.replace(".", "__").upper()
