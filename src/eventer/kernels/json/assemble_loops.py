"""The kernel of `assemble`. Importing this module imports Numba.

Copies in blocks write beyond their end: the next text overwrites these bytes, and `out_end` keeps
them within `out`. Columns are read at their addresses (`assemble._with_addresses`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.match_hints import MAX_MARK_GAP
from eventer.kernels.json.assemble import INSTRUCTION_WORDS
from eventer.kernels.json.instructions import MAX_DEPTH, RowOp, StopReason
from eventer.kernels.json.number_loops import SLACK, write_double, write_integer
from eventer.kernels.support.copy_loops import NO_ROOM, UNBOUNDED, copy
from eventer.kernels.support.intrinsics import (
    BLOCK,
    Bytes,
    address,
    copy_block,
    escapes_in_block,
    load_byte,
    load_word,
    store_byte,
    store_word,
    trailing_zeros,
)
from eventer.kernels.support.jit import callable_from_kernels, kernel

Ints = NDArray[np.int64]

_END: Final = int(RowOp.END)
_LITERAL: Final = int(RowOp.LITERAL)
_ENTRY: Final = int(RowOp.ENTRY)
_INTEGER: Final = int(RowOp.INTEGER)
_DOUBLE: Final = int(RowOp.DOUBLE)
_BOOLEAN: Final = int(RowOp.BOOLEAN)
_TEXT: Final = int(RowOp.TEXT)
_PLAIN: Final = int(RowOp.PLAIN)
_RAW: Final = int(RowOp.RAW)
_BRANCH: Final = int(RowOp.BRANCH)
_RESTORE: Final = int(RowOp.RESTORE)
_JUMP: Final = int(RowOp.JUMP)
_LOOP: Final = int(RowOp.LOOP)
_NEXT: Final = int(RowOp.NEXT)
_DONE: Final = int(StopReason.DONE)
_FULL: Final = int(StopReason.FULL)
_LIMIT: Final = int(StopReason.LIMIT)
_OVERSIZE: Final = int(StopReason.OVERSIZE)

_STEP: Final = 8 * INSTRUCTION_WORDS
_A: Final = 8
_B: Final = 16
_C: Final = 24
_D: Final = 32
_BEGIN: Final = 40
_END_OF: Final = 48
_BEFORE: Final = 56
_OWN: Final = 64
"""The offsets of the numbers of an instruction."""
_WORD: Final = 8
_NONE: Final = -1
_QUOTE: Final = 0x22
_COMMA: Final = 0x2C
_BACKSLASH: Final = 0x5C
_TRUE: Final = np.uint64(int.from_bytes(b"true", "little"))
_FALSE: Final = np.uint64(int.from_bytes(b"false", "little"))

_HEXADECIMAL: Final = np.uint64(int.from_bytes(b"u00", "little"))

_SHORT: Final = np.zeros(128, np.uint8)
"""The character after the backslash in the escape of each byte; 0 if it is in hexadecimal."""
for _escaped, _letter in zip(b'"\\\b\f\n\r\t', b'"\\bfnrt', strict=True):
    _SHORT[_escaped] = _letter


@callable_from_kernels
def copy_quoted(at: int, out_end: int, start: int, stop: int, src_end: int) -> int:
    """Copies a text between quotes."""
    store_byte(at, _QUOTE)
    end = copy(at + 1, out_end, start, stop, src_end)
    if end == NO_ROOM:
        return NO_ROOM
    store_byte(end, _QUOTE)
    return end + 1


@callable_from_kernels
def write_escape(at: int, byte: int) -> int:
    """Writes the JSON escape of a byte."""
    store_byte(at, _BACKSLASH)
    letter = _SHORT[byte]
    if letter != 0:
        store_byte(at + 1, letter)
        return at + 2
    store_word(at + 1, _HEXADECIMAL)
    low = byte & 15
    store_byte(at + 4, 0x30 + (byte >> 4))
    store_byte(at + 5, low + (0x30 if low < 10 else 0x57))
    return at + 6


@callable_from_kernels
def write_string(at: int, out_end: int, start: int, stop: int, src_end: int) -> int:
    """Writes the UTF-8 text [start, stop) as a JSON string."""
    store_byte(at, _QUOTE)
    at += 1
    while start < stop:
        rest = stop - start
        if at + rest > out_end:
            return NO_ROOM
        if start + BLOCK <= src_end:
            copy_block(at, start)
            clean = trailing_zeros(escapes_in_block(start) | np.uint64(1 << BLOCK))
            if clean >= rest:
                at += rest
                break
            at += clean
            start += clean
            if clean == BLOCK:
                continue
        byte = load_byte(start)
        if byte < 0x20 or byte in (_QUOTE, _BACKSLASH):
            at = write_escape(at, byte)
        else:
            store_byte(at, byte)
            at += 1
        start += 1
    store_byte(at, _QUOTE)
    return at + 1


@callable_from_kernels
def add_mark(  # noqa: PLR0917  as the kernel that calls it
    mark: int, at: int, length_of: int, mark_end: int, next_mark: int, last_mark: int
) -> tuple[int, int]:
    """Marks the next text; returns the start of the next gap and the address of the next mark."""
    gap = at - mark_end
    if gap < 0 or gap > MAX_MARK_GAP or next_mark > last_mark:
        return mark_end, next_mark
    store_word(next_mark, np.uint64(mark << 16 | gap))
    return at + load_word(length_of + 8 * mark), next_mark + 4


@kernel
def run(  # noqa: PLR0915, PLR0917 - one flat interpreter; a kernel takes arguments by position
    code: Ints,
    first: int,
    done: int,
    rows: int,
    limit: int,
    event_limit: int,
    ends: Ints,
    out: Bytes,
    lengths: Ints,
    mark_ends: Ints,
    marks: NDArray[np.uint32],
) -> tuple[int, int, int]:
    """Writes the root rows from first + done on; returns rows done, stop reason, last size.

    Repeated texts are marked while there is space (`core.match_hints.MatchHints`). `out` has the
    texts of the rows done before, up to `ends[done]`. An event beyond the limit is written to its
    end over its own begin, so that its size is known without space for it.
    """
    stack = np.empty(MAX_DEPTH + 2, np.int64)
    base = address(out)
    out_end = base + len(out) - SLACK
    begin_code = address(code)  # type: ignore[arg-type]  # it takes any array
    begin_marks, length_of = address(marks), address(lengths)  # type: ignore[arg-type]
    last_mark = begin_marks + 4 * len(marks) - _WORD
    while done < rows:
        begin = base + ends[done]
        at = begin
        dropped = 0
        mark_end, next_mark = begin, begin_marks + 4 * mark_ends[done]
        row = first + done
        pc = begin_code
        top = 0
        while True:
            here = pc
            pc += _STEP
            op = load_word(here)
            a = load_word(here + _A)
            start, stop = load_word(here + _BEGIN), load_word(here + _END_OF)
            instruction_begin = end = at
            if start != stop:
                mark = load_word(here + _BEFORE)
                if mark != _NONE:
                    mark_end, next_mark = add_mark(
                        mark, at, length_of, mark_end, next_mark, last_mark
                    )
                end = copy(at, out_end, start, stop, UNBOUNDED)
                at = end
            if end == NO_ROOM:
                pass
            elif op == _END:
                break
            elif op == _LITERAL:
                mark = load_word(here + _OWN)
                if mark != _NONE:
                    mark_end, next_mark = add_mark(
                        mark, at, length_of, mark_end, next_mark, last_mark
                    )
                end = copy(at, out_end, a, a + load_word(here + _B), load_word(here + _C))
            elif op == _ENTRY:
                code_of = 8 * load_word(a + 8 * row)
                place = load_word(here + _B) + code_of
                data = load_word(here + _C)
                own = load_word(here + _OWN)
                if own != _NONE:
                    own += 2 * code_of
                    mark, suffix_mark = load_word(own), load_word(own + 8)
                    if mark >= 0:
                        mark_end, next_mark = add_mark(
                            mark, at, length_of, mark_end, next_mark, last_mark
                        )
                    if suffix_mark >= 0:
                        behind = load_word(place + 8) - load_word(place)
                        behind += at - load_word(length_of + 8 * suffix_mark)
                        mark_end, next_mark = add_mark(
                            suffix_mark, behind, length_of, mark_end, next_mark, last_mark
                        )
                start, stop = data + load_word(place), data + load_word(place + 8)
                end = copy(at, out_end, start, stop, load_word(here + _D))
            elif op == _INTEGER:
                end = write_integer(at, load_word(a + 8 * row))
            elif op == _DOUBLE:
                end = write_double(at, load_word(a + 8 * row))
            elif op == _BOOLEAN:
                if load_byte(a + row) != 0:
                    store_word(at, _TRUE)
                    end = at + 4
                else:
                    store_word(at, _FALSE)
                    end = at + 5
            elif _TEXT <= op <= _RAW:
                data, src_end = load_word(here + _B), load_word(here + _C)
                start, stop = data + load_word(a + 8 * row), data + load_word(a + 8 * row + 8)
                if op == _TEXT:
                    end = write_string(at, out_end, start, stop, src_end)
                elif op == _PLAIN:
                    end = copy_quoted(at, out_end, start, stop, src_end)
                else:
                    end = copy(at, out_end, start, stop, src_end)
            elif op == _BRANCH:
                stack[top] = row
                top += 1
                row = load_word(a + 8 * row)
                if row < 0:
                    row = ~row
                    pc = begin_code + _STEP * load_word(here + _B)
            elif op == _RESTORE:
                top -= 1
                row = stack[top]
            elif op == _JUMP:
                pc = begin_code + _STEP * load_word(here + _B)
            elif op == _LOOP:
                begin_row = load_word(a + 8 * row)
                end_row = load_word(a + 8 * row + 8)
                if begin_row == end_row:
                    pc = begin_code + _STEP * load_word(here + _B)
                else:
                    stack[top] = row
                    stack[top + 1] = end_row
                    top += 2
                    row = begin_row
            elif op == _NEXT:
                row += 1
                if row < stack[top - 1]:
                    store_byte(at, _COMMA)
                    end = at + 1
                    pc = begin_code + _STEP * load_word(here + _B)
                else:
                    top -= 2
                    row = stack[top]
            elif load_byte(at - 1) not in (0x7B, 0x5B):  # SEPARATE
                store_byte(at, _COMMA)
                end = at + 1
            if end > out_end:
                if end == NO_ROOM:
                    pc = here
                    end = instruction_begin
                if end - begin <= event_limit:
                    return done, _FULL, 0
                store_byte(begin, load_byte(end - 1))  # SEPARATE looks at it
                dropped += end - begin - 1
                end = begin + 1
            at = end
        size = dropped + at - begin
        if size > event_limit:
            return done, _OVERSIZE, size
        done += 1
        ends[done] = at - base
        mark_ends[done] = (next_mark - begin_marks) >> 2
        if at - base >= limit:
            return done, _LIMIT, size
    return done, _DONE, 0
