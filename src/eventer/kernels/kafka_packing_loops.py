"""The kernel of `kafka_records.pack`: importing this module imports Numba.

It writes records as blocks of LZ4 without a search: what texts say again is marked in them. A block
is a row of sequences: literals as they are, then a match, bytes that were there before, by the
distance and the length; the last one has literals alone. Source: the LZ4 block format description.

Literals that follow each other from several places, as the end of one record and the begin of the
next, gather in `held` until the match behind them is known.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.assemble_loops import copy
from eventer.kernels.compiled import callable_from_kernels, kernel
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
_ANYWHERE: Final = 1 << 62
_WORD: Final = 8
_NOWHERE: Final = -(1 << 62)

_SEEN_BYTES: Final = 32
_PLACE: Final = 8
_BEGIN: Final = 16
_STOP: Final = 24
"""Where an identity was last: the text's address, its place in the records, its row's ends."""
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
    at: int, match: int, held: int, held_end: int, start: int, stop: int, edge: int
) -> int:
    """Writes the begin of a sequence: its literals are those held, then [start, stop).

    `match` is what its first byte says of the match's length.
    """
    count = held_end - held + stop - start
    if count < _NIBBLE:
        store_byte(at, count << 4 | match)
        at += 1
    else:
        store_byte(at, _NIBBLE << 4 | match)
        at = write_rest(at + 1, count - _NIBBLE)
    if held != held_end:
        at = copy(at, _ANYWHERE, held, held_end, _ANYWHERE)
    if start + WIDE_BLOCK > edge or stop - start > WIDE_BLOCK:
        return copy(at, _ANYWHERE, start, stop, edge)
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
def remember(known: int, here: int, place: int, begin: int, stop: int) -> None:
    """Writes down where an identity is."""
    store_word(known, np.uint64(here))
    store_word(known + _PLACE, np.uint64(place))
    store_word(known + _BEGIN, np.uint64(begin))
    store_word(known + _STOP, np.uint64(stop))


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
    seen_words = np.full(_SEEN_BYTES // 8 * len(lengths), _NOWHERE, np.int64)
    seen = address(seen_words)  # type: ignore[arg-type]  # it takes any array
    length_of, like_of = address(lengths), address(likes)  # type: ignore[arg-type]
    mark_base = address(marks)  # type: ignore[arg-type]
    held_begin, out_begin = address(held_bytes), address(out)
    value = address(fields)  # type: ignore[arg-type]
    fields_end = value + FIELD_BYTES * len(fields)
    offsets, texts, edge = load_word(value), load_word(value + 8), load_word(value + 16)

    block_at, at, held = out_begin, out_begin + _BLOCK_HEAD, held_begin
    stream = block_begin = 0
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

        begin = texts + load_word(offsets + 8 * row)
        stop = texts + load_word(offsets + 8 * row + 8)
        head = held
        held = write_varint(held, size)
        held = write_head(held, value, row, delta, age)
        held = write_varint(held, stop - begin)
        shift = stream + held - head - begin
        brim = stop - _TAIL if last else stop
        written = marked = begin
        for number in range(mark_ends[row], mark_ends[row + 1]):
            mark = load_word(mark_base + 4 * number)
            identity = (mark >> 16) & 0xFFFF
            here = marked + (mark & 0xFFFF)
            marked = same = here + load_word(length_of + 8 * identity)
            known = seen + _SEEN_BYTES * identity
            place = load_word(known + _PLACE)
            like = load_word(like_of + 8 * identity)
            while like >= 0:
                alike = seen + _SEEN_BYTES * like
                if here + shift - place > _REACH or place < block_begin:
                    place = load_word(alike + _PLACE)
                    same = here + load_word(length_of + 8 * like)
                    copy_wide_block(known, alike)
                remember(alike, here, here + shift, begin, stop)
                like = load_word(like_of + 8 * like)
            there = load_word(known)
            row_begin, row_stop = load_word(known + _BEGIN), load_word(known + _STOP)
            remember(known, here, here + shift, begin, stop)
            distance = here + shift - place
            if place < block_begin or distance > _REACH or same <= written:
                continue
            start = max(here, written)
            back = here - there
            before = min(start - written, start - back - row_begin)
            start -= same_before(start, back, before, texts)
            match = min(same, brim)
            match += same_behind(match, back, min(brim, row_stop + back) - match, edge)
            length = match - start
            if length < _SHORTEST:
                continue
            at = write_literals(
                at, min(length - _SHORTEST, _NIBBLE), held_begin, held, written, start, edge
            )
            at = write_match(at, distance, length)
            held, written = held_begin, match
        held = copy(held, _ANYWHERE, written, stop, edge)
        held = write_headers(held, value, fields_end, row)
        stream = end
        if last:
            at = write_literals(at, 0, held_begin, held, edge, edge, edge)
            block = at - block_at - _BLOCK_HEAD
            for octet in range(_BLOCK_HEAD):
                store_byte(block_at + octet, block >> 8 * octet)
            block_at, at = at, at + _BLOCK_HEAD
            block_begin, held = stream, held_begin
        row, age, size = next_row, next_age, next_size
    return block_at - out_begin, stream
