"""Compares what landed with what was to land, by digests, whole columns at a time. Pure.

An *index* says which event; a *place* is a number by which its reader finds a record or row again;
*contents* are digests, several for each record: of value, key and so on, the value first. What
differs is rare: it is held until all has been seen, for an event may turn up in another's place.
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
"""How many of those that differ are told apart; what is beyond is only counted."""
NO_LOCATION: Final = -1
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class UnresolvedFinding:
    """One flaw, its place still a number."""

    flaw: Flaw
    index: int | None
    location: int
    detail: str | None = None


class Findings:
    """Flaws as they are found: totals, and the first of each kind."""

    def __init__(self, listed: int = DEFAULT_LISTED) -> None:
        self.totals = dict.fromkeys(Flaw, 0)
        self.listed: list[UnresolvedFinding] = []
        self._limit = listed
        self._remaining = dict.fromkeys(Flaw, listed)

    def add(self, flaw: Flaw, index: Ints, location: Ints, detail: str | None = None) -> None:
        """Counts a flaw of each of these events, at these places."""
        self.totals[flaw] += len(index)
        room = self._remaining[flaw]
        for i, at in zip(index[:room].tolist(), location[:room].tolist(), strict=True):
            self.listed.append(UnresolvedFinding(flaw, i if i >= 0 else None, at, detail))
            self._remaining[flaw] -= 1

    def count(self, flaw: Flaw, number: int) -> None:
        """Counts flaws of which nothing more is known."""
        self.totals[flaw] += number

    def discard(self, flaws: Collection[Flaw]) -> None:
        """Takes back what was found of these kinds."""
        self.totals.update(dict.fromkeys(flaws, 0))
        self.listed = [found for found in self.listed if found.flaw not in flaws]

    def sorted_by_event(self) -> list[UnresolvedFinding]:
        """Those listed, by event, those of no event last."""
        return sorted(self.listed, key=lambda f: (f.index is None, f.index or 0, f.location))


@dataclass(frozen=True, slots=True)
class RecordDigests:
    """Records by place: `digests` has a row for each and a column for each aspect."""

    location: Ints
    digests: Digests

    def __len__(self) -> int:
        return len(self.location)

    def take(self, mask: Mask | Ints | slice) -> RecordDigests:
        """Some of the rows."""
        return RecordDigests(self.location[mask], self.digests[mask])


# --- logs: every event has its place --------------------------------------------------------------


class LogComparison:
    """Compares a log, page by page, with events whose places are known.

    Strays that turn out to be events from index `end` on are still on their way, and no flaw.
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
        self._end = end
        self._findings = Findings(listed)
        self._max_held = held
        self._mismatches: list[tuple[Ints, RecordDigests, Mask]] = []
        self._strays: list[RecordDigests] = []
        self._held_rows = 0
        self._event_by_digest: dict[int, int] = {}
        self.checked = 0

    def compare(self, index: Ints, expected: RecordDigests, read: RecordDigests) -> None:
        """Compares events with the records at their locations; `NO_LOCATION` stands for none.

        Args:
            index: Which event each row of `expected` is, ascending.
            expected: The events, each with the place that it was put.
            read: Everything that lies in those places.
        """
        self.checked += len(index)
        order = np.argsort(read.location, kind="stable")
        at = np.searchsorted(read.location, expected.location, sorter=order)
        there = at < len(order)
        at = order[np.where(there, at, 0)] if len(order) else np.zeros(len(index), np.int64)
        if len(order):
            there &= read.location[at] == expected.location
        gone = ~there
        if gone.any():
            self._findings.add(Flaw.MISSING, index[gone], expected.location[gone])
        if not there.any():
            return
        held = read.digests[at[there]]
        differs = held != expected.digests[there]
        wrong = differs.any(axis=1)
        if wrong.any():
            rows = RecordDigests(expected.location[there][wrong], held[wrong])
            self._hold_mismatches(index[there][wrong], rows, differs[wrong])

    def add_redelivered(self, index: Ints, location: Ints) -> None:
        """Events that were delivered once more, and where."""
        if len(index):
            self._findings.add(Flaw.DUPLICATED, index, location)

    def stray(self, rows: RecordDigests) -> None:
        """What lies where nobody's event was put."""
        room = max(0, self._max_held - self._held_rows)
        if len(rows) > room:
            self._findings.count(Flaw.FOREIGN, len(rows) - room)
        if room and len(rows):
            self._strays.append(rows.take(slice(room)))
            self._held_rows += min(room, len(rows))

    @property
    def has_strays(self) -> bool:
        """Whether anything lies where nobody's event was put."""
        return any(len(rows) for rows in self._strays)

    def discard_claimed(self, claimed: Callable[[Ints], Mask]) -> None:
        """Somebody's events were put, after all, where `claimed` says so of a stray's place."""
        self._strays = [rows.take(~claimed(rows.location)) for rows in self._strays]

    def _hold_mismatches(self, index: Ints, rows: RecordDigests, differs: Mask) -> None:
        room = max(0, self._max_held - self._held_rows)
        if len(rows) > room:
            self._findings.count(Flaw.CHANGED, len(rows) - room)
        if room:
            first = slice(room)
            self._mismatches.append((index[first], rows.take(first), differs[first]))
            self._held_rows += min(room, len(rows))

    # --- whose they are -----------------------------------------------------------------------

    def digests_to_find(self) -> Digests:
        """The values that are to be looked for among all events, ascending; none if all is well."""
        values = [rows.digests[:, 0] for rows in self._strays]
        values += [rows.digests[differs[:, 0], 0] for _, rows, differs in self._mismatches]
        return np.unique(np.concatenate(values)) if values else np.zeros(0, np.uint64)

    def identify(self, index: Ints, values: Digests, digests_to_find: Digests) -> None:
        """Tells which events have a value that is wanted; called for all of them once more."""
        at = np.minimum(np.searchsorted(digests_to_find, values), len(digests_to_find) - 1)
        for row in np.flatnonzero(digests_to_find[at] == values).tolist():
            self._event_by_digest.setdefault(int(values[row]), int(index[row]))

    def findings(self) -> Findings:
        """All flaws; after every event was offered to `identify`, if any value is wanted."""
        for index, rows, differs in self._mismatches:
            self._classify_mismatches(index, rows, differs)
        for rows in self._strays:
            known = self._event_of(rows.digests[:, 0])
            ours = known >= 0
            self._findings.add(Flaw.FOREIGN, known[~ours], rows.location[~ours])
            ours &= known < (_NEVER if self._end is None else self._end)
            self._findings.add(Flaw.DUPLICATED, known[ours], rows.location[ours])
        self._mismatches, self._strays = [], []
        return self._findings

    def _classify_mismatches(self, index: Ints, rows: RecordDigests, differs: Mask) -> None:
        holds = np.where(differs[:, 0], self._event_of(rows.digests[:, 0]), NO_LOCATION)
        swapped = holds >= 0
        for row in np.flatnonzero(swapped).tolist():
            one = slice(row, row + 1)
            detail = f"event {holds[row]} is in its place"
            self._findings.add(Flaw.REORDERED, index[one], rows.location[one], detail)
        for pattern in np.unique(differs[~swapped], axis=0):
            same = ~swapped & (differs == pattern).all(axis=1)
            names = [name for name, bad in zip(self._aspects, pattern, strict=True) if bad]
            detail = f"another {' and '.join(names)}"
            self._findings.add(Flaw.CHANGED, index[same], rows.location[same], detail)

    def _event_of(self, values: Digests) -> Ints:
        return np.array(
            [self._event_by_digest.get(v, NO_LOCATION) for v in values.tolist()], np.int64
        )


# --- tables: rows are found by their key, or by what they are ------------------------------------


@dataclass(frozen=True, slots=True)
class KeyedDigests:
    """Events or rows by the digest of their key; `number` is the event's index or the row's place.

    Of rows that are only appended the key is the content.
    """

    key: Digests
    content: Digests
    number: Ints

    def __len__(self) -> int:
        return len(self.key)

    def take(self, mask: Mask | Ints) -> KeyedDigests:
        """Some of them."""
        return KeyedDigests(self.key[mask], self.content[mask], self.number[mask])


def concat_keyed(parts: Sequence[KeyedDigests]) -> KeyedDigests:
    """All parts as one, in their order."""
    if not parts:
        return KeyedDigests(np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.int64))
    return KeyedDigests(
        np.concatenate([part.key for part in parts]),
        np.concatenate([part.content for part in parts]),
        np.concatenate([part.number for part in parts]),
    )


def compare_upserted(
    events: KeyedDigests,
    rows: KeyedDigests,
    others: Digests,
    findings: Findings,
    *,
    foreign: bool = True,
) -> int:
    """Compares a table with the last event of each key; how many keys were compared.

    Keys that `others` write as well are nobody's alone, and left out. Without `foreign` rows of
    unknown keys are passed over.
    """
    events = events.take(~np.isin(events.key, others))
    rows = rows.take(~np.isin(rows.key, others))
    order = np.argsort(events.key, kind="stable")
    keys = events.key[order]
    last = events.take(order[np.append(keys[1:] != keys[:-1], True)] if len(keys) else order)
    by_key = np.argsort(rows.key, kind="stable")
    at = np.searchsorted(rows.key, last.key, sorter=by_key)
    there = at < len(by_key)
    at = by_key[np.where(there, at, 0)] if len(by_key) else np.zeros(len(at), np.int64)
    if len(by_key):
        there &= rows.key[at] == last.key
    gone = np.sort(last.number[~there])
    findings.add(Flaw.MISSING, gone, np.full(len(gone), NO_LOCATION))
    differs = np.flatnonzero(there)[rows.content[at[there]] != last.content[there]]
    if len(differs):
        _classify_rows(events, last.take(differs), rows.take(at[differs]), findings)
    unknown = ~np.isin(rows.key, last.key)
    if foreign and unknown.any():
        findings.add(Flaw.FOREIGN, np.full(unknown.sum(), NO_LOCATION), rows.number[unknown])
    return len(last)


def _classify_rows(
    events: KeyedDigests, last: KeyedDigests, rows: KeyedDigests, findings: Findings
) -> None:
    """Rows that are not as the last event of their key left them: perhaps as an earlier one did."""
    of_key = events.take(np.isin(events.key, last.key))
    earlier = {
        (key, content): number
        for key, content, number in zip(
            of_key.key.tolist(), of_key.content.tolist(), of_key.number.tolist(), strict=True
        )
    }
    for i in np.argsort(last.number).tolist():
        holds = earlier.get((int(rows.key[i]), int(rows.content[i])))
        one = slice(i, i + 1)
        if holds is None:
            findings.add(Flaw.CHANGED, last.number[one], rows.number[one], "other values")
        else:
            detail = f"the row is as event {holds} left it"
            findings.add(Flaw.REORDERED, last.number[one], rows.number[one], detail)


def compare_appended(
    events: KeyedDigests,
    rows: KeyedDigests,
    others: Digests,
    findings: Findings,
    *,
    foreign: bool = True,
) -> int:
    """Compares a table with all events, whatever their order; how many events were compared.

    `others` are the contents of the rows that other generators have appended.
    """
    digests = np.unique(np.concatenate([events.content, others, rows.content]))
    own, theirs, there = (
        np.bincount(np.searchsorted(digests, each), minlength=len(digests))
        for each in (events.content, others, rows.content)
    )
    missing = np.minimum(own, np.maximum(0, own + theirs - there))
    excess = np.maximum(0, there - own - theirs)
    for flaw, number in ((Flaw.MISSING, missing), (Flaw.DUPLICATED, excess * (own > 0))):
        if number.any():
            side = events if flaw is Flaw.MISSING else rows
            picked = _last_of_each(digests, number, side)
            index = side.number[picked] if side is events else _index_of(events, rows, picked)
            location = np.full(len(picked), NO_LOCATION) if side is events else side.number[picked]
            findings.add(flaw, index, location)
    strange = excess * (own == 0)
    if foreign and strange.any():
        picked = _last_of_each(digests, strange, rows)
        findings.add(Flaw.FOREIGN, np.full(len(picked), NO_LOCATION), rows.number[picked])
    return len(events)


def _last_of_each(digests: Digests, number: Ints, side: KeyedDigests) -> Ints:
    """Of each content as many of its last rows as `number` says, by their own number."""
    digests_to_find = digests[number > 0]
    rows = np.flatnonzero(np.isin(side.content, digests_to_find))
    order = rows[np.lexsort((-side.number[rows], side.content[rows]))]
    which = np.searchsorted(digests, side.content[order])
    starts = np.flatnonzero(np.append(True, which[1:] != which[:-1]))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    picked = order[rank < number[which]]
    return picked[np.argsort(side.number[picked], kind="stable")]


def _index_of(events: KeyedDigests, rows: KeyedDigests, picked: Ints) -> Ints:
    """The first event of each picked row's content."""
    order = np.argsort(events.content, kind="stable")
    at = np.searchsorted(events.content, rows.content[picked], sorter=order)
    return events.number[order[at]]
