"""The ledger as columns: which offsets hold which events. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.cursor import Cursor, read_cursor

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

NO_LOCATION: Final = -1
MAX_OFFSET_RANGES: Final = 4_000_000
"""How many ranges are kept, the newest; each takes 32 bytes."""


@dataclass(frozen=True, slots=True)
class OffsetRanges:
    """Runs of records: number of the entry, partition, first offset and count."""

    entry: Ints
    partition: Ints
    offset: Ints
    count: Ints

    def __len__(self) -> int:
        return len(self.entry)

    def take(self, rows: Mask | Ints | slice) -> OffsetRanges:
        """The ranges of these rows."""
        return OffsetRanges(
            self.entry[rows], self.partition[rows], self.offset[rows], self.count[rows]
        )


@dataclass(frozen=True, slots=True)
class LedgerEntries:
    """Entries of one generator in the order in which they were committed: events [first, end).

    `skipped` are ranges of indices that emit nothing, a row each. `cursors` has the place of
    `first` as (due, index, step) in each row, if they are steps of timelines.
    """

    first: Ints
    end: Ints
    offset_ranges: OffsetRanges
    skipped: Ints
    cursors: Ints | None = None

    def __len__(self) -> int:
        return len(self.first)

    def take(self, kept: Mask) -> LedgerEntries:
        """The entries that are kept, numbered from zero."""
        numbers = np.cumsum(kept) - 1
        offset_ranges = self.offset_ranges.take(kept[self.offset_ranges.entry])
        counted = replace(offset_ranges, entry=numbers[offset_ranges.entry])
        cursors = None if self.cursors is None else self.cursors[kept]
        return LedgerEntries(self.first[kept], self.end[kept], counted, self.skipped, cursors)

    def cursor(self, number: int) -> Cursor | None:
        """The place of the first step of an entry, if it is known."""
        return None if self.cursors is None else read_cursor(self.cursors[number].tolist())


def parse_entries(values: Sequence[bytes]) -> LedgerEntries:
    """The entries in the values of ledger records, in their order.

    Raises:
        ValueError: a value is not an entry.
    """
    try:
        values_json = json.loads(b"[" + b",".join(values) + b"]")
        flat = [
            (number, *place)
            for number, entry in enumerate(values_json)
            for place in entry["places"]
        ]
        first = np.array([entry["first"] for entry in values_json], np.int64)
        size = np.array([entry["n"] for entry in values_json], np.int64)
        columns = np.array(flat, np.int64).reshape(len(flat), 4).T
        ranges = [skipped for entry in values_json for skipped in entry["skipped"]]
        skipped = np.array(ranges, np.int64).reshape(len(ranges), 2)
        cursors = [entry["cursor"] for entry in values_json if "cursor" in entry]
        places = np.array(cursors, np.int64).reshape(len(cursors), 3)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"not a ledger entry: {error}") from error
    all_known = len(places) == len(first)
    return LedgerEntries(
        first, first + size, OffsetRanges(*columns), skipped, places if all_known else None
    )


def concat_ranges(parts: Sequence[OffsetRanges], starts: Sequence[int]) -> OffsetRanges:
    """All of the ranges, in order; the entries of each part are counted from its start."""
    columns = [
        np.stack([part.entry + start, part.partition, part.offset, part.count])
        for part, start in zip(parts, starts, strict=True)
    ]
    return OffsetRanges(*np.concatenate([np.zeros((4, 0), np.int64), *columns], axis=1))


def concat_entries(parts: Sequence[LedgerEntries]) -> LedgerEntries:
    """All entries, in order."""
    starts = np.cumsum([0, *(len(part) for part in parts)])[:-1].tolist()
    nothing = np.zeros(0, np.int64)
    cursors = [part.cursors for part in parts if part.cursors is not None]
    return LedgerEntries(
        np.concatenate([nothing, *(part.first for part in parts)]),
        np.concatenate([nothing, *(part.end for part in parts)]),
        concat_ranges([part.offset_ranges for part in parts], starts),
        np.concatenate([np.zeros((0, 2), np.int64), *(part.skipped for part in parts)]),
        np.concatenate(cursors) if parts and len(cursors) == len(parts) else None,
    )


def first_entry_of_current_topic(entries: LedgerEntries) -> int:
    """The first entry of the present topic: since then offsets have never gone back."""
    offset_ranges = entries.offset_ranges
    since = 0
    for partition in np.unique(offset_ranges.partition).tolist():
        mine = offset_ranges.take(offset_ranges.partition == partition)
        back = np.flatnonzero(mine.offset[1:] < mine.offset[:-1] + mine.count[:-1])
        if len(back):
            since = max(since, int(mine.entry[back[-1] + 1]))
    return since


def first_retained_entry(
    entries: LedgerEntries, starts: Mapping[int, int], of_current_topic: Mask
) -> int:
    """The first entry since which the log, which begins at `starts`, has every record."""
    offset_ranges = entries.offset_ranges.take(of_current_topic[entries.offset_ranges.entry])
    begin = np.zeros(max([*starts, *offset_ranges.partition.tolist()], default=0) + 1, np.int64)
    for partition, offset in starts.items():
        begin[partition] = offset
    gone = offset_ranges.offset < begin[offset_ranges.partition]
    return int(offset_ranges.entry[gone].max()) + 1 if gone.any() else 0


def find_redelivered(entries: LedgerEntries) -> Mask:
    """Which entries have events that a later entry has, too: they were delivered again."""
    later = np.full(len(entries), np.iinfo(np.int64).max)
    if len(entries):
        later[:-1] = np.minimum.accumulate(entries.first[::-1])[::-1][1:]
    again: Mask = later < entries.end
    return again


@dataclass(frozen=True, slots=True)
class EntryRun:
    """Entries that follow one another without a gap: numbers [start, stop), events [first, end)."""

    start: int
    stop: int
    first: int
    end: int


def split_at_gaps(entries: LedgerEntries) -> list[EntryRun]:
    """The entries, split where events are missing."""
    if not len(entries):
        return []
    cuts = np.flatnonzero(entries.first[1:] != entries.end[:-1]) + 1
    edges = [0, *cuts.tolist(), len(entries)]
    return [
        EntryRun(start, stop, int(entries.first[start]), int(entries.end[stop - 1]))
        for start, stop in pairwise(edges)
    ]


class OffsetLocator:
    """Finds the offsets of the events of one run, in ascending order."""

    def __init__(self, entries: LedgerEntries, run: EntryRun) -> None:
        self._ends = entries.end[run.start : run.stop]
        of_run = (entries.offset_ranges.entry >= run.start) & (
            entries.offset_ranges.entry < run.stop
        )
        mine = entries.offset_ranges.take(of_run)
        self._by_partition = {
            partition: _PartitionLocator(mine.take(mine.partition == partition), run.start)
            for partition in np.unique(mine.partition).tolist()
        }

    def offsets(self, index: Ints, partition: Ints) -> Ints:
        """The offset of each event; `NO_LOCATION` if its entry has no more records there."""
        entry = np.searchsorted(self._ends, index, side="right")
        found = np.full(len(index), NO_LOCATION, np.int64)
        for number in np.unique(partition).tolist():
            rows = np.flatnonzero(partition == number)
            if number in self._by_partition:
                found[rows] = self._by_partition[number].offsets(entry[rows])
        return found


class _PartitionLocator:
    """The offset ranges of a run in one partition, and how many events were found so far."""

    def __init__(self, offset_ranges: OffsetRanges, start: int) -> None:
        self._entry = offset_ranges.entry - start
        self._offset = offset_ranges.offset
        self._ends = np.cumsum(offset_ranges.count)
        self._starts = self._ends - offset_ranges.count
        self._last = (-1, 0)

    def offsets(self, entry: Ints) -> Ints:
        """The offsets of the next events; `entry` has their entries, ascending."""
        cuts = np.flatnonzero(np.append(True, entry[1:] != entry[:-1]))
        sizes = np.diff(np.append(cuts, len(entry)))
        rank = np.arange(len(entry)) - np.repeat(cuts, sizes)
        if entry[0] == self._last[0]:
            rank[: sizes[0]] += self._last[1]
        self._last = (int(entry[-1]), int(rank[-1]) + 1)
        before = np.append(self._starts, self._ends[-1:])[np.searchsorted(self._entry, entry)]
        after = np.append(0, self._ends)[np.searchsorted(self._entry, entry, side="right")]
        ordinal = before + rank
        at = np.minimum(np.searchsorted(self._ends, ordinal, side="right"), len(self._ends) - 1)
        offset = self._offset[at] + ordinal - self._starts[at]
        return np.where(ordinal < after, offset, NO_LOCATION)


class Intervals:
    """A set of numbers as ranges [start, end), such as the offsets of a generator."""

    def __init__(self, starts: Ints, ends: Ints) -> None:
        order = np.argsort(starts, kind="stable")
        self._starts = starts[order]
        # They overlap if a topic was dropped and created again: then the farthest end counts.
        self._ends = np.maximum.accumulate(ends[order]) if len(order) else ends

    def contains(self, numbers: Ints) -> Mask:
        """Which of the numbers are in the set."""
        at = np.searchsorted(self._starts, numbers, side="right") - 1
        if not len(self._starts):
            return np.zeros(len(numbers), np.bool_)
        held: Mask = (at >= 0) & (numbers < self._ends[np.maximum(at, 0)])
        return held
