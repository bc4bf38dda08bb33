"""Traced rules for array comprehensions: arrays by element, lists all at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, Final, TypeAlias, cast

from eventer.core.errors import EvaluationError
from eventer.jsonnet.context import Context
from eventer.jsonnet.evaluate.compiler import Compiler
from eventer.jsonnet.evaluate.comprehensions import ComprehensionScope
from eventer.jsonnet.evaluate.scope import Scope
from eventer.jsonnet.nodes import ArrayComp, CompSpec, ForSpec, IfSpec
from eventer.jsonnet.operators import describe
from eventer.jsonnet.values import Array, Code, Frame
from eventer.plan.ops.rows import MAX_LIST
from eventer.plan.symbols import Choice, Symbol, Symbolic, SymbolicList, type_name_of
from eventer.plan.trace.dictionaries import split_by_entry
from eventer.plan.trace.list_building import concatenated, list_of, new_list, present_list
from eventer.plan.trace.plain_values import NotPlainError
from eventer.plan.trace.row_views import element_context, lift_list, position_in
from eventer.plan.trace.traced_compiler import TracedCompiler
from eventer.plan.trace.traced_expressions import located
from eventer.plan.trace.tracer import NO_CHOICE, Tracer
from eventer.plan.unsupported import PlanUnsupportedError

MAX_UNROLLED: Final = 64
"""Elements of a loop over consecutive numbers that have columns of their own."""

Then: TypeAlias = Callable[[Frame], Any]


def array_comp(compiler: Compiler, node: ArrayComp, scope: Scope) -> Code:
    """`[body for … if …]`: an array, or a list if its length differs between rows."""
    traced = cast("TracedCompiler", compiler)
    inner = ComprehensionScope(compiler, scope)
    stages = [_stage(traced, spec, inner) for spec in node.specs]
    body = compiler.operand(node.body, inner.scope)
    inner.close()

    def make(frame: Frame) -> Any:
        return _run(traced, stages, 0, frame, body)

    return located(make, node.span)


Stage: TypeAlias = Callable[[Frame, Then], Any]
"""Concatenates the results of `then` for the frames of elements."""


def _run(
    compiler: TracedCompiler, stages: list[Stage], number: int, frame: Frame, body: Code
) -> Any:
    if number == len(stages):
        return Array([body(frame)])
    return stages[number](frame, lambda inner: _run(compiler, stages, number + 1, inner, body))


def _stage(compiler: TracedCompiler, spec: CompSpec, inner: ComprehensionScope) -> Stage:
    if isinstance(spec, ForSpec):
        return _for(compiler, spec, inner)
    return _if(compiler, spec, inner)


def _if(compiler: TracedCompiler, spec: IfSpec, inner: ComprehensionScope) -> Stage:
    condition, tracer = compiler.code(spec.condition, inner.scope), compiler.tracer

    def stage(frame: Frame, then: Then) -> Any:
        return filter_rows(tracer, condition(frame), lambda: then(frame))

    return stage


def filter_rows(tracer: Tracer, condition: Any, then: Callable[[], Any]) -> Any:
    """The result of `then` in rows with a condition, and an empty array in the others."""
    holds = tracer.simplified(condition)
    kind = type_name_of(holds)
    if not isinstance(holds, Symbol | bool) or kind != "boolean":
        if isinstance(holds, Symbolic) and kind is None:
            raise PlanUnsupportedError("the condition of a comprehension is not a plain boolean")
        raise EvaluationError(f"`if` needs a boolean, not {describe(holds)}")
    return tracer.choose(holds, then, lambda: Array([]))


def _for(compiler: TracedCompiler, spec: ForSpec, inner: ComprehensionScope) -> Stage:
    source, pad = inner.enter_loop(spec)
    span = spec.source.span

    def stage(frame: Frame, then: Then) -> Any:
        def each(context: Context, item: Any) -> Any:
            return then([frame, context, item, *pad])

        value = located(source, span)(frame)
        return concatenate_elements(compiler, value, frame[1], (spec.site,), each)

    return stage


def concatenate_elements(
    compiler: TracedCompiler,
    source: Any,
    context: Context,
    steps: tuple[int, ...],
    each: Callable[[Context, Any], Any],
) -> Any:
    """The concatenation of the arrays or lists that `each` returns for every element.

    `each` gets the context of the element, H(context, *steps, i), and the element.
    """
    tracer = compiler.tracer
    source = tracer.simplified(source)
    if isinstance(source, Choice):
        return tracer.distribute(
            source, lambda side: concatenate_elements(compiler, side, context, steps, each)
        )
    if isinstance(source, SymbolicList):
        return _over_list(compiler, source, context, steps, each)
    if isinstance(source, Symbol) and type_name_of(source) == "array" and source.node.entries:
        return split_by_entry(
            tracer,
            source,
            lambda one: concatenate_elements(compiler, one, context, steps, each),
            None,
        )
    if not isinstance(source, Array):
        if isinstance(source, Symbolic):
            raise PlanUnsupportedError("a loop over an array that is chosen at random")
        raise EvaluationError(f"`for` needs an array, not {describe(source)}")
    if (listed := _listed(compiler, source, context, steps, each)) is not None:
        return listed
    compiler.runtime.meter.charge_elements(len(source.items))
    parts = [
        each(context.element_context((*steps, number)), item)
        for number, item in enumerate(source.items)
    ]
    return concatenate_parts(tracer, parts)


def _listed(
    compiler: TracedCompiler,
    source: Array,
    context: Context,
    steps: tuple[int, ...],
    each: Callable[[Context, Any], Any],
) -> Any:
    """The result of a long loop over consecutive numbers as a list; None for other loops.

    A list has one column for all elements. An array has one for each, of which every batch pays the
    fixed cost. Constant elements cost nothing as an array.
    """
    tracer, length = compiler.tracer, len(source.items)
    if tracer.unrolls_loops or not MAX_UNROLLED < length <= MAX_LIST:
        return None
    first = _first_of_consecutive(source)
    if first is None or _is_constant(tracer, each(context.element_context((*steps, 0)), first)):
        return None
    tracer.has_listed_loops = True
    operators = compiler.operators
    numbers = new_list(tracer, float(length), lambda number: operators.add(number, first, ()))
    return _over_list(compiler, numbers, context, steps, each)


def _first_of_consecutive(source: Array) -> float | None:
    """The first of elements that are consecutive whole numbers; None for other elements."""
    items = source.items
    first = items[0]
    if not isinstance(first, float) or not first.is_integer():
        return None
    found = enumerate(items)
    return first if all(type(x) is float and x == first + n for n, x in found) else None


def _is_constant(tracer: Tracer, value: Any) -> bool:
    """Whether a value is the same in all rows. One that cannot be evaluated counts as constant."""
    try:
        tracer.plain.require_plain(value)
    except NotPlainError:
        return False
    except EvaluationError:
        return True
    return True


def concatenate_parts(tracer: Tracer, parts: list[Any]) -> Any:
    """The concatenation of arrays and lists."""
    if len(parts) == 1:
        return parts[0]
    items: list[Any] = []
    for part in parts:
        value = tracer.simplified(part)
        if not isinstance(value, Array):
            return _joined_optional(tracer, parts)
        items += value.items
    return Array(items)


def _joined_optional(tracer: Tracer, parts: list[Any]) -> Any:
    """The concatenation of lists, or of arrays that some rows do not have."""
    if any(isinstance(tracer.simplified(part), SymbolicList) for part in parts):
        return reduce(lambda one, other: add_lists(tracer, one, other), parts)
    return present_list(tracer, parts)


def add_lists(tracer: Tracer, one: Any, other: Any) -> Any:
    """`one + other` of arrays and lists."""
    one, other = tracer.simplified(one), tracer.simplified(other)
    choice = tracer.distributed([one, other], lambda sides: add_lists(tracer, *sides))
    if choice is not NO_CHOICE:
        return choice
    if not isinstance(one, Array | SymbolicList) or not isinstance(other, Array | SymbolicList):
        raise PlanUnsupportedError("concatenation of arrays with values that may not be arrays")
    if isinstance(one, Array) and isinstance(other, Array):
        return Array(one.items + other.items)
    return concatenated(tracer, one, other)


def _over_list(
    compiler: TracedCompiler,
    source: SymbolicList,
    context: Context,
    steps: tuple[int, ...],
    each: Callable[[Context, Any], Any],
) -> Any:
    tracer = compiler.tracer
    source = lift_list(tracer, source)
    with tracer.inside(source.elements):
        position = position_in(tracer, source)
        inner = each(element_context(tracer, context, steps, position), source.item)
        inner = tracer.simplified(inner)
    return list_of(tracer, source, inner)
