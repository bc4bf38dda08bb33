"""How often a destination gets a transaction, and how many events may wait for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_BUFFERED_BYTES: Final = 24 << 20
"""Bytes of memory that batches may hold while they wait for a transaction, by default."""


@dataclass(frozen=True, slots=True)
class CommitPolicy:
    """When a shard commits.

    With `interval_ns`, events wait this long, so that a transaction holds the events of an
    interval. It is committed before if nothing more will come, or a third of
    `max_buffered_bytes` is reached. Without it, a transaction begins as soon as nothing else is
    due.
    """

    interval_ns: int = 0
    max_buffered_bytes: int = MAX_BUFFERED_BYTES


AS_SOON_AS_POSSIBLE: Final = CommitPolicy()
