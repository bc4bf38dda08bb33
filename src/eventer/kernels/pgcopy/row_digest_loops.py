"""The kernel of `row_digests`. Importing this module imports Numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.digest_loops import chain, digest
from eventer.kernels.support.jit import kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]


@kernel
def digest_rows(
    data: Bytes, in_key: Bytes, numbers: Ints, keys: Words, contents: Words
) -> tuple[int, int]:
    """Digests the complete rows in `data`; returns their number, and the end of the last one.

    The first field of a row is its number, of at most eight bytes; field i + 1 belongs to the key
    if `in_key[i]` is not 0. The trailer of a stream is not a row.
    """
    at = 0
    row = 0
    while row < len(numbers) and at + 2 <= len(data):
        fields = int(data[at]) << 8 | int(data[at + 1])
        if fields == 0xFFFF:
            break
        number = 0
        key = np.uint64(0)
        content = np.uint64(0)
        after = at + 2
        is_complete = True
        for field in range(fields):
            if after + 4 > len(data):
                is_complete = False
                break
            length = 0
            for i in range(4):
                length = length << 8 | int(data[after + i])
            length = -1 if length == 0xFFFFFFFF else length
            after += 4
            if after + max(0, length) > len(data):
                is_complete = False
                break
            if field == 0:
                for i in range(max(0, length)):
                    number = number << 8 | int(data[after + i])
            else:
                field_digest = digest(data, after, length)
                content = chain(content, field_digest)
                if in_key[field - 1]:
                    key = chain(key, field_digest)
            after += max(0, length)
        if not is_complete:
            break
        numbers[row] = number
        keys[row] = key
        contents[row] = content
        row += 1
        at = after
    return row, at
