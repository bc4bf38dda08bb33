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
"""Digits after the point: more are not told apart by doubles."""
MAX_WIDTH: Final = 64
"""Bytes that a number may be filled up to."""
_DIGITS: Final = 20
"""More than the digits before the point, and the sign."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How numbers are laid out.

    A `whole` one is cut to a whole number, else it has `places` digits after the point. `sign` is
    what stands before a number that is not negative: a character or nothing. Digits are filled up
    with zeros to the width `zeros`, sign included, and to `least` digits; the text with spaces to
    `width`, before it or, if `left`, behind it.
    """

    whole: bool
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
    """Data and offsets of the texts of finite numbers, and the rows that have none, ascending.

    Their texts are empty: the digits of those numbers do not fit a double's 53 bits.
    """
    from eventer.kernels.json.number_format_loops import write_formatted
    from eventer.kernels.json.number_loops import SLACK

    longest = max(layout.width, layout.zeros, layout.least) + _DIGITS + layout.places
    data = np.empty(longest * len(values) + SLACK, np.uint8)
    offsets = np.zeros(len(values) + 1, np.int64)
    left_over = write_formatted(
        frozen(np.ascontiguousarray(values, np.float64)),
        layout.whole,
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
