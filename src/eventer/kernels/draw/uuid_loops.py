"""Writes UUIDs from their 128 bits. Importing this module imports Numba."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import Words
from eventer.kernels.draw.random_texts import SLACK, Bytes
from eventer.kernels.draw.text_writer_loops import write_hex
from eventer.kernels.support.jit import frozen, kernel

WIDTH: Final = 36
_HYPHEN: Final = 0x2D


@kernel
def _write_uuids(words: Words, out: Bytes) -> None:
    """A row of two words, whose bytes are in the order of the text, lowest first."""
    for row in range(len(words)):
        octets = words[row]
        at = write_hex(out, row * WIDTH, octets, 0, 4)
        for first in (4, 6, 8):
            out[at] = _HYPHEN
            at = write_hex(out, at + 1, octets, first, first + 2)
        out[at] = _HYPHEN
        write_hex(out, at + 1, octets, 10, 16)


def write_uuids(words: Words) -> Bytes:
    """The texts of rows of two words: the high and the low 64 bits."""
    out = np.empty(len(words) * WIDTH + SLACK, dtype=np.uint8)
    _write_uuids(frozen(np.ascontiguousarray(words).byteswap()), out)
    text: NDArray[np.uint8] = out[: len(words) * WIDTH]
    return text
