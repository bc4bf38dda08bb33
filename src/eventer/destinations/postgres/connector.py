"""Connects workers to a PostgreSQL database. The client is loaded when it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventer.destinations.audit import TargetAuditor
from eventer.destinations.base import ShardConnection
from eventer.destinations.commit_policy import AS_SOON_AS_POSSIBLE, CommitPolicy
from eventer.destinations.inspection import ConnectionReport


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
        """See `destinations.connector.Connector`."""
        from eventer.destinations.postgres.inspection import inspect_database
        from eventer.destinations.postgres.settings import PostgresSettings

        del cluster
        settings = PostgresSettings(**self.options)  # type: ignore[arg-type]  # checked when read
        return await inspect_database(settings, targets)
