"""The kernel of `formats`: importing this module imports Numba."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.json.number_loops import digit_count, write_digits
from eventer.kernels.support.intrinsics import Bytes, Word, address, store_byte
from eventer.kernels.support.jit import callable_from_kernels, kernel

_EXACT: Final = float(1 << 53)
_TENS: Final = np.array([10**k for k in range(19)], np.uint64)
_0: Final = np.uint64(0)
_MINUS: Final = 0x2D
_POINT: Final = 0x2E
_SPACE: Final = 0x20
_ZERO: Final = 0x30


@callable_from_kernels
def _repeated(at: int, byte: int, times: int) -> int:
    for _ in range(times):
        store_byte(at, byte)
        at += 1
    return at


@callable_from_kernels
def _count(value: Word) -> int:
    return digit_count(value) if value != _0 else 1


@kernel
def write_formatted(  # noqa: PLR0917 - a kernel takes its arguments by position
    values: NDArray[np.float64],
    integer: bool,  # noqa: FBT001
    places: int,
    pointed: bool,  # noqa: FBT001
    plus: int,
    zeros: int,
    least: int,
    width: int,
    left: bool,  # noqa: FBT001
    out: Bytes,
    offsets: NDArray[np.int64],
) -> int:
    """Writes the texts and their offsets after the first; returns the number of empty ones."""
    start = at = address(out)
    unit = _TENS[places]
    denominator = np.float64(unit)
    after = places + (1 if pointed else 0)
    left_out = 0
    for row in range(len(values)):
        value = values[row]
        magnitude = abs(value)
        scaled = np.floor(magnitude) if integer else magnitude * denominator + 0.5
        if not scaled < _EXACT:
            left_out += 1
            offsets[row + 1] = at - start
            continue
        negative = value <= -1.0 if integer else value < 0.0
        sign = _MINUS if negative else plus
        signs = 1 if sign != 0 else 0
        head = np.uint64(np.int64(np.floor(scaled / denominator)))
        digits = _count(head)
        fill = max(zeros - after - signs, least) - digits
        fill = max(fill, 0)
        spaces = width - (signs + fill + digits + after)
        if not left:
            at = _repeated(at, _SPACE, spaces)
        if sign != 0:
            store_byte(at, sign)
            at += 1
        at = write_digits(_repeated(at, _ZERO, fill), head)
        if pointed:
            store_byte(at, _POINT)
            at += 1
        if places > 0:
            rest = np.uint64(np.int64(np.floor(scaled))) % unit
            at = write_digits(_repeated(at, _ZERO, places - _count(rest)), rest)
        if left:
            at = _repeated(at, _SPACE, spaces)
        offsets[row + 1] = at - start
    return left_out
