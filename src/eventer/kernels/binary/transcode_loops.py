"""The kernel of `transcode`. Importing this module imports Numba.

Every instruction writes at most `MARGIN` bytes besides texts, for whose bytes there is a check.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from eventer.kernels.binary.instructions import (
    ENTRY_WORDS,
    INSTRUCTION_WORDS,
    MAX_STACK,
    BinaryOp,
    Bytes,
    EncodingStop,
    Ints,
    JsonType,
)
from eventer.kernels.binary.json_reading_loops import (
    count_fields,
    find_escape,
    find_field,
    has_text,
    read_date,
    read_decimal,
    read_double,
    read_instant,
    read_integer,
    text_extent,
    unescape,
    value_end,
)
from eventer.kernels.support.copy_loops import NO_ROOM, UNBOUNDED, copy
from eventer.kernels.support.intrinsics import (
    Word,
    address,
    leading_zeros,
    load_byte,
    load_word,
    single_of,
    store_byte,
    store_word,
    word_of,
)
from eventer.kernels.support.jit import callable_from_kernels, kernel

MARGIN: Final = 128

_INTEGER: Final = int(BinaryOp.INTEGER)
_VARINT: Final = int(BinaryOp.VARINT)
_DOUBLE: Final = int(BinaryOp.DOUBLE)
_BOOLEAN: Final = int(BinaryOp.BOOLEAN)
_TEXT: Final = int(BinaryOp.TEXT)
_JSON: Final = int(BinaryOp.JSON)
_INSTANT: Final = int(BinaryOp.INSTANT)
_TIMESTAMP: Final = int(BinaryOp.TIMESTAMP)
_CHOICE: Final = int(BinaryOp.CHOICE)
_INT: Final = int(BinaryOp.INT)
_FLOAT: Final = int(BinaryOp.FLOAT)
_MILLISECONDS: Final = int(BinaryOp.MILLISECONDS)
_DATE: Final = int(BinaryOp.DATE)
_DECIMAL: Final = int(BinaryOp.DECIMAL)
_BEGIN: Final = int(BinaryOp.BEGIN)
_PUT: Final = int(BinaryOp.PUT)
_LENGTH: Final = int(BinaryOp.LENGTH)
_EXPECT: Final = int(BinaryOp.EXPECT)
_FIELD: Final = int(BinaryOp.FIELD)
_IF_NULL: Final = int(BinaryOp.IF_NULL)
_IF_EMPTY: Final = int(BinaryOp.IF_EMPTY)
_UNLESS: Final = int(BinaryOp.UNLESS)
_JUMP: Final = int(BinaryOp.JUMP)
_ITEMS: Final = int(BinaryOp.ITEMS)
_NEXT: Final = int(BinaryOp.NEXT)
_OPEN: Final = int(BinaryOp.OPEN)
_MORE: Final = int(BinaryOp.MORE)
_OMIT_ZERO: Final = int(BinaryOp.OMIT_ZERO)
_COPY: Final = int(BinaryOp.COPY)
_ENTER: Final = int(BinaryOp.ENTER)
_SEEK: Final = int(BinaryOp.SEEK)
_LEAVE: Final = int(BinaryOp.LEAVE)
_END: Final = int(BinaryOp.END)
_DONE: Final = int(EncodingStop.DONE)
_FULL: Final = int(EncodingStop.FULL)
_FAILED: Final = int(EncodingStop.FAILED)

_STEP: Final = 8 * INSTRUCTION_WORDS
_A: Final = 8
_B: Final = 16
_C: Final = 24
_ENTRY_STEP: Final = 8 * ENTRY_WORDS
_QUOTE: Final = 0x22
_COMMA: Final = 0x2C
_CONTINUED: Final = np.uint64(0x80)
_SEVEN: Final = np.uint64(7)
_NULL: Final = int.from_bytes(b"null", "little")
_TRUE: Final = int.from_bytes(b"true", "little")
_FALS: Final = int.from_bytes(b"fals", "little")
_FOUR_BYTES: Final = 0xFFFFFFFF
_EMPTY: Final = int.from_bytes(b'""', "little")
_TWO_BYTES: Final = 0xFFFF
_OBJECT: Final = 0x7B
_INT_LIMIT: Final = 1 << 31
_SINGLE_INFINITY: Final = np.uint64(0x7F800000)
_SECONDS_TAG: Final = 0x08
_NANOSECONDS_TAG: Final = 0x10

_TYPES: Final = np.zeros(256, np.int64)
"""The type of the value that begins with each byte."""
_TYPES[[*b"tf"]] = JsonType.BOOLEAN
_TYPES[[*b"-0123456789"]] = JsonType.NUMBER
_TYPES[ord('"')] = JsonType.TEXT
_TYPES[ord("[")] = JsonType.ARRAY
_TYPES[ord("{")] = JsonType.OBJECT


@callable_from_kernels
def write_varint(at: int, value: Word) -> int:
    """Writes seven bits a byte, the lowest first."""
    while value >= _CONTINUED:
        store_byte(at, np.int64(value | _CONTINUED))  # type: ignore[arg-type]  # Numba's int
        value >>= _SEVEN
        at += 1
    store_byte(at, np.int64(value))  # type: ignore[arg-type]  # Numba's int
    return at + 1


@callable_from_kernels
def as_varint(value: int) -> Word:
    """The bits of a varint, as Avro has them: by turns positive and negative."""
    return np.uint64((value << 1) ^ (value >> 63))


@callable_from_kernels
def varint_length(value: Word) -> int:
    """The bytes of a varint."""
    length = 1
    while value >= _CONTINUED:
        value >>= _SEVEN
        length += 1
    return length


@callable_from_kernels
def write_before(begin: int, at: int, value: Word) -> int:
    """Writes a varint at `begin`, where one byte is reserved, before the bytes up to `at`."""
    more = varint_length(value) - 1
    if more:
        end = at
        while end - 8 > begin:
            end -= 8
            store_word(end + more, np.uint64(load_word(end)))
        while end - 1 > begin:
            end -= 1
            store_byte(end + more, load_byte(end))
    write_varint(begin, value)
    return at + more


@callable_from_kernels
def write_timestamp(at: int, seconds: int, nanoseconds: int) -> int:
    """Writes a message of seconds and nanoseconds, with its length; zeros are not written."""
    begin = at
    at += 1
    if seconds != 0:
        store_byte(at, _SECONDS_TAG)
        at = write_varint(at + 1, np.uint64(seconds))
    if nanoseconds != 0:
        store_byte(at, _NANOSECONDS_TAG)
        at = write_varint(at + 1, np.uint64(nanoseconds))
    store_byte(begin, at - begin - 1)
    return at


@callable_from_kernels
def write_signed(at: int, number: int) -> int:
    """Writes the fewest bytes that hold a number, the highest first, after their length."""
    length = (64 - leading_zeros(np.uint64(number ^ (number >> 63)))) // 8 + 1
    store_byte(at, 2 * length)
    for place in range(length):
        store_byte(at + 1 + place, (number >> 8 * (length - 1 - place)) & 0xFF)
    return at + 1 + length


@callable_from_kernels
def find_entry(src: int, table: int) -> tuple[int, int]:
    """The code of the entry that is at `src`, and the address after it; 0 if there is none."""
    count = load_word(table)
    entry = table + 8
    for _ in range(count):
        length = load_word(entry + 8)
        if has_text(src, load_word(entry), length):
            return load_word(entry + 16), src + length
        entry += _ENTRY_STEP
    return 0, 0


@kernel
def run(  # noqa: PLR0915, PLR0917 - one flat interpreter; a kernel takes arguments by position
    code: Ints,
    texts: Bytes,
    offsets: Ints,
    valid: Bytes,
    prefix: int,
    prefix_length: int,
    done: int,
    ends: Ints,
    out: Bytes,
) -> tuple[int, int]:
    """Encodes the texts from row `done` on; returns rows done and a stop reason.

    `out` has the bytes of the rows done before, up to `ends[done]`; each begins with the prefix.
    `texts` are followed by zeros, and have their values again afterwards.
    """
    stack = np.empty(MAX_STACK + 2, np.int64)
    base = address(out)
    out_end = base + len(out) - MARGIN
    begin_code = address(code)  # type: ignore[arg-type]  # it takes any array
    begin_texts = address(texts)
    rows = len(offsets) - 1
    while done < rows:
        at = base + ends[done]
        if valid[done] == 0:
            done += 1
            ends[done] = at - base
            continue
        src, stop = begin_texts + offsets[done], begin_texts + offsets[done + 1]
        if at > out_end:
            return done, _FULL
        following, stop_reason = load_byte(stop), _DONE
        store_byte(stop, 0)  # no number continues in the next text
        store_word(at, np.uint64(prefix))
        at += prefix_length
        pc = begin_code
        top = 0
        while True:
            if at > out_end:
                stop_reason = _FULL
                break
            op, a = load_word(pc), load_word(pc + _A)
            here = pc
            pc += _STEP
            if op == _FIELD:
                name = src + 1 if load_byte(src) == _COMMA else src
                length = load_word(here + _B)
                if has_text(name, a, length):
                    src = name + length
                else:
                    pc = begin_code + _STEP * load_word(here + _C)
            elif op <= _PUT:
                store_word(at, np.uint64(a))
                at += load_word(here + _B)
                if op == _INTEGER:
                    number, src = read_integer(src)
                    at = write_varint(at, as_varint(number))
                elif op == _VARINT:
                    number, src = read_integer(src)
                    at = write_varint(at, np.uint64(number))
                elif op == _TEXT:
                    if load_byte(src) != _QUOTE:
                        stop_reason = _FAILED
                        break
                    src += 1
                    end = find_escape(src)
                    length = end - src
                    if load_byte(end) != _QUOTE:
                        end, length = text_extent(src)
                        if end == 0:
                            stop_reason = _FAILED
                            break
                    at = write_varint(at, np.uint64(length << load_word(here + _C)))
                    if at + length > out_end:
                        stop_reason = _FULL
                        break
                    if length == end - src:
                        at = copy(at, out_end, src, end, UNBOUNDED)
                    else:
                        at = unescape(at, src, end)
                    src = end + 1
                elif op == _DOUBLE:
                    real, src = read_double(src)
                    bits = word_of(real)
                    store_word(at, bits)
                    at += 8
                elif op == _BOOLEAN:
                    word = load_word(src) & _FOUR_BYTES
                    store_byte(at, 1 if word == _TRUE else 0)
                    at += 1
                    if word == _TRUE:
                        src += 4
                    else:
                        src = src + 5 if word == _FALS else 0
                elif op == _INSTANT:
                    seconds, nanoseconds, src = read_instant(src)
                    microseconds = seconds * 1_000_000 + nanoseconds // 1_000
                    at = write_varint(at, as_varint(microseconds))
                elif op == _TIMESTAMP:
                    seconds, nanoseconds, src = read_instant(src)
                    at = write_timestamp(at, seconds, nanoseconds // 1_000 * 1_000)
                elif op == _CHOICE:
                    number, src = find_entry(src, load_word(here + _C))
                    at = write_varint(at, np.uint64(number))
                elif op == _JSON:
                    end = value_end(src)
                    if end == 0:
                        stop_reason = _FAILED
                        break
                    at = write_varint(at, np.uint64((end - src) << load_word(here + _C)))
                    at = copy(at, out_end, src, end, UNBOUNDED)
                    if at == NO_ROOM:
                        stop_reason = _FULL
                        break
                    src = end
                elif op == _INT:
                    number, src = read_integer(src)
                    if number < -_INT_LIMIT or number >= _INT_LIMIT:
                        src = 0
                    at = write_varint(at, as_varint(number))
                elif op == _FLOAT:
                    real, src = read_double(src)
                    bits = single_of(real)
                    if bits & _SINGLE_INFINITY == _SINGLE_INFINITY:
                        src = 0
                    store_word(at, bits)
                    at += 4
                elif op == _MILLISECONDS:
                    seconds, nanoseconds, src = read_instant(src)
                    milliseconds = seconds * 1_000 + nanoseconds // 1_000_000
                    at = write_varint(at, as_varint(milliseconds))
                elif op == _DATE:
                    number, src = read_date(src)
                    at = write_varint(at, as_varint(number))
                elif op == _DECIMAL:
                    digits = load_word(here + _C)
                    number, src = read_decimal(src, digits // 1_000, digits % 1_000)
                    at = write_signed(at, number)
                elif op == _BEGIN:
                    stack[top] = at
                    top += 1
                    at += 1
                if src == 0:
                    stop_reason = _FAILED
                    break
            elif op == _EXPECT:
                if load_byte(src) != a:
                    stop_reason = _FAILED
                    break
                src += 1
            elif op == _IF_NULL:
                if load_word(src) & _FOUR_BYTES == _NULL:
                    src += 4
                    pc = begin_code + _STEP * load_word(here + _C)
            elif op == _LENGTH:
                top -= 1
                at = write_before(stack[top], at, np.uint64(at - stack[top] - 1))
            elif op == _OMIT_ZERO:
                zeros = load_byte(at - 1) if load_word(here + _B) == 1 else load_word(at - 8)
                if zeros == 0:
                    at -= a
            elif op == _IF_EMPTY:
                if load_word(src) & _TWO_BYTES == _EMPTY:
                    src += 2
                    pc = begin_code + _STEP * load_word(here + _C)
            elif op == _UNLESS:
                if _TYPES[load_byte(src)] & a == 0:
                    pc = begin_code + _STEP * load_word(here + _C)
            elif op == _JUMP:
                pc = begin_code + _STEP * load_word(here + _C)
            elif op == _ITEMS:
                if load_byte(src) != a:
                    stop_reason = _FAILED
                    break
                src += 1
                if load_byte(src) == load_word(here + _B):
                    src += 1
                    pc = begin_code + _STEP * load_word(here + _C)
                    store_byte(at, 0)
                    at += 1
                else:
                    stack[top] = at
                    stack[top + 1] = 0
                    top += 2
                    at += 1
            elif op == _NEXT:
                more = load_byte(src) == _COMMA
                if not more and load_byte(src) != load_word(here + _B):
                    stop_reason = _FAILED
                    break
                src += 1
                if more:
                    pc = begin_code + _STEP * load_word(here + _C)
                stack[top - 1] += 1
                if not more:
                    top -= 2
                    count = as_varint(stack[top + 1])
                    at = write_before(stack[top], at, count)
                    store_byte(at, 0)
                    at += 1
            elif op == _OPEN:
                if load_byte(src) != a:
                    stop_reason = _FAILED
                    break
                src += 1
                if load_byte(src) == load_word(here + _B):
                    src += 1
                    pc = begin_code + _STEP * load_word(here + _C)
            elif op == _MORE:
                byte = load_byte(src)
                if byte == _COMMA:
                    pc = begin_code + _STEP * load_word(here + _C)
                elif byte != load_word(here + _B):
                    stop_reason = _FAILED
                    break
                src += 1
            elif op == _SEEK:
                found = find_field(src, stack[top - 2], a, load_word(here + _B))
                if found == 0:
                    pc = begin_code + _STEP * load_word(here + _C)
                else:
                    src = found
                    stack[top - 1] += 1
            elif op == _ENTER:
                if load_byte(src) != _OBJECT:
                    stop_reason = _FAILED
                    break
                src += 1
                stack[top] = src
                stack[top + 1] = 0
                top += 2
            elif op == _LEAVE:
                top -= 2
                count_found, src = count_fields(stack[top])
                if src == 0 or count_found != stack[top + 1]:
                    stop_reason = _FAILED
                    break
            elif op == _COPY:
                at = copy(at, out_end, src, stop, UNBOUNDED)
                if at == NO_ROOM:
                    stop_reason = _FULL
                    break
                src = stop
            elif op == _END:
                if src != stop:
                    stop_reason = _FAILED
                break
            else:
                stop_reason = _FAILED
                break
        store_byte(stop, following)
        if stop_reason != _DONE:
            return done, stop_reason
        done += 1
        ends[done] = at - base
    return done, _DONE
