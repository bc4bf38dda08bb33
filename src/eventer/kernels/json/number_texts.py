"""Columns of numbers as columns of text: row r is `data[offsets[r]:offsets[r + 1]]`, in ASCII."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.jit import frozen

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

_LONGEST: Final = 25
"""Bytes of the longest text of a double: `-0.0000012345678901234567`."""


def number_texts(values: NDArray[np.float64]) -> tuple[Bytes, Ints]:
    """Data and offsets of the JSON texts of finite numbers (`core.json_text.number_text`)."""
    from eventer.kernels.json.number_loops import SLACK, write_doubles

    bits = frozen(np.ascontiguousarray(values, np.float64).view(np.int64))
    offsets = np.zeros(len(bits) + 1, np.int64)
    data = np.empty(_LONGEST * len(bits) + SLACK, np.uint8)
    write_doubles(bits, data, offsets)
    return data[: offsets[-1]], offsets


def string_number_texts(values: NDArray[np.float64]) -> tuple[Bytes, Ints, Ints]:
    """Data and offsets of finite numbers inside strings, and the rows without a text, ascending.

    The texts are those of `jsonnet.std.number_text.number_text`; numbers below 0.0001 and beyond 64
    bits have empty texts.
    """
    from eventer.kernels.json.number_loops import SLACK
    from eventer.kernels.json.string_number_loops import write_string_numbers

    bits = frozen(np.ascontiguousarray(values, np.float64).view(np.int64))
    offsets = np.zeros(len(bits) + 1, np.int64)
    data = np.empty(_LONGEST * len(bits) + SLACK, np.uint8)
    left_out = write_string_numbers(bits, data, offsets)
    rows = np.flatnonzero(np.diff(offsets) == 0) if left_out else np.empty(0, np.int64)
    return data[: offsets[-1]], offsets, rows
