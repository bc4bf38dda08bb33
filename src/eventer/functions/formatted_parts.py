"""Parts of random texts that write bytes, numbers and times in a format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from eventer.functions import string_building
from eventer.functions.calendar import SECONDS_PER_DAY, clock_text, dates
from eventer.functions.program_builder import ProgramBuilder
from eventer.functions.string_building import MaskedBytes
from eventer.functions.text_numbers import NumberSource
from eventer.functions.text_parts import PartBytes, TextPart, text_parts
from eventer.kernels import draw
from eventer.kernels.draw.random_texts import TextOp

_BASE64: Final = string_building.LETTERS + string_building.DIGITS + b"-_"


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
