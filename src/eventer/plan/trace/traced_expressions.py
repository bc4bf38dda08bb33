"""Traced rules for operators, conditions, indexing and errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.source import Span
from eventer.jsonnet.arithmetic import bit_not
from eventer.jsonnet.evaluate import calls
from eventer.jsonnet.evaluate.compiler import Compiler
from eventer.jsonnet.evaluate.scope import Scope
from eventer.jsonnet.nodes import Apply, Binary, Error, If, Index, Unary
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.operators import describe
from eventer.jsonnet.values import Code, Frame
from eventer.plan.graph import Type
from eventer.plan.symbols import Choice, Symbol, Symbolic, type_name_of
from eventer.plan.trace.indexing import item
from eventer.plan.trace.traced_compiler import TracedCompiler
from eventer.plan.unsupported import PlanUnsupportedError

_ORDER: Final = {"<", ">", "<=", ">="}


def located(compute: Callable[[Frame], Any], span: Span) -> Code:
    """Code whose errors get the place `span`."""

    def run(frame: Frame) -> Any:
        try:
            return compute(frame)
        except TemplateError as error:
            error.at(span)
            raise
        except PlanUnsupportedError as unsupported:
            unsupported.at(span)
            raise

    return run


def application(compiler: Compiler, node: Apply, scope: Scope) -> Code:
    """`function(arguments)`: the interpreter's rule, with a place for errors of the plan."""
    return located(calls.apply(compiler, node, scope), node.span)


# -- conditions ------------------------------------------------------------------------------------


def condition(compiler: Compiler, node: If, scope: Scope) -> Code:
    """`if condition then … else …`: each side is evaluated for its own rows."""
    assert node.otherwise is not None
    test = compiler.code(node.condition, scope)
    then, otherwise = compiler.code(node.then, scope), compiler.code(node.otherwise, scope)
    choose, span = _chooser(compiler), node.condition.span
    return located(
        lambda frame: choose(test(frame), lambda: then(frame), lambda: otherwise(frame)), span
    )


def _chooser(compiler: Compiler) -> Callable[[Any, Callable[[], Any], Callable[[], Any]], Any]:
    tracer = cast("TracedCompiler", compiler).tracer

    def choose(test: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
        holds = tracer.simplified(test)
        if isinstance(holds, bool):
            return tracer.choose(holds, then, otherwise)
        if isinstance(holds, Choice):
            return tracer.distribute(holds, lambda side: choose(side, then, otherwise))
        if isinstance(holds, Symbol) and holds.node.type in {Type.BOOLEAN, Type.DICTIONARY}:
            return tracer.choose(holds, then, otherwise)
        if isinstance(holds, Symbol) and holds.node.type is Type.VALUE:
            raise PlanUnsupportedError("a condition may not be a boolean")
        raise EvaluationError("a condition must be a boolean")

    return choose


def error(compiler: Compiler, node: Error, scope: Scope) -> Code:
    """`error message`: these rows raise."""
    compiler.code(node.message, scope)

    def fail(_frame: Frame) -> Any:
        raise EvaluationError("the template raises an error here", node.span)

    return fail


# -- operators -------------------------------------------------------------------------------------


def unary(compiler: Compiler, node: Unary, scope: Scope) -> Code:
    """`+ - ! ~`."""
    operand = compiler.code(node.operand, scope)
    tracer, operator = cast("TracedCompiler", compiler).tracer, node.operator

    def plain(value: Any) -> Any:
        if operator == "!":
            if value is True or value is False:
                return not value
        elif isinstance(value, float):
            return {"-": -value, "+": value}[operator] if operator != "~" else bit_not(value)
        raise EvaluationError(f"unary `{operator}` does not accept {describe(value)}")

    def vector(values: Sequence[Any]) -> Any:
        (value,) = values
        target, operation = _UNARY[operator]
        kind = type_name_of(value)
        if kind is None:
            raise PlanUnsupportedError(
                f"the operand of `{operator}` differs in type between events"
            )
        if kind != ("boolean" if target is Type.BOOLEAN else "number"):
            raise EvaluationError(f"unary `{operator}` does not accept a {kind}")
        typed = tracer.typed(value, target)
        if operation is None:
            return typed
        extra = (bit_not,) if operation == "each" else ()
        return tracer.compute(operation, [typed], target, parameters=extra, label=operator)

    return located(lambda frame: tracer.scalar([operand(frame)], plain, vector), node.span)


_UNARY: Final = {
    "!": (Type.BOOLEAN, "not"),
    "-": (Type.NUMBER, "negate"),
    "+": (Type.NUMBER, None),
    "~": (Type.NUMBER, "each"),
}


def binary(compiler: Compiler, node: Binary, scope: Scope) -> Code:
    """`left operator right`."""
    operator = node.operator
    if operator == "+":
        compiler.draw_key_uses += 1
    left, right = compiler.code(node.left, scope), compiler.code(node.right, scope)
    if operator in {"&&", "||"}:
        return located(_logic(compiler, left, right, operator), node.span)
    combine = _combiner(compiler, node)
    return located(lambda frame: combine(frame, left(frame), right(frame)), node.span)


def _combiner(compiler: Compiler, node: Binary) -> Callable[[Frame, Any, Any], Any]:
    traced, operator, span = cast("TracedCompiler", compiler), node.operator, node.span
    operators = traced.operators
    if operator == "+":
        return lambda frame, one, other: operators.add(one, other, frame[1].elements)
    if operator == "==":
        return lambda _, one, other: operators.equals(one, other)
    if operator == "!=":
        return lambda _, one, other: negated(traced, operators.equals(one, other))
    if operator in _ORDER:
        return lambda _, one, other: operators.ordered(operator, one, other)
    if operator == "in":
        return lambda _, one, other: contains(traced, one, other)
    if operator == "%":
        return lambda frame, one, other: _remainder(traced, frame, one, other, span)
    return lambda _, one, other: operators.arithmetic(operator, one, other)


def negated(compiler: TracedCompiler, value: Any) -> Any:
    """`!value` of a boolean."""
    tracer = compiler.tracer

    def vector(values: Sequence[Any]) -> Any:
        return tracer.compute("not", values, Type.BOOLEAN)

    return tracer.scalar([value], lambda each: not each, vector)


def _logic(compiler: Compiler, left: Code, right: Code, operator: str) -> Code:
    choose = _chooser(compiler)
    tracer = cast("TracedCompiler", compiler).tracer

    def second(frame: Frame) -> Any:
        value = tracer.simplified(right(frame))
        if isinstance(value, bool) or type_name_of(value) == "boolean":
            return value
        if isinstance(value, Symbolic) and type_name_of(value) is None:
            raise PlanUnsupportedError(f"the right side of `{operator}` may not be a boolean")
        raise EvaluationError(f"the right side of `{operator}` must be a boolean")

    def compute(frame: Frame) -> Any:
        if operator == "&&":
            return choose(left(frame), lambda: second(frame), lambda: False)
        return choose(left(frame), lambda: True, lambda: second(frame))

    return compute


def contains(compiler: TracedCompiler, name: Any, value: Any) -> Any:
    """`name in value`."""
    tracer = compiler.tracer
    name, value = tracer.simplified(name), tracer.simplified(value)
    if isinstance(value, Choice):
        return tracer.distribute(value, lambda side: contains(compiler, name, side))
    if isinstance(name, Symbol):
        return tracer.scalar([name], lambda each: contains(compiler, each, value), _refuse_names)
    if not isinstance(value, Object) or not isinstance(name, str):
        if isinstance(value, Symbolic) or isinstance(name, Symbolic):
            raise PlanUnsupportedError("`in` tests a value whose type differs between events")
        raise EvaluationError("`in` needs a string and an object")
    return value.has(name)


def _refuse_names(_values: Sequence[Any]) -> Any:
    raise PlanUnsupportedError("a field is accessed by a name that differs between events")


def _remainder(compiler: TracedCompiler, frame: Frame, left: Any, right: Any, span: Span) -> Any:
    tracer = compiler.tracer
    left = tracer.simplified(left)
    if isinstance(left, Choice):
        return tracer.distribute(left, lambda side: _remainder(compiler, frame, side, right, span))
    if type_name_of(left) == "string":
        return compiler.std_function("format").invoke(frame[1], (0,), [left, right], span)
    return compiler.operators.arithmetic("%", left, right)


def index(compiler: Compiler, node: Index, scope: Scope) -> Code:
    """`target.name`, `target[index]`."""
    target, key = compiler.code(node.target, scope), compiler.code(node.index, scope)
    tracer = cast("TracedCompiler", compiler).tracer
    return located(lambda frame: item(tracer, target(frame), key(frame)), node.span)
