"""Columns of numbers laid out as `std.format` does: `%d` and `%f` with sign, zeros and width.

The digits come from the same steps on doubles as in `jsonnet.std.format_numbers`, which is the twin
of the compiled loop. Numbers beyond what fits these steps are left to it, and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.jit import frozen

Ints: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

MAX_PLACES: Final = 15
"""Digits after the point; doubles do not distinguish more."""
MAX_WIDTH: Final = 64
"""Bytes that a number can be padded to."""
_DIGITS: Final = 20
"""A bound for the digits before the point and the sign."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The layout of numbers.

    An `integer` format drops the fraction; others write `places` digits after the point. `sign` is
    written before numbers that are not negative. Zeros pad to the width `zeros`, including the
    sign, and to `least` digits; spaces pad to `width`, at the right if `left`.
    """

    integer: bool
    places: int = 0
    point: bool = False
    sign: str = ""
    zeros: int = 0
    least: int = 0
    width: int = 0
    left: bool = False

    def __post_init__(self) -> None:
        assert self.places <= MAX_PLACES
        assert max(self.zeros, self.least, self.width) <= MAX_WIDTH


def format_numbers(layout: NumberFormat, values: NDArray[np.float64]) -> tuple[Bytes, Ints, Ints]:
    """Data and offsets of the texts of finite numbers, and the rows without a text, ascending.

    The digits of those numbers do not fit into the 53 bits of a double; their texts are empty.
    """
    from eventer.kernels.json.number_format_loops import write_formatted
    from eventer.kernels.json.number_loops import SLACK

    longest = max(layout.width, layout.zeros, layout.least) + _DIGITS + layout.places
    data = np.empty(longest * len(values) + SLACK, np.uint8)
    offsets = np.zeros(len(values) + 1, np.int64)
    left_over = write_formatted(
        frozen(np.ascontiguousarray(values, np.float64)),
        layout.integer,
        layout.places,
        layout.point or layout.places > 0,
        ord(layout.sign or "\0"),
        layout.zeros,
        layout.least,
        layout.width,
        layout.left,
        data,
        offsets,
    )
    rows = np.flatnonzero(np.diff(offsets) == 0) if left_over else np.empty(0, np.int64)
    return data[: offsets[-1]], offsets, rows
