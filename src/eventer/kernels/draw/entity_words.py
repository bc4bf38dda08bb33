"""Words of entities: a 64-bit hash of a text or a number, the same in any process.

`docs/reference/draws.md` specifies every bit.
"""

from __future__ import annotations

from struct import pack
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import GOLDEN, MASK, Words, mix64, mix64_column

_BYTES: Final = 8


def number_word(number: float) -> int:
    """The word of a number; 0 and -0 are one entity."""
    return mix64(int.from_bytes(pack("<d", number + 0.0), "little"))


def number_words(numbers: NDArray[np.float64]) -> Words:
    """`number_word` of each number."""
    return mix64_column((numbers + 0.0).view(np.uint64))


def text_word(text: str) -> int:
    """The word of a text: its UTF-8 in groups of 8 bytes, little endian, after its length."""
    encoded = text.encode("utf-8", "surrogatepass")
    word = mix64((len(encoded) + GOLDEN) & MASK)
    for start in range(0, len(encoded), _BYTES):
        word = mix64(word ^ int.from_bytes(encoded[start : start + _BYTES], "little"))
    return word


def text_words(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Words:
    """`text_word` of each text `data[offsets[i]:offsets[i + 1]]`."""
    sizes = np.diff(offsets)
    padded = np.concatenate([data, np.zeros(_BYTES, dtype=np.uint8)])
    words = mix64_column(sizes.view(np.uint64) + np.uint64(GOLDEN))
    for start in range(0, int(sizes.max(initial=0)), _BYTES):
        rows = np.flatnonzero(sizes > start)
        groups = _groups(padded, offsets[rows] + start, sizes[rows] - start)
        words[rows] = mix64_column(words[rows] ^ groups)
    return words


def _groups(padded: NDArray[np.uint8], starts: NDArray[Any], left: NDArray[Any]) -> Words:
    """The next 8 bytes of each text, with zeros after its end."""
    places = np.arange(_BYTES)
    taken = padded[starts[:, np.newaxis] + places]
    taken[places >= left[:, np.newaxis]] = 0
    return taken.view("<u8").astype(np.uint64, copy=False).ravel()
