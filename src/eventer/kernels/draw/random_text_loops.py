"""The kernel of `write_text`. Importing this module imports Numba."""

from __future__ import annotations

from typing import Final

import numpy as np

from eventer.kernels.draw import Words
from eventer.kernels.draw.calendar_loops import write_clock, write_date
from eventer.kernels.draw.draw_loops import below, drawn, mixed
from eventer.kernels.draw.random_texts import SENTENCE, Bytes, Ints, TextOp
from eventer.kernels.draw.text_writer_loops import (
    byte_of,
    copy_data,
    encode_base64,
    lane_of,
    write_card,
    write_entry,
    write_form,
    write_hex,
    write_hundredths,
    write_ipv6,
    write_letters,
    write_padded,
    write_raw,
    write_sentence,
)
from eventer.kernels.support.jit import kernel

_LITERAL: Final = int(TextOp.LITERAL)
_LETTERS: Final = int(TextOp.LETTERS)
_ENTRY: Final = int(TextOp.ENTRY)
_LANE: Final = int(TextOp.LANE)
_BYTE: Final = int(TextOp.BYTE)
_BELOW: Final = int(TextOp.BELOW)
_HEX: Final = int(TextOp.HEX)
_RAW: Final = int(TextOp.RAW)
_PADDED: Final = int(TextOp.PADDED)
_HUNDREDTHS: Final = int(TextOp.HUNDREDTHS)
_MARK: Final = int(TextOp.MARK)
_BASE64: Final = int(TextOp.BASE64)
_IPV6: Final = int(TextOp.IPV6)
_CARD: Final = int(TextOp.CARD)
_DATE: Final = int(TextOp.DATE)
_CLOCK: Final = int(TextOp.CLOCK)
_UNLESS: Final = int(TextOp.UNLESS)
_SENTENCES: Final = int(TextOp.SENTENCES)
_DROP: Final = int(TextOp.DROP)
_TABLE: Final = int(TextOp.TABLE)
_ADD: Final = int(TextOp.ADD)
_FORM: Final = int(TextOp.FORM)

_SPACE: Final = 0x20


@kernel
def write_text_rows(  # noqa: PLR0915, PLR0917  one dispatch loop; a kernel takes arguments by position
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
    """Runs a program over rows: writes the texts, and where each ends, to `out` and `offsets`."""
    chain = np.empty(len(parents), dtype=np.uint64)
    words = np.empty(len(slots), dtype=np.uint64)
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
                at = copy_data(out, at, data, a, b)
            elif op == _LETTERS:
                at = write_letters(out, at, words, a, b, data, c, d)
            elif op == _ENTRY:
                at = write_entry(out, at, data, numbers, b + registers[a])
            elif op == _LANE:
                registers[a] = (lane_of(words, b) * c) >> 16
            elif op == _BYTE:
                registers[a] = byte_of(words, b)
            elif op == _BELOW:
                by = registers[e] if e >= 0 else 0
                number = below(words[b], np.uint64(numbers[c + by]))
                registers[a] = np.int64(number) + numbers[d + by]
            elif op == _HEX:
                at = write_hex(out, at, words, a, b)
            elif op == _RAW:
                at = write_raw(out, at, words, a, b)
            elif op == _PADDED:
                at = write_padded(out, at, registers[a], b)
            elif op == _HUNDREDTHS:
                at = write_hundredths(out, at, registers[a])
            elif op == _MARK:
                mark = at
            elif op == _BASE64:
                at = encode_base64(out, mark, at, data, a)
            elif op == _IPV6:
                at = write_ipv6(out, at, words)
            elif op == _CARD:
                prefix = registers[a]
                at = write_card(out, at, words, data, b + 16 * prefix, numbers[c + prefix])
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
                    at = write_sentence(out, at, words[b + i], data, numbers, c, d, used_words)
            elif op == _DROP:
                at -= registers[a]
            elif op == _TABLE:
                registers[a] = numbers[b + registers[c]]
            elif op == _ADD:
                registers[a] = registers[b] + registers[c]
            elif op == _FORM:
                at = write_form(out, at, words, data, numbers, b + registers[a], c, d)
        offsets[row + 1] = at
