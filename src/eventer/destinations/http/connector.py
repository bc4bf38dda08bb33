"""Connects workers to HTTP endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eventer.destinations.audit import TargetAuditor, UnreadableTargetAuditor
from eventer.destinations.base import ShardConnection
from eventer.destinations.commit_policy import AS_SOON_AS_POSSIBLE, CommitPolicy
from eventer.destinations.http.settings import HttpSettings
from eventer.destinations.inspection import ConnectionReport
from eventer.destinations.position_log import PositionLog


@dataclass(frozen=True, slots=True)
class HttpConnector:
    """Posts to endpoints below a URL. Positions are in files below `state_folder`, if there is one.

    Without it they are in memory.
    """

    name: str
    settings: HttpSettings
    state_folder: Path | None = None
    policy: CommitPolicy = AS_SOON_AS_POSSIBLE

    def connect(self, cluster: int, shard: int) -> ShardConnection:
        """A connection of an owner of that shard."""
        from eventer.destinations.http.connection import HttpConnection

        return HttpConnection(
            self.settings, PositionLog.of_shard(self.state_folder, cluster, self.name, shard)
        )

    def target_auditor(self, cluster: int, shard: int) -> TargetAuditor:
        """An auditor that refuses: what was posted cannot be read back."""
        del cluster, shard
        return UnreadableTargetAuditor("events that were posted to an HTTP endpoint")

    async def inspect(self, cluster: int, targets: Sequence[str]) -> ConnectionReport:
        """See `destinations.connector.Connector`. It sends no request."""
        from eventer.destinations.http.reachability import check_reachable

        del cluster, targets
        await check_reachable(self.settings)
        return ConnectionReport(f"HTTP server at {self.settings.url}", "at-least-once")
