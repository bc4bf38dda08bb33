"""The names of people by locale and gender, some weighted by their frequency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.functions import data_files
from eventer.functions.latin import latin
from eventer.functions.string_building import StringDictionary
from eventer.functions.text_numbers import BoundedNumber, NumberSource, TableNumber
from eventer.kernels import draw

GENDERS: Final = ("female", "male")
_GENDERED_SURNAMES: Final = frozenset({"ru"})

Codes: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class NameChoice:
    """Names of which one is drawn.

    A draw chooses a slot; `table` has the number of the name in each. The slots of gender g are
    `sizes[g]` from `starts[g]` on; names that do not depend on the gender have one size.
    """

    names: tuple[str, ...]
    latin: tuple[str, ...]
    table: tuple[int, ...]
    sizes: tuple[int, ...]
    starts: tuple[int, ...]

    def number(self, word: int, gender: NumberSource) -> NumberSource:
        """The number of the name, drawn with a word."""
        by = gender if len(self.sizes) > 1 else None
        slot = BoundedNumber(word, self.sizes, self.starts, by=by)
        return slot if self._is_plain else TableNumber(self.table, slot)

    def codes(self, key: draw.Key, index: draw.Index, gender: Codes) -> Codes:
        """The number of a name for each row, by its gender."""
        if len(self.sizes) == 1:
            slots = draw.integer_column(key, index, 0, self.sizes[0] - 1)
        else:
            sizes, starts = np.array(self.sizes, dtype=np.uint64), np.array(self.starts)
            slots = draw.sized_column(key, index, sizes[gender]) + starts[gender]
        return slots if self._is_plain else self._slots[slots]

    @cached_property
    def written(self) -> StringDictionary:
        """The names."""
        return StringDictionary(self.names)

    @cached_property
    def written_latin(self) -> StringDictionary:
        """The names in the letters a to z."""
        return StringDictionary(self.latin)

    @cached_property
    def _is_plain(self) -> bool:
        return self.table == tuple(range(len(self.names)))

    @cached_property
    def _slots(self) -> Codes:
        return np.array(self.table, dtype=np.int64)


@cache
def first_names(locale: str) -> NameChoice:
    """First names, by gender."""
    return _choice(locale, [f"first_names_{gender}_{locale}" for gender in GENDERS])


@cache
def last_names(locale: str) -> NameChoice:
    """Surnames, by gender where they depend on it."""
    if locale in _GENDERED_SURNAMES:
        return _choice(locale, [f"last_names_{gender}_{locale}" for gender in GENDERS])
    return _choice(locale, [f"last_names_{locale}"])


def _choice(locale: str, lists: Sequence[str]) -> NameChoice:
    names: list[str] = []
    latin_names: list[str] = []
    table: list[int] = []
    starts: list[int] = []
    for each in lists:
        starts.append(len(table))
        for line in data_files.lines(each):
            weight, name, spelt = _parsed(line, locale)
            table += [len(names)] * weight
            names.append(name)
            latin_names.append(spelt)
    ends = [*starts[1:], len(table)]
    sizes = tuple(end - start for start, end in zip(starts, ends, strict=True))
    return NameChoice(tuple(names), tuple(latin_names), tuple(table), sizes, tuple(starts))


def _parsed(line: str, locale: str) -> tuple[int, str, str]:
    """Weight, name and letters of a line: `[weight TAB] name [TAB letters]`."""
    parts = line.split("\t")
    weight = int(parts.pop(0)) if parts[0].isdigit() else 1
    return weight, parts[0], parts[1] if len(parts) > 1 else latin(parts[0], locale)
