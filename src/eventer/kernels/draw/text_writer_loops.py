"""Writers of the parts of spelt texts, for kernels. Importing this module imports Numba.

Each writes at the position `at` of `out` and returns the position after its text. Blocks may write
beyond the text: the next part, or the slack after the last text, takes these bytes.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from eventer.kernels.draw import Words
from eventer.kernels.draw.random_texts import FORM_PLACEHOLDERS, SENTENCE, Bytes, Ints
from eventer.kernels.support.intrinsics import BLOCK, address, copy_block, high_product
from eventer.kernels.support.jit import callable_from_kernels

_ZERO: Final = 0x30
_LETTER_A: Final = 0x57
"""Added to 10 gives the letter a."""
_POINT: Final = 0x2E
_COLON: Final = 0x3A
_ANY_DIGIT: Final = 0xFF
_PLACES: Final = 16
_LOW_16: Final = np.uint64(0xFFFF)
_LOW_8: Final = np.uint64(0xFF)
_U0: Final = np.uint64(0)
_U1: Final = np.uint64(1)
_U2: Final = np.uint64(2)
_U3: Final = np.uint64(3)
_U6: Final = np.uint64(6)
_U7: Final = np.uint64(7)
_U8: Final = np.uint64(8)
_U10: Final = np.uint64(10)
_U16: Final = np.uint64(16)


@callable_from_kernels
def lane_of(words: Words, lane: int) -> int:
    """A lane of the words, 16 bits."""
    at = np.uint64(lane)
    return int((words[at >> _U2] >> ((at & _U3) * _U16)) & _LOW_16)


@callable_from_kernels
def byte_of(words: Words, byte: int) -> int:
    """A byte of the words."""
    at = np.uint64(byte)
    return int((words[at >> _U3] >> ((at & _U7) * _U8)) & _LOW_8)


@callable_from_kernels
def copy_data(out: Bytes, at: int, data: Bytes, start: int, length: int) -> int:
    """Copies bytes of the data in blocks; returns the end of the text."""
    end = at + length
    target, source = address(out) + at, address(data) + start
    stop = target + length
    copy_block(target, source)
    while target + BLOCK < stop:
        target += BLOCK
        source += BLOCK
        copy_block(target, source)
    return end


@callable_from_kernels
def write_entry(out: Bytes, at: int, data: Bytes, numbers: Ints, place: int) -> int:
    """Writes the dictionary entry whose start is at `place` in the numbers."""
    start = numbers[place]
    return copy_data(out, at, data, start, numbers[place + 1] - start)


@callable_from_kernels
def write_form(  # noqa: PLR0917  as the kernel that calls it
    out: Bytes,
    at: int,
    words: Words,
    data: Bytes,
    numbers: Ints,
    place: int,
    first: int,
    placeholders: int,
) -> int:
    """Writes a form with its placeholders filled; see `TextOp.FORM`."""
    start, stop = int(numbers[place]), int(numbers[place + 1])
    for i in range(stop - start):
        byte = data[start + i]
        for kind in range(placeholders, placeholders + 3 * FORM_PLACEHOLDERS, 3):
            if byte == numbers[kind]:
                chosen = (lane_of(words, first + i) * numbers[kind + 2]) >> 16
                byte = data[numbers[kind + 1] + chosen]
                break
        out[at + i] = byte
    return at + stop - start


@callable_from_kernels
def write_letters(  # noqa: PLR0917  as the kernel that calls it
    out: Bytes, at: int, words: Words, first: int, stop: int, data: Bytes, start: int, size: int
) -> int:
    """Writes a character of an alphabet for each lane from `first` to before `stop`."""
    alphabet = data[start : start + size]
    target = out[at : at + stop - first]
    factor = np.uint64(size)
    word = words[first >> 2] >> np.uint64(16 * (first & 3))
    for i in range(stop - first):
        if (first + i) & 3 == 0:
            word = words[(first + i) >> 2]
        target[i] = alphabet[((word & _LOW_16) * factor) >> _U16]
        word >>= _U16
    return at + stop - first


@callable_from_kernels
def _hex_digit(value: int) -> int:
    return value + (_ZERO if value < 10 else _LETTER_A)


@callable_from_kernels
def write_hex(out: Bytes, at: int, words: Words, first: int, stop: int) -> int:
    """Writes bytes of the words in lower-case hexadecimal."""
    target = out[at : at + 2 * (stop - first)]
    for i in range(stop - first):
        byte = byte_of(words, first + i)
        target[2 * i] = _hex_digit(byte >> 4)
        target[2 * i + 1] = _hex_digit(byte & 15)
    return at + 2 * (stop - first)


@callable_from_kernels
def write_raw(out: Bytes, at: int, words: Words, first: int, stop: int) -> int:
    """Writes bytes of the words."""
    for i in range(stop - first):
        out[at + i] = byte_of(words, first + i)
    return at + stop - first


@callable_from_kernels
def write_padded(out: Bytes, at: int, value: int, width: int) -> int:
    """Writes a number in exactly `width` decimal digits."""
    target = out[at : at + width]
    rest = np.uint64(value)
    for i in range(width):
        higher = rest // _U10
        target[width - 1 - i] = np.uint8(rest - higher * _U10) + np.uint8(_ZERO)
        rest = higher
    return at + width


@callable_from_kernels
def write_hundredths(out: Bytes, at: int, value: int) -> int:
    """Writes a number divided by 100, with two decimals."""
    width, more = 1, np.uint64(value) // np.uint64(1000)
    while more != _U0:
        more //= _U10
        width += 1
    whole = int(np.uint64(value) // np.uint64(100))
    at = write_padded(out, at, whole, width)
    out[at] = _POINT
    return write_padded(out, at + 1, value - whole * 100, 2)


@callable_from_kernels
def encode_base64(out: Bytes, start: int, stop: int, data: Bytes, letters: int) -> int:
    """Encodes the text from `start` on in base64, in place, from its end."""
    length = stop - start
    end = start + (length * 4 + 2) // 3
    alphabet = data[letters : letters + 64]
    for group in range((length + 2) // 3 - 1, -1, -1):
        read, write = start + 3 * group, start + 4 * group
        bits = np.uint64(out[read]) << _U16
        if read + 1 < stop:
            bits |= np.uint64(out[read + 1]) << _U8
        if read + 2 < stop:
            bits |= np.uint64(out[read + 2])
        # The last group may write two characters too many, into the slack.
        for i in range(4):
            out[write + i] = alphabet[(bits >> np.uint64(18 - 6 * i)) & np.uint64(63)]
    return end


@callable_from_kernels
def _write_group(out: Bytes, at: int, group: int) -> int:
    """Writes a group of an IPv6 address in hexadecimal, without leading zeros."""
    for shift in (12, 8, 4):
        if group >> shift:
            out[at] = _hex_digit((group >> shift) & 15)
            at += 1
    out[at] = _hex_digit(group & 15)
    return at + 1


@callable_from_kernels
def _group(words: Words, group: int) -> int:
    lane = lane_of(words, group)
    return (lane & 0xFF) << 8 | lane >> 8


@callable_from_kernels
def write_ipv6(out: Bytes, at: int, words: Words) -> int:
    """Writes the first 16 bytes of the words as an IPv6 address by RFC 5952."""
    length, start, run = 0, 0, 0
    for i in range(8):
        run = run + 1 if lane_of(words, i) == 0 else 0
        if run > length:
            length, start = run, i - run + 1
    if length < 2:
        start = 8
    i = 0
    while i < 8:
        if i == start:
            out[at] = _COLON
            at += 1
            i += length
            if i == 8:
                out[at] = _COLON
                at += 1
            continue
        if i:
            out[at] = _COLON
            at += 1
        at = _write_group(out, at, _group(words, i))
        i += 1
    return at


@callable_from_kernels
def write_card(  # noqa: PLR0917  as the kernel that calls it
    out: Bytes, at: int, words: Words, data: Bytes, pattern: int, length: int
) -> int:
    """Writes a card number with its check digit; see `TextOp.CARD`."""
    total = 0
    skipped = _PLACES - length
    for place in range(_PLACES - 1):
        digit = int(data[pattern + place])
        if digit == _ANY_DIGIT:
            digit = (lane_of(words, place) * 10) >> 16
        if place >= skipped:
            out[at + place - skipped] = digit + _ZERO
        if place & 1 == 0:
            digit = 2 * digit - (9 if digit > 4 else 0)
        total += digit
    out[at + length - 1] = (1000 - total) % 10 + _ZERO
    return at + length


@callable_from_kernels
def write_sentence(  # noqa: PLR0917  as the kernel that calls it
    out: Bytes,
    at: int,
    word: int,
    data: Bytes,
    numbers: Ints,
    forms: int,
    radices: int,
    used_words: Ints,
) -> int:
    """Writes a sentence of distinct words; see `SENTENCE`."""
    size = numbers[radices + 1]
    rest = high_product(np.uint64(word), np.uint64(numbers[radices]))
    for place in range(SENTENCE):
        left = np.uint64(numbers[radices + 1 + 2 * place])
        higher = high_product(rest, np.uint64(numbers[radices + 2 + 2 * place]))
        code = np.int64(rest - higher * left)
        rest = higher
        rank = 0
        while rank < place and code >= used_words[rank]:
            code += 1
            rank += 1
        for i in range(place, rank, -1):
            used_words[i] = used_words[i - 1]
        used_words[rank] = code
        form = code + size * (0 if place == 0 else 2 if place == SENTENCE - 1 else 1)
        at = write_entry(out, at, data, numbers, forms + form)
    return at
