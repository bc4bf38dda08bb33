"""`value[key]` of values that may be symbolic."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from eventer.core.errors import EvaluationError
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.operators import describe
from eventer.jsonnet.values import Array
from eventer.plan.graph import Type
from eventer.plan.symbols import Symbol, Symbolic, SymbolicList, type_name_of
from eventer.plan.trace.dictionaries import split_by_entry
from eventer.plan.trace.row_views import nth
from eventer.plan.trace.tracer import NO_CHOICE, Tracer
from eventer.plan.unsupported import PlanUnsupportedError


def item(tracer: Tracer, value: Any, key: Any) -> Any:
    """`value[key]`."""
    value, key = tracer.simplified(value), tracer.simplified(key)
    choice = tracer.distributed([value, key], lambda sides: item(tracer, *sides))
    if choice is not NO_CHOICE:
        return choice
    if isinstance(value, SymbolicList):
        return _list_element(tracer, value, key)
    if not isinstance(value, Symbolic) and not isinstance(key, Symbolic):
        return _plain_item(value, key)
    if isinstance(value, Object | Array):
        return _item_by_symbol(tracer, value, key)
    return tracer.scalar([value, key], _plain_item, partial(_item_of_columns, tracer))


def _item_of_columns(tracer: Tracer, values: Sequence[Any]) -> Any:
    """A character of a text column, or an item of each entry of a dictionary."""
    value, key = values
    if type_name_of(value) == "string" and type_name_of(key) == "number":
        typed = [tracer.typed(value, Type.TEXT), tracer.typed(key, Type.NUMBER)]
        return tracer.compute(
            "each", typed, Type.TEXT, parameters=(_plain_item,), label="text[index]"
        )
    if isinstance(value, Symbol) and value.node.type is Type.DICTIONARY:
        return split_by_entry(tracer, value, lambda each: item(tracer, each, key), None)
    raise PlanUnsupportedError("the indexed value differs in type between events")


def _plain_item(value: Any, key: Any) -> Any:
    if isinstance(value, Object):
        if not isinstance(key, str):
            raise EvaluationError(f"an object index must be a string, not {describe(key)}")
        return value.get(key)
    if not isinstance(value, Array | str) or not isinstance(key, float):
        raise EvaluationError(f"cannot index {describe(value)} by {describe(key)}")
    number = int(key)
    if not 0 <= number < len(value):
        raise EvaluationError(f"index {key:g} is out of range for {describe(value)}")
    return value[number]


def _item_by_symbol(tracer: Tracer, value: Object | Array, key: Any) -> Any:
    """A field or an element by a name or a position that differs between rows."""

    def vector(values: Sequence[Any]) -> Any:
        (symbol,) = values
        if isinstance(symbol, Symbol) and symbol.node.type is Type.DICTIONARY:
            return split_by_entry(tracer, symbol, lambda each: _plain_item(value, each), None)
        if isinstance(value, Array) and type_name_of(symbol) == "number":
            return _item_by_position(tracer, value, symbol)
        raise PlanUnsupportedError("the index differs in type between events")

    return tracer.scalar([key], lambda each: _plain_item(value, each), vector)


def _item_by_position(tracer: Tracer, value: Array, symbol: Symbol) -> Any:
    """An element by a number, as a dictionary of positions; rows outside of the array raise."""
    positions = tuple(float(number) for number in range(len(value.items)))
    if not positions:
        raise EvaluationError("an index is out of range: the array is empty")
    number = tracer.typed(symbol, Type.NUMBER)
    dictionary = tracer.compute(
        "positions", [number], Type.DICTIONARY, parameters=(len(positions),), entries=positions
    )
    return _item_by_symbol(tracer, value, dictionary)


def _list_element(tracer: Tracer, value: SymbolicList, key: Any) -> Any:
    """`list[number]`; rows with a shorter list raise."""
    if type_name_of(key) != "number":
        if isinstance(key, Symbolic) and type_name_of(key) is None:
            raise PlanUnsupportedError(
                "an array is indexed by a value whose type differs between events"
            )
        raise EvaluationError(f"an array index must be a number, not {describe(key)}")
    number = tracer.typed(key, Type.NUMBER)
    inside = tracer.compute("is_position", [number, tracer.list_length(value)], Type.BOOLEAN)

    def fail() -> Any:
        raise EvaluationError("an index is out of range")

    return tracer.choose(inside, lambda: nth(tracer, value, number), fail)
