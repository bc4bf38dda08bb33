"""What a connection says when it is tested: its server, its guarantee, the sizes of its targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eventer.core.model import Guarantee


@dataclass(frozen=True, slots=True)
class TargetSize:
    """A topic, table or folder. Records are counted; the rows of a table are an estimate.

    `rows` is None for folders, and if the server has no estimate; `bytes` is None for topics.
    """

    rows: int | None = None
    bytes: int | None = None
    partitions: int | None = None


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """A connection that works.

    `degraded` says why delivery is at least once although the settings prefer exactly once. `sizes`
    has the targets that exist.
    """

    server: str
    guarantee: Guarantee
    degraded: str | None = None
    sizes: Mapping[str, TargetSize] = field(default_factory=dict)
