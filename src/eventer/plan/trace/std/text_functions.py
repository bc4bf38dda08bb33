"""Strings over columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.format_codes import Conversion, parse_codes
from eventer.jsonnet.values import Array, force
from eventer.kernels.json.number_formats import MAX_PLACES, MAX_WIDTH, NumberFormat
from eventer.plan.graph import Node, Type
from eventer.plan.symbols import SCALAR_TYPES, Symbol, Symbolic, SymbolicList, type_name_of
from eventer.plan.trace.std.distinct_values import (
    call_per_distinct_value,
    compute_per_distinct_value,
)
from eventer.plan.trace.std.list_functions import column_of
from eventer.plan.trace.std.traced_call import TracedCall, traced_rule
from eventer.plan.unsupported import PlanUnsupportedError

_BY_COLUMN: Final = {
    "length": ("text_length", Type.INTEGER),
    "asciiUpper": ("text_upper", Type.TEXT),
    "asciiLower": ("text_lower", Type.TEXT),
}


def _text(call: TracedCall, name: str) -> Any:
    operation, result = _BY_COLUMN[name]
    tracer = call.tracer

    def vector(values: Sequence[Any]) -> Any:
        (value,) = values
        if type_name_of(value) != "string":
            raise PlanUnsupportedError(f"std.{name} gets values that may not be strings")
        bounds = (0, 1 << 20) if result is Type.INTEGER else None
        typed = tracer.typed(value, Type.TEXT)
        return tracer.compute(operation, [typed], result, bounds=bounds)

    return tracer.scalar(call.arguments, call.plain, vector, call.place)


traced_rule("asciiUpper")(lambda call: _text(call, "asciiUpper"))
traced_rule("asciiLower")(lambda call: _text(call, "asciiLower"))


@traced_rule("length")
def length(call: TracedCall) -> Any:
    """Characters, elements or fields."""
    (value,) = call.arguments
    if isinstance(value, SymbolicList):
        return call.tracer.list_length(value)
    return _text(call, "length")


@traced_rule("toString")
def to_string(call: TracedCall) -> Any:
    """The text of a value."""
    return call.compiler.operators.to_string(call.arguments[0])


@traced_rule("id")
def itself(call: TracedCall) -> Any:
    """The value that is given."""
    return call.arguments[0]


@traced_rule("type")
def type_of(call: TracedCall) -> Any:
    """What a value is."""
    kind = type_name_of(call.arguments[0])
    if kind is not None:
        return kind
    return call.tracer.scalar(call.arguments, call.plain, _varying, call.place)


def _varying(_values: Any) -> Any:
    raise PlanUnsupportedError("the type of a value differs between events")


def _declare_predicates() -> None:
    for name in ("String", "Number", "Boolean", "Object", "Array", "Function"):
        traced_rule("is" + name)(partial(_is, name.lower()))


def _is(wanted: str, call: TracedCall) -> Any:
    kind = type_name_of(call.arguments[0])
    if kind is not None:
        return kind == wanted
    return call.tracer.scalar(call.arguments, call.plain, _varying, call.place)


_declare_predicates()


@traced_rule("startsWith", "endsWith")
def affix(call: TracedCall) -> Any:
    """Whether a text begins or ends with another, which is the same in all rows."""
    text, part = call.arguments

    def vector(values: Sequence[Any]) -> Any:
        return compute_per_distinct_value(call, values, Type.BOOLEAN)

    del text, part
    return call.tracer.scalar(call.arguments, call.plain, vector, call.place)


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

    return call.tracer.scalar(call.arguments, call.plain, vector, call.place)


@traced_rule("repeat")
def repeat(call: TracedCall) -> Any:
    """A text so many times one after the other; arrays are the library's own."""
    if [type_name_of(value) for value in call.arguments] != ["string", "number"]:
        return call_per_distinct_value(call)

    def vector(values: Sequence[Any]) -> Any:
        return compute_per_distinct_value(call, values, Type.TEXT)

    return call.tracer.scalar(call.arguments, call.plain, vector, call.place)


@traced_rule("split")
def split(call: TracedCall) -> Any:
    """The parts of a text between separators: a list."""
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


# -- join ------------------------------------------------------------------------------------------


@traced_rule("join", nested=True)
def join(call: TracedCall) -> Any:
    """Texts one after the other with a separator; nulls are left out."""
    separator, parts = call.arguments
    if isinstance(separator, Array):
        return _joined_arrays(call, separator, parts)
    if type_name_of(separator) != "string":
        raise PlanUnsupportedError("the separator of std.join differs in type between events")
    if isinstance(parts, SymbolicList):
        return _joined_list(call, separator, parts)
    if not isinstance(parts, Array):
        return call.tracer.scalar(call.arguments, call.plain, _varying_parts, call.place)
    pieces: list[Any] = []
    for item in parts.items:
        part = call.tracer.simplified(force(item))
        if part is None:
            continue
        if type_name_of(part) != "string":
            raise PlanUnsupportedError("std.join gets values that may not be strings")
        pieces += [separator, part] if pieces else [part]
    return concatenated(call, pieces)


def _varying_parts(_values: Any) -> Any:
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
    """Texts one after the other; plain neighbours become one."""
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


# -- format ----------------------------------------------------------------------------------------


@traced_rule("format", nested=True)
def format_text(call: TracedCall) -> Any:
    """A text with its conversions replaced by values, piece by piece."""
    text, values = call.arguments
    if not isinstance(text, str):
        raise PlanUnsupportedError("the format of std.format differs between events")
    pieces = parse_codes(text, call.compiler.runtime.meter.steps)
    codes = [piece for piece in pieces if isinstance(piece, Conversion)]
    if any(code.width == "*" or code.precision == "*" for code in codes):
        raise PlanUnsupportedError("std.format gets a width from its values")
    if isinstance(values, Symbol) and type_name_of(values) in {None, "array", "object"}:
        # A dictionary among arrays or objects gives several values: each entry is formatted whole.
        return call.tracer.scalar(
            [values], lambda each: call.plain(text, each), _varying_values, call.place
        )
    supply = _supply(call, codes, values)
    texts = [p if isinstance(p, str) else _converted(call, p, supply) for p in pieces]
    return concatenated(call, texts)


def _varying_values(_values: Any) -> Any:
    raise PlanUnsupportedError("std.format gets values whose types differ between events")


def _supply(
    call: TracedCall, codes: Sequence[Conversion], values: Any
) -> Callable[[Conversion], Any]:
    """Gives the value of each conversion."""
    if isinstance(values, Object):
        return lambda code: _field(call, values, code)
    items = list(values.items) if isinstance(values, Array) else [values]
    taken = sum(code.kind != "%" for code in codes)
    if taken != len(items):
        raise EvaluationError(
            "std.format: the number of values must equal the number of conversions", call.place
        )
    rest = iter(items)
    return lambda _: call.tracer.simplified(force(next(rest)))


def _field(call: TracedCall, values: Object, code: Conversion) -> Any:
    if code.name is None or values.has(code.name) is False:
        raise EvaluationError("std.format: a field is missing", call.place)
    return call.tracer.simplified(values.get(code.name))


def _converted(call: TracedCall, code: Conversion, supply: Callable[[Conversion], Any]) -> Any:
    tracer, operators = call.tracer, call.compiler.operators
    if code.kind == "%":
        return call.plain(_spelled(code), Array([]))
    value = supply(code)
    one = _spelled(code)

    def plain(each: Any) -> Any:
        return call.plain(one, Array([each]))

    def vector(values: Sequence[Any]) -> Any:
        (each,) = values
        if code.kind == "s" and code.width != "*" and code.width <= MAX_WIDTH:
            return _padded(call, operators.to_string(each), code)
        if _is_plain_integer(code, each):
            return tracer.compute("integer_text", [each], Type.TEXT)
        if (layout := number_format(code)) is not None and type_name_of(each) == "number":
            return tracer.compute(
                "format_number",
                [tracer.typed(each, Type.NUMBER)],
                Type.TEXT,
                parameters=(layout, plain),
                span=call.place,
                label=one,
            )
        if type_name_of(each) not in SCALAR_TYPES:
            raise PlanUnsupportedError("std.format gets values whose types differ between events")
        typed = tracer.typed(each, SCALAR_TYPES[type_name_of(each) or ""])
        return tracer.compute(
            "each", [typed], Type.TEXT, parameters=(plain,), span=call.place, label=f"format {one}"
        )

    if isinstance(value, Array | Object):
        return operators.to_string(value) if code.kind == "s" and not code.width else plain(value)
    return tracer.scalar([value], plain, vector, call.place)


def _is_plain_integer(code: Conversion, value: Any) -> bool:
    """Whether it is `%d` of whole numbers, without anything else."""
    plain = not (code.alternative or code.left or code.blank or code.plus or code.width)
    whole = isinstance(value, Symbol) and value.node.type is Type.INTEGER
    return code.kind == "d" and plain and whole and code.precision is None


def number_format(code: Conversion) -> NumberFormat | None:
    """How a conversion lays out numbers, if the kernel for that knows how.

    `%5.1f` and its like, and `%d`, of modest width.
    """
    assert code.width != "*"
    assert code.precision != "*"
    whole, precision = code.kind == "d", code.precision
    if code.kind not in {"d", "f"} or max(code.width, precision or 0.0) > MAX_WIDTH:
        return None
    places = 0 if whole else int(6.0 if precision is None else precision)
    if places > MAX_PLACES:
        return None
    width = int(code.width)
    return NumberFormat(
        whole=whole,
        places=places,
        point=code.alternative and not whole,
        sign="+" if code.plus else " " if code.blank else "",
        zeros=width if code.zero and not code.left else 0,
        least=int(precision or 0.0) if whole else 0,
        width=width,
        left=code.left,
    )


def _padded(call: TracedCall, text: Any, code: Conversion) -> Any:
    """A text filled up with spaces to the width of a conversion."""
    if not code.width:
        return text
    tracer = call.tracer
    if not isinstance(text, Symbol):
        return call.plain(_spelled(code), Array([text]))
    typed = tracer.typed(text, Type.TEXT)
    return tracer.compute(
        "text_pad",
        [typed],
        Type.TEXT,
        parameters=(int(code.width), code.left),
        label=_spelled(code),
    )


def _spelled(code: Conversion) -> str:
    """The conversion as it is written, for one value in its place."""
    flags = "".join(
        sign
        for sign, given in (
            ("#", code.alternative),
            ("0", code.zero),
            ("-", code.left),
            (" ", code.blank),
            ("+", code.plus),
        )
        if given
    )
    width = f"{code.width:.0f}" if code.width else ""
    precision = "" if code.precision is None else f".{code.precision:.0f}"
    letter = code.kind.upper() if code.capitals else code.kind
    return f"%{flags}{width}{precision}{letter}"
