"""Arithmetic, comparison and rounding of number columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from eventer.plan.ops.operation import Operation, operation

if TYPE_CHECKING:
    from eventer.plan.execution import Execution
    from eventer.plan.graph import Node

Numbers = NDArray[Any]


def finite(run: Execution, node: Node, values: Any) -> Any:
    """The values; rows that are not finite raise and get 0."""
    wrong = ~np.isfinite(values)
    if wrong.any():
        run.raise_rows(node.domain, wrong)
        values[wrong] = 0.0
    return values


def full(run: Execution, node: Node, value: Any, kind: Any) -> Any:
    """An argument as an array of the node's rows."""
    if isinstance(value, np.ndarray):
        return value
    return np.full(run.size(node.domain), value, dtype=kind)


def _checked(compute: Callable[[Any, Any], Any]) -> Operation:
    def run_it(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
        with np.errstate(all="ignore"):
            return finite(run, node, compute(*arguments))

    return run_it


def _by_nonzero(compute: Callable[[Any, Any], Any]) -> Operation:
    def run_it(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
        left, right = arguments
        right = full(run, node, right, np.float64)
        zero = right == 0.0
        if zero.any():
            run.raise_rows(node.domain, zero)
            right = np.where(zero, 1.0, right)
        with np.errstate(all="ignore"):
            return finite(run, node, compute(left, right))

    return run_it


_CHECKED: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
}
_PLAIN: Final[dict[str, Callable[..., Any]]] = {
    "integer_add": np.add,
    "integer_subtract": np.subtract,
    "integer_multiply": np.multiply,
    "negate": np.negative,
    "not": np.logical_not,
    "equal": np.equal,
    "less": np.less,
    "greater": np.greater,
    "less_equal": np.less_equal,
    "greater_equal": np.greater_equal,
    # The sign of zero is that of the language.
    "abs": lambda x: np.where(x > 0.0, x, -x),
    "floor": lambda x: np.copysign(np.floor(x), x),
    "ceil": lambda x: np.copysign(np.ceil(x), x),
    "sign": lambda x: (x > 0.0).astype(np.float64) - (x < 0.0),
    "maximum": lambda a, b: np.where(np.greater(a, b), a, b),
    "minimum": lambda a, b: np.where(np.less(a, b), a, b),
    "integer_maximum": np.maximum,
    "integer_minimum": np.minimum,
    "number": lambda x: x.astype(np.float64),
}


def _simple(compute: Callable[..., Any]) -> Operation:
    return lambda _run, _node, arguments: compute(*arguments)


for _name, _compute in _CHECKED.items():
    operation(_name, raises=True)(_checked(_compute))
for _name, _compute in _PLAIN.items():
    operation(_name)(_simple(_compute))
operation("divide", raises=True)(_by_nonzero(np.divide))
operation("remainder", raises=True)(_by_nonzero(np.fmod))


@operation("round")
def rounded(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """To the nearest integer, halves away from zero."""
    (values,) = arguments
    whole = np.trunc(values)
    away = np.abs(values - whole) >= 0.5
    return np.copysign(whole + np.where(away, np.sign(values), 0.0), values)


@operation("sqrt", raises=True)
def square_root(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Rows below zero raise."""
    with np.errstate(invalid="ignore"):
        return finite(run, node, np.sqrt(arguments[0]))


@operation("is_position")
def is_position(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """Whether a number without its fraction is a position of a list."""
    number, length = arguments
    whole = np.trunc(number)
    return (whole >= 0) & (whole < length)


@operation("checked_integer", raises=True)
def checked_integer(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Numbers that must be exact integers and not negative zero."""
    values = full(run, node, arguments[0], np.float64)
    wrong = (np.trunc(values) != values) | (np.abs(values) >= 2.0**53)
    wrong |= (values == 0) & np.signbit(values)
    if wrong.any():
        run.raise_rows(node.domain, wrong)
        values = np.where(wrong, 0.0, values)
    return values.astype(np.int64)
