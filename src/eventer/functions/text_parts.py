"""The parts of random texts, each with two ways to write it.

A part writes few rows as a matrix of bytes, and adds the instructions of a `TextProgram` that
write many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np

from eventer.functions import string_building
from eventer.functions.program_builder import ProgramBuilder
from eventer.functions.string_building import Alphabet, Bytes, MaskedBytes, StringDictionary
from eventer.functions.text_numbers import NumberSource
from eventer.kernels import draw
from eventer.kernels.draw.random_texts import TextOp

PartBytes: TypeAlias = bytes | Bytes | MaskedBytes


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
