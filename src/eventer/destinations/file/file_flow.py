"""A generator that delivers to files: its folder, format and partitions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError, RequestError
from eventer.core.model import FileTarget
from eventer.destinations.base import Flow
from eventer.destinations.file.event_tables import RejectedEventsError
from eventer.destinations.file.formats import PartFormat, part_format
from eventer.destinations.file.partition_folders import Partitioner, parse_partition
from eventer.destinations.file.target_path import target_folder


@dataclass(frozen=True, slots=True)
class PartitionedRows:
    """The events of a batch as rows, and the partition folder of each; None without partitions."""

    table: pa.Table
    folders: pa.Array | None


class FileFlow:
    """A flow whose target is a folder of files."""

    def __init__(self, root: Path, flow: Flow) -> None:
        assert isinstance(flow.target, FileTarget)
        self.target = flow.target
        self.shape = flow.shape
        self.format: PartFormat = part_format(flow.target.format)
        self._root = root

    @property
    def folder(self) -> Path:
        """The folder of the target.

        Raises:
            DestinationRejectedError: see `target_folder`.
        """
        return target_folder(self._root, self.target.path)

    @cached_property
    def _partitioner(self) -> Partitioner:
        try:
            return Partitioner([parse_partition(each) for each in self.target.partition_by])
        except RequestError as error:
            raise DestinationRejectedError(f"`partition_by` {error.message}") from error

    def check(self) -> None:
        """Checks what is known in advance.

        Raises:
            DestinationRejectedError: the folder, the partitions or the events are not possible.
        """
        _ = self.folder, self._partitioner
        self.format.check(self.shape)

    def encode(self, batch: Batch) -> PartitionedRows:
        """The events of a batch as rows.

        Raises:
            RejectedEventsError: events do not fit.
        """
        folders = self._partitioner.folders(batch)
        return PartitionedRows(self.format.encode(batch, self.shape), folders)

    def encode_accepted(
        self, batch: Batch
    ) -> tuple[PartitionedRows, list[DestinationRejectedError]]:
        """The events of a batch that fit, and an error for each other event, by index."""
        errors: list[DestinationRejectedError] = []
        while True:
            try:
                encoded = self.encode(batch)
            except RejectedEventsError as rejection:
                errors += rejection.errors
                batch = batch.without([each.index or 0 for each in rejection.errors])
            else:
                return encoded, sorted(errors, key=lambda each: each.index or 0)
