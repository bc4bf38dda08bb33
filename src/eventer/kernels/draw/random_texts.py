"""Random texts: a program describes the text of a row, and one kernel runs all programs.

A program is data, so no kernel is compiled for it. It draws some words per row, derives numbers
from them, and writes literals, letters, digits and dictionary entries in order.
`functions.program_builder` builds programs, `functions.text_parts` writes few rows with arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import Index, Key, Words
from eventer.kernels.support.jit import frozen

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

OPERANDS: Final = 5
SLACK: Final = 64
"""Bytes that a kernel may read or write after the end of its data."""


class TextOp(IntEnum):
    """The instructions of a program, with operands a to e.

    Lanes (16 bits) and bytes are numbered through all words, the lowest bits first. A register
    holds a number. Bases are positions in `numbers`, starts are positions in `data`.
    """

    LITERAL = auto()
    """Writes b bytes from start a."""
    LETTERS = auto()
    """A character for each lane from a to before b, of the d that begin at start c."""
    ENTRY = auto()
    """The entry whose number is in register a; the starts of all entries are at base b."""
    LANE = auto()
    """Register a = lane b · c >> 16."""
    BYTE = auto()
    """Register a = byte b."""
    BELOW = auto()
    """Register a = below(word b, size) + start. Sizes are at base c, starts at base d, indexed by
    register e (by 0 if e is negative)."""
    HEX = auto()
    """Bytes a to before b in lower-case hexadecimal, two digits each."""
    RAW = auto()
    """Bytes a to before b as they are."""
    PADDED = auto()
    """Register a in exactly b decimal digits."""
    HUNDREDTHS = auto()
    """Register a divided by 100, with two decimals."""
    MARK = auto()
    """Stores the current position."""
    BASE64 = auto()
    """Encodes the text since the mark in base64url without padding, by the alphabet at start a."""
    IPV6 = auto()
    """The first 16 bytes as an IPv6 address by RFC 5952."""
    CARD = auto()
    """A card number. Register a selects a pattern of 16 digits at start b, with 0xFF for the digit
    of a lane, and its length at base c; the last digits count, and the last is the check digit."""
    DATE = auto()
    """Register a, in seconds since 1970, as `2006-01-02`."""
    CLOCK = auto()
    """Register a, in seconds since 1970, as `15:04:05`."""
    UNLESS = auto()
    """Skips c instructions if the number at base b, indexed by register a, is not 0."""
    SENTENCES = auto()
    """Writes as many sentences as register a holds (one if a is negative), from word b on. Their
    words are entries whose starts are at base c; the radices are at base d: see `SENTENCE`."""

    DROP = auto()
    """Removes as many bytes from the end of the text as register a holds."""
    TABLE = auto()
    """Register a = the number at base b, indexed by register c."""
    ADD = auto()
    """Register a = register b + register c."""
    FORM = auto()
    """The entry whose number is in register a; the starts of all entries are at base b. Lane c + i
    replaces a placeholder at byte i. Base d has a placeholder, the start of its characters, and
    their number, three times."""


FORM_PLACEHOLDERS: Final = 3
"""Kinds of placeholders in a form."""
SENTENCE: Final = 6
"""Distinct words of a sentence. The entries are all words in their first, inner and last forms. The
radices are the number of sentences, then for each position the number of remaining words and the
factor that divides by it."""


@dataclass(frozen=True, slots=True)
class TextProgram:
    """A text: the words that it draws, and the instructions that write it.

    Key slot 0 is the key of the call; slot i > 0 is one mixed step from the earlier slot
    `parents[i]`. Word j is drawn with the key in slot `slots[j]`, then masked:
    `& and_masks[j] | or_masks[j]`. `width` is the maximum size of a text in bytes. `data` ends with
    SLACK unused bytes.
    """

    parents: Ints
    steps: Words
    slots: Ints
    and_masks: Words
    or_masks: Words
    code: Ints
    numbers: Ints
    data: Bytes
    registers: int
    width: int


def write_text(program: TextProgram, key: Key, index: Index) -> tuple[Bytes, Ints]:
    """The concatenated texts of the rows, and their offsets (one more than rows)."""
    from eventer.kernels.draw import draw_loops, random_text_loops

    rows = len(index)
    # Memory that is never written costs nothing, so this allocates for the longest texts.
    out = np.empty(rows * program.width + SLACK, dtype=np.uint8)
    offsets = np.empty(rows + 1, dtype=np.int64)
    keys = draw_loops.as_keys(key, rows)
    random_text_loops.write_text_rows(
        keys,
        draw_loops.as_words(index),
        frozen(program.parents),
        frozen(program.steps),
        frozen(program.slots),
        frozen(program.and_masks),
        frozen(program.or_masks),
        frozen(program.code),
        frozen(program.numbers),
        frozen(program.data),
        program.registers,
        out,
        offsets,
    )
    return out[: offsets[rows]], offsets
