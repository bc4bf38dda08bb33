"""What a kind of destination gives to the workers of a service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from eventer.core.model import Guarantee
from eventer.destinations.audit import TargetAuditor
from eventer.destinations.base import ShardConnection
from eventer.destinations.commit_policy import CommitPolicy
from eventer.destinations.inspection import ConnectionReport


class Connector(Protocol):
    """Creates connections to one server or root folder. Picklable.

    It imports the client of its server when it connects, so that others need not load it.
    """

    @property
    def policy(self) -> CommitPolicy:
        """When its shards commit."""

    def connect(self, cluster: int, shard: int) -> ShardConnection:
        """A connection for an owner of that shard, not yet open."""

    def target_auditor(self, cluster: int, shard: int) -> TargetAuditor:
        """An auditor of what the generators of that shard delivered, not yet open."""

    async def inspect(self, cluster: int, targets: Sequence[str]) -> ConnectionReport:
        """Connects as an owner of a shard would, fences none, and reads the sizes of targets.

        Raises:
            DestinationError: what prevents it, with what to do.
        """


@dataclass(frozen=True, slots=True)
class ConnectionContext:
    """What a connection depends on besides its settings.

    `name` is its name. `state_folder` is where a service keeps what its destinations cannot keep;
    a run of one template has none, and ends with its process.
    """

    name: str
    shards: int
    state_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class ConfiguredConnection:
    """A connection as its settings say. Without an address, `connector` and `address` are None.

    `address` is that for messages, without user and password. `guarantee` is None if the server
    decides.
    """

    guarantee: Guarantee | None
    connector: Connector | None = None
    address: str | None = None
