"""Runs binary programs: JSON texts of events become their encodings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from eventer.kernels.binary.instructions import BinaryOp, BinaryProgram, Bytes, EncodingStop, Ints
from eventer.kernels.binary.program_builder import ProgramBuilder
from eventer.kernels.kafka.record_batches import BytesColumn, bytes_column
from eventer.kernels.support.jit import address_of, frozen

_PADDING: Final = 64
"""Zeros after the texts, which the kernel may read."""
_MARGIN: Final = 4096


def transcode(
    program: BinaryProgram,
    texts: BytesColumn,
    prefix: bytes,
    encode_row: Callable[[int], bytes],
) -> BytesColumn:
    """The encodings of canonical JSON texts, each after the prefix of at most 8 bytes.

    Rows that the program does not cover are encoded by `encode_row`, without the prefix, or raise
    its error. Null rows stay null.
    """
    from eventer.kernels.binary.transcode_loops import run

    code = _with_addresses(program)
    data, offsets = _padded(texts)
    valid = texts.validity()
    rows, done = len(texts), 0
    ends = np.zeros(rows + 1, np.int64)
    out = np.empty(len(data) + 16 * rows + _MARGIN, np.uint8)
    word = int.from_bytes(prefix.ljust(8, b"\0"), "little", signed=True)
    while True:
        done, stop = run(code[0], data, offsets, valid, word, len(prefix), done, ends, out)
        if stop == EncodingStop.DONE:
            return BytesColumn(ends, out[: ends[rows]], texts.valid)
        if stop == EncodingStop.FULL:
            out = _enlarged(out, int(ends[done]), 2 * len(out))
            continue
        encoded = prefix + encode_row(done)
        start = int(ends[done])
        if start + len(encoded) > len(out):
            out = _enlarged(out, start, 2 * len(out) + len(encoded))
        out[start : start + len(encoded)] = np.frombuffer(encoded, np.uint8)
        done += 1
        ends[done] = start + len(encoded)


def _with_addresses(program: BinaryProgram) -> tuple[Ints, Ints]:
    """The instructions with addresses instead of positions, and the tables that they refer to."""
    code, tables = program.code.copy(), program.tables.copy()
    names = address_of(program.names)
    at = 0
    while at < len(tables):
        count = int(tables[at])
        tables[at + 1 : at + 1 + 3 * count : 3] += names
        at += 1 + 3 * count
    code[np.isin(code[:, 0], (BinaryOp.FIELD, BinaryOp.SEEK)), 1] += names
    choices = code[:, 0] == BinaryOp.CHOICE
    code[choices, 3] = address_of(tables) + 8 * code[choices, 3]
    return frozen(code), tables


def _padded(texts: BytesColumn) -> tuple[Bytes, Ints]:
    """The texts with zeros after them, and their offsets there."""
    first, last = int(texts.offsets[0]), int(texts.offsets[-1])
    data = np.zeros(last - first + _PADDING, np.uint8)
    data[: last - first] = texts.data[first:last]
    return data, frozen(texts.offsets - first)


def _enlarged(out: Bytes, used: int, size: int) -> Bytes:
    larger = np.empty(size, np.uint8)
    larger[:used] = out[:used]
    return larger


def load_kernel() -> None:
    """Loads, and if necessary compiles, the kernel."""
    program = ProgramBuilder()
    program.emit(BinaryOp.COPY)
    transcode(program.program(), bytes_column([b"{}"]), b"", lambda _: b"")
