"""Texts of words or sentences whose numbers differ between rows.

The values are those of `english_text`: item i of a row is drawn with word i + 1, whatever the
number of items is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from eventer.functions import data_files
from eventer.functions.columns import StringColumn
from eventer.functions.english_text import sentence_forms
from eventer.functions.string_building import choose
from eventer.kernels import draw

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE: Final = 4096
"""Bounds the memory of the items."""

Numbers = NDArray[np.int64]


class Items(Protocol):
    """What the items of a text are made of: pieces, equally many for each item."""

    def pieces(self) -> pa.LargeStringArray:
        """All pieces."""
        ...

    def numbers(self, words: draw.Words, place: Numbers) -> Numbers:
        """A row of numbers of pieces for each item, by its word and its place in the text."""
        ...


@cache
def _array(texts: tuple[str, ...]) -> pa.LargeStringArray:
    import pyarrow as pa

    return pa.array(texts, type=pa.large_string())


class WordItems:
    """English words; all but the first of a text have a space before them."""

    def pieces(self) -> pa.LargeStringArray:
        """See `Items.pieces`."""
        words = data_files.lines("english_words")
        return _array((*words, *(f" {word}" for word in words)))

    def numbers(self, words: draw.Words, place: Numbers) -> Numbers:
        """See `Items.numbers`."""
        size = len(data_files.lines("english_words"))
        number = draw.scaled(words, size).view(np.int64)
        return (number + size * (place > 0))[:, np.newaxis]


class SentenceItems:
    """English sentences; all but the first of a text have a space before their subject."""

    def pieces(self) -> pa.LargeStringArray:
        """See `Items.pieces`."""
        subjects, *others = sentence_forms()
        spaced = tuple(f" {subject}" for subject in subjects)
        return _array((*subjects, *spaced, *(text for part in others for text in part)))

    def numbers(self, words: draw.Words, place: Numbers) -> Numbers:
        """See `Items.numbers`."""
        sizes = [len(part) for part in sentence_forms()]
        lanes = draw.lanes(words[:, np.newaxis])
        starts = np.cumsum([0, 2 * sizes[0], *sizes[1:-1]])
        found = np.stack([choose(lanes[:, i], size) for i, size in enumerate(sizes)], axis=1)
        found += starts
        found[:, 0] += sizes[0] * (place > 0)
        return found


@dataclass(frozen=True, slots=True)
class VaryingText:
    """From `least` to `most` items per row, each number equally likely."""

    items: Items

    def column(
        self, key: draw.Key, index: draw.Index, least: Numbers, most: Numbers
    ) -> StringColumn:
        """A text per row."""
        sizes = (most - least).view(np.uint64) + np.uint64(1)
        counts = draw.sized_column(draw.child_key(key, 0), index, sizes) + least
        parts = [
            self._texts(key if isinstance(key, int) else key[rows], index[rows], counts[rows])
            for rows in _slices(len(index))
        ]
        lengths = np.concatenate([np.diff(part.offsets) for part in parts])
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        return StringColumn(np.concatenate([part.data for part in parts]), offsets)

    def _texts(self, key: draw.Key, index: draw.Index, counts: Numbers) -> StringColumn:
        import pyarrow as pa

        ends = np.concatenate(([0], np.cumsum(counts)))
        rows = np.repeat(np.arange(len(counts)), counts)
        place = np.arange(ends[-1]) - ends[rows]
        keys = draw.child_column(key if isinstance(key, int) else key[rows], place + 1)
        numbers = self.items.numbers(draw.draw_column(keys, index[rows]), place)
        joined = self.items.pieces().take(pa.array(numbers.reshape(-1)))
        offsets = np.frombuffer(joined.buffers()[1], dtype=np.int64)[: numbers.size + 1]
        data = np.frombuffer(joined.buffers()[2], dtype=np.uint8)[: offsets[-1]]
        return StringColumn(data, offsets[ends * numbers.shape[1]])


def _slices(rows: int) -> Iterator[slice]:
    for start in range(0, max(rows, 1), _ROWS_AT_ONCE):
        yield slice(start, start + _ROWS_AT_ONCE)
