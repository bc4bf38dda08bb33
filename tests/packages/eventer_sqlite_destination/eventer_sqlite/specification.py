"""SQLite as a kind of destination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from eventer.destinations.audit import TargetAuditor, UnreadableTargetAuditor
from eventer.destinations.base import ShardConnection
from eventer.destinations.commit_policy import AS_SOON_AS_POSSIBLE, CommitPolicy
from eventer.destinations.connection_settings import ConnectionSettings
from eventer.destinations.connector import ConfiguredConnection, ConnectionContext
from eventer.destinations.inspection import ConnectionReport
from eventer.destinations.kind import DestinationKind
from eventer_sqlite.connection import SqliteConnection
from eventer_sqlite.target import SqliteOptions, SqliteTarget


class SqliteSettings(ConnectionSettings):
    """An SQLite file."""

    path: Path | None = Field(default=None, description="The file; created if missing.")
    max_event_bytes: int = Field(default=200, ge=2, description="Largest event.")


@dataclass(frozen=True)
class SqliteConnector:
    """Connects to an SQLite file."""

    path: Path
    max_event_bytes: int
    policy: CommitPolicy = AS_SOON_AS_POSSIBLE

    def connect(self, cluster: int, shard: int) -> ShardConnection:
        return SqliteConnection(self.path, self.max_event_bytes, f"{cluster}/{shard}")

    def target_auditor(self, cluster: int, shard: int) -> TargetAuditor:
        return UnreadableTargetAuditor("events in SQLite")

    async def inspect(self, cluster: int, targets: Sequence[str]) -> ConnectionReport:
        return ConnectionReport(f"SQLite file {self.path}", "exactly-once")


class SqliteKind(DestinationKind[SqliteTarget, SqliteSettings]):
    """Tables of an SQLite file."""

    name = "sqlite"
    target_type = SqliteTarget
    address_setting = "path"
    address_noun = "path"

    def target_options(self) -> type[SqliteOptions]:
        return SqliteOptions

    def connection_settings(self) -> type[SqliteSettings]:
        return SqliteSettings

    def configure(
        self, settings: SqliteSettings, context: ConnectionContext
    ) -> ConfiguredConnection:
        if settings.path is None:
            return ConfiguredConnection("exactly-once")
        connector = SqliteConnector(settings.path, settings.max_event_bytes)
        return ConfiguredConnection("exactly-once", connector, str(settings.path))
