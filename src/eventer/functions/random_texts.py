"""Columns of random texts: arrays write few rows, a compiled program writes many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np

from eventer.functions import string_building
from eventer.functions.columns import Column, StringColumn
from eventer.functions.program_builder import ProgramBuilder, RandomWord
from eventer.functions.spec import FieldMaker
from eventer.functions.text_parts import TextPart, text_parts
from eventer.kernels import draw
from eventer.kernels.draw.random_texts import TextProgram, write_text


@dataclass(frozen=True)
class RandomText:
    """A text per row: the random words that it draws, and its parts."""

    words: Sequence[RandomWord]
    text_parts: Sequence[TextPart]

    def column(self, key: draw.Key, index: draw.Index) -> StringColumn:
        """A text per row."""
        if draw.use_compiled(len(index)):
            return StringColumn(*write_text(self.program, key, index))
        words = self._drawn(key, index)
        return string_building.concatenate_parts(
            len(index), *(piece.write_text(words) for piece in self.text_parts)
        )

    def _drawn(self, key: draw.Key, index: draw.Index) -> draw.Words:
        """The drawn words, a row per index."""
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
            [[word.and_mask for word in self.words], [word.or_mask for word in self.words]],
            dtype=np.uint64,
        )

    @cached_property
    def program(self) -> TextProgram:
        """The program that writes many rows."""
        builder = ProgramBuilder(self.words)
        for piece in self.text_parts:
            piece.emit(builder)
        return builder.build(sum(piece.width for piece in self.text_parts))


def word(name: str) -> RandomWord:
    """The single word that a name draws."""
    return RandomWord((draw.step_of(name),))


def words(name: str, count: int, *steps: int) -> list[RandomWord]:
    """Words 0, 1, … of a name, or of the key `steps` after it."""
    return [RandomWord((draw.step_of(name), *steps, w)) for w in range(count)]


def lanes(name: str, count: int) -> list[RandomWord]:
    """The words of `count` lanes."""
    return words(name, -(-count // 4))


TextDefinition: TypeAlias = tuple[Sequence[RandomWord], Sequence[TextPart | bytes]]
"""The words and the parts of a text; bytes are literals."""


def text_field(define: Callable[[], TextDefinition]) -> FieldMaker:
    """A maker of columns of a text, defined at first use: it may read data files."""

    @lru_cache(maxsize=1)
    def defined() -> RandomText:
        drawn, given = define()
        return RandomText(drawn, text_parts(given))

    def column(key: draw.Key, index: draw.Index) -> Column:
        return defined().column(key, index)

    return column
