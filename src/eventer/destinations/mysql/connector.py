"""Connects workers to MariaDB or MySQL. The client is loaded when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eventer.destinations.audit import TargetAuditor
from eventer.destinations.base import ShardConnection
from eventer.destinations.commit_policy import AS_SOON_AS_POSSIBLE, CommitPolicy
from eventer.destinations.inspection import ConnectionReport
from eventer.destinations.mysql.settings import MysqlSettings


@dataclass(frozen=True, slots=True)
class MysqlConnector:
    """Connects to a MariaDB or MySQL database."""

    name: str
    settings: MysqlSettings
    policy: CommitPolicy = AS_SOON_AS_POSSIBLE

    def connect(self, cluster: int, shard: int) -> ShardConnection:
        """A connection of an owner of that shard."""
        from eventer.destinations.mysql.connection import MysqlConnection

        return MysqlConnection(self.settings, name=self.name, cluster=cluster, shard=shard)

    def target_auditor(self, cluster: int, shard: int) -> TargetAuditor:
        """An auditor of the events that the generators of all shards delivered."""
        from eventer.destinations.mysql.audit import MysqlTargetAuditor

        del cluster, shard
        return MysqlTargetAuditor(self.settings)

    async def inspect(self, cluster: int, targets: Sequence[str]) -> ConnectionReport:
        """See `destinations.connector.Connector`."""
        from eventer.destinations.mysql.inspection import inspect_database

        del cluster
        return await inspect_database(self.settings, targets)
