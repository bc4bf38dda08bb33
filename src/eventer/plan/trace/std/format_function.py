"""`std.format` over columns: a text whose conversions are replaced one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from eventer.core.errors import EvaluationError
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.format_codes import Conversion, parse_codes
from eventer.jsonnet.values import Array, force
from eventer.kernels.json.number_formats import MAX_PLACES, MAX_WIDTH, NumberFormat
from eventer.plan.graph import Type
from eventer.plan.symbols import SCALAR_TYPES, Symbol, SymbolicList, type_name_of
from eventer.plan.trace.std.text_functions import concatenated
from eventer.plan.trace.std.traced_call import TracedCall, traced_rule
from eventer.plan.unsupported import PlanUnsupportedError


@traced_rule("format", nested=True)
def format_text(call: TracedCall) -> Any:
    """`std.format`."""
    text, values = call.arguments
    if not isinstance(text, str):
        raise PlanUnsupportedError("the format of std.format differs between events")
    pieces = parse_codes(text, call.compiler.runtime.meter.charge_steps)
    codes = [piece for piece in pieces if isinstance(piece, Conversion)]
    if any(code.width == "*" or code.precision == "*" for code in codes):
        raise PlanUnsupportedError("std.format gets a width from its values")
    if isinstance(values, SymbolicList):
        raise PlanUnsupportedError("std.format gets a list whose length differs between events")
    if isinstance(values, Symbol) and type_name_of(values) in {None, "array", "object"}:
        # Each entry, an array or object, has several values.
        return call.tracer.scalar(
            [values], lambda each: call.plain(text, each), _refuse_types, call.place
        )
    supply = _supply(call, codes, values)
    texts = [p if isinstance(p, str) else _converted(call, p, supply) for p in pieces]
    return concatenated(call, texts)


def _refuse_types(_values: Any) -> Any:
    raise PlanUnsupportedError("std.format gets values whose types differ between events")


def _supply(
    call: TracedCall, codes: Sequence[Conversion], values: Any
) -> Callable[[Conversion], Any]:
    """The values of conversions, in their order."""
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
        kind = type_name_of(each)
        if kind not in SCALAR_TYPES:
            _refuse_types(values)
        typed = tracer.typed(each, SCALAR_TYPES[kind or ""])
        return tracer.compute(
            "each", [typed], Type.TEXT, parameters=(plain,), span=call.place, label=f"format {one}"
        )

    if isinstance(value, Array | Object):
        return operators.to_string(value) if code.kind == "s" and not code.width else plain(value)
    return tracer.scalar([value], plain, vector, call.place)


def _is_plain_integer(code: Conversion, value: Any) -> bool:
    """Whether it is `%d` without flags and width, of an INTEGER."""
    plain = not (code.alternative or code.left or code.blank or code.plus or code.width)
    is_integer = isinstance(value, Symbol) and value.node.type is Type.INTEGER
    return code.kind == "d" and plain and is_integer and code.precision is None


def number_format(code: Conversion) -> NumberFormat | None:
    """The layout of a conversion of numbers, or None if the kernel does not support it."""
    assert code.width != "*"
    assert code.precision != "*"
    integer, precision = code.kind == "d", code.precision
    if code.kind not in {"d", "f"} or max(code.width, precision or 0.0) > MAX_WIDTH:
        return None
    places = 0 if integer else int(6.0 if precision is None else precision)
    if places > MAX_PLACES:
        return None
    width = int(code.width)
    return NumberFormat(
        integer=integer,
        places=places,
        point=code.alternative and not integer,
        sign="+" if code.plus else " " if code.blank else "",
        zeros=width if code.zero and not code.left else 0,
        least=int(precision or 0.0) if integer else 0,
        width=width,
        left=code.left,
    )


def _padded(call: TracedCall, text: Any, code: Conversion) -> Any:
    """A text padded with spaces to the width of a conversion."""
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
    """The conversion as a template writes it, without the name of a field."""
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
