"""Reads the ledger: a generator's entries, and the offsets of other generators of its topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import PositionKey
from eventer.destinations.kafka.ledger import TOPIC, decode_ledger_key
from eventer.destinations.kafka.ledger_index import (
    MAX_OFFSET_RANGES,
    Ints,
    LedgerEntries,
    OffsetRanges,
    concat_entries,
    concat_ranges,
    parse_entries,
)
from eventer.destinations.kafka.log_reader import LogReader, PartitionOffsets
from eventer.kernels.kafka.record_reading import Records

_OWN: Final = 2
_OTHERS: Final = 1
_FOREIGN: Final = 0


@dataclass(slots=True)
class LedgerReader:
    """Reads the ledger's partitions, each up to a given end."""

    log: LogReader
    key: PositionKey
    topic: str
    _own_entries: list[LedgerEntries] = field(default_factory=list)
    _timestamps: list[Ints] = field(default_factory=list)
    _other_ranges: list[OffsetRanges] = field(default_factory=list)
    _owner_by_digest: dict[int, int] = field(default_factory=dict)
    _read_to: dict[int, int] = field(default_factory=dict)

    async def read(self, partition_offsets: Mapping[int, PartitionOffsets]) -> None:
        """Continues up to the ends of all partitions; waits for open transactions.

        Raises:
            DestinationRejectedError: an entry cannot be read.
        """
        for partition, each in partition_offsets.items():
            first = max(each.start, self._read_to.get(partition, each.start))
            self._read_to[partition] = max(first, each.end)
            async for records in self.log.pages(TOPIC, partition, first, each.end):
                if len(records):
                    self._add_records(partition, records)
                    self._read_to[partition] = max(each.end, int(records.offset[-1]) + 1)

    def own_entries(self) -> tuple[LedgerEntries, Ints]:
        """The generator's entries in order, and the time of each (ms since 1970)."""
        return concat_entries(self._own_entries), np.concatenate(
            [np.zeros(0, np.int64), *self._timestamps]
        )

    def others(self) -> OffsetRanges:
        """The offsets of other generators' events; `entry` has no meaning here."""
        return concat_ranges(self._other_ranges, [0] * len(self._other_ranges))

    def _add_records(self, partition: int, records: Records) -> None:
        owners = self._owners_of(records)
        for owner in (_OWN, _OTHERS):
            matching = records.take(np.flatnonzero(owners == owner))
            if not len(matching):
                continue
            try:
                entries = parse_entries(
                    [matching.values.value(row) or b"" for row in range(len(matching))]
                )
            except ValueError as error:
                raise DestinationRejectedError(
                    f"the ledger cannot be read: {TOPIC}, partition {partition}, at or after "
                    f"offset {matching.offset[0]}: {error}"
                ) from error
            if owner == _OWN:
                self._own_entries.append(entries)
                self._timestamps.append(matching.timestamp)
            else:
                self._other_ranges.append(entries.offset_ranges)
        _drop_oldest(self._own_entries, self._timestamps)
        _drop_oldest(self._other_ranges)

    def _owners_of(self, records: Records) -> Ints:
        """The owner of each record; each key is decoded once."""
        digests = records.keys.digests()
        keys, rows, which = np.unique(digests, return_index=True, return_inverse=True)
        for digest, row in zip(keys.tolist(), rows.tolist(), strict=True):
            if digest not in self._owner_by_digest:
                self._owner_by_digest[digest] = self._owner_of(records.keys.value(row) or b"")
        return np.array([self._owner_by_digest[digest] for digest in keys.tolist()], np.int64)[
            which
        ]

    def _owner_of(self, data: bytes) -> int:
        decoded = decode_ledger_key(data)
        if decoded is None or decoded[1] != self.topic:
            return _FOREIGN
        return _OWN if decoded[0] == self.key else _OTHERS


def _drop_oldest(pages: list[LedgerEntries] | list[OffsetRanges], *beside: list[Ints]) -> None:
    """Drops the oldest pages beyond `MAX_OFFSET_RANGES`."""
    sizes = [
        len(page.offset_ranges) if isinstance(page, LedgerEntries) else len(page) for page in pages
    ]
    total = sum(sizes)
    while total > MAX_OFFSET_RANGES and len(sizes) > 1:
        total -= sizes.pop(0)
        for each in (pages, *beside):
            each.pop(0)
