"""Delivers events to files: one part per commit, generator and partition folder."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from eventer.core.batch import Batch, advance_position
from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    TargetUnavailableError,
)
from eventer.core.model import Guarantee, Position, PositionKey
from eventer.destinations.background_encoder import BackgroundEncoder
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow
from eventer.destinations.durable_files import sync_file
from eventer.destinations.file.event_tables import concatenate
from eventer.destinations.file.file_flow import FileFlow, PartitionedRows
from eventer.destinations.file.part_name import PartName
from eventer.destinations.file.partition_folders import split_by_folder
from eventer.destinations.file.settings import FileSettings
from eventer.destinations.file.shard_folder import ShardFolder, translate_errors
from eventer.destinations.file.target_path import make_folder


@dataclass(slots=True)
class _Commit:
    """What one call of `deliver` commits: positions, and parts by their paths below the root."""

    positions: dict[PositionKey, Position] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    rejected: dict[PositionKey, DestinationError] = field(default_factory=dict)
    skipped: dict[PositionKey, Sequence[DestinationRejectedError]] = field(default_factory=dict)


class FileConnection:
    """Implements `ShardConnection`."""

    def __init__(self, settings: FileSettings, *, name: str, cluster: int, shard: int) -> None:
        self._root = settings.root
        self._folder = ShardFolder(settings.root, cluster, name, shard)
        self._encoder: BackgroundEncoder[PartitionedRows] = BackgroundEncoder()
        self._parts_written = 0

    async def open(self) -> Guarantee:
        """See `ShardConnection.open`."""
        await asyncio.to_thread(self._folder.open)
        return "exactly-once"

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        """See `ShardConnection.positions`."""
        known = self._folder.positions
        return {key: known[key] for key in keys if key in known}

    async def check(self, flow: Flow) -> None:
        """See `ShardConnection.check`."""
        FileFlow(self._root, flow).check()

    async def prepare(self, flow: Flow) -> None:
        """See `ShardConnection.prepare`."""
        file_flow = FileFlow(self._root, flow)
        file_flow.check()
        make_folder(file_flow.folder)

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """See `ShardConnection.encode_ahead`."""
        self._encoder.begin(batch, lambda: FileFlow(self._root, flow).encode(batch))

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        """See `ShardConnection.deliver`."""
        commit = await self._encoder.run(lambda: self._commit(deliveries))
        encoding_ns = self._encoder.take_elapsed_ns()
        return DeliveryOutcome(
            commit.positions, commit.rejected, encoding_ns=encoding_ns, skipped=commit.skipped
        )

    async def close(self) -> None:
        """See `ShardConnection.close`. The next owner removes unfinished parts."""
        self._encoder.close()

    def _commit(self, deliveries: Sequence[Delivery]) -> _Commit:
        commit = _Commit()
        with translate_errors(self._root):
            self._folder.check_owner()
            for delivery in deliveries:
                self._add(commit, delivery)
        if commit.positions:
            self._folder.commit(commit.positions, commit.parts)
        return commit

    def _add(self, commit: _Commit, delivery: Delivery) -> None:
        """Writes the parts of a delivery, or notes why it is rejected."""
        flow, key = FileFlow(self._root, delivery.flow), delivery.flow.key
        try:
            encoded, errors = self._encode(flow, delivery)
            if errors and not delivery.skip_rejected:
                raise errors[0]
            parts = split_by_folder(*_joined(encoded))
            # Before the commit: a part that cannot be moved to its folder would block the shard.
            for folder, _ in parts:
                make_folder(self._root / flow.target.path / folder)
        except (DestinationRejectedError, TargetUnavailableError) as error:
            commit.rejected[key] = error
            return
        batches = delivery.batches
        name = PartName(key, batches[0].first, batches[-1].next, flow.format.extension)
        for folder, table in parts:
            unfinished = self._write(flow, table)
            commit.parts[unfinished] = f"{flow.target.path}/{folder}/{name}"
        commit.skipped[key] = errors
        before = delivery.accepted or self._folder.positions.get(key, Position())
        left = delivery.without([each.index for each in errors if each.index is not None])
        commit.positions[key] = advance_position(before, left.batches)

    def _encode(
        self, flow: FileFlow, delivery: Delivery
    ) -> tuple[list[PartitionedRows], list[DestinationRejectedError]]:
        """All batches without the events that are rejected, and an error for each of these."""
        encoded, errors = list[PartitionedRows](), list[DestinationRejectedError]()
        for batch in delivery.batches:
            if (ahead := self._encoder.take_result(batch)) is not None:
                encoded.append(ahead)
                continue
            rows, rejected = flow.encode_accepted(batch)
            encoded.append(rows)
            errors += rejected
        return encoded, errors

    def _write(self, flow: FileFlow, table: pa.Table) -> str:
        """Writes an unfinished part, durably; returns its name."""
        self._parts_written += 1
        name, path = self._folder.unfinished_part(self._parts_written)
        with path.open("wb") as file:
            flow.format.write(table, file)
            file.flush()
            sync_file(file.fileno())
        return name


def _joined(encoded: Sequence[PartitionedRows]) -> tuple[pa.Table, pa.ChunkedArray | None]:
    table = concatenate([each.table for each in encoded])
    if encoded[0].folders is None:
        return table, None
    return table, pa.chunked_array([each.folders for each in encoded])
