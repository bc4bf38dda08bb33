"""The instructions of binary programs, which encode canonical JSON texts by a schema.

A program is data, so one kernel, compiled once, runs the programs of all schemas. It reads a text
from its beginning to its end, except for the fields of objects between ENTER and LEAVE, and writes
a tag, if there is one, before each value: the number of a union's branch in Avro, the number and
wire type of a field in Protocol Buffers.
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
    INT = 9
    """As INTEGER, of 32 bits."""
    FLOAT = 10
    """A number of 32 bits."""
    MILLISECONDS = 11
    """An RFC 3339 text as milliseconds since 1970."""
    DATE = 12
    """A text of a date, or RFC 3339, as days since 1970."""
    DECIMAL = 13
    """A number or its text, as a length and a signed number without a point, highest byte first.

    It has at most c // 1,000 digits, and c % 1,000 of them are after the point.
    """
    BEGIN = 14
    """No value: the length of what follows is written here by LENGTH."""
    PUT = 15
    """No value."""
    LENGTH = 16
    """Write the number of bytes since the last BEGIN there."""
    EXPECT = 17
    """Read the character a."""
    FIELD = 18
    """Read the name [a : a + b] of a field, perhaps after a comma; if it is another, jump to c."""
    IF_NULL = 19
    """Read `null` and jump to c, if it is there."""
    IF_EMPTY = 20
    """Read an empty string and jump to c, if it is there."""
    UNLESS = 21
    """Jump to c unless the type of the value at s is one of the mask a (`JsonType`)."""
    JUMP = 22
    """Jump to c."""
    FAIL = 23
    ITEMS = 24
    """Read the character a, and write a count; if b follows, it is zero: jump to c after it."""
    NEXT = 25
    """Read a comma and jump to c, or read b. The count grows, or ends with a zero."""
    OPEN = 26
    """Read the character a; if b follows, jump to c after it."""
    MORE = 27
    """Read a comma and jump to c, or read b."""
    OMIT_ZERO = 28
    """Remove the last a bytes, a tag and a value, if the last b bytes (1 or 8) are zeros."""
    COPY = 29
    """Write the whole text as it is."""
    ENTER = 30
    """Read the beginning of an object, whose fields SEEK reads in any order, until LEAVE."""
    SEEK = 31
    """Go to the value of the field of the name [a : a + b]; if there is none, jump to c."""
    LEAVE = 32
    """Go behind the object, of which SEEK has found all fields."""
    END = 33
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
