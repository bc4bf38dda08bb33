"""Functions of numbers over columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from eventer.jsonnet.values import Array, force
from eventer.plan.graph import Type
from eventer.plan.symbols import Symbol, SymbolicList, type_name_of
from eventer.plan.trace.integer_bounds import EXACT, bounds_of, is_integer
from eventer.plan.trace.std.fallback_calls import compute_per_distinct_value
from eventer.plan.trace.std.traced_call import TracedCall, traced_rule
from eventer.plan.unsupported import PlanUnsupportedError

_UNARY: Final = {name: name for name in ("abs", "floor", "ceil", "round", "sign", "sqrt")}
_BINARY: Final = {"max": "maximum", "min": "minimum"}


def _numbers(call: TracedCall, operation: str, name: str) -> Any:
    tracer = call.tracer

    def vector(values: Sequence[Any]) -> Any:
        if any(type_name_of(value) != "number" for value in values):
            return compute_per_distinct_value(call, values, Type.NUMBER)
        if name in _KEEPS_INTEGER and all(is_integer(value) for value in values):
            return _integer(call, operation, name, values)
        typed = [tracer.typed(value, Type.NUMBER) for value in values]
        return tracer.compute(operation, typed, Type.NUMBER)

    return tracer.scalar(call.arguments, call.plain, vector, call.place)


_KEEPS_INTEGER: Final = {"floor", "ceil", "round", "max", "min"}
"""Not `abs`: in the language |0| is -0."""


def _integer(call: TracedCall, operation: str, name: str, values: Sequence[Any]) -> Any:
    tracer = call.tracer
    typed = [tracer.typed(value, Type.INTEGER) for value in values]
    if name in {"floor", "ceil", "round"}:
        return typed[0]
    given = [int(value) if isinstance(value, float) else value for value in typed]
    ends = [bounds_of(value) for value in values]
    bounds = None
    if all(ends):
        pick = max if name == "max" else min
        bounds = pick(e[0] for e in ends if e), pick(e[1] for e in ends if e)
    return tracer.compute("integer_" + operation, given, Type.INTEGER, bounds=bounds)


def _declare() -> None:
    for name, operation in (_UNARY | _BINARY).items():
        traced_rule(name)(lambda call, o=operation, n=name: _numbers(call, o, n))  # type: ignore[misc]


_declare()


@traced_rule("clamp")
def clamp(call: TracedCall) -> Any:
    """`clamp(x, low, high)`; `high` is ignored in rows with `x` below `low`."""
    value, low, high = call.arguments
    high = force(high)
    tracer, operators = call.tracer, call.compiler.operators
    below = operators.ordered("<", value, low)
    above = operators.ordered(">", value, high)

    def bounded() -> Any:
        return tracer.choose(above, lambda: high, lambda: value)

    return tracer.choose(below, lambda: low, bounded)


@traced_rule("mod")
def mod(call: TracedCall) -> Any:
    """The remainder of numbers, or a formatted text."""
    left, right = call.arguments
    if type_name_of(left) == "string":
        return call.compiler.std_function("format").invoke(
            call.context, call.steps, [left, right], call.place
        )
    return call.compiler.operators.arithmetic("%", left, right)


@traced_rule("sum", nested=True)
def total(call: TracedCall) -> Any:
    """The sum of numbers, from the first element to the last."""
    (values,) = call.arguments
    if isinstance(values, Array):
        result: Any = 0.0
        for item in values:
            if type_name_of(item) != "number":
                raise PlanUnsupportedError("std.sum gets values that may not be numbers")
            result = call.compiler.operators.add(result, item, ())
        return result
    return list_number(call, values, "list_sum")


def list_number(call: TracedCall, values: Any, operation: str) -> Any:
    """A reduction of lists of numbers."""
    from eventer.plan.trace.std.list_functions import column_of, grouped

    if not isinstance(values, SymbolicList):
        raise PlanUnsupportedError("a list of numbers is required", call.place)
    items = column_of(call, values, "number")
    if isinstance(items, Symbol) and items.node.type is Type.INTEGER:
        whole = _integer_sum(values, items)
        if operation == "list_sum" and whole is not None:
            return grouped(call, values, "integer_list_sum", Type.INTEGER, bounds=whole)
    return grouped(call, values, operation, Type.NUMBER)


def _integer_sum(values: SymbolicList, items: Symbol) -> tuple[int, int] | None:
    ends, most = items.node.bounds, values.lengths.bounds
    if ends is None or most is None:
        return None
    low, high = min(ends[0] * most[1], 0), max(ends[1] * most[1], 0)
    return (low, high) if low > -EXACT and high < EXACT else None
