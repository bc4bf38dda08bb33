"""Compares delivered records or rows with expected events, by digest and in whole columns. Pure.

An *index* identifies an event; a *location* is the number of a record or row. A record has several
digests: of its value first, then of its key and so on. Mismatches are kept until everything has
been compared, since a record may contain the event of another location.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.destinations.audit import DEFAULT_LISTED, Flaw

Ints: TypeAlias = NDArray[np.int64]
Digests: TypeAlias = NDArray[np.uint64]
Mask: TypeAlias = NDArray[np.bool_]

MAX_MISMATCHES: Final = 100_000
"""Mismatches that are classified. Further ones are only counted."""
NO_LOCATION: Final = -1
DELETED: Final = np.uint64(0)
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class UnresolvedFinding:
    """A flaw whose location is still a number."""

    flaw: Flaw
    index: int | None
    location: int
    detail: str | None = None


class Findings:
    """Totals of all flaws, and the first `listed` findings of each."""

    def __init__(self, listed: int = DEFAULT_LISTED) -> None:
        self.totals = dict.fromkeys(Flaw, 0)
        self.listed: list[UnresolvedFinding] = []
        self._remaining = dict.fromkeys(Flaw, listed)

    def add(self, flaw: Flaw, index: Ints, location: Ints, detail: str | None = None) -> None:
        """Adds a flaw per event; a negative index means that the event is unknown."""
        self.totals[flaw] += len(index)
        first = slice(self._remaining[flaw])
        for i, at in zip(index[first].tolist(), location[first].tolist(), strict=True):
            self.listed.append(UnresolvedFinding(flaw, i if i >= 0 else None, at, detail))
            self._remaining[flaw] -= 1

    def count(self, flaw: Flaw, number: int) -> None:
        """Counts flaws that are not listed."""
        self.totals[flaw] += number

    def discard(self, flaws: Collection[Flaw]) -> None:
        """Removes all findings of these flaws."""
        self.totals.update(dict.fromkeys(flaws, 0))
        self.listed = [found for found in self.listed if found.flaw not in flaws]

    def sorted_by_event(self) -> list[UnresolvedFinding]:
        """The listed findings in order of events; those without an event are last."""
        return sorted(self.listed, key=lambda f: (f.index is None, f.index or 0, f.location))


def _locate(keys: Ints | Digests, wanted: Ints | Digests) -> tuple[Ints, Mask]:
    """Per wanted key: a row of `keys` with this key, and whether there is one."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    order = np.argsort(keys, kind="stable")
    found = np.searchsorted(keys, wanted, sorter=order)
    rows = order[np.minimum(found, len(keys) - 1)]
    return rows, keys[rows] == wanted


def _unlocated(count: int) -> Ints:
    return np.full(count, NO_LOCATION)


# --- topics: every event has a location -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordDigests:
    """Records by location: `digests` has a row per record and a column per aspect."""

    location: Ints
    digests: Digests

    def __len__(self) -> int:
        return len(self.location)

    def take(self, mask: Mask | Ints | slice) -> RecordDigests:
        """The selected records."""
        return RecordDigests(self.location[mask], self.digests[mask])


class LogComparison:
    """Compares a log, page by page, with events whose locations are known.

    A *stray* is a record at a location without an event. Strays that contain an event from index
    `end` on are in flight and not a flaw. At most `held` mismatches are classified.
    """

    def __init__(
        self,
        aspects: Sequence[str],
        *,
        end: int | None = None,
        listed: int = DEFAULT_LISTED,
        held: int = MAX_MISMATCHES,
    ) -> None:
        self._aspects = tuple(aspects)
        self._end = _NEVER if end is None else end
        self._findings = Findings(listed)
        self._capacity = held
        self._mismatches: list[tuple[Ints, RecordDigests, Mask]] = []
        self._strays: list[RecordDigests] = []
        self._event_by_digest: dict[int, int] = {}
        self.checked = 0

    def compare(self, index: Ints, expected: RecordDigests, read: RecordDigests) -> None:
        """Compares events with the records at their locations.

        Args:
            index: The index of each row of `expected`, ascending.
            expected: The events and their locations, or `NO_LOCATION`.
            read: All records at these locations.
        """
        self.checked += len(index)
        rows, present = _locate(read.location, expected.location)
        self._findings.add(Flaw.MISSING, index[~present], expected.location[~present])
        held = read.digests[rows[present]]
        differs = held != expected.digests[present]
        wrong = differs.any(axis=1)
        count = self._reserve(Flaw.CHANGED, int(wrong.sum()))
        if count:
            records = RecordDigests(expected.location[present][wrong], held[wrong])
            first = slice(count)
            self._mismatches.append(
                (index[present][wrong][first], records.take(first), differs[wrong][first])
            )

    def add_redelivered(self, index: Ints, location: Ints) -> None:
        """Adds events that were delivered again, with the location of the copy."""
        self._findings.add(Flaw.DUPLICATED, index, location)

    def add_strays(self, records: RecordDigests) -> None:
        """Adds records at locations without an event."""
        self._strays.append(records.take(slice(self._reserve(Flaw.FOREIGN, len(records)))))

    @property
    def has_strays(self) -> bool:
        """Whether there are strays."""
        return any(len(records) for records in self._strays)

    def discard_claimed(self, claimed: Callable[[Ints], Mask]) -> None:
        """Removes the strays whose locations belong to an event after all."""
        self._strays = [records.take(~claimed(records.location)) for records in self._strays]

    def _reserve(self, flaw: Flaw, wanted: int) -> int:
        """How many of the mismatches may be kept; counts the others as this flaw."""
        count = min(wanted, self._capacity)
        self._capacity -= count
        self._findings.count(flaw, wanted - count)
        return count

    def digests_to_find(self) -> Digests:
        """The values of mismatches and strays, ascending, to be searched for among all events."""
        values = [records.digests[:, 0] for records in self._strays]
        values += [records.digests[differs[:, 0], 0] for _, records, differs in self._mismatches]
        return np.unique(np.concatenate(values)) if values else np.zeros(0, np.uint64)

    def identify(self, index: Ints, values: Digests, digests_to_find: Digests) -> None:
        """Looks for the digests among the values of some events."""
        for row in np.flatnonzero(np.isin(values, digests_to_find)).tolist():
            self._event_by_digest.setdefault(int(values[row]), int(index[row]))

    def findings(self) -> Findings:
        """All flaws. If there are digests to find, pass all events to `identify` first."""
        for index, records, differs in self._mismatches:
            self._classify_mismatches(index, records, differs)
        for records in self._strays:
            known = self._event_of(records.digests[:, 0])
            foreign, duplicated = known < 0, (known >= 0) & (known < self._end)
            self._findings.add(Flaw.FOREIGN, known[foreign], records.location[foreign])
            self._findings.add(Flaw.DUPLICATED, known[duplicated], records.location[duplicated])
        self._mismatches, self._strays = [], []
        return self._findings

    def _classify_mismatches(self, index: Ints, records: RecordDigests, differs: Mask) -> None:
        holds = np.where(differs[:, 0], self._event_of(records.digests[:, 0]), NO_LOCATION)
        swapped = holds >= 0
        for row in np.flatnonzero(swapped).tolist():
            one = slice(row, row + 1)
            detail = f"event {holds[row]} is in its place"
            self._findings.add(Flaw.REORDERED, index[one], records.location[one], detail)
        for pattern in np.unique(differs[~swapped], axis=0):
            same = ~swapped & (differs == pattern).all(axis=1)
            names = [name for name, bad in zip(self._aspects, pattern, strict=True) if bad]
            detail = f"another {' and '.join(names)}"
            self._findings.add(Flaw.CHANGED, index[same], records.location[same], detail)

    def _event_of(self, values: Digests) -> Ints:
        known = [self._event_by_digest.get(value, NO_LOCATION) for value in values.tolist()]
        return np.array(known, np.int64)


# --- tables: rows are identified by key, or by content --------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyedDigests:
    """Events or rows by the digest of their key. `number` is an event's index or a row's location.

    In a table without a key, the key is the content. An event that deletes the row of its key has
    the content `DELETED`, which no row has.
    """

    key: Digests
    content: Digests
    number: Ints

    def __len__(self) -> int:
        return len(self.key)

    @property
    def deletes(self) -> Mask:
        """Which events delete."""
        mask: Mask = self.content == DELETED
        return mask

    def with_deletes(self, numbers: Ints) -> KeyedDigests:
        """The events of which those with these numbers delete."""
        if not len(numbers):
            return self
        content = np.where(np.isin(self.number, numbers), DELETED, self.content)
        return KeyedDigests(self.key, content, self.number)

    def take(self, mask: Mask | Ints) -> KeyedDigests:
        """The selected rows."""
        return KeyedDigests(self.key[mask], self.content[mask], self.number[mask])


def concat_keyed(parts: Sequence[KeyedDigests]) -> KeyedDigests:
    """All parts in their order."""
    none = np.zeros(0, np.uint64)
    return KeyedDigests(
        np.concatenate([none, *(part.key for part in parts)]),
        np.concatenate([none, *(part.content for part in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(part.number for part in parts)]),
    )


def compare_upserted(
    events: KeyedDigests,
    rows: KeyedDigests,
    others: Digests,
    findings: Findings,
    *,
    foreign: bool = True,
) -> None:
    """Compares a table with the last event of each key: its row, or none if it deletes.

    Ignores the keys in `others`, which other generators write too. Without `foreign`, rows of
    unknown keys are not reported.
    """
    events = events.take(~np.isin(events.key, others))
    rows = rows.take(~np.isin(rows.key, others))
    order = np.argsort(events.key, kind="stable")
    keys = events.key[order]
    last = events.take(order[np.append(keys[1:] != keys[:-1], True)] if len(keys) else order)
    row, present = _locate(rows.key, last.key)
    gone = np.sort(last.number[~present & ~last.deletes])
    findings.add(Flaw.MISSING, gone, _unlocated(len(gone)))
    differs = np.flatnonzero(present)[rows.content[row[present]] != last.content[present]]
    if len(differs):
        _classify_rows(events, last.take(differs), rows.take(row[differs]), findings)
    if foreign:
        unknown = rows.number[~np.isin(rows.key, last.key)]
        findings.add(Flaw.FOREIGN, _unlocated(len(unknown)), unknown)


_NOT_DELETED: Final = "this event deletes the row, which is there with other values"


def _classify_rows(
    events: KeyedDigests, last: KeyedDigests, rows: KeyedDigests, findings: Findings
) -> None:
    """Adds rows that differ from the last event of their key, but may equal an earlier one."""
    of_key = events.take(np.isin(events.key, last.key))
    contents = zip(of_key.key.tolist(), of_key.content.tolist(), strict=True)
    earlier = dict(zip(contents, of_key.number.tolist(), strict=True))
    for i in np.argsort(last.number).tolist():
        holds = earlier.get((int(rows.key[i]), int(rows.content[i])))
        one = slice(i, i + 1)
        flaw = Flaw.CHANGED if holds is None else Flaw.REORDERED
        detail = "other values" if holds is None else f"the row is as event {holds} left it"
        if last.deletes[i]:
            detail = f"{detail}, but this event deletes it" if holds is not None else _NOT_DELETED
        findings.add(flaw, last.number[one], rows.number[one], detail)


def compare_appended(
    events: KeyedDigests,
    rows: KeyedDigests,
    others: Digests,
    findings: Findings,
    *,
    foreign: bool = True,
) -> None:
    """Compares a table with all events, in any order.

    `others` are the contents of the rows that other generators appended. Without `foreign`, rows of
    unknown content are not reported.
    """
    digests = np.unique(np.concatenate([events.content, others, rows.content]))
    own, theirs, present = (
        np.bincount(np.searchsorted(digests, each), minlength=len(digests))
        for each in (events.content, others, rows.content)
    )
    missing = _last_of_each(digests, np.minimum(own, np.maximum(0, own + theirs - present)), events)
    findings.add(Flaw.MISSING, events.number[missing], _unlocated(len(missing)))
    excess = np.maximum(0, present - own - theirs)
    copies = _last_of_each(digests, excess * (own > 0), rows)
    first_event, _ = _locate(events.content, rows.content[copies])
    findings.add(Flaw.DUPLICATED, events.number[first_event], rows.number[copies])
    if foreign:
        unknown = _last_of_each(digests, excess * (own == 0), rows)
        findings.add(Flaw.FOREIGN, _unlocated(len(unknown)), rows.number[unknown])


def _last_of_each(digests: Digests, counts: Ints, side: KeyedDigests) -> Ints:
    """The last rows with each content, by number: `counts` says how many per digest."""
    rows = np.flatnonzero(np.isin(side.content, digests[counts > 0]))
    order = rows[np.lexsort((-side.number[rows], side.content[rows]))]
    which = np.searchsorted(digests, side.content[order])
    starts = np.flatnonzero(np.append(True, which[1:] != which[:-1]))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    picked = order[rank < counts[which]]
    return picked[np.argsort(side.number[picked], kind="stable")]
