"""Numba's versions of `scalars`, and its registration of them. Importing this imports Numba."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from eventer.kernels import draw
from eventer.kernels.draw import exact_math, exact_tables, scalars
from eventer.kernels.draw.draw_loops import drawn, mixed
from eventer.kernels.support.intrinsics import double_of, word_of
from eventer.kernels.support.jit import callable_from_kernels, compiled_as

_U11: Final = np.int64(11)
_U12: Final = np.uint64(12)
_U52: Final = np.uint64(52)
_BIAS: Final = 1023
_ONE: Final = np.uint64(0x3FF0000000000000)
_FRACTION: Final = np.uint64(0x000FFFFFFFFFFFFF)
_GOLDEN: Final = np.uint64(draw.GOLDEN)

_LOG_INVERSES: Final = np.array(exact_math.LOG_INVERSES)
_LOGARITHMS: Final = np.array(exact_tables.LOGARITHMS)
_POWERS: Final = np.array(exact_tables.POWERS)
_STIRLING_ERRORS: Final = np.array(exact_tables.STIRLING_ERRORS)


@compiled_as(scalars.split)
def _split(x: float) -> Any:
    word = word_of(x)
    mantissa = double_of((word & _FRACTION) | _ONE)
    return mantissa, np.int64(word >> _U52) - _BIAS


@compiled_as(scalars.power_of_two)
def _power_of_two(exponent: int) -> Any:
    return double_of(np.uint64(exponent + _BIAS) << _U52)


@compiled_as(scalars.floor)
def _floor(x: float) -> Any:
    return np.floor(x)


@compiled_as(scalars.open_unit)
def _open_unit(word: Any) -> Any:
    return (np.float64(np.int64(word >> _U12)) + 0.5) * 2.0**-52


@compiled_as(scalars.signed_unit)
def _signed_unit(word: Any) -> Any:
    return (np.float64(np.int64(word) >> _U11) + 0.5) * 2.0**-53


@compiled_as(draw.draw)
def _draw(key: Any, index: Any) -> Any:
    return drawn(np.uint64(key), np.uint64(index))


@compiled_as(draw.child)
def _child(key: Any, step: Any) -> Any:
    return mixed(np.uint64(key) ^ mixed(np.uint64(step) + _GOLDEN))


@compiled_as(exact_math.log_entry)
def _log_entry(place: int) -> Any:
    return _LOG_INVERSES[place], _LOGARITHMS[place, 0], _LOGARITHMS[place, 1]


@compiled_as(exact_math.exp_entry)
def _exp_entry(place: int) -> Any:
    return _POWERS[place, 0], _POWERS[place, 1]


@compiled_as(exact_math.stirling_entry)
def _stirling_entry(place: int) -> Any:
    return _STIRLING_ERRORS[place]


def register_scalars() -> None:
    """Makes all functions marked so far known to Numba."""
    while scalars.SCALARS:
        callable_from_kernels(scalars.SCALARS.pop())
