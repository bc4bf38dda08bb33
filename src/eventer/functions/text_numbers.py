"""Numbers that the parts of random texts depend on, each with two ways to compute it.

A number is an array for few rows, and an instruction of a `TextProgram` for many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.functions import string_building
from eventer.functions.program_builder import ProgramBuilder
from eventer.kernels import draw
from eventer.kernels.draw.random_texts import TextOp

Values: TypeAlias = NDArray[np.int64]


class NumberSource(Protocol):
    """A number per row, computed from the words that a text draws (a row of `words`)."""

    def values(self, words: draw.Words) -> Values:
        """The numbers."""
        ...

    def emit(self, program: ProgramBuilder) -> int:
        """Adds the instruction; returns the register of the number."""
        ...


@dataclass(frozen=True, slots=True)
class LaneNumber:
    """The choice of a lane among `size` numbers."""

    lane: int
    size: int

    def values(self, words: draw.Words) -> Values:
        """See `NumberSource.values`."""
        return string_building.choose(draw.lanes(words)[:, self.lane], self.size)

    def emit(self, program: ProgramBuilder) -> int:
        """See `NumberSource.emit`."""
        return program.register(TextOp.LANE, self.lane, self.size)


@dataclass(frozen=True, slots=True)
class ByteNumber:
    """A byte of the words as a number."""

    octet: int

    def values(self, words: draw.Words) -> Values:
        """See `NumberSource.values`."""
        return draw.bytes_of(words)[:, self.octet].astype(np.int64)

    def emit(self, program: ProgramBuilder) -> int:
        """See `NumberSource.emit`."""
        return program.register(TextOp.BYTE, self.octet)


@dataclass(frozen=True, slots=True)
class BoundedNumber:
    """A word's number below `sizes[i]`, plus `starts[i]`; i is the number `by`, or 0 without it."""

    word: int
    sizes: tuple[int, ...]
    starts: tuple[int, ...] = (0,)
    by: NumberSource | None = None

    def values(self, words: draw.Words) -> Values:
        """See `NumberSource.values`."""
        by = self.by.values(words) if self.by else np.zeros(len(words), dtype=np.int64)
        sizes = np.array(self.sizes, dtype=np.uint64)[by]
        number = draw.scaled_by_column(words[:, self.word], sizes).view(np.int64)
        return number + np.array(self.starts, dtype=np.int64)[by]

    def emit(self, program: ProgramBuilder) -> int:
        """See `NumberSource.emit`."""
        by = self.by.emit(program) if self.by else -1
        sizes, starts = program.table(self.sizes), program.table(self.starts)
        return program.register(TextOp.BELOW, self.word, sizes, starts, by)


@dataclass(frozen=True, slots=True)
class TableNumber:
    """The number of a table at the position of another number."""

    table: tuple[int, ...]
    position: NumberSource

    def values(self, words: draw.Words) -> Values:
        """See `NumberSource.values`."""
        return np.array(self.table, dtype=np.int64)[self.position.values(words)]

    def emit(self, program: ProgramBuilder) -> int:
        """See `NumberSource.emit`."""
        position = self.position.emit(program)
        return program.register(TextOp.TABLE, program.table(self.table), position)


@dataclass(frozen=True, slots=True)
class SumNumber:
    """The sum of two numbers."""

    first: NumberSource
    second: NumberSource

    def values(self, words: draw.Words) -> Values:
        """See `NumberSource.values`."""
        return self.first.values(words) + self.second.values(words)

    def emit(self, program: ProgramBuilder) -> int:
        """See `NumberSource.emit`."""
        first, second = self.first.emit(program), self.second.emit(program)
        return program.register(TextOp.ADD, first, second)
