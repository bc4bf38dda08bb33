"""Connects workers to a root folder."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eventer.core.clock import NS_PER_SECOND
from eventer.destinations.audit import TargetAuditor
from eventer.destinations.base import ShardConnection
from eventer.destinations.commit_policy import CommitPolicy
from eventer.destinations.file.settings import FileSettings
from eventer.destinations.inspection import ConnectionReport

_BUFFERED_PARTS: Final = 3
"""A shard commits when a third of its memory is full; see `CommitPolicy`."""


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
        """See `destinations.connector.Connector`."""
        from eventer.destinations.file.inspection import inspect_root

        del cluster
        return await asyncio.to_thread(inspect_root, self.settings, targets)
