"""The only source of randomness: words that are pure functions of (draw key, event index).

All arithmetic is modulo 2^64; `docs/reference/draws.md` specifies every bit. Functions of single
numbers use Python integers in [0, 2^64), because an array of one element costs ten times as much.
Functions that end in `_column` give the same words for `uint64` arrays; the kernels of `draw_loops`
compute long columns, NumPy computes short ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.background_load import is_numba_ready

VERSION: Final = 1
GOLDEN: Final = 0x9E3779B97F4A7C15
MASK: Final = (1 << 64) - 1
_MIX_1: Final = 0xBF58476D1CE4E5B9
_MIX_2: Final = 0x94D049BB133111EB
_WORDS: Final = 1 << 64
_HALF: Final = 1 << 32
_DOUBLE_SHIFT: Final = 11
_DOUBLE_STEP: Final = 2.0**-53
_STEP_PERSON: Final = b"eventer.step"
_STEPS_REMEMBERED: Final = 1 << 14

MIN_ROWS_TO_IMPORT_NUMBA: Final = 2048
"""Rows from which a column is worth the import of Numba, which takes some tenths of a second."""
MIN_ROWS_COMPILED: Final = 128
"""Rows from which a kernel is faster, if Numba is imported already."""

_ROWS_PER_SAMPLE: Final = 64
"""Rows of a simple column that take as long as one sample of a distribution."""

Words: TypeAlias = NDArray[np.uint64]
Key: TypeAlias = int | Words
Index: TypeAlias = NDArray[np.int64] | Words

# NumPy warns if a product of two scalars overflows, but not if one factor is an array.
_U_GOLDEN: Final = np.uint64(GOLDEN)
_U_MIX_1: Final = np.uint64(_MIX_1)
_U_MIX_2: Final = np.uint64(_MIX_2)
_U_LOW: Final = np.uint64(_HALF - 1)
_U32: Final = np.uint64(32)


def mix64(word: int) -> int:
    """SplitMix64's finaliser, a bijection: each bit of the word affects about half of all bits."""
    word = ((word ^ (word >> 30)) * _MIX_1) & MASK
    word = ((word ^ (word >> 27)) * _MIX_2) & MASK
    return word ^ (word >> 31)


@lru_cache(maxsize=_STEPS_REMEMBERED)
def mixed_step(step: int) -> int:
    """The part of `child` that does not depend on the key; steps repeat often."""
    return mix64((step + GOLDEN) & MASK)


def child(key: int, step: int) -> int:
    """H(key, step); the step is taken modulo 2^64."""
    word = key ^ mixed_step(step)
    word = ((word ^ (word >> 30)) * _MIX_1) & MASK
    word = ((word ^ (word >> 27)) * _MIX_2) & MASK
    return word ^ (word >> 31)


def descend(key: int, *steps: int) -> int:
    """H(key, a, b) = H(H(key, a), b)."""
    for step in steps:
        key = child(key, step)
    return key


@lru_cache(maxsize=_STEPS_REMEMBERED)
def step_of(text: str) -> int:
    """A text as a step: the first 8 bytes, little endian, of a personalised BLAKE2b of its UTF-8.

    Unpaired surrogates, which a template can create, are encoded in three bytes.
    """
    encoded = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(encoded, digest_size=8, person=_STEP_PERSON).digest(), "little")


def draw(key: int, index: int) -> int:
    """The word of event `index`: output index + 1 of SplitMix64 seeded with the key."""
    return mix64((key + (index + 1) * GOLDEN) & MASK)


def bounded(word: int, low: int, high: int) -> int:
    """An integer in [low, high], both ends included, of at most 2^64 values."""
    return low + ((word * (high - low + 1)) >> 64)


def unit(word: int) -> float:
    """A double in [0, 1): a multiple of 2^-53."""
    return (word >> _DOUBLE_SHIFT) * _DOUBLE_STEP


def mix64_column(words: Words) -> Words:
    """`mix64` of each word, in place."""
    words ^= words >> np.uint64(30)
    words *= _U_MIX_1
    words ^= words >> np.uint64(27)
    words *= _U_MIX_2
    words ^= words >> np.uint64(31)
    return words


def use_compiled(rows: int) -> bool:
    """Whether a kernel computes a column of this many rows; both ways give the same values."""
    return rows >= (MIN_ROWS_COMPILED if is_numba_ready() else MIN_ROWS_TO_IMPORT_NUMBA)


def use_compiled_samples(rows: int) -> bool:
    """`use_compiled` for samples, of which Python computes one after another."""
    return use_compiled(rows * _ROWS_PER_SAMPLE if is_numba_ready() else rows)


def use_compiled_walks(rows: int) -> bool:
    """`use_compiled` for random walks, whose values take many samples each."""
    return use_compiled(rows * _ROWS_PER_SAMPLE)


def child_column(key: Key, step: int | Index) -> Words:
    """`child` of a key or a step that is a column, or of both."""
    if use_compiled(np.size(key if isinstance(step, int) else step)):
        from eventer.kernels.draw import draw_loops

        return draw_loops.children(key, step)
    if isinstance(step, int):
        return mix64_column(np.atleast_1d(_as_words(key)) ^ np.uint64(mixed_step(step)))
    mixed = mix64_column(_index_words(step) + _U_GOLDEN)
    return mix64_column(mixed ^ _as_words(key))


def child_key(key: Key, step: int) -> Key:
    """`child` of a key that is a number or a column."""
    return child(key, step) if isinstance(key, int) else child_column(key, step)


def draw_column(key: Key, index: Index) -> Words:
    """`draw` for each index, by one key or by a key per index."""
    if use_compiled(len(index)):
        from eventer.kernels.draw import draw_loops

        return draw_loops.words(key, index)
    words = _index_words(index) + np.uint64(1)
    words *= _U_GOLDEN
    words += _as_words(key)
    return mix64_column(words)


def draw_matrix(key: Key, index: Index, count: int) -> Words:
    """A row of words 0 … count - 1 per index; word w is `draw(H(key, w), index)`."""
    if use_compiled(len(index)):
        from eventer.kernels.draw import draw_loops

        return draw_loops.matrix(key, index, count)
    base = (_index_words(index) + np.uint64(1)) * _U_GOLDEN
    return mix64_column(base[:, np.newaxis] + _word_keys(key, count))


def draw_by_keys(keys: Sequence[Key], index: Index) -> Words:
    """A row of words per index, one of each key or column of keys."""
    base = (_index_words(index) + np.uint64(1)) * _U_GOLDEN
    beside = np.ascontiguousarray(np.array(keys, dtype=np.uint64).reshape(len(keys), -1).T)
    return mix64_column(base[:, np.newaxis] + beside)


def _word_keys(key: Key, count: int) -> Words:
    """H(key, w) for w below count: one row, or a row per key of a column."""
    if isinstance(key, int):
        return np.array([[child(key, w) for w in range(count)]], dtype=np.uint64)
    mixed = np.array([[mixed_step(w) for w in range(count)]], dtype=np.uint64)
    return mix64_column(key[:, np.newaxis] ^ mixed)


def integer_column(key: Key, index: Index, low: int, high: int) -> NDArray[np.int64]:
    """An integer in [low, high] for each index, both ends within [-2^63, 2^63)."""
    if use_compiled(len(index)):
        from eventer.kernels.draw import draw_loops

        return draw_loops.integers(key, index, low, high)
    return bounded_column(draw_column(key, index), low, high)


def sized_column(key: Key, index: Index, sizes: Words) -> NDArray[np.int64]:
    """An integer in [0, size) for each index and its size, 1 to 2^64 - 1, as 64 bits."""
    if use_compiled(len(index)):
        from eventer.kernels.draw import draw_loops

        return draw_loops.sized(key, index, sizes)
    return scaled_by_column(draw_column(key, index), sizes).view(np.int64)


def double_column(key: Key, index: Index, low: float, high: float) -> NDArray[np.float64]:
    """A double in [low, high] for each index; rounding can reach `high`."""
    if use_compiled(len(index)):
        from eventer.kernels.draw import draw_loops

        return draw_loops.doubles(key, index, low, high)
    values = unit_column(draw_column(key, index))
    values *= high - low
    values += low
    return np.minimum(values, high, out=values)


def bounded_column(words: Words, low: int, high: int) -> NDArray[np.int64]:
    """`bounded` of each word for ends within [-2^63, 2^63)."""
    result = scaled(words, high - low + 1)
    result += np.uint64(low & MASK)
    return result.view(np.int64)


def scaled(words: Words, size: int) -> Words:
    """floor(word · size / 2^64) of each word for 1 ≤ size ≤ 2^64: the high word of the product."""
    if size == _WORDS:
        return words.copy()
    if size <= _HALF:
        return _scaled_by_half(words >> _U32, words & _U_LOW, np.uint64(size))
    return _high_word(words, np.uint64(size >> 32), np.uint64(size & (_HALF - 1)))


def scaled_by_column(words: Words, sizes: Words) -> Words:
    """`scaled` with a size per row, from 1 to 2^64 - 1."""
    return _high_word(words, sizes >> _U32, sizes & _U_LOW)


def _high_word(words: Words, size_high: np.uint64 | Words, size_low: np.uint64 | Words) -> Words:
    """The high words of 128-bit products, from the halves of both factors."""
    high, low = words >> _U32, words & _U_LOW
    cross = high * size_low
    middle = low * size_high + (cross & _U_LOW) + ((low * size_low) >> _U32)
    result: Words = high * size_high + (cross >> _U32) + (middle >> _U32)
    return result


def _scaled_by_half(high: Words, low: Words, size: np.uint64) -> Words:
    """The product with a size of at most 2^32, whose halves cannot overflow."""
    low *= size
    low >>= _U32
    high *= size
    high += low
    high >>= _U32
    return high


def unit_column(words: Words) -> NDArray[np.float64]:
    """`unit` of each word."""
    return (words >> np.uint64(_DOUBLE_SHIFT)).astype(np.float64) * _DOUBLE_STEP


def lanes(words: Words) -> NDArray[np.uint16]:
    """The 16-bit lanes of a matrix of words, lowest first; a row has four per word."""
    return words.astype("<u8", copy=False).view("<u2")


def bytes_of(words: Words) -> NDArray[np.uint8]:
    """The bytes of a matrix of words, lowest first; a row has eight per word."""
    return words.astype("<u8", copy=False).view(np.uint8)


def key_column(keys: Sequence[int]) -> Words:
    """Keys as a column."""
    return np.array(keys, dtype=np.uint64)


def _as_words(key: Key) -> np.uint64 | Words:
    return np.uint64(key) if isinstance(key, int) else key


def _index_words(index: NDArray[Any]) -> Words:
    return index if index.dtype == np.uint64 else index.astype(np.int64, copy=False).view(np.uint64)
