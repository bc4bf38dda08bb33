"""The instructions of binary programs, which encode canonical JSON texts by a schema.

A program is data, so one kernel, compiled once, runs the programs of all schemas. It reads a text
from its beginning to its end, and writes a tag, if there is one, before each value: the number of a
union's branch in Avro. Integers, lengths and counts are signed, as in Avro.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

INSTRUCTION_WORDS: Final = 4
ENTRY_WORDS: Final = 3
MAX_STACK: Final = 256
MAX_TAG_BYTES: Final = 8


class BinaryOp(IntEnum):
    """The instructions (op, a, b, c). The next character of the text is s.

    Those up to CHOICE write the tag a of b bytes and then the value at s. Each instruction fails if
    s is something else than it expects.
    """

    INTEGER = 0
    """A whole number as a varint."""
    DOUBLE = 1
    BOOLEAN = 2
    TEXT = 3
    """A string as its length and its bytes."""
    JSON = 4
    """Any value as its JSON text, with a length."""
    INSTANT = 5
    """An RFC 3339 text as microseconds since 1970."""
    CHOICE = 6
    """A string as the code of its entry in the table c."""
    PUT = 7
    """Write the tag a of b bytes."""
    EXPECT = 8
    """Read the character a."""
    FIELD = 9
    """Read the name [a : a + b] of a field, perhaps after a comma; if it is another, jump to c."""
    IF_NULL = 10
    """Read `null` and jump to c, if it is there."""
    UNLESS = 11
    """Jump to c unless the type of the value at s is one of the mask a (`JsonType`)."""
    JUMP = 12
    """Jump to c."""
    FAIL = 13
    ITEMS = 14
    """Read the character a, and write a count; if b follows, it is zero: jump to c after it."""
    NEXT = 15
    """Read a comma and jump to c, or read b. The count grows, or ends with a zero."""
    COPY = 16
    """Write the whole text as it is."""
    END = 17
    """End the text."""


class JsonType(IntEnum):
    """Types of JSON values, as bits of a mask."""

    BOOLEAN = 1
    NUMBER = 2
    TEXT = 4
    ARRAY = 8
    OBJECT = 16


class EncodingStop(IntEnum):
    """Why the kernel stopped."""

    DONE = 0
    FULL = 1
    FAILED = 2


@dataclass(frozen=True, slots=True, eq=False)
class BinaryProgram:
    """Instructions, names that FIELD and tables refer to, and the tables of CHOICE.

    A table is a count, and for each entry the begin and length of its text, and its code.
    """

    code: Ints
    names: Bytes
    tables: Ints
