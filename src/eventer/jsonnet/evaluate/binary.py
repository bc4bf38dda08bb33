"""Rules for binary operators; the left operand is evaluated first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.source import Span
from eventer.jsonnet.arithmetic import ARITHMETIC, modulo
from eventer.jsonnet.evaluate.scope import Scope
from eventer.jsonnet.nodes import Binary
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.operators import describe
from eventer.jsonnet.values import Code, Frame, Value

if TYPE_CHECKING:
    from eventer.jsonnet.evaluate.compiler import Compiler

_SHORT: Final = 4_096
"""Shorter strings are compared without a charge."""

_ORDER: Final[dict[str, Callable[[int], bool]]] = {
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}


def binary(compiler: Compiler, node: Binary, scope: Scope) -> Code:
    """`left operator right`."""
    operator, span = node.operator, node.span
    if operator == "+":
        compiler.draw_key_uses += 1
    left, right = compiler.code(node.left, scope), compiler.code(node.right, scope)
    if operator == "+":
        return _add(compiler, left, right, span)
    if operator in {"==", "!="}:
        return _equal(compiler, left, right, span, same=operator == "==")
    if operator in _ORDER:
        return _ordered(compiler, left, right, span, _ORDER[operator])
    if operator in {"&&", "||"}:
        return _logic(left, right, node, stop=operator == "||")
    if operator == "in":
        return _contains(left, right, span)
    if operator == "%":
        return _remainder(compiler, left, right, span)
    return _arithmetic(left, right, node, ARITHMETIC[operator])


def _add(compiler: Compiler, left: Code, right: Code, span: Span) -> Code:
    add = compiler.runtime.operators.add

    def compute(frame: Frame) -> Value:
        first, second = left(frame), right(frame)
        try:
            return add(first, second, frame[1].elements)
        except TemplateError as error:
            error.at(span)
            raise

    return compute


def _equal(compiler: Compiler, left: Code, right: Code, span: Span, *, same: bool) -> Code:
    equals = compiler.runtime.operators.equals

    def compute(frame: Frame) -> Value:
        first: Any = left(frame)
        second: Any = right(frame)
        if first.__class__ is str and second.__class__ is str and len(first) < _SHORT:
            return (first == second) is same
        try:
            return equals(first, second) is same
        except TemplateError as error:
            error.at(span)
            raise

    return compute


def _ordered(
    compiler: Compiler, left: Code, right: Code, span: Span, test: Callable[[int], bool]
) -> Code:
    compare = compiler.runtime.operators.compare

    def compute(frame: Frame) -> Value:
        first, second = left(frame), right(frame)
        try:
            return test(compare(first, second))
        except TemplateError as error:
            error.at(span)
            raise

    return compute


def _logic(left: Code, right: Code, node: Binary, *, stop: bool) -> Code:
    """`&&` and `||`: the right side is evaluated only if the left does not decide."""

    def compute(frame: Frame) -> Value:
        first: Any = left(frame)
        if first is stop:
            return first
        if first is not (not stop):
            raise _no_truth(node.operator, "left", first, node.left.span)
        second = right(frame)
        if second is True or second is False:
            return second
        raise _no_truth(node.operator, "right", second, node.right.span)

    return compute


def _no_truth(operator: str, side: str, value: Value, span: Span) -> EvaluationError:
    message = f"the {side} side of `{operator}` must be true or false, not {describe(value)}"
    return EvaluationError(message, span)


def _contains(left: Code, right: Code, span: Span) -> Code:
    def compute(frame: Frame) -> Value:
        name, value = left(frame), right(frame)
        if not isinstance(value, Object):
            message = f"the right side of `in` must be an object, not {describe(value)}"
            hint = "use std.member(…) for arrays and strings"
            raise EvaluationError(message, span, hint=hint)
        if not isinstance(name, str):
            message = f"the left side of `in` must be a string, not {describe(name)}"
            raise EvaluationError(message, span)
        return value.has(name)

    return compute


def _remainder(compiler: Compiler, left: Code, right: Code, span: Span) -> Code:
    """`%`: the remainder of numbers, or `std.format` if the left side is text."""
    text = compiler.std_function("format")

    def compute(frame: Frame) -> Value:
        first, second = left(frame), right(frame)
        try:
            if first.__class__ is float and second.__class__ is float:
                return modulo(first, second)
            if first.__class__ is str:
                return text.invoke(frame[1], (0,), [first, second], span)
            raise EvaluationError(
                f"cannot compute {describe(first)} % {describe(second)}",
                hint="`%` needs two numbers, or a format string on the left",
            )
        except TemplateError as error:
            error.at(span)
            raise

    return compute


def _arithmetic(
    left: Code, right: Code, node: Binary, operation: Callable[[float, float], float]
) -> Code:
    operator, span = node.operator, node.span

    def compute(frame: Frame) -> Value:
        first, second = left(frame), right(frame)
        if first.__class__ is not float or second.__class__ is not float:
            message = f"`{operator}` needs numbers, not {describe(first)} and {describe(second)}"
            raise EvaluationError(message, span)
        try:
            return operation(first, second)
        except TemplateError as error:
            error.at(span)
            raise

    return compute
