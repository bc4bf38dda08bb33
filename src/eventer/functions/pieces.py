"""The pieces that random texts are spelt from, said once for both ways to spell them.

A piece knows how to spell itself for a few rows as a matrix of bytes, and which instructions of a
`SpellProgram` spell it for many. Numbers that choose a piece are likewise of two ways.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.functions import spelling
from eventer.functions.calendar import DAY, dates, spell_clock
from eventer.functions.programs import ProgramBuilder
from eventer.functions.spelling import Alphabet, Bytes, Entries, Ragged
from eventer.kernels import draw
from eventer.kernels.spell import Op

Values: TypeAlias = NDArray[np.int64]
Spelt: TypeAlias = bytes | Bytes | Ragged


class Number(Protocol):
    """A number a row, made of the words that a text draws (a row of `words` each)."""

    def values(self, words: draw.Words) -> Values:
        """The numbers."""
        ...

    def emit(self, program: ProgramBuilder) -> int:
        """The register that an instruction puts it into."""
        ...


class Piece(Protocol):
    """A part of a text, of at most `width` bytes."""

    @property
    def width(self) -> int:
        """The most bytes that it has."""
        ...

    def spell(self, words: draw.Words) -> Spelt:
        """It, for each row of words."""
        ...

    def emit(self, program: ProgramBuilder) -> None:
        """Adds the instructions that spell it."""
        ...


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane's choice among `size`."""

    lane: int
    size: int

    def values(self, words: draw.Words) -> Values:
        """See `Number.values`."""
        return spelling.choose(draw.lanes(words)[:, self.lane], self.size)

    def emit(self, program: ProgramBuilder) -> int:
        """See `Number.emit`."""
        return program.register(Op.LANE, self.lane, self.size)


@dataclass(frozen=True, slots=True)
class Octet:
    """A byte of the words."""

    octet: int

    def values(self, words: draw.Words) -> Values:
        """See `Number.values`."""
        return draw.octets(words)[:, self.octet].astype(np.int64)

    def emit(self, program: ProgramBuilder) -> int:
        """See `Number.emit`."""
        return program.register(Op.OCTET, self.octet)


@dataclass(frozen=True, slots=True)
class Below:
    """A word's number below `sizes[i]`, plus `starts[i]`, where i is the number `by`, or else 0."""

    word: int
    sizes: tuple[int, ...]
    starts: tuple[int, ...] = (0,)
    by: Number | None = None

    def values(self, words: draw.Words) -> Values:
        """See `Number.values`."""
        by = self.by.values(words) if self.by else np.zeros(len(words), dtype=np.int64)
        sizes = np.array(self.sizes, dtype=np.uint64)[by]
        number = draw.scaled_by_column(words[:, self.word], sizes).view(np.int64)
        return number + np.array(self.starts, dtype=np.int64)[by]

    def emit(self, program: ProgramBuilder) -> int:
        """See `Number.emit`."""
        by = self.by.emit(program) if self.by else -1
        sizes, starts = program.table(self.sizes), program.table(self.starts)
        return program.register(Op.BELOW, self.word, sizes, starts, by)


@dataclass(frozen=True, slots=True)
class Literal:
    """The same bytes in every row."""

    text: bytes

    @property
    def width(self) -> int:
        """See `Piece.width`."""
        return len(self.text)

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`."""
        del words
        return self.text

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        program.add(Op.LITERAL, program.text(self.text), len(self.text))


def pieces(given: Sequence[Piece | bytes]) -> list[Piece]:
    """Pieces, where bytes stand for literals."""
    return [Literal(piece) if isinstance(piece, bytes) else piece for piece in given]


@dataclass(frozen=True, slots=True)
class Letters:
    """A character for each of the lanes from `first` to before `stop`."""

    alphabet: Alphabet
    first: int
    stop: int

    @property
    def width(self) -> int:
        """See `Piece.width`."""
        return self.stop - self.first

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`."""
        return self.alphabet.spell(draw.lanes(words)[:, self.first : self.stop])

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        characters = self.alphabet.characters
        program.add(Op.LETTERS, self.first, self.stop, program.text(characters), len(characters))


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of a dictionary that a number chooses."""

    entries: Entries
    number: Number

    @property
    def width(self) -> int:
        """See `Piece.width`."""
        return max(map(len, self.entries.entries))

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`."""
        return self.entries.take(self.number.values(words))

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        number = self.number.emit(program)
        program.add(Op.ENTRY, number, program.dictionary(self.entries.entries))


@dataclass(frozen=True, slots=True)
class Where:
    """A piece that stands only in those rows whose number `shown` has."""

    number: Number
    shown: tuple[bool, ...]
    piece: Piece

    @property
    def width(self) -> int:
        """See `Piece.width`."""
        return self.piece.width

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`. The piece must be one of a fixed width."""
        matrix = self.piece.spell(words)
        assert isinstance(matrix, np.ndarray)
        shown = np.array(self.shown)[self.number.values(words)]
        return Ragged(matrix, np.broadcast_to(shown[:, np.newaxis], matrix.shape))

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        number = self.number.emit(program)
        hidden = program.table([not shown for shown in self.shown])
        with program.unless(number, hidden):
            self.piece.emit(program)


@dataclass(frozen=True, slots=True)
class Hexadecimal:
    """The octets from `first` to before `stop`, two digits each."""

    first: int
    stop: int

    @property
    def width(self) -> int:
        """See `Piece.width`."""
        return 2 * (self.stop - self.first)

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`."""
        return spelling.hexadecimal(draw.octets(words)[:, self.first : self.stop])

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        program.add(Op.HEX, self.first, self.stop)


@dataclass(frozen=True, slots=True)
class Octets:
    """The octets from `first` to before `stop` as they are; only within `Base64`."""

    first: int
    stop: int

    @property
    def width(self) -> int:
        """See `Piece.width`."""
        return self.stop - self.first

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`."""
        return draw.octets(words)[:, self.first : self.stop]

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        program.add(Op.RAW, self.first, self.stop)


@dataclass(frozen=True, slots=True)
class Padded:
    """A number in exactly `width` decimal digits."""

    number: Number
    width: int

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`."""
        return spelling.padded_digits(self.number.values(words), self.width)

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        program.add(Op.PADDED, self.number.emit(program), self.width)


@dataclass(frozen=True, slots=True)
class Hundredths:
    """A number below 10^9 divided by 100, with two decimals."""

    number: Number

    @property
    def width(self) -> int:
        """See `Piece.width`."""
        return 10

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`."""
        number = self.number.values(words)
        matrix = np.full((len(number), 10), ord("."), dtype=np.uint8)
        matrix[:, :7] = spelling.padded_digits(number // 100, 7)
        matrix[:, 8:] = spelling.padded_digits(number % 100, 2)
        kept = np.logical_or.accumulate(matrix != ord("0"), axis=1)
        kept[:, 6] = True
        return Ragged(matrix, kept)

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        program.add(Op.HUNDREDTHS, self.number.emit(program))


@dataclass(frozen=True, slots=True)
class Date:
    """A number of seconds since 1970 as `2006-01-02`."""

    seconds: Number

    @property
    def width(self) -> int:
        """See `Piece.width`."""
        return 10

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`."""
        return dates(self.seconds.values(words) // DAY).spell()

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        program.add(Op.DATE, self.seconds.emit(program))


@dataclass(frozen=True, slots=True)
class Clock:
    """A number of seconds since 1970 as `15:04:05`."""

    seconds: Number

    @property
    def width(self) -> int:
        """See `Piece.width`."""
        return 8

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`."""
        return spell_clock(self.seconds.values(words) % DAY)

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        program.add(Op.CLOCK, self.seconds.emit(program))


_BASE64: Final = spelling.LETTERS + spelling.DIGITS + b"-_"


@dataclass(frozen=True, slots=True)
class Base64:
    """Pieces of a fixed width, in base64url without padding."""

    pieces: Sequence[Piece | bytes]

    @property
    def width(self) -> int:
        """See `Piece.width`."""
        return (4 * sum(piece.width for piece in pieces(self.pieces)) + 2) // 3

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`."""
        rows = len(words)
        text = spelling.lay_out(rows, *(piece.spell(words) for piece in pieces(self.pieces)))
        width = sum(piece.width for piece in pieces(self.pieces))
        return spelling.base64url(text.data.reshape(rows, width))

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        program.add(Op.MARK)
        for piece in pieces(self.pieces):
            piece.emit(program)
        program.add(Op.BASE64, program.text(_BASE64))


@dataclass(frozen=True, slots=True)
class Special:
    """A piece of one key only: both ways are said where it is used."""

    width: int
    spelt: Callable[[draw.Words], Spelt]
    emitted: Callable[[ProgramBuilder], None]

    def spell(self, words: draw.Words) -> Spelt:
        """See `Piece.spell`."""
        return self.spelt(words)

    def emit(self, program: ProgramBuilder) -> None:
        """See `Piece.emit`."""
        self.emitted(program)
