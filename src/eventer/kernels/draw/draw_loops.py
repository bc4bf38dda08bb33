"""The kernels of `draw`, and their wrappers. Importing this module imports Numba.

All constants are `uint64`, because Numba converts a `uint64` and an `int64` to a double. `keys` has
one key for all rows, or a key per row.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.draw import GOLDEN, MASK, Index, Key, Words, mixed_step
from eventer.kernels.support.intrinsics import high_product
from eventer.kernels.support.jit import callable_from_kernels, kernel

Doubles = NDArray[np.float64]

_U_GOLDEN: Final = np.uint64(GOLDEN)
_U_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_U_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_U0: Final = np.uint64(0)
_U1: Final = np.uint64(1)
_U11: Final = np.uint64(11)
_U27: Final = np.uint64(27)
_U30: Final = np.uint64(30)
_U31: Final = np.uint64(31)
_DOUBLE_STEP: Final = 2.0**-53


@callable_from_kernels
def mixed(word: np.uint64) -> np.uint64:
    """`draw.mix64`."""
    word = (word ^ (word >> _U30)) * _U_MIX_1
    word = (word ^ (word >> _U27)) * _U_MIX_2
    return word ^ (word >> _U31)


@callable_from_kernels
def drawn(key: np.uint64, index: np.uint64) -> np.uint64:
    """`draw.draw`."""
    return mixed(key + (index + _U1) * _U_GOLDEN)


@callable_from_kernels
def below(word: np.uint64, size: np.uint64) -> np.uint64:
    """The high word of the product; a size of 0 means 2^64."""
    return word if size == _U0 else high_product(word, size)


@kernel
def _words(keys: Words, index: Words, out: Words) -> None:
    if len(keys) == 1:
        key = keys[0]
        for row in range(len(out)):
            out[row] = drawn(key, index[row])
    else:
        for row in range(len(out)):
            out[row] = drawn(keys[row], index[row])


@kernel
def _matrix(keys: Words, index: Words, steps: Words, out: Words) -> None:
    """out[r, w] is word w of row r, by the child of the key for the mixed step `steps[w]`."""
    if len(keys) == 1:
        for w in range(len(steps)):
            key = mixed(keys[0] ^ steps[w])
            for row in range(len(index)):
                out[row, w] = drawn(key, index[row])
    else:
        for row in range(len(index)):
            for w in range(len(steps)):
                out[row, w] = drawn(mixed(keys[row] ^ steps[w]), index[row])


@kernel
def _integers(keys: Words, index: Words, size: np.uint64, low: np.uint64, out: Words) -> None:
    if len(keys) == 1:
        key = keys[0]
        for row in range(len(out)):
            out[row] = below(drawn(key, index[row]), size) + low
    else:
        for row in range(len(out)):
            out[row] = below(drawn(keys[row], index[row]), size) + low


@kernel
def _sized(keys: Words, index: Words, sizes: Words, out: Words) -> None:
    shared = len(keys) == 1
    for row in range(len(out)):
        key = keys[0] if shared else keys[row]
        out[row] = below(drawn(key, index[row]), sizes[row])


@kernel
def _doubles(  # noqa: PLR0917  compiled code takes arguments by position
    keys: Words, index: Words, low: float, width: float, high: float, out: Doubles
) -> None:
    shared = len(keys) == 1
    for row in range(len(out)):
        key = keys[0] if shared else keys[row]
        # Below 2^53, so the faster cast by a signed number is exact.
        unit = np.float64(np.int64(drawn(key, index[row]) >> _U11)) * _DOUBLE_STEP
        value = unit * width + low
        out[row] = min(value, high)


@kernel
def _children(keys: Words, step: np.uint64, out: Words) -> None:
    """`draw.child_column` for a mixed step."""
    for row in range(len(out)):
        out[row] = mixed(keys[row] ^ step)


@kernel
def _children_by_step(keys: Words, steps: Words, out: Words) -> None:
    shared = len(keys) == 1
    for row in range(len(out)):
        key = keys[0] if shared else keys[row]
        out[row] = mixed(key ^ mixed(steps[row] + _U_GOLDEN))


def words(key: Key, index: Index) -> Words:
    """`draw.draw_column`."""
    out = np.empty(len(index), dtype=np.uint64)
    _words(as_keys(key, len(index)), as_words(index), out)
    return out


def matrix(key: Key, index: Index, count: int) -> Words:
    """`draw.draw_matrix`."""
    out = np.empty((len(index), count), dtype=np.uint64)
    steps = np.array([mixed_step(w) for w in range(count)], dtype=np.uint64)
    _matrix(as_keys(key, len(index)), as_words(index), as_words(steps), out)
    return out


def integers(key: Key, index: Index, low: int, high: int) -> NDArray[np.int64]:
    """`draw.integer_column`."""
    out = np.empty(len(index), dtype=np.uint64)
    size = np.uint64((high - low + 1) & MASK)
    _integers(as_keys(key, len(index)), as_words(index), size, np.uint64(low & MASK), out)
    return out.view(np.int64)


def sized(key: Key, index: Index, sizes: Words) -> NDArray[np.int64]:
    """`draw.sized_column`."""
    out = np.empty(len(index), dtype=np.uint64)
    _sized(as_keys(key, len(index)), as_words(index), as_words(sizes), out)
    return out.view(np.int64)


def doubles(key: Key, index: Index, low: float, high: float) -> Doubles:
    """`draw.double_column`."""
    out = np.empty(len(index), dtype=np.float64)
    _doubles(
        as_keys(key, len(index)), as_words(index), float(low), float(high - low), float(high), out
    )
    return out


def children(key: Key, step: int | Index) -> Words:
    """`draw.child_column`."""
    if isinstance(step, int):
        keys = as_keys(key, 1 if isinstance(key, int) else len(key))
        out = np.empty(len(keys), dtype=np.uint64)
        _children(keys, np.uint64(mixed_step(step)), out)
        return out
    out = np.empty(len(step), dtype=np.uint64)
    _children_by_step(as_keys(key, len(step)), as_words(step), out)
    return out


def as_keys(key: Key, rows: int) -> Words:
    """One key or a key per row, for kernels, which do not check their number."""
    keys = as_words(np.array([key], dtype=np.uint64) if isinstance(key, int) else key)
    if len(keys) not in {1, rows}:
        raise ValueError(f"{len(keys)} draw keys for {rows} rows")
    return keys


def as_words(values: NDArray[Any]) -> Words:
    """Integers as contiguous read-only words, for which kernels are compiled."""
    signed = values if values.dtype == np.uint64 else values.astype(np.int64, copy=False)
    words = np.ascontiguousarray(signed).view(np.uint64)
    words.flags.writeable = False
    return words
