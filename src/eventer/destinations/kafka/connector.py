"""Connects workers to a Kafka cluster. The client is loaded when it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventer.destinations.audit import TargetAuditor
from eventer.destinations.base import ShardConnection
from eventer.destinations.commit_policy import AS_SOON_AS_POSSIBLE, CommitPolicy
from eventer.destinations.inspection import ConnectionReport


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
        """See `destinations.connector.Connector`."""
        from eventer.destinations.kafka.inspection import inspect_cluster
        from eventer.destinations.kafka.settings import KafkaSettings

        settings = KafkaSettings(**self.options)  # type: ignore[arg-type]  # checked when read
        return await inspect_cluster(settings, f"eventer-{cluster:016x}-{self.name}-test", targets)
