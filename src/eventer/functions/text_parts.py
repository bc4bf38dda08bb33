"""The parts of random texts, each with two ways to write it.

A part writes few rows as a matrix of bytes, and adds the instructions of a `TextProgram` that
write many. The numbers that parts depend on have the same two ways.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.functions import string_building
from eventer.functions.calendar import SECONDS_PER_DAY, clock_text, dates
from eventer.functions.program_builder import ProgramBuilder
from eventer.functions.string_building import Alphabet, Bytes, MaskedBytes, StringDictionary
from eventer.kernels import draw
from eventer.kernels.draw.random_texts import TextOp

Values: TypeAlias = NDArray[np.int64]
PartBytes: TypeAlias = bytes | Bytes | MaskedBytes


class NumberSource(Protocol):
    """A number per row, computed from the words that a text draws (a row of `words`)."""

    def values(self, words: draw.Words) -> Values:
        """The numbers."""
        ...

    def emit(self, program: ProgramBuilder) -> int:
        """Adds the instruction; returns the register of the number."""
        ...


class TextPart(Protocol):
    """A part of a text."""

    @property
    def width(self) -> int:
        """The maximal number of bytes."""
        ...

    def write_text(self, words: draw.Words) -> PartBytes:
        """The part for each row of words."""
        ...

    def emit(self, program: ProgramBuilder) -> None:
        """Adds the instructions that write the part."""
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


@dataclass(frozen=True, slots=True)
class LiteralPart:
    """A literal: the same bytes in every row."""

    text: bytes

    @property
    def width(self) -> int:
        """See `TextPart.width`."""
        return len(self.text)

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        del words
        return self.text

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        program.add(TextOp.LITERAL, program.text(self.text), len(self.text))


def text_parts(given: Sequence[TextPart | bytes]) -> list[TextPart]:
    """Parts; bytes become literals."""
    return [LiteralPart(piece) if isinstance(piece, bytes) else piece for piece in given]


@dataclass(frozen=True, slots=True)
class LettersPart:
    """A character per lane of [first, stop)."""

    alphabet: Alphabet
    first: int
    stop: int

    @property
    def width(self) -> int:
        """See `TextPart.width`."""
        return self.stop - self.first

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        return self.alphabet.write_text(draw.lanes(words)[:, self.first : self.stop])

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        characters = self.alphabet.characters
        program.add(
            TextOp.LETTERS, self.first, self.stop, program.text(characters), len(characters)
        )


@dataclass(frozen=True, slots=True)
class DictionaryPart:
    """The entry of a dictionary that a number chooses."""

    entries: StringDictionary
    number: NumberSource

    @property
    def width(self) -> int:
        """See `TextPart.width`."""
        return self.entries.width

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        return self.entries.take(self.number.values(words))

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        number = self.number.emit(program)
        program.add(TextOp.ENTRY, number, program.dictionary(self.entries.entries))


PLACEHOLDERS: Final = {
    ord("#"): b"0123456789",
    ord("%"): b"123456789",
    ord("?"): b"ABEGHJLNPRSTWXYZ",
}
"""The characters that may take the place of one in a form; the letters fit all postcodes."""


@dataclass(frozen=True, slots=True)
class FormPart:
    """An entry of a dictionary of forms with its placeholders filled: that at byte i by lane i."""

    forms: StringDictionary
    number: NumberSource
    first_lane: int

    @property
    def width(self) -> int:
        """See `TextPart.width`."""
        return self.forms.width

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        forms = self.forms.take(self.number.values(words))
        lanes = draw.lanes(words)[:, self.first_lane : self.first_lane + self.width]
        matrix = forms.matrix
        for placeholder, characters in PLACEHOLDERS.items():
            filled = Alphabet(characters).write_text(lanes)
            matrix = np.where(forms.matrix == placeholder, filled, matrix)
        return MaskedBytes(matrix, forms.kept)

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        number, forms = self.number.emit(program), program.dictionary(self.forms.entries)
        numbers: list[int] = []
        for placeholder, characters in PLACEHOLDERS.items():
            numbers += placeholder, program.text(characters), len(characters)
        program.add(TextOp.FORM, number, forms, self.first_lane, program.table(numbers))


@dataclass(frozen=True, slots=True)
class ConditionalPart:
    """A part that is present in rows with `shown[number]` only."""

    number: NumberSource
    shown: tuple[bool, ...]
    piece: TextPart

    @property
    def width(self) -> int:
        """See `TextPart.width`."""
        return self.piece.width

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        matrix, kept = string_building.matrix_and_mask(self.piece.write_text(words))
        shown = np.array(self.shown)[self.number.values(words)][:, np.newaxis]
        if kept is None:
            kept = np.broadcast_to(shown, (len(words), matrix.shape[1]))
        return MaskedBytes(matrix, kept & shown)

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        number = self.number.emit(program)
        hidden = program.table([not shown for shown in self.shown])
        with program.unless(number, hidden):
            self.piece.emit(program)


@dataclass(frozen=True, slots=True)
class SequencePart:
    """Parts one after the other, as one part."""

    pieces: tuple[TextPart, ...]

    @property
    def width(self) -> int:
        """See `TextPart.width`."""
        return sum(piece.width for piece in self.pieces)

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        pieces = [piece.write_text(words) for piece in self.pieces]
        return string_building.join_parts(len(words), *pieces)

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        for piece in self.pieces:
            piece.emit(program)


@dataclass(frozen=True, slots=True)
class ShortenedPart:
    """A part of a fixed width without its last bytes: as many as a number says."""

    piece: TextPart
    dropped: NumberSource

    @property
    def width(self) -> int:
        """See `TextPart.width`."""
        return self.piece.width

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        matrix, kept = string_building.matrix_and_mask(self.piece.write_text(words))
        assert kept is None
        lengths = self.width - self.dropped.values(words)
        return MaskedBytes(matrix, np.arange(self.width) < lengths[:, np.newaxis])

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        dropped = self.dropped.emit(program)
        self.piece.emit(program)
        program.add(TextOp.DROP, dropped)


@dataclass(frozen=True, slots=True)
class HexPart:
    """The bytes [first, stop) in hexadecimal."""

    first: int
    stop: int

    @property
    def width(self) -> int:
        """See `TextPart.width`."""
        return 2 * (self.stop - self.first)

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        return string_building.hexadecimal(draw.bytes_of(words)[:, self.first : self.stop])

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        program.add(TextOp.HEX, self.first, self.stop)


@dataclass(frozen=True, slots=True)
class RawBytesPart:
    """The bytes [first, stop) themselves; only within `Base64Part`."""

    first: int
    stop: int

    @property
    def width(self) -> int:
        """See `TextPart.width`."""
        return self.stop - self.first

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        return draw.bytes_of(words)[:, self.first : self.stop]

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        program.add(TextOp.RAW, self.first, self.stop)


@dataclass(frozen=True, slots=True)
class PaddedNumberPart:
    """A number in exactly `width` decimal digits."""

    number: NumberSource
    width: int

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        return string_building.padded_digits(self.number.values(words), self.width)

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        program.add(TextOp.PADDED, self.number.emit(program), self.width)


@dataclass(frozen=True, slots=True)
class HundredthsPart:
    """A number below 10^9 divided by 100, with two decimals."""

    width: ClassVar[int] = 10
    number: NumberSource

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        number = self.number.values(words)
        matrix = np.full((len(number), 10), ord("."), dtype=np.uint8)
        matrix[:, :7] = string_building.padded_digits(number // 100, 7)
        matrix[:, 8:] = string_building.padded_digits(number % 100, 2)
        kept = np.logical_or.accumulate(matrix != ord("0"), axis=1)
        kept[:, 6] = True
        return MaskedBytes(matrix, kept)

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        program.add(TextOp.HUNDREDTHS, self.number.emit(program))


@dataclass(frozen=True, slots=True)
class DatePart:
    """A number of seconds since 1970 as `2006-01-02`."""

    width: ClassVar[int] = 10
    seconds: NumberSource

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        return dates(self.seconds.values(words) // SECONDS_PER_DAY).write_text()

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        program.add(TextOp.DATE, self.seconds.emit(program))


@dataclass(frozen=True, slots=True)
class TimePart:
    """A number of seconds since 1970 as `15:04:05`."""

    width: ClassVar[int] = 8
    seconds: NumberSource

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        return clock_text(self.seconds.values(words) % SECONDS_PER_DAY)

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        program.add(TextOp.CLOCK, self.seconds.emit(program))


_BASE64: Final = string_building.LETTERS + string_building.DIGITS + b"-_"


@dataclass(frozen=True, slots=True)
class Base64Part:
    """Parts of fixed widths, in base64url without padding."""

    text_parts: Sequence[TextPart | bytes]

    @property
    def width(self) -> int:
        """See `TextPart.width`."""
        return (4 * sum(piece.width for piece in text_parts(self.text_parts)) + 2) // 3

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        rows = len(words)
        text = string_building.concatenate_parts(
            rows, *(piece.write_text(words) for piece in text_parts(self.text_parts))
        )
        width = sum(piece.width for piece in text_parts(self.text_parts))
        return string_building.base64url(text.data.reshape(rows, width))

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        program.add(TextOp.MARK)
        for piece in text_parts(self.text_parts):
            piece.emit(program)
        program.add(TextOp.BASE64, program.text(_BASE64))


@dataclass(frozen=True, slots=True)
class CustomPart:
    """A part of a single key, with both ways given by the caller."""

    width: int
    write_text_rows: Callable[[draw.Words], PartBytes]
    emit_instructions: Callable[[ProgramBuilder], None]

    def write_text(self, words: draw.Words) -> PartBytes:
        """See `TextPart.write_text`."""
        return self.write_text_rows(words)

    def emit(self, program: ProgramBuilder) -> None:
        """See `TextPart.emit`."""
        self.emit_instructions(program)
