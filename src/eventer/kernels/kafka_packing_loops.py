"""The kernel of `kafka_records.pack_records`: importing this module imports Numba.

It writes records as blocks of LZ4 with little search: most of what texts say again is marked in
them, and only what is long and not marked is looked for. A block is a row of sequences: literals as
they are, then a match, bytes that were there before, by the distance and the length; the last one
has literals alone. Source: the LZ4 block format description.

Literals that follow each other from several places, as the end of one record and the begin of the
next, gather in `held` until the match behind them is known.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.compiled import callable_from_kernels, kernel
from eventer.kernels.copy_loops import ANYWHERE, copy
from eventer.kernels.instructions import (
    WIDE_BLOCK,
    Bytes,
    address,
    copy_wide_block,
    leading_zeros,
    load_byte,
    load_word,
    store_byte,
    store_word,
    trailing_zeros,
)
from eventer.kernels.kafka_loops import (
    FIELD_BYTES,
    record_size,
    varint_size,
    write_head,
    write_headers,
    write_varint,
)

Ints = NDArray[np.int64]

_REACH: Final = 65_535
"""How far back a match can be."""
_SHORTEST: Final = 4
"""What a match's length is counted from."""
_TAIL: Final = 12
"""The last bytes of a block, where no match may begin; the last five may not be in one."""
_NIBBLE: Final = 15
_OCTET: Final = 255
_WORD: Final = 8
_LINE_BYTES: Final = 24
_STOP: Final = 8
_SHIFT: Final = 16
"""Of a text, a line: where it begins and ends, and how much more its place in the records is."""
_COLUMN_BITS: Final = 32
_COLUMN: Final = (1 << _COLUMN_BITS) - 1
"""Where something is: the number of its line, and how far from the line's begin (what `search`
hashes: from the begin of all texts)."""
_NOWHERE: Final = -1

_GAP: Final = 40
"""What is longer than that and not marked is searched: no number is, and no UUID."""
_LEAST: Final = 5
"""The shortest match that is worth to be found, and how many bytes are hashed."""
_HASHED: Final = np.uint64(64 - 8 * _LEAST)
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_SLOTS: Final = 1 << 12
_TO_SLOT: Final = np.uint64(64 - 12)
_PATIENCE: Final = 5
"""After so many misses, as a power of two, every second byte is tried, and so on."""
_BLOCK_HEAD: Final = 4


@callable_from_kernels
def write_rest(at: int, rest: int) -> int:
    """Writes what of a length its nibble does not hold; the place after it."""
    while rest >= _OCTET:
        store_byte(at, _OCTET)
        at += 1
        rest -= _OCTET
    store_byte(at, rest)
    return at + 1


@callable_from_kernels
def write_literals(  # noqa: PLR0917 - as the kernel that calls it
    at: int, length: int, held: int, held_end: int, start: int, stop: int, edge: int
) -> int:
    """Writes the begin of a sequence: its literals are those held, then [start, stop).

    `length` is that of the match behind them.
    """
    match = min(length - _SHORTEST, _NIBBLE)
    count = held_end - held + stop - start
    if count < _NIBBLE:
        store_byte(at, count << 4 | match)
        at += 1
    else:
        store_byte(at, _NIBBLE << 4 | match)
        at = write_rest(at + 1, count - _NIBBLE)
    if held != held_end:
        at = copy(at, ANYWHERE, held, held_end, ANYWHERE)
    if start + WIDE_BLOCK > edge or stop - start > WIDE_BLOCK:
        return copy(at, ANYWHERE, start, stop, edge)
    copy_wide_block(at, start)  # whether there is anything to copy or not: that is hard to guess
    return at + stop - start


@callable_from_kernels
def write_match(at: int, distance: int, length: int) -> int:
    """Writes the rest of a sequence."""
    store_byte(at, distance)
    store_byte(at + 1, distance >> 8)
    rest = length - _SHORTEST
    return at + 2 if rest < _NIBBLE else write_rest(at + 2, rest - _NIBBLE)


@callable_from_kernels
def same_before(at: int, back: int, most: int, begin: int) -> int:
    """How many bytes before a place are the same so many bytes further back, at most `most`.

    Nothing is read from before the begin.
    """
    count = 0
    while count < most:
        end = at - count
        if end - back - _WORD >= begin:
            differ = np.uint64(load_word(end - _WORD) ^ load_word(end - back - _WORD))
            if differ != 0:
                return min(most, count + (leading_zeros(differ) >> 3))
            count += _WORD
        elif load_byte(end - 1) == load_byte(end - 1 - back):
            count += 1
        else:
            return count
    return most


@callable_from_kernels
def same_behind(at: int, back: int, most: int, edge: int) -> int:
    """How many from a place on are; nothing is read from the edge on."""
    count = 0
    while count < most:
        if at + count + _WORD <= edge:
            differ = np.uint64(load_word(at + count) ^ load_word(at + count - back))
            if differ != 0:
                return min(most, count + (trailing_zeros(differ) >> 3))
            count += _WORD
        elif load_byte(at + count) == load_byte(at + count - back):
            count += 1
        else:
            return count
    return most


@callable_from_kernels
def note_line(lines: int, number: int, begin: int, stop: int, shift: int) -> None:
    """Writes down where a text lies, and how much more its place in the records is."""
    line = lines + _LINE_BYTES * number
    store_word(line, np.uint64(begin))
    store_word(line + _STOP, np.uint64(stop))
    store_word(line + _SHIFT, np.uint64(shift))


@callable_from_kernels
def distance_to(where: int, lines: int, place: int) -> int:
    """How far before a place in the records something is; `where` has its line and its column."""
    line = lines + _LINE_BYTES * (where >> _COLUMN_BITS)
    return place - (load_word(line) + (where & _COLUMN) + load_word(line + _SHIFT))


@callable_from_kernels
def search(  # noqa: PLR0917 - as the kernel that calls it
    at: int,
    held_begin: int,
    held: int,
    written: int,
    limit: int,
    number: int,
    lines: int,
    first: int,
    table: int,
    texts: int,
    edge: int,
) -> tuple[int, int, int]:
    """Writes what the bytes from `written` on repeat, up to the limit, as far as it finds that.

    They are in the text of the line `number`; `first` is where the block's first line begins.
    Returns what comes after: where to write, and the ends of what is held and what is written.
    """
    line = lines + _LINE_BYTES * number
    shift = load_word(line + _SHIFT)
    here, misses = written, 0
    last = min(limit - _LEAST, edge - _WORD)
    while here <= last:
        word = np.uint64(load_word(here)) << _HASHED
        slot = table + _WORD * int((word * _PRIME) >> _TO_SLOT)
        found = load_word(slot)
        store_word(slot, np.uint64(number << _COLUMN_BITS | here - texts))
        other = texts + (found & _COLUMN)
        if found >= first and np.uint64(load_word(other)) << _HASHED == word:
            other_line = lines + _LINE_BYTES * (found >> _COLUMN_BITS)
            other_begin = load_word(other_line)
            distance = here + shift - other - load_word(other_line + _SHIFT)
            back = here - other
            before = same_before(here, back, min(here - written, other - other_begin), texts)
            most = min(limit, load_word(other_line + _STOP) + back) - here
            length = before + same_behind(here, back, most, edge)
            if distance <= _REACH and length >= _LEAST:
                start = here - before
                at = write_literals(at, length, held_begin, held, written, start, edge)
                at = write_match(at, distance, length)
                held, written, misses = held_begin, start + length, 0
                here = written
                continue
        misses += 1
        here += 1 + (misses >> _PATIENCE)
    return at, held, written


@kernel
def pack_records(  # noqa: PLR0915, PLR0917 - one pass; a kernel takes its arguments by position
    rows: Ints,
    timestamps: Ints,
    fields: Ints,
    marks: NDArray[np.uint32],
    mark_ends: Ints,
    lengths: Ints,
    likes: Ints,
    block_bytes: int,
    held_bytes: Bytes,
    out: Bytes,
) -> tuple[int, int]:
    """Writes what `kafka_loops.write_records` does as blocks of at most `block_bytes` each.

    Returns how many bytes that are, and how many the records are that they stand for. `held_bytes`
    has room for a block and what copies write too much.
    """
    seen_words = np.full(len(lengths), _NOWHERE, np.int64)
    table_words = np.full(_SLOTS, _NOWHERE, np.int64)
    line_words = np.empty(_LINE_BYTES // _WORD * len(rows), np.int64)
    seen, table = address(seen_words), address(table_words)  # type: ignore[arg-type]
    lines = address(line_words)  # type: ignore[arg-type]
    length_of, like_of = address(lengths), address(likes)  # type: ignore[arg-type]
    held_begin, out_begin = address(held_bytes), address(out)
    value = address(fields)  # type: ignore[arg-type]
    fields_end = value + FIELD_BYTES * len(fields)
    offsets, texts, edge = load_word(value), load_word(value + 8), load_word(value + 16)

    block_at, at, held = out_begin, out_begin + _BLOCK_HEAD, held_begin
    stream = block_begin = first = 0
    base = timestamps[rows[0]]
    row, age = rows[0], 0
    size = record_size(value, fields_end, row, 0, age)
    for delta in range(len(rows)):
        next_row, next_age, next_size = row, age, 0
        end = stream + varint_size(size) + size
        last = delta + 1 == len(rows)
        if not last:
            next_row = rows[delta + 1]
            next_age = timestamps[next_row] - base
            next_size = record_size(value, fields_end, next_row, delta + 1, next_age)
            last = end + varint_size(next_size) + next_size - block_begin > block_bytes

        begin = texts + load_word(offsets + _WORD * row)
        stop = texts + load_word(offsets + _WORD * row + _WORD)
        head = held
        held = write_varint(held, size)
        held = write_head(held, value, row, delta, age)
        held = write_varint(held, stop - begin)
        shift = stream + held - head - begin
        note_line(lines, delta, begin, stop, shift)
        brim = stop - _TAIL if last else stop
        written = marked = begin
        for number in range(mark_ends[row], mark_ends[row + 1]):
            mark = int(marks[number])
            identity = mark >> 16
            here = marked + (mark & 0xFFFF)
            marked = same = here + load_word(length_of + _WORD * identity)
            now = np.uint64(delta << _COLUMN_BITS | here - begin)
            where = load_word(seen + _WORD * identity)
            store_word(seen + _WORD * identity, now)
            like = load_word(like_of + _WORD * identity)
            while like >= 0:
                if where < first or distance_to(where, lines, here + shift) > _REACH:
                    where = load_word(seen + _WORD * like)
                    same = here + load_word(length_of + _WORD * like)
                store_word(seen + _WORD * like, now)
                like = load_word(like_of + _WORD * like)
            if where < first or same <= written:
                continue
            distance = distance_to(where, lines, here + shift)
            if distance > _REACH:
                continue
            line = lines + _LINE_BYTES * (where >> _COLUMN_BITS)
            line_begin, line_stop = load_word(line), load_word(line + _STOP)
            start = max(here, written)
            back = here - line_begin - (where & _COLUMN)
            before = min(start - written, start - back - line_begin)
            start -= same_before(start, back, before, texts)
            match = min(same, brim)
            match += same_behind(match, back, min(brim, line_stop + back) - match, edge)
            length = match - start
            if length < _SHORTEST:
                continue
            if start - written > _GAP:
                at, held, written = search(
                    at, held_begin, held, written, start, delta, lines, first, table, texts, edge
                )
            at = write_literals(at, length, held_begin, held, written, start, edge)
            at = write_match(at, distance, length)
            held, written = held_begin, match
        if brim - written > _GAP:
            at, held, written = search(
                at, held_begin, held, written, brim, delta, lines, first, table, texts, edge
            )
        held = copy(held, ANYWHERE, written, stop, edge)
        held = write_headers(held, value, fields_end, row)
        stream = end
        if last:
            at = write_literals(at, _SHORTEST, held_begin, held, edge, edge, edge)
            block = at - block_at - _BLOCK_HEAD
            for octet in range(_BLOCK_HEAD):
                store_byte(block_at + octet, block >> 8 * octet)
            block_at, at = at, at + _BLOCK_HEAD
            block_begin, held = stream, held_begin
            first = delta + 1 << _COLUMN_BITS
        row, age, size = next_row, next_age, next_size
    return block_at - out_begin, stream
