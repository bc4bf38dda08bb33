"""Functions of scalars that have no columns of their own: once for each different argument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from eventer.plan.graph import Type
from eventer.plan.symbols import Symbol, Symbolic, type_name_of
from eventer.plan.trace.std.distinct_documents import call_per_distinct_document
from eventer.plan.trace.std.result_types import RESULT_TYPES
from eventer.plan.trace.std.traced_call import TracedCall
from eventer.plan.unsupported import PlanUnsupportedError


def each(call: TracedCall, name: str) -> Any:
    """Calls the function's own code: for each entry of a pick now, for each value when it runs.

    Raises:
        PlanUnsupportedError: its result could be of any type, or an argument is a list.
    """

    def vector(values: Sequence[Any]) -> Any:
        result = RESULT_TYPES.get(name)
        if result is None or not all(_is_simple(value) for value in values):
            return call_per_distinct_document(call, name)
        return compute_per_distinct_value(call, values, result)

    return call.tracer.scalar(call.arguments, call.plain, vector, call.place)


def _is_simple(value: Any) -> bool:
    """Whether a value is plain, or a scalar whose type is known."""
    return not isinstance(value, Symbolic) or type_name_of(value) in _COLUMN_TYPES


def compute_per_distinct_value(call: TracedCall, values: Sequence[Any], result: Type) -> Any:
    """The function's own code, for each different combination of values when the plan runs."""
    tracer = call.tracer
    symbols = [value for value in values if isinstance(value, Symbolic)]
    typed = [as_own_type(call, symbol) for symbol in symbols]

    def plain(*changing: Any) -> Any:
        given = iter(changing)
        return call.plain(
            *[next(given) if isinstance(value, Symbolic) else value for value in values]
        )

    return tracer.compute(
        "each", typed, result, parameters=(plain,), span=call.place, label=f"std.{call.name}"
    )


_COLUMN_TYPES: Final = {"number": Type.NUMBER, "string": Type.TEXT, "boolean": Type.BOOLEAN}


def as_own_type(call: TracedCall, value: Any) -> Any:
    """A symbol as a column of the type that its kind has."""
    kind = type_name_of(value)
    if not isinstance(value, Symbol) or kind not in _COLUMN_TYPES:
        raise PlanUnsupportedError("the arguments differ in type between events", call.place)
    return call.tracer.typed(value, _COLUMN_TYPES[kind])
