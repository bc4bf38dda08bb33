"""Connectors as a worker gets them: they load the client of a destination when it is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eventer.core.clock import NS_PER_SECOND
from eventer.destinations.audit import TargetAuditor
from eventer.destinations.base import ShardConnection
from eventer.destinations.file.settings import FileSettings
from eventer.destinations.inspection import ConnectionReport
from eventer.runs.commit_policy import AS_SOON_AS_POSSIBLE, CommitPolicy

_BUFFERED_PARTS: Final = 3
"""A shard commits when a third of its memory is full; see `CommitPolicy`."""


@dataclass(frozen=True, slots=True)
class KafkaConnector:
    """Connects to a Kafka cluster. `options` are the fields of its settings."""

    name: str
    options: Mapping[str, object]
    shards: int
    policy: CommitPolicy = AS_SOON_AS_POSSIBLE

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

    async def inspect(self, cluster: int, targets: Sequence[str]) -> ConnectionReport:
        """See `Connector.inspect`."""
        from eventer.destinations.kafka.inspection import inspect_cluster
        from eventer.destinations.kafka.settings import KafkaSettings

        settings = KafkaSettings(**self.options)  # type: ignore[arg-type]  # checked when read
        return await inspect_cluster(settings, f"eventer-{cluster:016x}-{self.name}-test", targets)


@dataclass(frozen=True, slots=True)
class PostgresConnector:
    """Connects to a PostgreSQL database. `options` are the fields of its settings."""

    name: str
    options: Mapping[str, object]
    policy: CommitPolicy = AS_SOON_AS_POSSIBLE

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

    async def inspect(self, cluster: int, targets: Sequence[str]) -> ConnectionReport:
        """See `Connector.inspect`."""
        from eventer.destinations.postgres.inspection import inspect_database
        from eventer.destinations.postgres.settings import PostgresSettings

        del cluster
        settings = PostgresSettings(**self.options)  # type: ignore[arg-type]  # checked when read
        return await inspect_database(settings, targets)


@dataclass(frozen=True, slots=True)
class FileConnector:
    """Writes files below a root folder."""

    name: str
    settings: FileSettings

    @property
    def policy(self) -> CommitPolicy:
        """A commit, and so a part, holds the events of an interval."""
        interval = round(self.settings.roll_interval * NS_PER_SECOND)
        return CommitPolicy(interval, _BUFFERED_PARTS * self.settings.roll_bytes)

    def connect(self, cluster: int, shard: int) -> ShardConnection:
        """A connection of an owner of that shard."""
        from eventer.destinations.file.connection import FileConnection

        return FileConnection(self.settings, name=self.name, cluster=cluster, shard=shard)

    def target_auditor(self, cluster: int, shard: int) -> TargetAuditor:
        """An auditor of the events that the generators of all shards delivered."""
        from eventer.destinations.file.audit import FileTargetAuditor

        del shard
        return FileTargetAuditor(self.settings, cluster=cluster)

    async def inspect(self, cluster: int, targets: Sequence[str]) -> ConnectionReport:
        """See `Connector.inspect`."""
        from eventer.destinations.file.inspection import inspect_root

        del cluster
        return await asyncio.to_thread(inspect_root, self.settings, targets)
