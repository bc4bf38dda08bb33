"""Texts out of draws: a program says how one text is spelt, and one kernel spells a column of them.

A program is data, so that no kernel is compiled for it. It draws some words for each row, derives
numbers from them, and writes literals, letters, digits and entries of dictionaries one after the
other. `functions.pieces` builds programs, and spells few rows with arrays, which is their twin.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import Index, Key, Words

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

OPERANDS: Final = 5
SLACK: Final = 64
"""Bytes that a kernel may read or write after the end of what it was asked for."""


class SpellOp(IntEnum):
    """What a program can do. Lanes and octets count through all words, the lowest bits first.

    A register holds a number. Operands are named a to e; bases count in `numbers`, starts in
    `data`.
    """

    LITERAL = auto()
    """Writes b octets from start a."""
    LETTERS = auto()
    """A character for each lane from a to before b, of the d that begin at start c."""
    ENTRY = auto()
    """The entry whose number register a holds: b is the base of the starts of all entries."""
    LANE = auto()
    """Register a = lane b · c >> 16."""
    BYTE = auto()
    """Register a = octet b."""
    BELOW = auto()
    """Register a = below(word b, size) + start; both are at bases c and d, indexed by register e
    (by 0 where e is negative)."""
    HEX = auto()
    """Octets a to before b in lower-case hexadecimal, two digits each."""
    RAW = auto()
    """Octets a to before b as they are."""
    PADDED = auto()
    """Register a in exactly b decimal digits."""
    HUNDREDTHS = auto()
    """Register a divided by 100, with two decimals."""
    MARK = auto()
    """Remembers this place."""
    BASE64 = auto()
    """What was written since the mark, in base64url without padding; its alphabet is at start a."""
    IPV6 = auto()
    """The first 16 octets as RFC 5952 has it."""
    CARD = auto()
    """A card number: register a chooses 16 places at start b, 0xFF where a lane's digit goes, and
    at base c how many of the places count, from the last; the last is the check digit."""
    DATE = auto()
    """Register a, in seconds since 1970, as `2006-01-02`."""
    CLOCK = auto()
    """Register a, in seconds since 1970, as `15:04:05`."""
    UNLESS = auto()
    """Leaves c instructions out where the number at base b, indexed by register a, is not 0."""
    SENTENCES = auto()
    """As many sentences as register a says (one where a is negative), from word b on. Their words
    are entries whose starts are at base c; at base d are the radices: see `SENTENCE`."""


SENTENCE: Final = 6
"""A sentence has so many different words out of `size`. Its entries are all words as they stand
first, then as they stand within, then as they stand last. The radices are the number of sentences
there are, then for each place the number of words left and the factor that divides by it."""


@dataclass(frozen=True, slots=True)
class SpellProgram:
    """A text: the words that it draws, and what is written of them.

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


def spell(program: SpellProgram, key: Key, index: Index) -> tuple[Bytes, Ints]:
    """The texts of these rows one after the other, and where each begins, and the last ends."""
    from eventer.kernels.draw import draw_loops, spell_loops

    rows = len(index)
    # Memory that is never written costs nothing: so there is room for the longest texts.
    out = np.empty(rows * program.width + SLACK, dtype=np.uint8)
    offsets = np.empty(rows + 1, dtype=np.int64)
    keys = draw_loops.as_keys(key, rows)
    spell_loops.spell_rows(program, keys, draw_loops.as_words(index), out, offsets)
    return out[: offsets[rows]], offsets
