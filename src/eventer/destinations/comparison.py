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

from eventer.destinations.readback import LISTED, Flaw

Ints: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]
Mask: TypeAlias = NDArray[np.bool_]

HELD: Final = 100_000
"""How many of those that differ are told apart; what is beyond is only counted."""
NOWHERE: Final = -1
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Found:
    """One flaw, its place still a number."""

    flaw: Flaw
    index: int | None
    place: int
    detail: str | None = None


class Findings:
    """Flaws as they are found: totals, and the first of each kind."""

    def __init__(self, listed: int = LISTED) -> None:
        self.totals = dict.fromkeys(Flaw, 0)
        self.listed: list[Found] = []
        self._limit = listed
        self._room = dict.fromkeys(Flaw, listed)

    def add(self, flaw: Flaw, index: Ints, place: Ints, detail: str | None = None) -> None:
        """Counts a flaw of each of these events, at these places."""
        self.totals[flaw] += len(index)
        room = self._room[flaw]
        for i, at in zip(index[:room].tolist(), place[:room].tolist(), strict=True):
            self.listed.append(Found(flaw, i if i >= 0 else None, at, detail))
            self._room[flaw] -= 1

    def count(self, flaw: Flaw, number: int) -> None:
        """Counts flaws of which nothing more is known."""
        self.totals[flaw] += number

    def forgive(self, flaws: Collection[Flaw]) -> None:
        """Takes back what was found of these kinds."""
        self.totals.update(dict.fromkeys(flaws, 0))
        self.listed = [found for found in self.listed if found.flaw not in flaws]

    def in_order(self) -> list[Found]:
        """Those listed, by event, those of no event last."""
        return sorted(self.listed, key=lambda f: (f.index is None, f.index or 0, f.place))


@dataclass(frozen=True, slots=True)
class Rows:
    """Records by place: `contents` has a row for each and a column for each aspect."""

    place: Ints
    contents: Words

    def __len__(self) -> int:
        return len(self.place)

    def take(self, mask: Mask | Ints | slice) -> Rows:
        """Some of the rows."""
        return Rows(self.place[mask], self.contents[mask])


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
        listed: int = LISTED,
        held: int = HELD,
    ) -> None:
        self._aspects = tuple(aspects)
        self._end = end
        self._findings = Findings(listed)
        self._held = held
        self._wrong: list[tuple[Ints, Rows, Mask]] = []
        self._stray: list[Rows] = []
        self._holding = 0
        self._seen: dict[int, int] = {}
        self.checked = 0

    def compare(self, index: Ints, expected: Rows, read: Rows) -> None:
        """Compares events with what lies in their places; `NOWHERE` is the place of one without.

        Args:
            index: Which event each row of `expected` is, ascending.
            expected: The events, each with the place that it was put.
            read: Everything that lies in those places.
        """
        self.checked += len(index)
        order = np.argsort(read.place, kind="stable")
        at = np.searchsorted(read.place, expected.place, sorter=order)
        there = at < len(order)
        at = order[np.where(there, at, 0)] if len(order) else np.zeros(len(index), np.int64)
        if len(order):
            there &= read.place[at] == expected.place
        gone = ~there
        if gone.any():
            self._findings.add(Flaw.MISSING, index[gone], expected.place[gone])
        if not there.any():
            return
        held = read.contents[at[there]]
        differs = held != expected.contents[there]
        wrong = differs.any(axis=1)
        if wrong.any():
            rows = Rows(expected.place[there][wrong], held[wrong])
            self._hold_wrong(index[there][wrong], rows, differs[wrong])

    def claimed_again(self, index: Ints, place: Ints) -> None:
        """Events that were delivered once more, and where."""
        if len(index):
            self._findings.add(Flaw.DUPLICATED, index, place)

    def stray(self, rows: Rows) -> None:
        """What lies where nobody's event was put."""
        room = max(0, self._held - self._holding)
        if len(rows) > room:
            self._findings.count(Flaw.FOREIGN, len(rows) - room)
        if room and len(rows):
            self._stray.append(rows.take(slice(room)))
            self._holding += min(room, len(rows))

    @property
    def has_strays(self) -> bool:
        """Whether anything lies where nobody's event was put."""
        return any(len(rows) for rows in self._stray)

    def claim(self, claimed: Callable[[Ints], Mask]) -> None:
        """Somebody's events were put, after all, where `claimed` says so of a stray's place."""
        self._stray = [rows.take(~claimed(rows.place)) for rows in self._stray]

    def _hold_wrong(self, index: Ints, rows: Rows, differs: Mask) -> None:
        room = max(0, self._held - self._holding)
        if len(rows) > room:
            self._findings.count(Flaw.CHANGED, len(rows) - room)
        if room:
            first = slice(room)
            self._wrong.append((index[first], rows.take(first), differs[first]))
            self._holding += min(room, len(rows))

    # --- whose they are -----------------------------------------------------------------------

    def wanted(self) -> Words:
        """The values that are to be looked for among all events, ascending; none if all is well."""
        values = [rows.contents[:, 0] for rows in self._stray]
        values += [rows.contents[differs[:, 0], 0] for _, rows, differs in self._wrong]
        return np.unique(np.concatenate(values)) if values else np.zeros(0, np.uint64)

    def recognise(self, index: Ints, values: Words, wanted: Words) -> None:
        """Tells which events have a value that is wanted; called for all of them once more."""
        at = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
        for row in np.flatnonzero(wanted[at] == values).tolist():
            self._seen.setdefault(int(values[row]), int(index[row]))

    def findings(self) -> Findings:
        """All flaws; after every event was offered to `recognise`, if any value is wanted."""
        for index, rows, differs in self._wrong:
            self._judge_wrong(index, rows, differs)
        for rows in self._stray:
            known = self._known(rows.contents[:, 0])
            ours = known >= 0
            self._findings.add(Flaw.FOREIGN, known[~ours], rows.place[~ours])
            ours &= known < (_NEVER if self._end is None else self._end)
            self._findings.add(Flaw.DUPLICATED, known[ours], rows.place[ours])
        self._wrong, self._stray = [], []
        return self._findings

    def _judge_wrong(self, index: Ints, rows: Rows, differs: Mask) -> None:
        holds = np.where(differs[:, 0], self._known(rows.contents[:, 0]), NOWHERE)
        swapped = holds >= 0
        for row in np.flatnonzero(swapped).tolist():
            one = slice(row, row + 1)
            detail = f"event {holds[row]} is in its place"
            self._findings.add(Flaw.REORDERED, index[one], rows.place[one], detail)
        for pattern in np.unique(differs[~swapped], axis=0):
            same = ~swapped & (differs == pattern).all(axis=1)
            names = [name for name, bad in zip(self._aspects, pattern, strict=True) if bad]
            detail = f"another {' and '.join(names)}"
            self._findings.add(Flaw.CHANGED, index[same], rows.place[same], detail)

    def _known(self, values: Words) -> Ints:
        return np.array([self._seen.get(v, NOWHERE) for v in values.tolist()], np.int64)


# --- tables: rows are found by their key, or by what they are ------------------------------------


@dataclass(frozen=True, slots=True)
class Keyed:
    """Events or rows by the digest of their key; `number` is the event's index or the row's place.

    Of rows that are only appended the key is the content.
    """

    key: Words
    content: Words
    number: Ints

    def __len__(self) -> int:
        return len(self.key)

    def take(self, mask: Mask | Ints) -> Keyed:
        """Some of them."""
        return Keyed(self.key[mask], self.content[mask], self.number[mask])


def joined(parts: Sequence[Keyed]) -> Keyed:
    """All parts as one, in their order."""
    if not parts:
        return Keyed(np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.int64))
    return Keyed(
        np.concatenate([part.key for part in parts]),
        np.concatenate([part.content for part in parts]),
        np.concatenate([part.number for part in parts]),
    )


def compare_upserted(
    events: Keyed, rows: Keyed, others: Words, findings: Findings, *, foreign: bool = True
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
    findings.add(Flaw.MISSING, gone, np.full(len(gone), NOWHERE))
    differs = np.flatnonzero(there)[rows.content[at[there]] != last.content[there]]
    if len(differs):
        _judge_rows(events, last.take(differs), rows.take(at[differs]), findings)
    unknown = ~np.isin(rows.key, last.key)
    if foreign and unknown.any():
        findings.add(Flaw.FOREIGN, np.full(unknown.sum(), NOWHERE), rows.number[unknown])
    return len(last)


def _judge_rows(events: Keyed, last: Keyed, rows: Keyed, findings: Findings) -> None:
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
    events: Keyed, rows: Keyed, others: Words, findings: Findings, *, foreign: bool = True
) -> int:
    """Compares a table with all events, whatever their order; how many events were compared.

    `others` are the contents of the rows that other generators have appended.
    """
    contents = np.unique(np.concatenate([events.content, others, rows.content]))
    own, theirs, there = (
        np.bincount(np.searchsorted(contents, each), minlength=len(contents))
        for each in (events.content, others, rows.content)
    )
    missing = np.minimum(own, np.maximum(0, own + theirs - there))
    excess = np.maximum(0, there - own - theirs)
    for flaw, number in ((Flaw.MISSING, missing), (Flaw.DUPLICATED, excess * (own > 0))):
        if number.any():
            side = events if flaw is Flaw.MISSING else rows
            picked = _last_of_each(contents, number, side)
            index = side.number[picked] if side is events else _index_of(events, rows, picked)
            place = np.full(len(picked), NOWHERE) if side is events else side.number[picked]
            findings.add(flaw, index, place)
    strange = excess * (own == 0)
    if foreign and strange.any():
        picked = _last_of_each(contents, strange, rows)
        findings.add(Flaw.FOREIGN, np.full(len(picked), NOWHERE), rows.number[picked])
    return len(events)


def _last_of_each(contents: Words, number: Ints, side: Keyed) -> Ints:
    """Of each content as many of its last rows as `number` says, by their own number."""
    wanted = contents[number > 0]
    rows = np.flatnonzero(np.isin(side.content, wanted))
    order = rows[np.lexsort((-side.number[rows], side.content[rows]))]
    which = np.searchsorted(contents, side.content[order])
    starts = np.flatnonzero(np.append(True, which[1:] != which[:-1]))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    picked = order[rank < number[which]]
    return picked[np.argsort(side.number[picked], kind="stable")]


def _index_of(events: Keyed, rows: Keyed, picked: Ints) -> Ints:
    """The first event of each picked row's content."""
    order = np.argsort(events.content, kind="stable")
    at = np.searchsorted(events.content, rows.content[picked], sorter=order)
    return events.number[order[at]]
