"""Columns of random texts: few rows are spelt with arrays, many by a compiled program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np

from eventer.functions import spelling
from eventer.functions.columns import Column, Texts
from eventer.functions.pieces import Piece, pieces
from eventer.functions.programs import ProgramBuilder, Word
from eventer.functions.spec import FieldMaker
from eventer.kernels import draw
from eventer.kernels.spell import SpellProgram, spell


@dataclass(frozen=True)
class RandomText:
    """A text for each row: the words that it draws, and the pieces that it is spelt from."""

    words: Sequence[Word]
    pieces: Sequence[Piece]

    def column(self, key: draw.Key, index: draw.Index) -> Texts:
        """A text a row."""
        if draw.worth_compiled(len(index)):
            return Texts(*spell(self.program, key, index))
        words = self._drawn(key, index)
        return spelling.lay_out(len(index), *(piece.spell(words) for piece in self.pieces))

    def _drawn(self, key: draw.Key, index: draw.Index) -> draw.Words:
        """The words, a row for each index."""
        keys: dict[tuple[int, ...], draw.Key] = {(): key}
        for word in self.words:
            for depth, step in enumerate(word.steps):
                path = word.steps[: depth + 1]
                if path not in keys:
                    keys[path] = draw.child_key(keys[path[:-1]], step)
        drawn = draw.draw_by_keys([keys[word.steps] for word in self.words], index)
        drawn &= self._masks[0]
        drawn |= self._masks[1]
        return drawn

    @cached_property
    def _masks(self) -> draw.Words:
        return np.array(
            [[word.keep for word in self.words], [word.put for word in self.words]], dtype=np.uint64
        )

    @cached_property
    def program(self) -> SpellProgram:
        """What spells it for many rows."""
        builder = ProgramBuilder(self.words)
        for piece in self.pieces:
            piece.emit(builder)
        return builder.build(sum(piece.width for piece in self.pieces))


def word(name: str) -> Word:
    """The one word that a name draws."""
    return Word((draw.step_of(name),))


def words(name: str, count: int, *steps: int) -> list[Word]:
    """Words 0, 1, … of a name, or of a key some steps further on."""
    return [Word((draw.step_of(name), *steps, w)) for w in range(count)]


def lanes(name: str, count: int) -> list[Word]:
    """The words of so many lanes."""
    return words(name, -(-count // 4))


Definition: TypeAlias = tuple[Sequence[Word], Sequence[Piece | bytes]]
"""What a text draws and is spelt from; bytes are literals."""


def spelt(define: Callable[[], Definition]) -> FieldMaker:
    """The columns of a text, defined when the first is asked for: it may read data files."""

    @lru_cache(maxsize=1)
    def defined() -> RandomText:
        drawn, given = define()
        return RandomText(drawn, pieces(given))

    def column(key: draw.Key, index: draw.Index) -> Column:
        return defined().column(key, index)

    return column
