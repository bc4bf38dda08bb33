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

from eventer.core.repeats import Repeats
from eventer.kernels.alike import NO_IDENTITIES, Alike, Identities, identities
from eventer.kernels.compiled import address_of, frozen

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

MAX_DEPTH: Final = 64
"""How many numbers a program may have on its stack: BRANCH pushes one, LOOP two."""

FEW: Final = 400
"""Below so many rows, plain Python is done before compiled code is even loaded."""
_VERY_FEW: Final = 16
"""Below so many, it is done before compiled code is that is loaded already."""
_MUCH: Final = 1 << 20
"""Text that is much, however few its rows are: it is compiled code's."""
_LOOPS: Final = "eventer.kernels.assemble_loops"
WIDTH: Final = 9
"""Numbers of an instruction as compiled loops read it."""
_ROOM: Final = 4096
"""Bytes beyond what is asked for: what the kernel overwrites, and room to begin with."""
_FEWEST_MARKS: Final = 2
_BYTES_A_MARK: Final = 16
"""Text of which there is one mark at most, on average: what is more is not marked."""


class Op(IntEnum):
    """What an instruction (op, a, b) does; A and B are the columns of those numbers, r the row.

    Row r of a text is its data from A[r] to A[r + 1].
    """

    END = 0
    """The event is complete: begin the next root row at the first instruction."""
    LITERAL = 1
    """Write the literals [a : a + b]."""
    ENTRY = 2
    """Write row A[r] of the text B, a dictionary, as it is."""
    WHOLE = 3
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


class Stop(IntEnum):
    """Why the kernel stopped."""

    DONE = 0
    FULL = 1
    LIMIT = 2
    OVERSIZE = 3


TEXTS: Final = frozenset({Op.TEXT, Op.PLAIN, Op.RAW})
"""Instructions whose column A is a text."""
NUMBERS: Final = frozenset({Op.WHOLE, Op.DOUBLE, Op.BOOLEAN, Op.ENTRY, Op.BRANCH, Op.LOOP})
"""Instructions whose column A is not."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: int64, double or boolean `numbers`; of a text its int64 offsets and its `data`."""

    numbers: NDArray[Any]
    data: Bytes | None = None


JUMPS: Final = frozenset({Op.BRANCH, Op.JUMP, Op.LOOP, Op.NEXT})
"""Instructions whose b is where they may jump to."""


class RowProgram:
    """Instructions, an (n, 3) array that begins with the first, and the literals they copy.

    `alike` has for some columns, by their numbers, which of the texts there begin alike.
    """

    def __init__(self, code: Ints, literals: bytes, alike: Sequence[Alike | None] = ()) -> None:
        self.code: Final = code
        self.literals: Final = literals
        self._alike = alike
        # With room behind them, they can always be copied in whole blocks.
        self.padded: Final = np.frombuffer(literals + bytes(_ROOM), np.uint8)

    @cached_property
    def fused(self) -> Fused:
        """The program as compiled loops run it."""
        return _fuse(self.code.tolist())

    @cached_property
    def identities(self) -> Identities:
        """What may be marked in the texts that are written."""
        fused = self.fused
        return identities(fused.code, fused.literals, fused.entries, self._alike)


@dataclass(frozen=True, slots=True)
class Fused:
    """Instructions (op, a, b, begin, length), an (n, 5) array.

    Each first writes the literals [begin : begin + length]. The rest says which of them read
    columns of numbers, texts, dictionaries, and literals of their own.
    """

    code: Ints
    numbers: Ints
    texts: Ints
    entries: Ints
    literals: Ints


def _fuse(code: list[list[int]]) -> Fused:
    """Puts each LITERAL before the instruction behind it, unless that is jumped to."""
    targets = {b for op, _, b in code if op in JUMPS}
    fused: list[list[int]] = []
    places: list[int] = []
    before = [0, 0]
    for number, (op, a, b) in enumerate(code):
        places.append(len(fused))
        if op == Op.LITERAL and before == [0, 0] and number + 1 not in targets:
            before = [a, b]
        else:
            fused.append([op, a, b, *before])
            before = [0, 0]
    for instruction in fused:
        if instruction[0] in JUMPS:
            instruction[2] = places[instruction[2]]
    made = np.array(fused, np.int64).reshape(-1, 5)
    kinds = (NUMBERS, TEXTS, {Op.ENTRY}, {Op.LITERAL})
    return Fused(made, *(np.flatnonzero(np.isin(made[:, 0], [*map(int, kind)])) for kind in kinds))


@dataclass(frozen=True, slots=True)
class Assembled:
    """Texts one behind the other: that of event i is `text[ends[i]:ends[i + 1]]`.

    There may be fewer than asked for; `oversize` is then the size in bytes of the next one if
    it is larger than an event may be.
    """

    text: Bytes
    ends: Ints
    oversize: int | None = None
    repeats: Repeats | None = None

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
    repeats: bool = False,
) -> Assembled:
    """The texts of the root rows [first, first + rows), in order; few are written without Numba.

    It ends after the row that brings the text to `limit` bytes, and before one that takes more than
    `event_limit` bytes. `guess` is how many bytes there may be in all: a wrong one costs time only.
    With `repeats` it says what texts repeat, unless there are few.
    The program must be well-formed: what it reads is not checked against the columns.
    """
    if rows < (_VERY_FEW if _LOOPS in sys.modules else FEW) and guess < _MUCH:
        from eventer.kernels.assemble_plain import assemble_plainly

        return assemble_plainly(
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
        repeats=repeats,
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
    repeats: bool = False,
) -> Assembled:
    """See `assemble`; whatever the number of rows, by the compiled loops."""
    from eventer.kernels.assemble_loops import run

    columns = [_contiguous(column) for column in columns]  # held here while they are read
    known = program.identities if repeats else NO_IDENTITIES
    code = _placed(program, columns, known)
    ends, mark_ends = np.zeros(rows + 1, np.int64), np.zeros(rows + 1, np.int64)
    out = np.empty(min(max(guess, 0), limit + event_limit) + _ROOM, np.uint8)
    marks = np.empty(len(out) // _BYTES_A_MARK if repeats else _FEWEST_MARKS, np.uint32)
    done = 0
    while True:
        done, stop, size = run(
            code, first, done, rows, limit, event_limit, ends, out, known.lengths, mark_ends, marks
        )
        if stop != Stop.FULL:
            break
        out = _enlarged(out, int(ends[done]), rows / max(done, 1))
    return Assembled(
        out[: ends[done]],
        ends[: done + 1],
        size if stop == Stop.OVERSIZE else None,
        known.repeats(marks[: mark_ends[done]], mark_ends[: done + 1]) if repeats else None,
    )


def _contiguous(column: Column) -> Column:
    numbers, data = column.numbers, column.data
    if numbers.flags.c_contiguous and (data is None or data.flags.c_contiguous):
        return column
    return Column(np.ascontiguousarray(numbers), data if data is None else data.copy())


def _placed(program: RowProgram, columns: Sequence[Column], known: Identities) -> Ints:
    """The instructions with addresses in the places of columns and literals.

    Each is the op, four operands, begin and end of the literals that it first writes, and their
    identity. LITERAL has begin, length and edge; a text's A is offsets, data and edge; an ENTRY's A
    is followed by its B, likewise. Nothing is read from the edge on. Last comes the identity of
    what is then written: a LITERAL's own, and where those of all entries of an ENTRY lie.
    """
    fused = program.fused
    code = np.zeros((len(fused.code), WIDTH), np.int64)
    code[:, :3] = fused.code[:, :3]
    at = np.array([address_of(column.numbers) for column in columns], np.int64)
    data = np.array([[*_extent(column.data)] for column in columns], np.int64).reshape(-1, 2)
    code[fused.numbers, 1] = at[code[fused.numbers, 1]]
    code[fused.texts, 2:4] = data[code[fused.texts, 1]]
    code[fused.texts, 1] = at[code[fused.texts, 1]]
    code[fused.entries, 3:5] = data[code[fused.entries, 2]]
    code[fused.entries, 2] = at[code[fused.entries, 2]]
    begin, edge = _extent(program.padded)
    code[fused.literals, 1] += begin
    code[fused.literals, 3] = edge
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
    larger = np.empty(max(2 * len(out), expected + _ROOM), np.uint8)
    larger[:used] = out[:used]
    return larger
