"""Functions of arrays whose lengths or elements differ between rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.jsonnet.evaluate.closures import NO_NAMED_ARGUMENTS
from eventer.jsonnet.std.arguments import ABSENT, IDENTITY
from eventer.jsonnet.values import Array, Function, force
from eventer.plan.graph import Type
from eventer.plan.symbols import Symbol, Symbolic, SymbolicList, type_name_of
from eventer.plan.trace.chosen_objects import object_of_choice
from eventer.plan.trace.integer_bounds import is_integer
from eventer.plan.trace.list_building import new_list
from eventer.plan.trace.row_views import delayed, element_context, lift_list, nth, position_in
from eventer.plan.trace.std.fallback_calls import compute_per_distinct_value
from eventer.plan.trace.std.traced_call import TracedCall, traced_rule
from eventer.plan.unsupported import PlanUnsupportedError

MAX_FOLDED: Final = 128
"""The longest list that a fold unrolls."""


def column_of(call: TracedCall, values: SymbolicList, kind: str) -> Any:
    """The elements of a list as scalars of one type, in the domain of the elements."""
    tracer = call.tracer
    with tracer.inside(values.elements):
        item = tracer.simplified(force(values.item))
        if type_name_of(item) != kind:
            raise PlanUnsupportedError(f"the elements of a list may not all be {kind}")
    return item


def _function(value: Any) -> Function:
    if not isinstance(value, Function):
        raise EvaluationError("a function is needed")
    return value


def _integer(call: TracedCall, value: Any) -> Any:
    if type_name_of(value) != "number":
        raise PlanUnsupportedError("a length or position may not be a number", call.place)
    return value if is_integer(value) else call.tracer.integer(value)


# -- new lists -------------------------------------------------------------------------------------


@traced_rule("range")
def range_of(call: TracedCall) -> Any:
    """The integers between two integers."""
    first, last = (_integer(call, value) for value in call.arguments)
    operators = call.compiler.operators
    length = operators.add(operators.arithmetic("-", last, first), 1.0, ())
    return new_list(call.tracer, length, lambda number: operators.add(number, first, ()))


@traced_rule("makeArray")
def make_array(call: TracedCall) -> Any:
    """The results of a function of positions."""
    size, func = call.arguments
    if not isinstance(size, Symbol):
        return call.plain(size, func)
    make, tracer = _function(func), call.tracer

    def item(number: Symbol) -> Any:
        context = element_context(tracer, call.context, (*call.steps, 1), number)
        given: list[Any] = [number]
        return make.enter(context, given, NO_NAMED_ARGUMENTS, call.place)

    return new_list(tracer, _integer(call, size), item)


# -- functions of elements -------------------------------------------------------------------------


@traced_rule("map", "mapWithIndex")
def map_of(call: TracedCall) -> Any:
    """The results of a function of elements, or of positions and elements."""
    func, values = call.arguments
    if isinstance(values, Array):
        return call.plain(func, values)
    if not isinstance(values, SymbolicList):
        raise PlanUnsupportedError("a map over a value that is chosen at random", call.place)
    return _mapped(call, _function(func), values)


def _mapped(call: TracedCall, change: Function, values: SymbolicList) -> Any:
    tracer = call.tracer
    values = lift_list(tracer, values)
    indexed = len(change.parameters) == 2
    with tracer.inside(values.elements):
        number = position_in(tracer, values)
        context = element_context(tracer, call.context, (*call.steps, 0), number)
        given: list[Any] = [number, values.item] if indexed else [values.item]
        item = delayed(tracer, lambda: change.enter(context, given, NO_NAMED_ARGUMENTS, call.place))
    return SymbolicList(values.domain, values.lengths, values.elements, item)


@traced_rule("filter", nested=True)
def filter_of(call: TracedCall) -> Any:
    """The elements for which a function is true."""
    from eventer.plan.trace.array_comprehensions import concatenate_elements, filter_rows

    test, values = call.arguments
    tracer, keep = call.tracer, _function(test)

    def each(context: Any, item: Any) -> Any:
        holds = keep.enter(context, [item], NO_NAMED_ARGUMENTS, call.place)
        return filter_rows(tracer, holds, lambda: Array([item]))

    return concatenate_elements(call.compiler, values, call.context, (*call.steps, 0), each)


@traced_rule("flatMap", "$flatMapArray", nested=True)
def flat_map(call: TracedCall) -> Any:
    """The concatenated results of a function of elements."""
    from eventer.plan.trace.array_comprehensions import concatenate_elements

    func, values = call.arguments
    make, tracer = _function(func), call.tracer

    def each(context: Any, item: Any) -> Any:
        result = tracer.simplified(make.enter(context, [item], NO_NAMED_ARGUMENTS, call.place))
        if not isinstance(result, Symbolic | Array):
            raise PlanUnsupportedError("std.flatMap returns values that may not be arrays")
        return result

    if not isinstance(values, SymbolicList | Array):
        raise PlanUnsupportedError("std.flatMap over a value that is chosen at random")
    return concatenate_elements(call.compiler, values, call.context, (*call.steps, 0), each)


# -- folds and reductions --------------------------------------------------------------------------


@traced_rule("foldl")
def fold(call: TracedCall) -> Any:
    """A fold from the first element on."""
    func, values, start = call.arguments
    if not isinstance(values, SymbolicList):
        if isinstance(values, Symbolic):
            raise PlanUnsupportedError("a fold over a value that is chosen at random", call.place)
        return call.plain(func, values, start)
    return _fold_left(call, _function(func), values, start)


def _fold_left(call: TracedCall, combine: Function, values: SymbolicList, start: Any) -> Any:
    tracer, longest = call.tracer, values.lengths.bounds
    if longest is None or longest[1] > MAX_FOLDED:
        raise PlanUnsupportedError(
            f"a fold over a list of possibly more than {MAX_FOLDED} elements"
        )
    size = tracer.list_length(values)
    result = start
    for number in range(longest[1]):
        present = call.compiler.operators.ordered("<", float(number), size)
        step = partial(_fold_step, call, combine, values, number, result)
        result = object_of_choice(tracer, tracer.choose(present, step, partial(_same, result)))
    return result


def _fold_step(
    call: TracedCall, combine: Function, values: SymbolicList, number: int, before: Any
) -> Any:
    """A step of a fold, for the rows whose lists have the element."""
    context = call.context.element_context((*call.steps, 0, number))
    item = nth(call.tracer, values, float(number))
    return combine.enter(context, [before, item], NO_NAMED_ARGUMENTS, call.place)


def _same(value: Any) -> Any:
    return value


@traced_rule("foldr")
def fold_right(call: TracedCall) -> Any:
    """A fold from the last element on."""
    raise PlanUnsupportedError(
        "std.foldr over a list whose length differs between events", call.place
    )


@traced_rule("any", nested=True)
def any_of(call: TracedCall) -> Any:
    """Whether some element is true."""
    return _truths(call, searched=True)


@traced_rule("all", nested=True)
def all_of(call: TracedCall) -> Any:
    """Whether every element is true."""
    return _truths(call, searched=False)


def _truths(call: TracedCall, *, searched: bool) -> Any:
    (values,) = call.arguments
    tracer = call.tracer
    if isinstance(values, SymbolicList):
        column_of(call, values, "boolean")
        return grouped(call, values, "list_any" if searched else "list_all", Type.BOOLEAN)
    if not isinstance(values, Array):
        raise PlanUnsupportedError("a loop over a value that is chosen at random")
    found: Any = not searched
    for item in reversed(values.items):
        found = _first(call, item, found, searched=searched)
    return tracer.simplified(found)


def _first(call: TracedCall, item: Any, rest: Any, *, searched: bool) -> Any:
    tracer = call.tracer
    value = tracer.simplified(force(item))
    if type_name_of(value) != "boolean":
        raise PlanUnsupportedError("std.any and std.all need arrays of booleans")
    if searched:
        return tracer.choose(value, lambda: True, lambda: rest)
    return tracer.choose(value, lambda: rest, lambda: False)


def grouped(
    call: TracedCall,
    values: SymbolicList,
    operation: str,
    result: Type,
    *,
    bounds: tuple[int, int] | None = None,
) -> Symbol:
    """A reduction of lists whose elements have the type of the result."""
    tracer = call.tracer
    with tracer.inside(values.elements):
        item = tracer.simplified(force(values.item))
        argument = tracer.argument(tracer.typed(item, result))
    node = tracer.graph.node(
        operation,
        (argument, values.lengths),
        values.domain,
        result,
        parameters=(values.elements,),
        bounds=bounds,
    )
    return Symbol(node)


@traced_rule("minArray", nested=True)
def min_array(call: TracedCall) -> Any:
    """The lowest element."""
    return _extreme(call, "min", "list_min")


@traced_rule("maxArray", nested=True)
def max_array(call: TracedCall) -> Any:
    """The highest element."""
    return _extreme(call, "max", "list_max")


def _extreme(call: TracedCall, name: str, operation: str) -> Any:
    values, key, empty = call.arguments
    if isinstance(values, SymbolicList) and not _given(key) and not _given(empty):
        column_of(call, values, "number")
        return grouped(call, values, operation, Type.NUMBER)
    if not isinstance(values, Array) or not values.items or _given(key):
        return call.plain(values, key, empty)
    items = [call.tracer.simplified(item) for item in values]
    if not all(type_name_of(item) == "number" for item in items):
        return call.plain(values, key, empty)
    result = items[0]
    for item in items[1:]:
        result = call.compiler.std_function(name).invoke(
            call.context,
            (0,),
            [item, result],
            call.place,  # the first of equal ones
        )
    return result


def _given(argument: Any) -> bool:
    return argument is not IDENTITY and argument is not ABSENT


@traced_rule("member", "contains", nested=True)
def contains_element(call: TracedCall) -> Any:
    """Whether an array has an element, or a text a part."""
    values, searched = call.arguments
    operators, tracer = call.compiler.operators, call.tracer
    if not isinstance(values, Array):
        if isinstance(values, SymbolicList):
            raise PlanUnsupportedError("a search in a list whose length differs between events")
        return tracer.scalar(call.arguments, call.plain, _text_member(call), call.place)
    found: Any = False
    for item in reversed(values.items):
        same = operators.equals(force(item), searched)
        found = tracer.choose(same, lambda: True, partial(_same, found))
    return found


def _text_member(call: TracedCall) -> Callable[[Any], Any]:
    return lambda values: compute_per_distinct_value(call, values, Type.BOOLEAN)
