"""Machine instructions that Numba's Python has no word for; importing this module imports Numba.

Only kernels can call these. Places in memory are addresses: an array that is passed on from
function to function costs more, in counted references, than what is done to it. Nothing is checked:
the caller sees to it that a block or a word lies within its array, and that the array lives. Words
are little-endian, as is every machine that Numba has wheels for.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any, Final, TypeAlias

import numba  # noqa: F401 - before its parts, see `compiled`
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Word: TypeAlias = np.uint64

BLOCK: Final = 16
"""How many bytes `copy_block` and `escapes_in_block` take at a time."""
WIDE_BLOCK: Final = 32
"""How many `copy_wide_block` does."""

_BYTE: Final = ir.IntType(8)
_WORD: Final = ir.IntType(64)
_DOUBLE_WORD: Final = ir.IntType(128)
_WIDE: Final = ir.VectorType(_BYTE, WIDE_BLOCK)
_LANES: Final = ir.VectorType(_BYTE, BLOCK)
_ZERO_IS_DEFINED: Final = ir.Constant(ir.IntType(1), 0)


def _intrinsic(result: Any, parameters: list[Any], emit: Callable[..., Any]) -> Any:
    """What `emit(builder, *values)` generates, as a function of kernels.

    A parameter of type None takes any byte array; its value is where the array's data begin.
    """

    def define(_: Any, *given: Any) -> Any:
        accepted = [a if kind is None else kind for kind, a in zip(parameters, given, strict=True)]

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            values = [
                context.make_array(kind)(context, builder, arg).data if wanted is None else arg
                for wanted, kind, arg in zip(parameters, signature.args, args, strict=True)
            ]
            value = emit(builder, *values)
            return context.get_dummy_value() if result is types.void else value

        return result(*accepted), generate

    names = ["_", *(f"a{number}" for number in range(len(parameters)))]
    positional = Parameter.POSITIONAL_OR_KEYWORD
    # Numba takes as many arguments as it sees, and would pass a tuple for `*given`.
    define.__signature__ = Signature([Parameter(name, positional) for name in names])  # type: ignore[attr-defined]
    return intrinsic(define)


def _pointer(builder: Any, place: Any, kind: Any) -> Any:
    return builder.inttoptr(place, kind.as_pointer())


def _emit_address(builder: Any, data: Any) -> Any:
    return builder.ptrtoint(data, _WORD)


def _emit_copy(builder: Any, target: Any, source: Any) -> None:
    block = builder.load(_pointer(builder, source, _DOUBLE_WORD), align=1)
    builder.store(block, _pointer(builder, target, _DOUBLE_WORD), align=1)


def _emit_wide_copy(builder: Any, target: Any, source: Any) -> None:
    block = builder.load(_pointer(builder, source, _WIDE), align=1)
    builder.store(block, _pointer(builder, target, _WIDE), align=1)


def _emit_escapes(builder: Any, place: Any) -> Any:
    lanes = builder.load(_pointer(builder, place, _LANES), align=1)
    found = builder.icmp_unsigned("<", lanes, ir.Constant(_LANES, [0x20] * BLOCK))
    for byte in b'"\\':
        same = builder.icmp_unsigned("==", lanes, ir.Constant(_LANES, [byte] * BLOCK))
        found = builder.or_(found, same)
    return builder.zext(builder.bitcast(found, ir.IntType(BLOCK)), _WORD)


def _emit_load_byte(builder: Any, place: Any) -> Any:
    return builder.zext(builder.load(_pointer(builder, place, _BYTE), align=1), _WORD)


def _emit_load_word(builder: Any, place: Any) -> Any:
    return builder.load(_pointer(builder, place, _WORD), align=1)


def _emit_store_byte(builder: Any, place: Any, byte: Any) -> None:
    builder.store(builder.trunc(byte, _BYTE), _pointer(builder, place, _BYTE), align=1)


def _emit_store_word(builder: Any, place: Any, word: Any) -> None:
    builder.store(word, _pointer(builder, place, _WORD), align=1)


def _emit_high_product(builder: Any, a: Any, b: Any) -> Any:
    product = builder.mul(builder.zext(a, _DOUBLE_WORD), builder.zext(b, _DOUBLE_WORD))
    return builder.trunc(builder.lshr(product, ir.Constant(_DOUBLE_WORD, 64)), _WORD)


def _emit_trailing_zeros(builder: Any, word: Any) -> Any:
    return builder.cttz(word, _ZERO_IS_DEFINED)


def _emit_leading_zeros(builder: Any, word: Any) -> Any:
    return builder.ctlz(word, _ZERO_IS_DEFINED)


address: Callable[[Bytes], int] = _intrinsic(types.int64, [None], _emit_address)
"""Where the data of an array begin."""

copy_block: Callable[[int, int], None] = _intrinsic(
    types.void, [types.int64, types.int64], _emit_copy
)
"""Copies BLOCK bytes to a place (first) from another; they may overlap."""

copy_wide_block: Callable[[int, int], None] = _intrinsic(
    types.void, [types.int64, types.int64], _emit_wide_copy
)
"""Copies WIDE_BLOCK bytes likewise."""

escapes_in_block: Callable[[int], Word] = _intrinsic(types.uint64, [types.int64], _emit_escapes)
"""A bit for each of the BLOCK bytes there: set where JSON does not write that byte as it is."""

load_byte: Callable[[int], int] = _intrinsic(types.int64, [types.int64], _emit_load_byte)
"""The byte at a place."""

load_word: Callable[[int], int] = _intrinsic(types.int64, [types.int64], _emit_load_word)
"""The eight bytes at a place as a signed number."""

store_byte: Callable[[int, int], None] = _intrinsic(
    types.void, [types.int64, types.int64], _emit_store_byte
)
"""Writes the lowest byte of a number."""

store_word: Callable[[int, Word], None] = _intrinsic(
    types.void, [types.int64, types.uint64], _emit_store_word
)
"""Writes eight bytes, the lowest first."""

high_product: Callable[[Word, Word], Word] = _intrinsic(
    types.uint64, [types.uint64, types.uint64], _emit_high_product
)
"""The upper half of the 128 bits of a product."""

trailing_zeros: Callable[[Word], int] = _intrinsic(
    types.int64, [types.uint64], _emit_trailing_zeros
)
"""How many zero bits there are below the lowest one; 64 for zero."""

leading_zeros: Callable[[Word], int] = _intrinsic(types.int64, [types.uint64], _emit_leading_zeros)
"""How many zero bits there are above the highest one; 64 for zero."""
