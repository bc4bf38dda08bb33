"""The instructions of row programs, which write the JSON texts of events from columns.

A program is data, so one kernel, compiled once, runs the programs of all templates. Instructions
refer to columns by number, and to constant text by its position in the literals of the program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.json.prefix_classes import PrefixClasses, RepeatIdentities, repeat_identities

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

MAX_DEPTH: Final = 64
"""Numbers on the stack of a program: BRANCH pushes one, LOOP two."""
PADDING_BYTES: Final = 4096
"""Bytes after a text that the kernel may read or write."""


class RowOp(IntEnum):
    """The instructions (op, a, b). A and B are the columns a and b, r is the current row.

    Row r of a text A is its data from A[r] to A[r + 1].
    """

    END = 0
    """End the event: start the next root row at the first instruction."""
    LITERAL = 1
    """Write the literals [a : a + b]."""
    ENTRY = 2
    """Write row A[r] of the text B, a dictionary, as it is."""
    INTEGER = 3
    """Write A[r] in decimal."""
    DOUBLE = 4
    """Write the finite double A[r] as `core.json_text.number_text` does."""
    BOOLEAN = 5
    """Write the boolean A[r], `true` or `false`."""
    TEXT = 6
    """Write row r of the text A (UTF-8) as `core.json_text.string_text` does."""
    PLAIN = 7
    """Write row r of the text A, which needs no escapes, in quotes."""
    RAW = 8
    """Write row r of the text A as it is."""
    BRANCH = 9
    """Push r. With s = A[r]: set r to s if s >= 0, else set r to ~s and jump to b."""
    RESTORE = 10
    """Pop r."""
    JUMP = 11
    """Jump to b."""
    LOOP = 12
    """Jump to b if A[r] = A[r + 1]; else push r and the stop A[r + 1], and set r to A[r]."""
    NEXT = 13
    """Add 1 to r. If r is below the stop on the stack, write `,` and jump to b; else pop both."""
    SEPARATE = 14
    """Write `,` unless the byte before is `{` or `[`."""


class StopReason(IntEnum):
    """Why the kernel stopped: all rows, no space in `out`, the limit, or an event too large."""

    DONE = 0
    FULL = 1
    LIMIT = 2
    OVERSIZE = 3


TEXT_COLUMN_OPS: Final = frozenset({RowOp.TEXT, RowOp.PLAIN, RowOp.RAW})
"""Instructions whose column A is a text."""
NUMBERS: Final = frozenset(
    {RowOp.INTEGER, RowOp.DOUBLE, RowOp.BOOLEAN, RowOp.ENTRY, RowOp.BRANCH, RowOp.LOOP}
)
"""Instructions whose column A has numbers."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: int64, double or boolean `numbers`; for texts int64 offsets, and their `data`."""

    numbers: NDArray[Any]
    data: Bytes | None = None


JUMP_OPS: Final = frozenset({RowOp.BRANCH, RowOp.JUMP, RowOp.LOOP, RowOp.NEXT})
"""Instructions that jump to b."""


class RowProgram:
    """Instructions, an (n, 3) array, and the literals that they copy.

    `prefix_classes` describe the dictionaries, which are the first columns.
    """

    def __init__(
        self, code: Ints, literals: bytes, prefix_classes: Sequence[PrefixClasses | None] = ()
    ) -> None:
        self.code: Final = code
        self.literals: Final = literals
        self._prefix_classes = prefix_classes
        # Padded, so that literals can be copied in blocks.
        self.padded: Final = np.frombuffer(literals + bytes(PADDING_BYTES), np.uint8)

    def with_code(self, code: Ints) -> RowProgram:
        """The program with other instructions, of as many and the same literals."""
        return RowProgram(code, self.literals, self._prefix_classes)

    def with_literals(self, texts: Mapping[int, bytes]) -> RowProgram:
        """The program with other texts for some LITERALs, by the number of the instruction."""
        return RowProgram(*_with_literals(self, texts), self._prefix_classes)

    @cached_property
    def fused(self) -> FusedProgram:
        """The program as the kernel runs it."""
        return _fuse(self.code.tolist())

    @cached_property
    def repeat_identities(self) -> RepeatIdentities:
        """The identities of the texts that can be marked."""
        fused = self.fused
        return repeat_identities(fused.code, fused.literals, fused.entries, self._prefix_classes)


def _with_literals(program: RowProgram, texts: Mapping[int, bytes]) -> tuple[Ints, bytes]:
    """Instructions and literals; adjacent LITERALs become one, unless one is a jump target."""
    old = program.code.tolist()
    targets = {b for op, _, b in old if op in JUMP_OPS}
    code: list[list[int]] = []
    positions: list[int] = []
    literals = bytearray()
    for number, (op, a, b) in enumerate(old):
        if op != RowOp.LITERAL:
            positions.append(len(code))
            code.append([op, a, b])
            continue
        text = texts.get(number, program.literals[a : a + b])
        if code and code[-1][0] == RowOp.LITERAL and number not in targets:
            code[-1][2] += len(text)
        else:
            code.append([op, len(literals), len(text)])
        positions.append(len(code) - 1)
        literals += text
    for instruction in code:
        if instruction[0] in JUMP_OPS:
            instruction[2] = positions[instruction[2]]
    return np.array(code, np.int64).reshape(-1, 3), bytes(literals)


@dataclass(frozen=True, slots=True)
class FusedProgram:
    """Instructions (op, a, b, begin, length), an (n, 5) array.

    Each first writes the literals [begin : begin + length]. `numbers`, `texts`, `entries` and
    `literals` are the instructions that read such columns or literals.
    """

    code: Ints
    numbers: Ints
    texts: Ints
    entries: Ints
    literals: Ints


def _fuse(code: list[list[int]]) -> FusedProgram:
    """Merges each LITERAL into the next instruction, unless that is a jump target."""
    targets = {b for op, _, b in code if op in JUMP_OPS}
    fused: list[list[int]] = []
    positions: list[int] = []
    before = [0, 0]
    for number, (op, a, b) in enumerate(code):
        positions.append(len(fused))
        if op == RowOp.LITERAL and before == [0, 0] and number + 1 not in targets:
            before = [a, b]
        else:
            fused.append([op, a, b, *before])
            before = [0, 0]
    for instruction in fused:
        if instruction[0] in JUMP_OPS:
            instruction[2] = positions[instruction[2]]
    merged = np.array(fused, np.int64).reshape(-1, 5)
    kinds = (NUMBERS, TEXT_COLUMN_OPS, {RowOp.ENTRY}, {RowOp.LITERAL})
    return FusedProgram(
        merged, *(np.flatnonzero(np.isin(merged[:, 0], [*map(int, kind)])) for kind in kinds)
    )
