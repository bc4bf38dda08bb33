"""Functions of scalars that have no columns of their own: once for each different argument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from eventer.plan.graph import Type
from eventer.plan.refusal import RefusedError
from eventer.plan.symbols import Symbol, Symbolic, kind_of
from eventer.plan.trace.std.call import TracedCall
from eventer.plan.trace.std.documents import by_documents
from eventer.plan.trace.std.results import RESULTS


def each(call: TracedCall, name: str) -> Any:
    """Calls the function's own code: for each entry of a pick now, for each value when it runs.

    Raises:
        RefusedError: its result could be of any type, or an argument is a list.
    """

    def vector(values: Sequence[Any]) -> Any:
        result = RESULTS.get(name)
        if result is None or not all(_is_simple(value) for value in values):
            return by_documents(call, name)
        return each_value(call, values, result)

    return call.tracer.scalar(call.arguments, call.plain, vector, call.place)


def _is_simple(value: Any) -> bool:
    """Whether a value is plain, or a scalar whose type is known."""
    return not isinstance(value, Symbolic) or kind_of(value) in _OWN


def each_value(call: TracedCall, values: Sequence[Any], result: Type) -> Any:
    """The function's own code, for each different combination of values when the plan runs."""
    tracer = call.tracer
    symbols = [value for value in values if isinstance(value, Symbolic)]
    typed = [own_type(call, symbol) for symbol in symbols]

    def plain(*changing: Any) -> Any:
        given = iter(changing)
        return call.plain(
            *[next(given) if isinstance(value, Symbolic) else value for value in values]
        )

    return tracer.compute(
        "each", typed, result, parameters=(plain,), span=call.place, label=f"std.{call.name}"
    )


_OWN: Final = {"number": Type.NUMBER, "string": Type.TEXT, "boolean": Type.BOOLEAN}


def own_type(call: TracedCall, value: Any) -> Any:
    """A symbol as a column of the type that its kind has."""
    kind = kind_of(value)
    if not isinstance(value, Symbol) or kind not in _OWN:
        raise RefusedError("its arguments differ in type from event to event", call.place)
    return call.tracer.typed(value, _OWN[kind])
