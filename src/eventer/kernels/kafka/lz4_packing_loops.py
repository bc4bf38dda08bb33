"""The kernel of `kafka_records.pack_records`: importing this module imports Numba.

It writes records as blocks of LZ4 with little search: most of what texts say again is marked in
them, and only what is long and not marked is looked for. A block is a row of sequences: literals as
they are, then a match, bytes that were there before, by the distance and the length; the last one
has literals alone. Source: the LZ4 block format description.

Literals that follow each other from several places, as the end of one record and the begin of the
next, gather in `pending` until the match behind them is known.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.kafka.record_loops import (
    FIELD_BYTES,
    record_size,
    varint_size,
    write_headers,
    write_record_prefix,
    write_varint,
)
from eventer.kernels.support.copy_loops import UNBOUNDED, copy
from eventer.kernels.support.intrinsics import (
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
from eventer.kernels.support.jit import callable_from_kernels, kernel

Ints = NDArray[np.int64]

_MAX_DISTANCE: Final = 65_535
"""How far back a match can be."""
_MIN_MATCH: Final = 4
"""What a match's length is counted from."""
_LAST_LITERALS: Final = 12
"""The last bytes of a block, where no match may begin; the last five may not be in one."""
_NIBBLE_MAX: Final = 15
_BYTE_MAX: Final = 255
_WORD: Final = 8
_LINE_BYTES: Final = 24
_STOP: Final = 8
_SHIFT: Final = 16
"""Of a text, a line: where it begins and ends, and how much more its place in the records is."""
_COLUMN_BITS: Final = 32
_COLUMN: Final = (1 << _COLUMN_BITS) - 1
"""A location: line number and offset in the line (`find_matches`: offset in all texts)."""
_NOWHERE: Final = -1

_MIN_SEARCH_BYTES: Final = 40
"""What is longer than that and not marked is searched: no number is, and no UUID."""
_MIN_FOUND_MATCH: Final = 5
"""The shortest match that is worth to be found, and how many bytes are hashed."""
_HASHED: Final = np.uint64(64 - 8 * _MIN_FOUND_MATCH)
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_HASH_TABLE_SLOTS: Final = 1 << 12
_TO_SLOT: Final = np.uint64(64 - 12)
_SKIP_TRIGGER: Final = 5
"""After so many misses, as a power of two, every second byte is tried, and so on."""
_BLOCK_HEADER_BYTES: Final = 4


@callable_from_kernels
def write_length_rest(at: int, rest: int) -> int:
    """Writes what of a length its nibble does not hold; the place after it."""
    while rest >= _BYTE_MAX:
        store_byte(at, _BYTE_MAX)
        at += 1
        rest -= _BYTE_MAX
    store_byte(at, rest)
    return at + 1


@callable_from_kernels
def write_literals(  # noqa: PLR0917 - as the kernel that calls it
    at: int, length: int, pending: int, pending_end: int, start: int, stop: int, src_end: int
) -> int:
    """Writes the begin of a sequence: its literals are those held, then [start, stop).

    `length` is that of the match behind them.
    """
    match = min(length - _MIN_MATCH, _NIBBLE_MAX)
    count = pending_end - pending + stop - start
    if count < _NIBBLE_MAX:
        store_byte(at, count << 4 | match)
        at += 1
    else:
        store_byte(at, _NIBBLE_MAX << 4 | match)
        at = write_length_rest(at + 1, count - _NIBBLE_MAX)
    if pending != pending_end:
        at = copy(at, UNBOUNDED, pending, pending_end, UNBOUNDED)
    if start + WIDE_BLOCK > src_end or stop - start > WIDE_BLOCK:
        return copy(at, UNBOUNDED, start, stop, src_end)
    copy_wide_block(at, start)  # whether there is anything to copy or not: that is hard to guess
    return at + stop - start


@callable_from_kernels
def write_match(at: int, distance: int, length: int) -> int:
    """Writes the rest of a sequence."""
    store_byte(at, distance)
    store_byte(at + 1, distance >> 8)
    rest = length - _MIN_MATCH
    return at + 2 if rest < _NIBBLE_MAX else write_length_rest(at + 2, rest - _NIBBLE_MAX)


@callable_from_kernels
def equal_bytes_before(at: int, back: int, most: int, begin: int) -> int:
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
def equal_bytes_after(at: int, back: int, most: int, src_end: int) -> int:
    """How many from a place on are; nothing is read from the edge on."""
    count = 0
    while count < most:
        if at + count + _WORD <= src_end:
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
def store_line(lines: int, number: int, begin: int, stop: int, shift: int) -> None:
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
def find_matches(  # noqa: PLR0917 - as the kernel that calls it
    at: int,
    pending_begin: int,
    pending: int,
    written: int,
    limit: int,
    number: int,
    lines: int,
    first: int,
    table: int,
    texts: int,
    src_end: int,
) -> tuple[int, int, int]:
    """Writes what the bytes from `written` on repeat, up to the limit, as far as it finds that.

    They are in the text of the line `number`; `first` is where the block's first line begins.
    Returns what comes after: where to write, and the ends of what is held and what is written.
    """
    line = lines + _LINE_BYTES * number
    shift = load_word(line + _SHIFT)
    here, misses = written, 0
    last = min(limit - _MIN_FOUND_MATCH, src_end - _WORD)
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
            before = equal_bytes_before(here, back, min(here - written, other - other_begin), texts)
            most = min(limit, load_word(other_line + _STOP) + back) - here
            length = before + equal_bytes_after(here, back, most, src_end)
            if distance <= _MAX_DISTANCE and length >= _MIN_FOUND_MATCH:
                start = here - before
                at = write_literals(at, length, pending_begin, pending, written, start, src_end)
                at = write_match(at, distance, length)
                pending, written, misses = pending_begin, start + length, 0
                here = written
                continue
        misses += 1
        here += 1 + (misses >> _SKIP_TRIGGER)
    return at, pending, written


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
    pending_bytes: Bytes,
    out: Bytes,
) -> tuple[int, int]:
    """Writes the records of `record_loops.write_records` as blocks of at most `block_bytes` each.

    Returns the size of the blocks and of the unpacked records. `pending_bytes` holds a block plus
    the slack of block copies.
    """
    seen_words = np.full(len(lengths), _NOWHERE, np.int64)
    table_words = np.full(_HASH_TABLE_SLOTS, _NOWHERE, np.int64)
    line_words = np.empty(_LINE_BYTES // _WORD * len(rows), np.int64)
    seen, table = address(seen_words), address(table_words)  # type: ignore[arg-type]
    lines = address(line_words)  # type: ignore[arg-type]
    length_of, like_of = address(lengths), address(likes)  # type: ignore[arg-type]
    pending_begin, out_begin = address(pending_bytes), address(out)
    value = address(fields)  # type: ignore[arg-type]
    fields_end = value + FIELD_BYTES * len(fields)
    offsets, texts, src_end = load_word(value), load_word(value + 8), load_word(value + 16)

    block_at, at, pending = out_begin, out_begin + _BLOCK_HEADER_BYTES, pending_begin
    stream = block_begin = first = 0
    base = timestamps[rows[0]]
    row, timestamp_delta = rows[0], 0
    size = record_size(value, fields_end, row, 0, timestamp_delta)
    for offset_delta in range(len(rows)):
        next_row, next_timestamp_delta, next_size = row, timestamp_delta, 0
        end = stream + varint_size(size) + size
        last = offset_delta + 1 == len(rows)
        if not last:
            next_row = rows[offset_delta + 1]
            next_timestamp_delta = timestamps[next_row] - base
            next_size = record_size(
                value, fields_end, next_row, offset_delta + 1, next_timestamp_delta
            )
            last = end + varint_size(next_size) + next_size - block_begin > block_bytes

        begin = texts + load_word(offsets + _WORD * row)
        stop = texts + load_word(offsets + _WORD * row + _WORD)
        head = pending
        pending = write_varint(pending, size)
        pending = write_record_prefix(pending, value, row, offset_delta, timestamp_delta)
        pending = write_varint(pending, stop - begin)
        shift = stream + pending - head - begin
        store_line(lines, offset_delta, begin, stop, shift)
        match_limit = stop - _LAST_LITERALS if last else stop
        written = mark_end = begin
        for number in range(mark_ends[row], mark_ends[row + 1]):
            mark = int(marks[number])
            identity = mark >> 16
            here = mark_end + (mark & 0xFFFF)
            mark_end = match_end = here + load_word(length_of + _WORD * identity)
            now = np.uint64(offset_delta << _COLUMN_BITS | here - begin)
            where = load_word(seen + _WORD * identity)
            store_word(seen + _WORD * identity, now)
            like = load_word(like_of + _WORD * identity)
            while like >= 0:
                if where < first or distance_to(where, lines, here + shift) > _MAX_DISTANCE:
                    where = load_word(seen + _WORD * like)
                    match_end = here + load_word(length_of + _WORD * like)
                store_word(seen + _WORD * like, now)
                like = load_word(like_of + _WORD * like)
            if where < first or match_end <= written:
                continue
            distance = distance_to(where, lines, here + shift)
            if distance > _MAX_DISTANCE:
                continue
            line = lines + _LINE_BYTES * (where >> _COLUMN_BITS)
            line_begin, line_stop = load_word(line), load_word(line + _STOP)
            start = max(here, written)
            back = here - line_begin - (where & _COLUMN)
            before = min(start - written, start - back - line_begin)
            start -= equal_bytes_before(start, back, before, texts)
            match = min(match_end, match_limit)
            match += equal_bytes_after(
                match, back, min(match_limit, line_stop + back) - match, src_end
            )
            length = match - start
            if length < _MIN_MATCH:
                continue
            if start - written > _MIN_SEARCH_BYTES:
                at, pending, written = find_matches(
                    at,
                    pending_begin,
                    pending,
                    written,
                    start,
                    offset_delta,
                    lines,
                    first,
                    table,
                    texts,
                    src_end,
                )
            at = write_literals(at, length, pending_begin, pending, written, start, src_end)
            at = write_match(at, distance, length)
            pending, written = pending_begin, match
        if match_limit - written > _MIN_SEARCH_BYTES:
            at, pending, written = find_matches(
                at,
                pending_begin,
                pending,
                written,
                match_limit,
                offset_delta,
                lines,
                first,
                table,
                texts,
                src_end,
            )
        pending = copy(pending, UNBOUNDED, written, stop, src_end)
        pending = write_headers(pending, value, fields_end, row)
        stream = end
        if last:
            at = write_literals(at, _MIN_MATCH, pending_begin, pending, src_end, src_end, src_end)
            block = at - block_at - _BLOCK_HEADER_BYTES
            for byte in range(_BLOCK_HEADER_BYTES):
                store_byte(block_at + byte, block >> 8 * byte)
            block_at, at = at, at + _BLOCK_HEADER_BYTES
            block_begin, pending = stream, pending_begin
            first = offset_delta + 1 << _COLUMN_BITS
        row, timestamp_delta, size = next_row, next_timestamp_delta, next_size
    return block_at - out_begin, stream
