"""The row program: the JSON text of many events, written out of columns.

A program is data, so one kernel, compiled once, runs that of every template. Its instructions name
columns by their numbers, and pieces of text that are the same in all rows by where they lie in its
literals. Compiled loops read columns where they are: nothing is copied but what is written.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.match_hints import MatchHints
from eventer.kernels.json.prefix_classes import (
    NO_IDENTITIES,
    PrefixClasses,
    RepeatIdentities,
    repeat_identities,
)
from eventer.kernels.support.jit import address_of, frozen

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

MAX_DEPTH: Final = 64
"""How many numbers a program may have on its stack: BRANCH pushes one, LOOP two."""

MIN_ROWS_TO_IMPORT_NUMBA: Final = 400
"""Below so many rows, plain Python is done before compiled code is even loaded."""
_MIN_ROWS_COMPILED: Final = 16
"""Below so many, it is done before compiled code is that is loaded already."""
_MIN_BYTES_COMPILED: Final = 1 << 20
"""Text that is much, however few its rows are: it is compiled code's."""
_LOOPS: Final = "eventer.kernels.json.assemble_loops"
INSTRUCTION_WORDS: Final = 9
"""Numbers of an instruction as compiled loops read it."""
_PADDING_BYTES: Final = 4096
"""Bytes beyond what is asked for: what the kernel overwrites, and room to begin with."""
_MIN_MARKS: Final = 2
_BYTES_PER_MARK: Final = 16
"""Text of which there is one mark at most, on average: what is more is not marked."""


class RowOp(IntEnum):
    """What an instruction (op, a, b) does; A and B are the columns of those numbers, r the row.

    Row r of a text is its data from A[r] to A[r + 1].
    """

    END = 0
    """The event is complete: begin the next root row at the first instruction."""
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
    """With s = A[r] push r; where s >= 0 let r be s, else let it be ~s and jump to b."""
    RESTORE = 10
    """Pop r."""
    JUMP = 11
    """Jump to b."""
    LOOP = 12
    """With k = A[r] and stop = A[r + 1]: jump to b if k = stop, else push r and stop and let r
    be k."""
    NEXT = 13
    """Add 1 to r. Below the stop on the stack write `,` and jump to b, else pop stop and r."""
    SEPARATE = 14
    """Write `,` unless the byte before is `{` or `[`."""


class StopReason(IntEnum):
    """Why the kernel stopped."""

    DONE = 0
    FULL = 1
    LIMIT = 2
    OVERSIZE = 3


TEXT_COLUMN_OPS: Final = frozenset({RowOp.TEXT, RowOp.PLAIN, RowOp.RAW})
"""Instructions whose column A is a text."""
NUMBERS: Final = frozenset(
    {RowOp.INTEGER, RowOp.DOUBLE, RowOp.BOOLEAN, RowOp.ENTRY, RowOp.BRANCH, RowOp.LOOP}
)
"""Instructions whose column A is not."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: int64, double or boolean `numbers`; of a text its int64 offsets and its `data`."""

    numbers: NDArray[Any]
    data: Bytes | None = None


JUMP_OPS: Final = frozenset({RowOp.BRANCH, RowOp.JUMP, RowOp.LOOP, RowOp.NEXT})
"""Instructions whose b is where they may jump to."""


class RowProgram:
    """Instructions, an (n, 3) array that begins with the first, and the literals they copy.

    `prefix_classes` has for some columns, by their numbers, which of the texts there begin alike.
    """

    def __init__(
        self, code: Ints, literals: bytes, prefix_classes: Sequence[PrefixClasses | None] = ()
    ) -> None:
        self.code: Final = code
        self.literals: Final = literals
        self._alike = prefix_classes
        # With room behind them, they can always be copied in whole blocks.
        self.padded: Final = np.frombuffer(literals + bytes(_PADDING_BYTES), np.uint8)

    @cached_property
    def fused(self) -> FusedProgram:
        """The program as compiled loops run it."""
        return _fuse(self.code.tolist())

    @cached_property
    def repeat_identities(self) -> RepeatIdentities:
        """What may be marked in the texts that are written."""
        fused = self.fused
        return repeat_identities(fused.code, fused.literals, fused.entries, self._alike)


@dataclass(frozen=True, slots=True)
class FusedProgram:
    """Instructions (op, a, b, begin, length), an (n, 5) array.

    Each first writes the literals [begin : begin + length]. The rest says which of them read
    columns of numbers, texts, dictionaries, and literals of their own.
    """

    code: Ints
    numbers: Ints
    texts: Ints
    entries: Ints
    literals: Ints


def _fuse(code: list[list[int]]) -> FusedProgram:
    """Puts each LITERAL before the instruction behind it, unless that is jumped to."""
    targets = {b for op, _, b in code if op in JUMP_OPS}
    fused: list[list[int]] = []
    places: list[int] = []
    before = [0, 0]
    for number, (op, a, b) in enumerate(code):
        places.append(len(fused))
        if op == RowOp.LITERAL and before == [0, 0] and number + 1 not in targets:
            before = [a, b]
        else:
            fused.append([op, a, b, *before])
            before = [0, 0]
    for instruction in fused:
        if instruction[0] in JUMP_OPS:
            instruction[2] = places[instruction[2]]
    made = np.array(fused, np.int64).reshape(-1, 5)
    kinds = (NUMBERS, TEXT_COLUMN_OPS, {RowOp.ENTRY}, {RowOp.LITERAL})
    return FusedProgram(
        made, *(np.flatnonzero(np.isin(made[:, 0], [*map(int, kind)])) for kind in kinds)
    )


@dataclass(frozen=True, slots=True)
class AssembledTexts:
    """Texts one behind the other: that of event i is `text[ends[i]:ends[i + 1]]`.

    There may be fewer than asked for; `oversize` is then the size in bytes of the next one if
    it is larger than an event may be.
    """

    text: Bytes
    ends: Ints
    oversize: int | None = None
    match_hints: MatchHints | None = None

    def __len__(self) -> int:
        return len(self.ends) - 1


def assemble(
    program: RowProgram,
    columns: Sequence[Column],
    rows: int,
    *,
    limit: int,
    event_limit: int,
    guess: int,
    first: int = 0,
    match_hints: bool = False,
) -> AssembledTexts:
    """The texts of the root rows [first, first + rows), in order; few are written without Numba.

    It ends after the row that brings the text to `limit` bytes, and before one that takes more than
    `event_limit` bytes. `guess` is how many bytes there may be in all: a wrong one costs time only.
    With `match_hints` it says what texts repeat, unless there are few.
    The program must be well-formed: what it reads is not checked against the columns.
    """
    if (
        rows < (_MIN_ROWS_COMPILED if _LOOPS in sys.modules else MIN_ROWS_TO_IMPORT_NUMBA)
        and guess < _MIN_BYTES_COMPILED
    ):
        from eventer.kernels.json.assemble_python import assemble_in_python

        return assemble_in_python(
            program, columns, rows, limit=limit, event_limit=event_limit, first=first
        )
    return assemble_compiled(
        program,
        columns,
        rows,
        limit=limit,
        event_limit=event_limit,
        guess=guess,
        first=first,
        match_hints=match_hints,
    )


def assemble_compiled(
    program: RowProgram,
    columns: Sequence[Column],
    rows: int,
    *,
    limit: int,
    event_limit: int,
    guess: int,
    first: int = 0,
    match_hints: bool = False,
) -> AssembledTexts:
    """See `assemble`; whatever the number of rows, by the compiled loops."""
    from eventer.kernels.json.assemble_loops import run

    columns = [_contiguous(column) for column in columns]  # held here while they are read
    known = program.repeat_identities if match_hints else NO_IDENTITIES
    code = _with_addresses(program, columns, known)
    ends, mark_ends = np.zeros(rows + 1, np.int64), np.zeros(rows + 1, np.int64)
    out = np.empty(min(max(guess, 0), limit + event_limit) + _PADDING_BYTES, np.uint8)
    marks = np.empty(len(out) // _BYTES_PER_MARK if match_hints else _MIN_MARKS, np.uint32)
    done = 0
    while True:
        done, stop, size = run(
            code, first, done, rows, limit, event_limit, ends, out, known.lengths, mark_ends, marks
        )
        if stop != StopReason.FULL:
            break
        out = _enlarged(out, int(ends[done]), rows / max(done, 1))
    return AssembledTexts(
        out[: ends[done]],
        ends[: done + 1],
        size if stop == StopReason.OVERSIZE else None,
        known.match_hints(marks[: mark_ends[done]], mark_ends[: done + 1]) if match_hints else None,
    )


def _contiguous(column: Column) -> Column:
    numbers, data = column.numbers, column.data
    if numbers.flags.c_contiguous and (data is None or data.flags.c_contiguous):
        return column
    return Column(np.ascontiguousarray(numbers), data if data is None else data.copy())


def _with_addresses(
    program: RowProgram, columns: Sequence[Column], known: RepeatIdentities
) -> Ints:
    """The instructions with addresses in the places of columns and literals.

    Each is the op, four operands, begin and end of the literals that it first writes, and their
    identity. LITERAL has begin, length and edge; a text's A is offsets, data and edge; an ENTRY's A
    is followed by its B, likewise. Nothing is read from the edge on. Last comes the identity of
    what is then written: a LITERAL's own, and where those of all entries of an ENTRY lie.
    """
    fused = program.fused
    code = np.zeros((len(fused.code), INSTRUCTION_WORDS), np.int64)
    code[:, :3] = fused.code[:, :3]
    at = np.array([address_of(column.numbers) for column in columns], np.int64)
    data = np.array([[*_extent(column.data)] for column in columns], np.int64).reshape(-1, 2)
    code[fused.numbers, 1] = at[code[fused.numbers, 1]]
    code[fused.texts, 2:4] = data[code[fused.texts, 1]]
    code[fused.texts, 1] = at[code[fused.texts, 1]]
    code[fused.entries, 3:5] = data[code[fused.entries, 2]]
    code[fused.entries, 2] = at[code[fused.entries, 2]]
    begin, src_end = _extent(program.padded)
    code[fused.literals, 1] += begin
    code[fused.literals, 3] = src_end
    code[:, 5] = fused.code[:, 3] + begin
    code[:, 6] = code[:, 5] + fused.code[:, 4]
    code[:, 7] = known.before
    code[:, 8] = known.own
    for instruction, entries in known.entries.items():
        code[instruction, 8] = address_of(entries)
    return frozen(code)


def _extent(data: Bytes | None) -> tuple[int, int]:
    """Where bytes begin and end."""
    if data is None:
        return 0, 0
    begin = address_of(data)
    return begin, begin + len(data)


def _enlarged(out: Bytes, used: int, ratio: float) -> Bytes:
    """A larger array with the first `used` bytes of `out`, which were 1/ratio of all rows."""
    expected = int(used * min(ratio, 8) * 1.1)
    larger = np.empty(max(2 * len(out), expected + _PADDING_BYTES), np.uint8)
    larger[:used] = out[:used]
    return larger
