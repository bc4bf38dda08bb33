"""Arithmetic on doubles, with the errors of the language instead of infinities and NaN."""

from __future__ import annotations

from collections.abc import Callable
from math import fmod, isnan
from typing import Final

from eventer.core.errors import EvaluationError

SAFE: Final = float((1 << 53) - 1)
"""The largest operand of a bitwise operator: every whole number up to it is exact."""

_INT64_MIN: Final = -(1 << 63)
_WORD: Final = 1 << 64


def finite(value: float) -> float:
    """The value, if it is finite.

    Raises:
        EvaluationError: it is infinite or not a number.
    """
    if value - value == 0.0:
        return value
    if isnan(value):
        raise EvaluationError("the result is not a number")
    raise EvaluationError("overflow: the result is too large for a number")


def divide(left: float, right: float) -> float:
    """`left / right`."""
    if right == 0.0:
        raise EvaluationError("division by zero")
    return finite(left / right)


def modulo(left: float, right: float) -> float:
    """`left % right`: the remainder has the sign of the left, as in C."""
    if right == 0.0:
        raise EvaluationError("division by zero: the right side of % is 0")
    return finite(fmod(left, right))


def _whole(value: float) -> int:
    if -SAFE <= value <= SAFE:
        return int(value)
    raise EvaluationError(f"bitwise operators need whole numbers up to 2^53-1, not {value:g}")


def _signed(word: int) -> float:
    word %= _WORD
    return float(word if word < -_INT64_MIN else word - _WORD)


def shift_left(left: float, right: float) -> float:
    """`left << right` on 64-bit words; the count wraps at 64."""
    whole, count = _whole(left), _count(right)
    return _signed(whole << count)


def shift_right(left: float, right: float) -> float:
    """`left >> right`, keeping the sign; the count wraps at 64."""
    whole, count = _whole(left), _count(right)
    return float(whole >> count)


def _count(value: float) -> int:
    count = _whole(value)
    if value < 0.0:
        raise EvaluationError(f"cannot shift by {value:g}: the count is negative")
    return count % 64


def bit_and(left: float, right: float) -> float:
    """`left & right`."""
    return float(_whole(left) & _whole(right))


def bit_or(left: float, right: float) -> float:
    """`left | right`."""
    return float(_whole(left) | _whole(right))


def bit_xor(left: float, right: float) -> float:
    """`left ^ right`."""
    return float(_whole(left) ^ _whole(right))


def bit_not(value: float) -> float:
    """`~value`; a value outside 64 bits counts as the smallest 64-bit integer."""
    whole = int(value)
    return float(~(whole if _INT64_MIN <= whole < -_INT64_MIN else _INT64_MIN))


ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "-": lambda left, right: finite(left - right),
    "*": lambda left, right: finite(left * right),
    "/": divide,
    "<<": shift_left,
    ">>": shift_right,
    "&": bit_and,
    "|": bit_or,
    "^": bit_xor,
}
"""Operators that take only numbers."""
