"""Functions of text over columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.jsonnet.values import Array, force
from eventer.plan.graph import Node, Type
from eventer.plan.symbols import Symbol, Symbolic, SymbolicList, type_name_of
from eventer.plan.trace.std.fallback_calls import (
    call_per_distinct_value,
    compute_per_distinct_value,
)
from eventer.plan.trace.std.list_functions import column_of
from eventer.plan.trace.std.traced_call import TracedCall, traced_rule
from eventer.plan.unsupported import PlanUnsupportedError

_COLUMN_OPERATIONS: Final = {
    "length": ("text_length", Type.INTEGER),
    "asciiUpper": ("text_upper", Type.TEXT),
    "asciiLower": ("text_lower", Type.TEXT),
}


@traced_rule("length", "asciiUpper", "asciiLower")
def text_function(call: TracedCall) -> Any:
    """A function of a text; `std.length` also of lists."""
    (argument,) = call.arguments
    if isinstance(argument, SymbolicList) and call.name == "length":
        return call.tracer.list_length(argument)
    operation, result = _COLUMN_OPERATIONS[call.name]

    def vector(values: Sequence[Any]) -> Any:
        (value,) = values
        if type_name_of(value) != "string":
            raise PlanUnsupportedError(f"std.{call.name} gets values that may not be strings")
        bounds = (0, 1 << 20) if result is Type.INTEGER else None
        typed = call.tracer.typed(value, Type.TEXT)
        return call.tracer.compute(operation, [typed], result, bounds=bounds)

    return call.scalar(vector)


@traced_rule("toString")
def to_string(call: TracedCall) -> Any:
    """The text of a value."""
    return call.compiler.operators.to_string(call.arguments[0])


@traced_rule("id")
def itself(call: TracedCall) -> Any:
    """The argument itself."""
    return call.arguments[0]


@traced_rule("type")
def type_of(call: TracedCall) -> Any:
    """The type name of a value."""
    kind = type_name_of(call.arguments[0])
    return call.scalar(_refuse_types) if kind is None else kind


def _is(expected: str, call: TracedCall) -> Any:
    kind = type_name_of(call.arguments[0])
    return call.scalar(_refuse_types) if kind is None else kind == expected


def _refuse_types(_values: Any) -> Any:
    raise PlanUnsupportedError("the type of a value differs between events")


for _name in ("String", "Number", "Boolean", "Object", "Array", "Function"):
    traced_rule(f"is{_name}")(partial(_is, _name.lower()))


@traced_rule("equals", nested=True)
def equals(call: TracedCall) -> Any:
    """`==` as a function."""
    return call.compiler.operators.equals(*call.arguments)


@traced_rule("primitiveEquals")
def primitive_equals(call: TracedCall) -> Any:
    """`==` of values that are neither arrays nor objects."""

    def vector(values: Sequence[Any]) -> Any:
        kinds = {type_name_of(value) for value in values}
        if kinds in ({"array"}, {"object"}):
            raise EvaluationError("std.primitiveEquals: needs primitive values")
        return call.compiler.operators.equals(*values)

    return call.scalar(vector)


@traced_rule("repeat")
def repeat(call: TracedCall) -> Any:
    """A repeated text or array."""
    if [type_name_of(value) for value in call.arguments] != ["string", "number"]:
        return call_per_distinct_value(call)
    return call.scalar(lambda values: compute_per_distinct_value(call, values, Type.TEXT))


@traced_rule("split")
def split(call: TracedCall) -> Any:
    """The parts of a text between separators, as a list."""
    text, separator = call.arguments
    tracer = call.tracer

    def vector(values: Sequence[Any]) -> Any:
        if type_name_of(values[0]) != "string" or not isinstance(separator, str) or not separator:
            raise PlanUnsupportedError("the separator of std.split differs between events")
        source = tracer.lift(tracer.typed(text, Type.TEXT).node)
        return _parts(call, source, separator)

    return tracer.scalar(call.arguments, call.plain, vector, call.place)


def _parts(call: TracedCall, source: Node, separator: str) -> SymbolicList:
    tracer = call.tracer
    lengths = tracer.compute(
        "split_lengths", [Symbol(source)], Type.ROWS, parameters=(separator,)
    ).node
    elements = tracer.graph.elements(tracer.domain, lengths)
    with tracer.inside(elements):
        item = tracer.compute("split_items", [], Type.TEXT, parameters=(source, separator))
    return SymbolicList(tracer.domain, lengths, elements, item)


@traced_rule("join", nested=True)
def join(call: TracedCall) -> Any:
    """`std.join`: nulls are left out."""
    separator, parts = call.arguments
    if isinstance(separator, Array):
        return _joined_arrays(call, separator, parts)
    if type_name_of(separator) != "string":
        raise PlanUnsupportedError("the separator of std.join differs in type between events")
    if isinstance(parts, SymbolicList):
        return _joined_list(call, separator, parts)
    if not isinstance(parts, Array):
        return call.scalar(_refuse_parts)
    pieces: list[Any] = []
    for item in parts.items:
        part = call.tracer.simplified(force(item))
        if part is None:
            continue
        if type_name_of(part) != "string":
            raise PlanUnsupportedError("std.join gets values that may not be strings")
        pieces += [separator, part] if pieces else [part]
    return concatenated(call, pieces)


def _refuse_parts(_values: Any) -> Any:
    raise PlanUnsupportedError("the array of std.join differs between events")


def _joined_arrays(call: TracedCall, separator: Array, parts: Any) -> Any:
    if not isinstance(parts, Array):
        raise PlanUnsupportedError("std.join concatenates a random number of arrays")
    arrays = [call.tracer.simplified(force(item)) for item in parts.items]
    if any(isinstance(each, Symbolic) for each in arrays):
        raise PlanUnsupportedError("std.join concatenates arrays that differ between events")
    return call.plain(separator, parts)


def _joined_list(call: TracedCall, separator: Any, parts: SymbolicList) -> Any:
    if not isinstance(separator, str):
        raise PlanUnsupportedError("the separator of std.join differs between events")
    tracer = call.tracer
    texts = column_of(call, parts, "string")
    with tracer.inside(parts.elements):
        argument = tracer.argument(tracer.typed(texts, Type.TEXT))
    node = tracer.graph.node(
        "list_join",
        (argument, parts.lengths),
        parts.domain,
        Type.TEXT,
        parameters=(parts.elements, separator),
    )
    return Symbol(node)


def concatenated(call: TracedCall, pieces: Sequence[Any]) -> Any:
    """The concatenation of texts; adjacent plain pieces are joined first."""
    merged: list[Any] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "" or isinstance(piece, Symbolic):
            merged.append(piece)
    if not merged:
        return ""
    result = merged[0]
    if len(merged) > 1 and all(map(_is_text, merged)):
        return call.compiler.operators.concatenated(merged)
    for piece in merged[1:]:
        result = call.compiler.operators.add(result, piece, ())
    return result


def _is_text(value: Any) -> bool:
    """Whether a text is plain or a TEXT column."""
    return isinstance(value, str) or (isinstance(value, Symbol) and value.node.type is Type.TEXT)
