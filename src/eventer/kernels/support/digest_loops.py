"""64-bit digests of byte strings, which are not secure against intent.

Importing this module imports Numba.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.jit import callable_from_kernels, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]


@callable_from_kernels
def digest(data: Bytes, start: int, length: int) -> np.uint64:
    """The digest of the bytes [start, start + length), or of null if the length is -1."""
    h = np.uint64(0x9E3779B97F4A7C15) ^ (np.uint64(length + 1) * np.uint64(0xC2B2AE3D27D4EB4F))
    at = start
    for _ in range(max(0, length) >> 3):
        word = (
            np.uint64(data[at])
            | np.uint64(data[at + 1]) << np.uint64(8)
            | np.uint64(data[at + 2]) << np.uint64(16)
            | np.uint64(data[at + 3]) << np.uint64(24)
            | np.uint64(data[at + 4]) << np.uint64(32)
            | np.uint64(data[at + 5]) << np.uint64(40)
            | np.uint64(data[at + 6]) << np.uint64(48)
            | np.uint64(data[at + 7]) << np.uint64(56)
        )
        h ^= word * np.uint64(0x87C37B91114253D5)
        h = (h << np.uint64(27) | h >> np.uint64(37)) * np.uint64(0x4CF5AD432745937F)
        at += 8
    for i in range(max(0, length) & 7):
        h = (h ^ np.uint64(data[at + i])) * np.uint64(0x100000001B3)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xFF51AFD7ED558CCD)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@callable_from_kernels
def chain(h: np.uint64, other: np.uint64) -> np.uint64:
    """A digest of two digests, in their order."""
    h = (h ^ other * np.uint64(0x87C37B91114253D5)) * np.uint64(0x4CF5AD432745937F)
    return h ^ h >> np.uint64(29)


@kernel
def digest_spans(data: Bytes, starts: Ints, lengths: Ints, out: Words) -> None:
    """The digest of each byte string; those of length -1 are null."""
    for row in range(len(starts)):
        out[row] = digest(data, starts[row], lengths[row])


@kernel
def chain_each(digests: Words, others: Words) -> None:
    """Chains each digest with the other of its row, in place."""
    for row in range(len(digests)):
        digests[row] = chain(digests[row], others[row])
