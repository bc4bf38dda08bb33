"""Functions without columns: the interpreter's code, once per distinct argument of a batch.

Arguments that are arrays or objects with random values become JSON documents first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.arguments import ABSENT, IDENTITY
from eventer.jsonnet.values import Array, Function, force
from eventer.plan.graph import Type
from eventer.plan.std_results import STD_RESULTS, StdResult
from eventer.plan.symbols import SCALAR_TYPES, Symbol, Symbolic, SymbolicList, type_name_of
from eventer.plan.trace.plain_values import NotPlainError
from eventer.plan.trace.std.traced_call import TracedCall
from eventer.plan.unsupported import PlanUnsupportedError

MAX_LEAVES: Final = 4
"""Dictionaries in arrays whose combinations are computed while tracing."""

_RESULT_TYPES: Final = {
    StdResult.BOOLEAN: Type.BOOLEAN,
    StdResult.INTEGER: Type.NUMBER,
    StdResult.NUMBER: Type.NUMBER,
    StdResult.TEXT: Type.TEXT,
}
_ITEM_TYPES: Final = {StdResult.TEXTS: Type.TEXT, StdResult.INTEGERS: Type.NUMBER}


def call_per_distinct_value(call: TracedCall) -> Any:
    """Calls the function for each entry of a dictionary now, for other columns in each batch.

    Raises:
        PlanUnsupportedError: the type of the result is not known, or an argument is a function.
    """

    def vector(values: Sequence[Any]) -> Any:
        result = _RESULT_TYPES.get(STD_RESULTS[call.name]) if call.name in STD_RESULTS else None
        if result is None or not all(_is_scalar_or_plain(call, value) for value in values):
            return call_per_distinct_document(call)
        return compute_per_distinct_value(call, [_constant(call, each) for each in values], result)

    return call.tracer.scalar(call.arguments, call.plain, vector, call.place)


def _is_scalar_or_plain(call: TracedCall, value: Any) -> bool:
    if isinstance(value, Symbolic):
        return type_name_of(value) in SCALAR_TYPES
    try:
        call.tracer.plain.require_plain(value)
    except NotPlainError:
        return False
    return True


def compute_per_distinct_value(call: TracedCall, values: Sequence[Any], result: Type) -> Any:
    """The function's own code, once per distinct combination of scalars in a batch."""
    symbols = [as_scalar(call, value) for value in values if isinstance(value, Symbolic)]

    def compute(*changing: Any) -> Any:
        return call.plain(*_filled(values, iter(changing)))

    return call.tracer.compute(
        "each", symbols, result, parameters=(compute,), span=call.place, label=f"std.{call.name}"
    )


def as_scalar(call: TracedCall, value: Any) -> Any:
    """A symbol as a column of scalars."""
    kind = type_name_of(value)
    if not isinstance(value, Symbol) or kind not in SCALAR_TYPES:
        raise PlanUnsupportedError("the arguments differ in type between events", call.place)
    return call.tracer.typed(value, SCALAR_TYPES[kind])


def _filled(values: Sequence[Any], entries: Iterator[Any]) -> list[Any]:
    """Values with the next entries in place of symbols."""
    return [next(entries) if isinstance(value, Symbolic) else value for value in values]


def call_per_distinct_document(call: TracedCall) -> Any:
    """Calls the function once per distinct combination of its arguments in a batch.

    Raises:
        PlanUnsupportedError: the type of the result is not known, or an argument is a function.
    """
    result = STD_RESULTS.get(call.name)
    if result is None:
        raise PlanUnsupportedError(f"std.{call.name} has no rule for columns", call.place)
    if any(isinstance(a, Function) and a not in {IDENTITY, ABSENT} for a in call.arguments):
        raise PlanUnsupportedError(
            f"std.{call.name} calls a function of the template on random values", call.place
        )
    scalar = _RESULT_TYPES.get(result)
    symbols, function = _document_function(call, returns_json=scalar is None)
    found = call.tracer.compute(
        "each",
        symbols,
        scalar or Type.VALUE,
        parameters=(function,),
        span=call.place,
        kind=None if scalar else "array",
        label=f"std.{call.name}",
    )
    return found if scalar else _as_list(call, found, _item_type(call, result))


def _document_function(
    call: TracedCall, *, returns_json: bool
) -> tuple[list[Any], Callable[..., Any]]:
    """The columns of the arguments that differ, and the function of their values."""
    plain, arguments = call.tracer.plain, [_constant(call, each) for each in call.arguments]
    columns = [_column(call, value) for value in arguments]
    symbols = [column[0] for column in columns if column is not None]

    def compute(*changing: Any) -> Any:
        given = iter(changing)
        values = [
            value if column is None else column[1](next(given))
            for value, column in zip(arguments, columns, strict=True)
        ]
        found = call.plain(*values)
        return plain.json(found) if returns_json else found

    return symbols, compute


def _column(call: TracedCall, value: Any) -> tuple[Any, Callable[[Any], Any]] | None:
    """The column of an argument and what reads its values; None if it is the same in all rows."""
    tracer = call.tracer
    if isinstance(value, Symbol) and type_name_of(value) in SCALAR_TYPES:
        return as_scalar(call, value), lambda scalar: scalar
    if not isinstance(value, Symbolic) and _is_plain(call, value):
        return None
    return document(call, value), lambda text: tracer.plain.value(_read(text))


def _constant(call: TracedCall, value: Any) -> Any:
    """A plain value that can be read while the plan runs.

    A field with a condition may be plain because both sides are equal: to read it needs the trace.
    """
    if not isinstance(value, Array | Object):
        return value
    plain = call.tracer.plain
    try:
        return plain.value(plain.json(value))
    except (NotPlainError, EvaluationError):
        return value


def _read(text: str) -> Any:
    try:
        return json.loads(text, parse_int=float)
    except json.JSONDecodeError as error:  # a part of the value raised while it was written
        raise EvaluationError("a part of a value raises an error") from error


def _is_plain(call: TracedCall, value: Any) -> bool:
    if not isinstance(value, Array | Object):
        return True
    try:
        call.tracer.plain.require_plain(value)
    except NotPlainError:
        return False
    return True


def document(call: TracedCall, value: Any) -> Any:
    """The JSON text of a value, row by row."""
    from eventer.plan.row_program_writer import DocumentWriter

    program = DocumentWriter(call.tracer).program(value)
    return call.tracer.compute("document", [], Type.TEXT, parameters=(program,))


def _item_type(call: TracedCall, result: StdResult) -> Type:
    if result is not StdResult.SAME_ARRAY:
        return _ITEM_TYPES.get(result, Type.VALUE)
    arrays = [value for value in call.arguments if not isinstance(value, Function)]
    kinds = {_item_kind(call, value) for value in arrays}
    return SCALAR_TYPES.get(kinds.pop() or "", Type.VALUE) if len(kinds) == 1 else Type.VALUE


def _item_kind(call: TracedCall, value: Any) -> str | None:
    """The type name of all elements of an array or list."""
    tracer = call.tracer
    if isinstance(value, SymbolicList):
        with tracer.inside(value.elements):
            return type_name_of(tracer.simplified(force(value.item)))
    if isinstance(value, Array):
        kinds = {type_name_of(tracer.simplified(force(item))) for item in value.items}
        return kinds.pop() if len(kinds) == 1 else None
    return None


def _as_list(call: TracedCall, value: Symbol, item_type: Type) -> SymbolicList:
    """A column of arrays as a list."""
    tracer = call.tracer
    lengths = tracer.compute("value_lengths", [value], Type.ROWS).node
    elements = tracer.graph.elements(tracer.domain, lengths)
    source = tracer.lift(value.node)
    with tracer.inside(elements):
        item = tracer.compute("value_items", [], item_type, parameters=(source,))
    return SymbolicList(tracer.domain, lengths, elements, item)


def precomputed_combinations(call: TracedCall) -> Any:
    """The function computed while tracing if its arrays hold a few dictionaries; else None."""
    leaves: list[Any] = []
    arrays = {
        number: [call.tracer.simplified(item) for item in value]
        for number, value in enumerate(call.arguments)
        if isinstance(value, Array)
    }
    for items in arrays.values():
        if not all(isinstance(item, Symbolic) or _is_plain(call, item) for item in items):
            return None
        leaves += [item for item in items if isinstance(item, Symbolic)]
    dictionaries = all(
        isinstance(each, Symbol) and each.node.type is Type.DICTIONARY for each in leaves
    )
    if not dictionaries or not 0 < len(leaves) <= MAX_LEAVES:
        return None

    def compute(*entries: Any) -> Any:
        given = iter(entries)
        return call.plain(
            *[
                Array(_filled(arrays[number], given)) if number in arrays else value
                for number, value in enumerate(call.arguments)
            ]
        )

    return call.tracer.scalar(leaves, compute, lambda _: None, call.place)
