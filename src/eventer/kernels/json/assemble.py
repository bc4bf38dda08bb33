"""Runs row programs: the JSON texts of events from columns."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.match_hints import MatchHints
from eventer.kernels.json.instructions import (
    PADDING_BYTES,
    Column,
    RowProgram,
    StopReason,
)
from eventer.kernels.json.prefix_classes import NO_IDENTITIES, RepeatIdentities
from eventer.kernels.support.jit import address_of, frozen

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

MIN_ROWS_TO_IMPORT_NUMBA: Final = 400
"""With fewer rows, Python finishes before Numba is imported."""
_MIN_ROWS_COMPILED: Final = 16
"""With fewer rows, Python is faster than a kernel that is loaded."""
_MIN_BYTES_COMPILED: Final = 1 << 20
"""The kernel writes more text than this, however few the rows are."""
_LOOPS: Final = "eventer.kernels.json.assemble_loops"
INSTRUCTION_WORDS: Final = 9
"""Numbers of an instruction as the kernel reads it."""
_MIN_MARKS: Final = 2
_BYTES_PER_MARK: Final = 16
"""Bytes of text per mark; further marks are dropped."""


@dataclass(frozen=True, slots=True)
class AssembledTexts:
    """Concatenated texts: event i has `text[ends[i]:ends[i + 1]]`.

    There may be fewer than requested; `oversize` is then the size of the next event in bytes, if it
    is too large.
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
    """The texts of the root rows [first, first + rows), in order.

    Python writes a few rows, the kernel more. The texts end after the row that reaches `limit`
    bytes, and before an event of more than `event_limit` bytes. `guess` is the expected size in
    bytes; a wrong one costs only time. With `match_hints` the kernel records repeated texts.
    The program must be well-formed: nothing is checked against the columns.
    """
    if (
        rows < (_MIN_ROWS_COMPILED if is_kernel_loaded() else MIN_ROWS_TO_IMPORT_NUMBA)
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


def is_kernel_loaded() -> bool:
    """Whether this process has loaded the kernel."""
    return _LOOPS in sys.modules


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
    """See `assemble`; always by the kernel."""
    from eventer.kernels.json.assemble_loops import run

    columns = [_contiguous(column) for column in columns]  # alive while the kernel reads them
    known = program.repeat_identities if match_hints else NO_IDENTITIES
    code = _with_addresses(program, columns, known)
    ends, mark_ends = np.zeros(rows + 1, np.int64), np.zeros(rows + 1, np.int64)
    out = np.empty(min(max(guess, 0), limit + event_limit) + PADDING_BYTES, np.uint8)
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
    """The instructions with addresses instead of columns and literals.

    Each has the op, four operands, begin and end of the literals that it first writes, their
    identity, and its own identity (for an ENTRY the address of the identities of all entries).
    LITERAL has begin, length and end of the source; a text A has offsets, data and end of the data;
    an ENTRY has A, then B in the same way. Nothing is read from the end of a source on.
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
    """The addresses of the begin and the end of bytes."""
    if data is None:
        return 0, 0
    begin = address_of(data)
    return begin, begin + len(data)


def _enlarged(out: Bytes, used: int, ratio: float) -> Bytes:
    """A larger array with the first `used` bytes of `out`, the texts of 1/ratio of all rows."""
    expected = int(used * min(ratio, 8) * 1.1)
    larger = np.empty(max(2 * len(out), expected + PADDING_BYTES), np.uint8)
    larger[:used] = out[:used]
    return larger
