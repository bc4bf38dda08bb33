"""The instructions of binary programs, which encode canonical JSON texts by a schema.

A program is data, so one kernel, compiled once, runs the programs of all schemas. It reads a text
from its beginning to its end, and writes a tag, if there is one, before each value: the number of a
union's branch in Avro, the number and wire type of a field in Protocol Buffers.
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

    Those up to PUT write the tag a of b bytes and then the value at s. Each instruction fails if s
    is something else than it expects. Lengths are shifted by c bits: in Avro they are signed.
    """

    INTEGER = 0
    """A whole number as a varint, by turns positive and negative, as in Avro."""
    VARINT = 1
    """A whole number as a varint in two's complement, as in Protocol Buffers."""
    DOUBLE = 2
    BOOLEAN = 3
    TEXT = 4
    """A string as its length and its bytes."""
    JSON = 5
    """Any value as its JSON text, with a length."""
    INSTANT = 6
    """An RFC 3339 text as microseconds since 1970, as in Avro."""
    TIMESTAMP = 7
    """An RFC 3339 text as a message of seconds and nanoseconds, in whole microseconds."""
    CHOICE = 8
    """A string as the varint of its entry in the table c."""
    BEGIN = 9
    """No value: the length of what follows is written here by LENGTH."""
    PUT = 10
    """No value."""
    LENGTH = 11
    """Write the number of bytes since the last BEGIN there."""
    EXPECT = 12
    """Read the character a."""
    FIELD = 13
    """Read the name [a : a + b] of a field, perhaps after a comma; if it is another, jump to c."""
    IF_NULL = 14
    """Read `null` and jump to c, if it is there."""
    IF_EMPTY = 15
    """Read an empty string and jump to c, if it is there."""
    UNLESS = 16
    """Jump to c unless the type of the value at s is one of the mask a (`JsonType`)."""
    JUMP = 17
    """Jump to c."""
    FAIL = 18
    ITEMS = 19
    """Read the character a, and write a count; if b follows, it is zero: jump to c after it."""
    NEXT = 20
    """Read a comma and jump to c, or read b. The count grows, or ends with a zero."""
    OPEN = 21
    """Read the character a; if b follows, jump to c after it."""
    MORE = 22
    """Read a comma and jump to c, or read b."""
    OMIT_ZERO = 23
    """Remove the last a bytes, a tag and a value, if the last b bytes (1 or 8) are zeros."""
    COPY = 24
    """Write the whole text as it is."""
    END = 25
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
