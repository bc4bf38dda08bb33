"""Functions of single numbers that Python and kernels share, so that both give the same bits.

The text of a function marked with `scalar` runs as it is in Python, and `scalar_intrinsics` has
Numba compile it into kernels. It uses only operations that IEEE 754 defines exactly: `+`, `-`, `*`,
`/`, `math.sqrt`, `math.floor` and comparisons of doubles. A draw key, an index and a word are
Python integers in Python and unsigned 64-bit words in kernels: only the functions of this module
and of `draw` calculate with them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

SCALARS: Final[list[Callable[..., Any]]] = []
"""The functions that `scalar_intrinsics` registers with Numba."""


def scalar(function: F) -> F:
    """Marks a function that kernels can call; Numba is not imported."""
    SCALARS.append(function)
    return function


def split(x: float) -> tuple[float, int]:
    """(m, e) with x = m·2^e and 1 ≤ m < 2, for a positive normal x."""
    half, exponent = math.frexp(x)
    return 2.0 * half, exponent - 1


def power_of_two(exponent: int) -> float:
    """2^exponent, for -1022 to 1023."""
    return math.ldexp(1.0, exponent)


def floor(x: float) -> float:
    """The greatest whole number that is not above x, as a double."""
    return float(math.floor(x))


def open_unit(word: int) -> float:
    """A double in (0, 1): an odd multiple of 2^-53."""
    return ((word >> 12) + 0.5) * 2.0**-52


def signed_unit(word: int) -> float:
    """A double in (-1/2, 1/2): an odd multiple of 2^-54."""
    signed = word - (1 << 64) if word >> 63 else word
    return ((signed >> 11) + 0.5) * 2.0**-53
