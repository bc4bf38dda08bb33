"""Identities of text that is written repeatedly: constant text and dictionary entries.

A row program marks where it writes which identity (`core.match_hints`), so that a compressor finds
the previous occurrence without a search. Long entries, such as user agents, rarely repeat, but
share prefixes and suffixes with others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.match_hints import MAX_IDENTITIES, MAX_MARK_LENGTH, MatchHints

Ints: TypeAlias = NDArray[np.int64]

MIN_MARK_BYTES: Final = 5
"""The shortest text that is marked; a match takes three bytes."""
_MAX_ENTRIES: Final = 1_024
"""Entries of larger dictionaries rarely repeat within the window of a compressor."""
_PREFIX_BYTES: Final = (32, 64)
_SUFFIX_BYTES: Final = 20
"""Entries of a class share this many bytes."""
_MIN_CLASS_BYTES: Final = 56
"""Shorter entries have no class."""


@dataclass(frozen=True, slots=True)
class PrefixClasses:
    """The entries of a dictionary that share prefixes or suffixes (`ends`).

    Each of the `prefixes` is finer than the one before.
    """

    lengths: Ints
    prefixes: tuple[EntryClasses, ...]
    ends: EntryClasses


@dataclass(frozen=True, slots=True)
class EntryClasses:
    """The class of each entry, or -1; the first entry of each class, and its shared bytes."""

    each: Ints
    first: Ints
    lengths: Ints


@dataclass(frozen=True, slots=True)
class RepeatIdentities:
    """The identities of a program's instructions, or -1.

    `before` are the identities of leading literals, `own` those of the text written next.
    `entries` has two identities for each entry of a dictionary: of its prefix and of its suffix.
    `lengths` and `prefix_identities` are those of `core.match_hints.MatchHints`.
    """

    before: Ints
    own: Ints
    entries: Mapping[int, Ints]
    lengths: Ints
    prefix_identities: Ints

    def match_hints(self, marks: NDArray[np.uint32], ends: Ints) -> MatchHints:
        """The hints of marked texts."""
        return MatchHints(marks, ends, self.lengths, self.prefix_identities)


_NO_NUMBERS: Final = np.zeros(0, np.int64)
NO_IDENTITIES: Final = RepeatIdentities(
    np.array([-1]), np.array([-1]), {}, _NO_NUMBERS, _NO_NUMBERS
)
"""The identities of a program without marks."""


def prefix_classes(entries: Sequence[bytes]) -> PrefixClasses | None:
    """The classes of entries; None if marks are not worthwhile."""
    if len(entries) > _MAX_ENTRIES or all(len(entry) < MIN_MARK_BYTES for entry in entries):
        return None
    lengths = np.array([*map(len, entries)], np.int64)
    prefixes = tuple(_entry_classes(entries, size, least=1) for size in _PREFIX_BYTES)
    return PrefixClasses(
        lengths,
        prefixes,
        _entry_classes([entry[::-1] for entry in entries], _SUFFIX_BYTES, least=2),
    )


def _entry_classes(entries: Sequence[bytes], size: int, *, least: int) -> EntryClasses:
    """Classes of at least `least` long entries whose first `size` bytes are equal."""
    groups: dict[bytes, list[int]] = {}
    for number, entry in enumerate(entries):
        if len(entry) >= _MIN_CLASS_BYTES:
            groups.setdefault(entry[:size], []).append(number)
    found = [members for members in groups.values() if len(members) >= least]
    classes = np.full(len(entries), -1, np.int64)
    for number, members in enumerate(found):
        classes[members] = number
    first = [members[0] for members in found]
    shared = [_shared([entries[each] for each in members]) for members in found]
    return EntryClasses(classes, np.array(first, np.int64), np.array(shared, np.int64))


def _shared(texts: Sequence[bytes]) -> int:
    """The length of the prefix that all texts share."""
    least, most = min(texts), max(texts)
    pairs = zip(least, most, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), len(least))


def repeat_identities(
    code: Ints, literals: Ints, entries: Ints, prefix_classes: Sequence[PrefixClasses | None]
) -> RepeatIdentities:
    """Numbers the texts that instructions (op, a, b, begin, length), an (n, 5) array, write.

    The instructions `literals` write literals [a : a + b], the instructions `entries` write entries
    of the dictionary b.
    """
    found = _IdentityAllocator()
    before = np.array([found.text(begin, size) for begin, size in code[:, 3:5].tolist()], np.int64)
    own = np.full(len(code), -1, np.int64)
    own[literals] = [found.text(begin, size) for begin, size in code[literals, 1:3].tolist()]
    named = {}
    for instruction in entries.tolist():
        dictionary = int(code[instruction, 2])
        known = prefix_classes[dictionary] if dictionary < len(prefix_classes) else None
        if known is not None and (numbers := found.entries(dictionary, known)) is not None:
            named[instruction] = numbers
    return RepeatIdentities(before, own, named, *found.tables())


class _IdentityAllocator:
    """Allocates identities, up to MAX_IDENTITIES."""

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._prefixes: list[int] = []
        self._texts: dict[tuple[int, int], int] = {}
        self._entries: dict[int, Ints] = {}

    def text(self, begin: int, length: int) -> int:
        """The identity of a literal, or -1."""
        key = (begin, length)
        if key not in self._texts:
            if length < MIN_MARK_BYTES or len(self._lengths) >= MAX_IDENTITIES:
                return -1
            self._texts[key] = self._next([length], [-1])
        return self._texts[key]

    def entries(self, dictionary: int, known: PrefixClasses) -> Ints | None:
        """The identities of a dictionary's entries; None if too few are left."""
        if dictionary not in self._entries:
            needed = sum(
                map(len, (known.lengths, *(c.lengths for c in (*known.prefixes, known.ends))))
            )
            if len(self._lengths) + needed > MAX_IDENTITIES:
                return None
            self._entries[dictionary] = self._number(known)
        return self._entries[dictionary]

    def _number(self, known: PrefixClasses) -> Ints:
        prefix = np.full(len(known.lengths), -1, np.int64)
        for classes in known.prefixes:
            prefix = _numbered(classes.each, self._next(classes.lengths, prefix[classes.first]))
        ends = _numbered(known.ends.each, self._next(known.ends.lengths))
        tails = np.append(known.ends.lengths, 0)[known.ends.each]
        heads = known.lengths - tails
        own = np.arange(len(heads)) + self._next(heads, prefix)
        return np.stack([np.where(heads < MIN_MARK_BYTES, -1, own), ends], axis=1)

    def _next(self, lengths: Iterable[int], prefix_identities: Iterable[int] | None = None) -> int:
        """Allocates identities; returns the first."""
        first = len(self._lengths)
        self._lengths += [min(int(length), MAX_MARK_LENGTH) for length in lengths]
        more = len(self._lengths) - first
        self._prefixes += [-1] * more if prefix_identities is None else map(int, prefix_identities)
        return first

    def tables(self) -> tuple[Ints, Ints]:
        """Lengths and prefix identities of all identities."""
        return np.array(self._lengths, np.int64), np.array(self._prefixes, np.int64)


def _numbered(classes: Ints, first: int) -> Ints:
    return np.where(classes < 0, -1, classes + first)
