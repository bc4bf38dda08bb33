"""Reads the ledger back: a generator's own entries, and where others of its topic put theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import PositionKey
from eventer.destinations.kafka.claims import MOST, Entries, Ints, Places, joined, read_entries
from eventer.destinations.kafka.ledger import TOPIC, decode_ledger_key
from eventer.destinations.kafka.log import Bounds, Log
from eventer.kernels.kafka_reading import Records

_OWN: Final = 2
_OTHERS: Final = 1
_NOBODYS: Final = 0


@dataclass(slots=True)
class LedgerReader:
    """Takes in the ledger's partitions, up to where they end when each is asked for."""

    log: Log
    key: PositionKey
    topic: str
    _own: list[Entries] = field(default_factory=list)
    _stamps: list[Ints] = field(default_factory=list)
    _others: list[Places] = field(default_factory=list)
    _kinds: dict[int, int] = field(default_factory=dict)
    _read_to: dict[int, int] = field(default_factory=dict)

    async def read(self, bounds: Mapping[int, Bounds]) -> None:
        """Reads on up to the ends of all partitions, waiting for open transactions.

        Raises:
            DestinationRejectedError: an entry cannot be read.
        """
        for partition, each in bounds.items():
            first = max(each.start, self._read_to.get(partition, each.start))
            self._read_to[partition] = max(first, each.end)
            async for records in self.log.pages(TOPIC, partition, first, each.end):
                if len(records):
                    self._take(partition, records)
                    self._read_to[partition] = max(each.end, int(records.offset[-1]) + 1)

    def own(self) -> tuple[Entries, Ints]:
        """The generator's entries in order, and when (ms since 1970) each was written."""
        return joined(self._own), np.concatenate([np.zeros(0, np.int64), *self._stamps])

    def others(self) -> Places:
        """Where others put their events; of these places `entry` says nothing."""
        nothing = np.zeros((4, 0), np.int64)
        columns = [np.stack([p.entry, p.partition, p.offset, p.count]) for p in self._others]
        return Places(*np.concatenate([nothing, *columns], axis=1))

    def _take(self, partition: int, records: Records) -> None:
        kinds = self._kinds_of(records)
        for kind in (_OWN, _OTHERS):
            mine = records.take(np.flatnonzero(kinds == kind))
            if not len(mine):
                continue
            try:
                entries = read_entries([mine.values.value(row) or b"" for row in range(len(mine))])
            except ValueError as error:
                raise DestinationRejectedError(
                    f"the ledger cannot be read: {TOPIC}, partition {partition}, at or after "
                    f"offset {mine.offset[0]}: {error}"
                ) from error
            if kind == _OWN:
                self._own.append(entries)
                self._stamps.append(mine.timestamp)
            else:
                self._others.append(entries.places)
        _forget(self._own, self._stamps)
        _forget(self._others)

    def _kinds_of(self, records: Records) -> Ints:
        """Whose each record is: looked up by its key, which is decoded once."""
        digests = records.keys.digests()
        keys, rows, which = np.unique(digests, return_index=True, return_inverse=True)
        for digest, row in zip(keys.tolist(), rows.tolist(), strict=True):
            if digest not in self._kinds:
                self._kinds[digest] = self._kind(records.keys.value(row) or b"")
        return np.array([self._kinds[digest] for digest in keys.tolist()], np.int64)[which]

    def _kind(self, data: bytes) -> int:
        decoded = decode_ledger_key(data)
        if decoded is None or decoded[1] != self.topic:
            return _NOBODYS
        return _OWN if decoded[0] == self.key else _OTHERS


def _forget(pages: list[Entries] | list[Places], *beside: list[Ints]) -> None:
    """Drops the oldest pages of more places than are kept."""
    sizes = [len(page.places) if isinstance(page, Entries) else len(page) for page in pages]
    total = sum(sizes)
    while total > MOST and len(sizes) > 1:
        total -= sizes.pop(0)
        for each in (pages, *beside):
            each.pop(0)
