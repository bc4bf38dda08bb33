"""The kernel of `spell`. Importing it imports Numba.

Dictionary entries are copied in blocks that may reach beyond them: what is too much is overwritten
by what comes next, or lies in the slack after the last text.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from eventer.kernels.draw import Words
from eventer.kernels.draw.calendar_loops import write_clock, write_date
from eventer.kernels.draw.draw_loops import below, drawn, mixed
from eventer.kernels.draw.spell import SENTENCE, Bytes, Ints, SpellOp, SpellProgram
from eventer.kernels.support.intrinsics import BLOCK, address, copy_block, high_product
from eventer.kernels.support.jit import callable_from_kernels, frozen, kernel

_LITERAL: Final = int(SpellOp.LITERAL)
_LETTERS: Final = int(SpellOp.LETTERS)
_ENTRY: Final = int(SpellOp.ENTRY)
_LANE: Final = int(SpellOp.LANE)
_BYTE: Final = int(SpellOp.BYTE)
_BELOW: Final = int(SpellOp.BELOW)
_HEX: Final = int(SpellOp.HEX)
_RAW: Final = int(SpellOp.RAW)
_PADDED: Final = int(SpellOp.PADDED)
_HUNDREDTHS: Final = int(SpellOp.HUNDREDTHS)
_MARK: Final = int(SpellOp.MARK)
_BASE64: Final = int(SpellOp.BASE64)
_IPV6: Final = int(SpellOp.IPV6)
_CARD: Final = int(SpellOp.CARD)
_DATE: Final = int(SpellOp.DATE)
_CLOCK: Final = int(SpellOp.CLOCK)
_UNLESS: Final = int(SpellOp.UNLESS)
_SENTENCES: Final = int(SpellOp.SENTENCES)

_ZERO: Final = 0x30
_LETTER_A: Final = 0x57
"""What makes `a` of ten."""
_POINT: Final = 0x2E
_COLON: Final = 0x3A
_SPACE: Final = 0x20
_ANY_DIGIT: Final = 0xFF
_PLACES: Final = 16
_MAX_WORDS: Final = 16
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
def _lane(words: Words, lane: int) -> int:
    at = np.uint64(lane)
    return int((words[at >> _U2] >> ((at & _U3) * _U16)) & _LOW_16)


@callable_from_kernels
def _byte(words: Words, byte: int) -> int:
    at = np.uint64(byte)
    return int((words[at >> _U3] >> ((at & _U7) * _U8)) & _LOW_8)


@callable_from_kernels
def _copy(out: Bytes, at: int, data: Bytes, start: int, length: int) -> int:
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
def _write_entry(out: Bytes, at: int, data: Bytes, numbers: Ints, place: int) -> int:
    start = numbers[place]
    return _copy(out, at, data, start, numbers[place + 1] - start)


@callable_from_kernels
def _write_letters(  # noqa: PLR0917  compiled code takes arguments by position
    out: Bytes, at: int, words: Words, first: int, stop: int, data: Bytes, start: int, size: int
) -> int:
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
def _write_hex(out: Bytes, at: int, words: Words, first: int, stop: int) -> int:
    target = out[at : at + 2 * (stop - first)]
    for i in range(stop - first):
        byte = _byte(words, first + i)
        target[2 * i] = _hex_digit(byte >> 4)
        target[2 * i + 1] = _hex_digit(byte & 15)
    return at + 2 * (stop - first)


@callable_from_kernels
def _write_raw(out: Bytes, at: int, words: Words, first: int, stop: int) -> int:
    for i in range(stop - first):
        out[at + i] = _byte(words, first + i)
    return at + stop - first


@callable_from_kernels
def _write_padded(out: Bytes, at: int, value: int, width: int) -> int:
    target = out[at : at + width]
    rest = np.uint64(value)
    for i in range(width):
        higher = rest // _U10
        target[width - 1 - i] = np.uint8(rest - higher * _U10) + np.uint8(_ZERO)
        rest = higher
    return at + width


@callable_from_kernels
def _write_hundredths(out: Bytes, at: int, value: int) -> int:
    width, more = 1, np.uint64(value) // np.uint64(1000)
    while more != _U0:
        more //= _U10
        width += 1
    whole = int(np.uint64(value) // np.uint64(100))
    at = _write_padded(out, at, whole, width)
    out[at] = _POINT
    return _write_padded(out, at + 1, value - whole * 100, 2)


@callable_from_kernels
def _encode(out: Bytes, start: int, stop: int, data: Bytes, letters: int) -> int:
    """Base64 in place, from the end, because it grows."""
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
        # The last group may write up to two characters too many, into the slack.
        for i in range(4):
            out[write + i] = alphabet[(bits >> np.uint64(18 - 6 * i)) & np.uint64(63)]
    return end


@callable_from_kernels
def _write_group(out: Bytes, at: int, group: int) -> int:
    """One group of an address in hexadecimal, without leading zeros."""
    for shift in (12, 8, 4):
        if group >> shift:
            out[at] = _hex_digit((group >> shift) & 15)
            at += 1
    out[at] = _hex_digit(group & 15)
    return at + 1


@callable_from_kernels
def _group(words: Words, group: int) -> int:
    lane = _lane(words, group)
    return (lane & 0xFF) << 8 | lane >> 8


@callable_from_kernels
def _write_ipv6(out: Bytes, at: int, words: Words) -> int:
    length, start, run = 0, 0, 0
    for i in range(8):
        run = run + 1 if _lane(words, i) == 0 else 0
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
def _write_card(  # noqa: PLR0917  compiled code takes arguments by position
    out: Bytes, at: int, words: Words, data: Bytes, pattern: int, length: int
) -> int:
    total = 0
    skipped = _PLACES - length
    for place in range(_PLACES - 1):
        digit = int(data[pattern + place])
        if digit == _ANY_DIGIT:
            digit = (_lane(words, place) * 10) >> 16
        if place >= skipped:
            out[at + place - skipped] = digit + _ZERO
        if place & 1 == 0:
            digit = 2 * digit - (9 if digit > 4 else 0)
        total += digit
    out[at + length - 1] = (1000 - total) % 10 + _ZERO
    return at + length


@callable_from_kernels
def _write_sentence(  # noqa: PLR0917  compiled code takes arguments by position
    out: Bytes,
    at: int,
    word: int,
    data: Bytes,
    numbers: Ints,
    forms: int,
    radices: int,
    used_words: Ints,
) -> int:
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
        at = _write_entry(out, at, data, numbers, forms + form)
    return at


@kernel
def _spell(  # noqa: PLR0915, PLR0917  compiled code is one dispatch over what it is given
    keys: Words,
    index: Words,
    parents: Ints,
    steps: Words,
    slots: Ints,
    and_masks: Words,
    or_masks: Words,
    code: Ints,
    numbers: Ints,
    data: Bytes,
    register_count: int,
    out: Bytes,
    offsets: Ints,
) -> None:
    chain = np.empty(len(parents), dtype=np.uint64)
    words = np.empty(_MAX_WORDS, dtype=np.uint64)
    registers = np.empty(register_count, dtype=np.int64)
    used_words = np.empty(SENTENCE, dtype=np.int64)
    at, mark = 0, 0
    offsets[0] = 0
    for row in range(len(index)):
        if row == 0 or len(keys) > 1:
            chain[0] = keys[row]
            for i in range(1, len(parents)):
                chain[i] = mixed(chain[parents[i]] ^ steps[i])
        for j in range(len(slots)):
            words[j] = drawn(chain[slots[j]], index[row]) & and_masks[j] | or_masks[j]
        pc = 0
        while pc < len(code):
            op, a, b = code[pc, 0], code[pc, 1], code[pc, 2]
            c, d, e = code[pc, 3], code[pc, 4], code[pc, 5]
            pc += 1
            if op == _LITERAL:
                at = _copy(out, at, data, a, b)
            elif op == _LETTERS:
                at = _write_letters(out, at, words, a, b, data, c, d)
            elif op == _ENTRY:
                at = _write_entry(out, at, data, numbers, b + registers[a])
            elif op == _LANE:
                registers[a] = (_lane(words, b) * c) >> 16
            elif op == _BYTE:
                registers[a] = _byte(words, b)
            elif op == _BELOW:
                by = registers[e] if e >= 0 else 0
                number = below(words[b], np.uint64(numbers[c + by]))
                registers[a] = np.int64(number) + numbers[d + by]
            elif op == _HEX:
                at = _write_hex(out, at, words, a, b)
            elif op == _RAW:
                at = _write_raw(out, at, words, a, b)
            elif op == _PADDED:
                at = _write_padded(out, at, registers[a], b)
            elif op == _HUNDREDTHS:
                at = _write_hundredths(out, at, registers[a])
            elif op == _MARK:
                mark = at
            elif op == _BASE64:
                at = _encode(out, mark, at, data, a)
            elif op == _IPV6:
                at = _write_ipv6(out, at, words)
            elif op == _CARD:
                prefix = registers[a]
                at = _write_card(out, at, words, data, b + 16 * prefix, numbers[c + prefix])
            elif op == _DATE:
                at = write_date(out, at, registers[a] // 86_400)
            elif op == _CLOCK:
                at = write_clock(out, at, registers[a] % 86_400)
            elif op == _UNLESS:
                if numbers[b + registers[a]] != 0:
                    pc += c
            elif op == _SENTENCES:
                for i in range(registers[a] if a >= 0 else 1):
                    if i:
                        out[at] = _SPACE
                        at += 1
                    at = _write_sentence(out, at, words[b + i], data, numbers, c, d, used_words)
        offsets[row + 1] = at


def spell_rows(program: SpellProgram, keys: Words, index: Words, out: Bytes, offsets: Ints) -> None:
    """Runs a program over rows; `out` has room for as many texts of its width, and SLACK more."""
    _spell(
        keys,
        index,
        frozen(program.parents),
        frozen(program.steps),
        frozen(program.slots),
        frozen(program.and_masks),
        frozen(program.or_masks),
        frozen(program.code),
        frozen(program.numbers),
        frozen(program.data),
        program.registers,
        out,
        offsets,
    )
