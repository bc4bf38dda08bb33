"""The kernel of `record_batches.pack_records`. Importing this module imports Numba.

It writes records as LZ4 blocks with little search: hints mark most repeated bytes, and only long
spans without marks are searched. Literals from several places, such as the end of one record and
the start of the next, are collected in `pending` until the next match is known.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.kafka.lz4_sequence_loops import (
    LAST_LITERALS,
    MAX_DISTANCE,
    MIN_MATCH,
    equal_bytes_after,
    equal_bytes_before,
    write_literals,
    write_match,
)
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
    Bytes,
    address,
    load_word,
    store_byte,
    store_word,
)
from eventer.kernels.support.jit import callable_from_kernels, kernel

Ints = NDArray[np.int64]

_WORD: Final = 8
_LINE_BYTES: Final = 24
_STOP: Final = 8
_SHIFT: Final = 16
"""A line describes a text: its begin, its end, and the offset from its address to the records."""
_COLUMN_BITS: Final = 32
_COLUMN: Final = (1 << _COLUMN_BITS) - 1
"""A location is a line number and an offset in the line (in `find_matches`: in all texts)."""
_NOWHERE: Final = -1

_MIN_SEARCH_BYTES: Final = 40
"""Longer spans without marks are searched; numbers and UUIDs are shorter."""
_MIN_FOUND_MATCH: Final = 5
"""The shortest match of a search, and the number of bytes hashed."""
_HASHED: Final = np.uint64(64 - 8 * _MIN_FOUND_MATCH)
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_HASH_TABLE_SLOTS: Final = 1 << 12
_TO_SLOT: Final = np.uint64(64 - 12)
_SKIP_TRIGGER: Final = 5
"""After 2^5 misses the search tries every second byte, and so on."""
_BLOCK_HEADER_BYTES: Final = 4


@callable_from_kernels
def store_line(lines: int, number: int, begin: int, stop: int, shift: int) -> None:
    """Stores the line of a text."""
    line = lines + _LINE_BYTES * number
    store_word(line, np.uint64(begin))
    store_word(line + _STOP, np.uint64(stop))
    store_word(line + _SHIFT, np.uint64(shift))


@callable_from_kernels
def distance_to(where: int, lines: int, place: int) -> int:
    """The distance from the location `where` to a position in the records."""
    line = lines + _LINE_BYTES * (where >> _COLUMN_BITS)
    return place - (load_word(line) + (where & _COLUMN) + load_word(line + _SHIFT))


@callable_from_kernels
def find_matches(  # noqa: PLR0917  as the kernel that calls it
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
    """Searches the bytes from `written` to `limit` for matches, and writes their sequences.

    The bytes are in the text of line `number`; `first` is the location of the block's first line.
    Returns the next address, the end of the pending literals, and the end of the written bytes.
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
            if distance <= MAX_DISTANCE and length >= _MIN_FOUND_MATCH:
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
    prefix_identities: Ints,
    block_bytes: int,
    pending_bytes: Bytes,
    out: Bytes,
) -> tuple[int, int]:
    """Writes the records of `record_loops.write_records` as blocks of at most `block_bytes` each.

    Returns the sizes of the blocks and of the records in them. `pending_bytes` has space for a
    block and the slack of block copies.
    """
    seen_words = np.full(len(lengths), _NOWHERE, np.int64)
    table_words = np.full(_HASH_TABLE_SLOTS, _NOWHERE, np.int64)
    line_words = np.empty(_LINE_BYTES // _WORD * len(rows), np.int64)
    seen, table = address(seen_words), address(table_words)  # type: ignore[arg-type]
    lines = address(line_words)  # type: ignore[arg-type]
    length_of, prefix_of = address(lengths), address(prefix_identities)  # type: ignore[arg-type]
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
        match_limit = stop - LAST_LITERALS if last else stop
        written = mark_end = begin
        for number in range(mark_ends[row], mark_ends[row + 1]):
            mark = int(marks[number])
            identity = mark >> 16
            here = mark_end + (mark & 0xFFFF)
            mark_end = match_end = here + load_word(length_of + _WORD * identity)
            now = np.uint64(offset_delta << _COLUMN_BITS | here - begin)
            where = load_word(seen + _WORD * identity)
            store_word(seen + _WORD * identity, now)
            prefix = load_word(prefix_of + _WORD * identity)
            while prefix >= 0:
                if where < first or distance_to(where, lines, here + shift) > MAX_DISTANCE:
                    where = load_word(seen + _WORD * prefix)
                    match_end = here + load_word(length_of + _WORD * prefix)
                store_word(seen + _WORD * prefix, now)
                prefix = load_word(prefix_of + _WORD * prefix)
            if where < first or match_end <= written:
                continue
            distance = distance_to(where, lines, here + shift)
            if distance > MAX_DISTANCE:
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
            if length < MIN_MATCH:
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
            at = write_literals(at, MIN_MATCH, pending_begin, pending, src_end, src_end, src_end)
            block = at - block_at - _BLOCK_HEADER_BYTES
            for byte in range(_BLOCK_HEADER_BYTES):
                store_byte(block_at + byte, block >> 8 * byte)
            block_at, at = at, at + _BLOCK_HEADER_BYTES
            block_begin, pending = stream, pending_begin
            first = offset_delta + 1 << _COLUMN_BITS
        row, timestamp_delta, size = next_row, next_timestamp_delta, next_size
    return block_at - out_begin, stream
