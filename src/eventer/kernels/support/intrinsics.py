"""Machine instructions for kernels. Importing this module imports Numba.

They use addresses, because passing arrays between functions costs reference counting. Nothing is
checked: a block or a word must lie within its array, and the array must be alive. Words are
little-endian, as on all machines that Numba supports.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any, Final, TypeAlias

import numba  # noqa: F401  before its parts
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Word: TypeAlias = np.uint64

BLOCK: Final = 16
"""The bytes of `copy_block` and `escapes_in_block`."""
WIDE_BLOCK: Final = 32
"""The bytes of `copy_wide_block`."""

_BYTE: Final = ir.IntType(8)
_WORD: Final = ir.IntType(64)
_DOUBLE_WORD: Final = ir.IntType(128)
_WIDE: Final = ir.VectorType(_BYTE, WIDE_BLOCK)
_LANES: Final = ir.VectorType(_BYTE, BLOCK)
_ZERO_IS_DEFINED: Final = ir.Constant(ir.IntType(1), 0)


def _intrinsic(result: Any, parameters: list[Any], emit: Callable[..., Any]) -> Any:
    """A function for kernels whose code `emit(builder, *values)` generates.

    A parameter of type None takes any array; its value is the address of the array's data.
    """

    def define(_: Any, *given: Any) -> Any:
        accepted = [a if kind is None else kind for kind, a in zip(parameters, given, strict=True)]

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            values = [
                context.make_array(kind)(context, builder, arg).data if expected is None else arg
                for expected, kind, arg in zip(parameters, signature.args, args, strict=True)
            ]
            value = emit(builder, *values)
            return context.get_dummy_value() if result is types.void else value

        return result(*accepted), generate

    names = ["_", *(f"a{number}" for number in range(len(parameters)))]
    positional = Parameter.POSITIONAL_OR_KEYWORD
    # Numba needs the number of arguments, and would pass a tuple for `*given`.
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


def _emit_bitcast_to_word(builder: Any, number: Any) -> Any:
    return builder.bitcast(number, _WORD)


def _emit_bits_of_single(builder: Any, number: Any) -> Any:
    single = builder.fptrunc(number, ir.FloatType())
    return builder.zext(builder.bitcast(single, ir.IntType(32)), _WORD)


def _emit_bitcast_to_double(builder: Any, word: Any) -> Any:
    return builder.bitcast(word, ir.DoubleType())


def _emit_trailing_zeros(builder: Any, word: Any) -> Any:
    return builder.cttz(word, _ZERO_IS_DEFINED)


def _emit_leading_zeros(builder: Any, word: Any) -> Any:
    return builder.ctlz(word, _ZERO_IS_DEFINED)


address: Callable[[Bytes], int] = _intrinsic(types.int64, [None], _emit_address)
"""The address of the data of an array."""

copy_block: Callable[[int, int], None] = _intrinsic(
    types.void, [types.int64, types.int64], _emit_copy
)
"""Copies BLOCK bytes to the first address from the second; they may overlap."""

copy_wide_block: Callable[[int, int], None] = _intrinsic(
    types.void, [types.int64, types.int64], _emit_wide_copy
)
"""Copies WIDE_BLOCK bytes in the same way."""

escapes_in_block: Callable[[int], Word] = _intrinsic(types.uint64, [types.int64], _emit_escapes)
"""A bit for each of BLOCK bytes, set if JSON escapes that byte."""

load_byte: Callable[[int], int] = _intrinsic(types.int64, [types.int64], _emit_load_byte)
"""The byte at an address."""

load_word: Callable[[int], int] = _intrinsic(types.int64, [types.int64], _emit_load_word)
"""The eight bytes at an address as a signed number."""

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
"""The number of zero bits below the lowest one; 64 for zero."""

leading_zeros: Callable[[Word], int] = _intrinsic(types.int64, [types.uint64], _emit_leading_zeros)
"""The number of zero bits above the highest one; 64 for zero."""

word_of: Callable[[float], Word] = _intrinsic(types.uint64, [types.float64], _emit_bitcast_to_word)
"""The bits of a double."""

single_of: Callable[[float], Word] = _intrinsic(types.uint64, [types.float64], _emit_bits_of_single)
"""The bits of the nearest number of 32 bits; those of an infinity if it is too large."""

double_of: Callable[[Word], float] = _intrinsic(
    types.float64, [types.uint64], _emit_bitcast_to_double
)
"""The double with these bits."""
